// The loss curves, drawn by Vega without a browser.
import { parse, View } from "vega";

const SERIES = { training: "#8d6a9f", validation: "#d1495b" };

/**
 * Draws the mean absolute error of both parts by epoch, and marks the epoch whose weights were kept.
 *
 * @param history one entry an epoch: { epoch, training, validation }
 * @returns {Promise<string>} the SVG
 */
export async function plotLosses(history, best) {
  const values = history.flatMap(({ epoch, ...losses }) =>
    Object.keys(SERIES).map((part) => ({ epoch, part, loss: losses[part] })),
  );
  const view = new View(parse(specification(values, best)), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function specification(values, best) {
  const place = { x: { scale: "x", field: "epoch" }, y: { scale: "y", field: "loss" } };
  const color = { scale: "part", field: "part" };
  const group = { facet: { name: "curves", data: "losses", groupby: "part" } };
  const line = { enter: { ...place, stroke: color, strokeWidth: { value: 2 } } };
  const dots = { enter: { ...place, fill: color, size: { value: 40 } } };
  const rule = {
    x: { scale: "x", value: best.epoch },
    y: { value: 0 },
    y2: { signal: "height" },
    stroke: { value: "#adb5bd" },
    strokeDash: { value: [4, 4] },
  };
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    width: 720,
    height: 320,
    background: "white",
    padding: 24,
    title: {
      text: "Mean absolute error while training, in standard deviations of the daily change",
      subtitle: `the weights of epoch ${best.epoch} did best on the validation weeks and were kept`,
      anchor: "start",
      fontSize: 16,
      subtitleFontSize: 13,
      subtitlePadding: 6,
      offset: 24,
    },
    config: {
      style: { "guide-label": { fontSize: 12 }, "guide-title": { fontSize: 13, fontWeight: "normal" } },
      axis: { gridColor: "#dee2e6", domainColor: "#868e96", tickColor: "#868e96", titlePadding: 12 },
    },
    data: [{ name: "losses", values }],
    scales: [
      { name: "x", domain: { data: "losses", field: "epoch" }, range: "width", zero: false, nice: false },
      { name: "y", domain: { data: "losses", field: "loss" }, range: "height", zero: false, nice: true },
      { name: "part", type: "ordinal", domain: Object.keys(SERIES), range: Object.values(SERIES) },
    ],
    axes: [
      { orient: "bottom", scale: "x", title: "epoch", format: "d", tickMinStep: 1 },
      { orient: "left", scale: "y", title: "mean absolute error", grid: true, tickCount: 6 },
    ],
    legends: [{ fill: "part", orient: "top-right", labelFontSize: 13, symbolType: "circle" }],
    marks: [
      { type: "rule", encode: { enter: rule } },
      {
        type: "group",
        from: group,
        marks: [
          { type: "line", from: { data: "curves" }, encode: line },
          { type: "symbol", from: { data: "curves" }, encode: dots },
        ],
      },
    ],
  };
}
