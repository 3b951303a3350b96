// The plot, drawn by Vega without a browser.
import { parse, View } from "vega";

const WIDTH = 1000;
/** Between two panels: the axis of the upper, the title and legend of the lower. */
const GAP = 108;

/** The label and the style of each series. */
const SERIES = {
  actual: { name: "actual", color: "#b3bac2" },
  gru: { name: "GRU", color: "#d1495b" },
  seasonal: { name: "same hour yesterday (seasonal naive)", color: "#00798c" },
  persistence: { name: "last known hour (persistence)", color: "#8d6a9f" },
};

/**
 * Draws the forecasts against what came, and how far off each method is by day and by hours ahead. All in °C.
 *
 * @param hours one row an hour: { time, actual, gru }
 * @param days mean absolute error of each day's forecast: { time, gru, seasonal }
 * @param leads mean absolute error by hours ahead, 1, 2, ...: { hours, gru, seasonal, persistence }
 * @param texts { title, subtitle }
 * @returns {Promise<string>} the SVG
 */
export async function plot({ hours, days, leads }, texts) {
  const panels = stack([temperaturePanel(), dayPanel(), leadPanel(leads)]);
  const view = new View(parse(specification({ hours, days, leads }, panels, texts)), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function specification(data, { marks, height }, { title, subtitle }) {
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    width: WIDTH,
    height,
    background: "white",
    padding: 24,
    title: { text: title, subtitle, fontSize: 20, subtitleFontSize: 14, subtitlePadding: 7, offset: 34 },
    config: {
      style: {
        "guide-label": { fontSize: 12, fill: "#343a40" },
        "guide-title": { fontSize: 13, fontWeight: "normal" },
      },
      axis: { gridColor: "#dee2e6", domainColor: "#868e96", tickColor: "#868e96", titlePadding: 12 },
      legend: { direction: "horizontal", symbolType: "stroke", columnPadding: 28, labelLimit: 400, labelFontSize: 13 },
      title: {
        anchor: "start",
        frame: "group",
        fontSize: 15,
        fontWeight: "bold",
        subtitleColor: "#495057",
        offset: 34,
      },
    },
    data: Object.entries(data).map(([name, values]) => ({ name, values })),
    marks,
  };
}

function temperaturePanel() {
  return panel("Temperature: each day forecast at the midnight before it", 270, ["actual", "gru"], {
    scales: [timeScale(), { name: "y", zero: false, nice: true, domain: { data: "hours", fields: ["actual", "gru"] } }],
    axes: [timeAxis(), yAxis("temperature (°C)")],
    marks: [line("hours", "time", "actual", 5), line("hours", "time", "gru", 1.6)],
  });
}

function dayPanel() {
  const methods = ["gru", "seasonal"];
  return panel("Mean absolute error of each day's forecast", 150, methods, {
    scales: [timeScale(), { name: "y", nice: true, domain: { data: "days", fields: methods } }],
    axes: [timeAxis(), yAxis("error (°C)", { tickCount: 4 })],
    marks: curves("days", "time", methods),
  });
}

function leadPanel(leads) {
  const methods = ["gru", "seasonal", "persistence"];
  const errors = leads.flatMap((row) => methods.map((method) => row[method]));
  const y = { name: "y", type: "log", domain: [Math.min(...errors) / 1.3, Math.max(...errors) * 1.3] };
  return panel("Mean absolute error by hours ahead, on a logarithmic scale", 190, methods, {
    scales: [{ name: "x", zero: false, domain: { data: "leads", field: "hours" } }, y],
    axes: [
      { orient: "bottom", scale: "x", title: "hours ahead", values: [1, 3, 6, 9, 12, 15, 18, 21, 24] },
      yAxis("error (°C)", { format: "~g", values: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] }),
    ],
    marks: curves("leads", "hours", methods),
  });
}

/** A titled part of the plot; its legend names `keys`, its scales are stretched to its size. */
function panel(text, height, keys, { scales, axes, marks }) {
  const ranges = { x: [0, WIDTH], y: [height, 0] };
  const method = {
    name: "method",
    type: "ordinal",
    domain: keys.map((key) => SERIES[key].name),
    range: keys.map((key) => SERIES[key].color),
  };
  const symbols = { update: { strokeWidth: { value: 4 } } };
  return {
    type: "group",
    encode: { update: { width: { value: WIDTH }, height: { value: height } } },
    scales: [...scales.map((scale) => ({ ...scale, range: ranges[scale.name] })), method],
    legends: [{ stroke: "method", orient: "none", legendX: 0, legendY: -28, encode: { symbols } }],
    axes,
    marks: [heading(text), ...marks],
  };
}

/** A panel's title, above its legend (Vega places its own titles too far from it). */
const heading = (text) => ({
  type: "text",
  encode: {
    update: {
      text: { value: text },
      y: { value: -44 },
      fontSize: { value: 15 },
      fontWeight: { value: "bold" },
      fill: { value: "#212529" },
    },
  },
});

/** Panels one below the other, and their height together. */
function stack(panels) {
  let y = 0;
  const marks = panels.map((mark) => {
    const { update } = mark.encode;
    const placed = { ...mark, encode: { update: { ...update, y: { value: y } } } };
    y += update.height.value + GAP;
    return placed;
  });
  return { marks, height: y - GAP };
}

const timeScale = () => ({ name: "x", type: "utc", domain: { data: "hours", field: "time" } });

const timeAxis = () => ({
  orient: "bottom",
  scale: "x",
  grid: true,
  gridScale: "y",
  format: "%-d %b",
  tickCount: { interval: "day", step: 2 },
});

const yAxis = (title, more = {}) => ({ orient: "left", scale: "y", grid: true, title, tickCount: 6, ...more });

const place = (x, y) => ({ x: { scale: "x", field: x }, y: { scale: "y", field: y } });

function line(data, x, key, width) {
  const stroke = {
    stroke: { value: SERIES[key].color },
    strokeWidth: { value: width },
    strokeJoin: { value: "round" },
  };
  return { type: "line", from: { data }, encode: { update: { ...place(x, key), ...stroke } } };
}

function dots(data, x, key) {
  const fill = { fill: { value: SERIES[key].color }, size: { value: 32 } };
  return { type: "symbol", from: { data }, encode: { update: { ...place(x, key), ...fill } } };
}

/** Lines with dots, the first of `keys` on top. */
const curves = (data, x, keys) => keys.toReversed().flatMap((key) => [line(data, x, key, 2), dots(data, x, key)]);
