// The curves as one SVG, drawn by Vega without a browser: a row for each axis, time to the left and rate to the right.
import { importPackage } from "../packages.js";
import type { Axis, BenchRecord, CurveRecord } from "../record.js";
import { flopsOf } from "../shapes.js";
import { spreadOf } from "../statistics.js";
import { sizeOf } from "./findings.js";

/** The part of Vega's interface that is used here. */
interface Vega {
  parse(specification: object): object;
  View: new (runtime: object, options: object) => { toSVG(): Promise<string>; finalize(): void };
}

/** One point as Vega gets it. */
interface Row {
  size: number;
  series: string;
  /** The least of all rounds, and the rate in it. */
  microseconds: number;
  gflops: number;
  /** The median, in microseconds. */
  median: number;
}

const WIDTH = 620;
const HEIGHT = 260;
/** Between two panels: axis titles, and the title of the panel below. */
const GAP = { x: 90, y: 132 };
const COLORS = ["#00798c", "#d1495b", "#edae49"];

/** Draws a record's curves. Throws a `RangeError` for a record without any. */
export async function drawCurves({ curves, machine, date }: BenchRecord): Promise<string> {
  if (curves.length === 0) throw new RangeError("Expected a record with curves, but none were measured");
  const { parse, View } = await importPackage<Vega>("vega");
  const axes = [...new Set(curves.map(({ axis }) => axis))];
  const panels = axes.map((axis, row) => panelRow(axis, row, curves));
  const specification = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    width: 2 * WIDTH + GAP.x,
    height: axes.length * (HEIGHT + GAP.y) - GAP.y,
    background: "white",
    padding: 24,
    title: {
      text: "cudnn-gru on the CPU: the time of one call against each of its sizes",
      subtitle: `${machine.cpu}, kernels ${machine.isa}, float32, ${date}; the least of the rounds, and in pale up to the median`,
      anchor: "start",
      fontSize: 19,
      subtitleFontSize: 14,
      subtitlePadding: 7,
      offset: 44,
    },
    config: {
      style: { "guide-label": { fontSize: 12 }, "guide-title": { fontSize: 13, fontWeight: "normal" } },
      axis: { gridColor: "#dee2e6", domainColor: "#868e96", tickColor: "#868e96", titlePadding: 10 },
    },
    data: panels.map(({ data }) => data),
    marks: panels.flatMap(({ marks }) => marks),
  };
  const view = new View(parse(specification), { renderer: "none" });
  try {
    // Positions to a tenth of a pixel.
    return (await view.toSVG()).replace(/\d+\.\d{2,}/g, (digits) => String(Number(Number(digits).toFixed(1))));
  } finally {
    view.finalize();
  }
}

function rowsOf(curve: CurveRecord): Row[] {
  return curve.points.map((point) => {
    const { median, min } = spreadOf(point.nanoseconds);
    return {
      size: sizeOf(curve, point),
      series: curve.series,
      microseconds: min * 1e-3,
      gflops: flopsOf(point.shape) / min,
      median: median * 1e-3,
    };
  });
}

function panelRow(axis: Axis, row: number, curves: readonly CurveRecord[]) {
  const drawn = curves.filter((curve) => curve.axis === axis);
  const source = `over ${axis}`;
  const panel = (column: number, mark: object) => ({
    type: "group",
    encode: {
      update: {
        x: { value: column * (WIDTH + GAP.x) },
        y: { value: row * (HEIGHT + GAP.y) },
        width: { value: WIDTH },
        height: { value: HEIGHT },
      },
    },
    ...mark,
  });
  const names = drawn.map(({ series }) => series);
  const shared = { axis, source, names };
  return {
    data: { name: source, values: drawn.flatMap(rowsOf) },
    marks: [
      panel(0, chart({ ...shared, field: "microseconds", title: "µs a call", type: "log", held: heldSizes(drawn) })),
      panel(1, chart({ ...shared, field: "gflops", title: "GFLOP/s", type: "linear", held: "" })),
    ],
  };
}

/** The sizes that are the same on all curves of a row, such as `50 timesteps`. */
function heldSizes(curves: readonly CurveRecord[]): string {
  const shapes = curves.flatMap(({ points }) => points.map(({ shape }) => shape));
  const sizes = (["batch", "timesteps", "features", "units"] as const).flatMap((name) => {
    const values = new Set(shapes.map((shape) => shape[name]));
    return values.size === 1 ? [`${name} ${[...values][0]}`] : [];
  });
  return sizes.length === 0 ? "" : `, at ${sizes.join(", ")}`;
}

interface Chart {
  axis: Axis;
  source: string;
  names: string[];
  field: "microseconds" | "gflops";
  title: string;
  type: "log" | "linear";
  held: string;
}

function chart({ axis, source, names, field, title, type, held }: Chart): object {
  const place = { x: { scale: "x", field: "size" }, y: { scale: "y", field } };
  const stroke = { stroke: { scale: "series", field: "series" } };
  const faceted = { facet: { name: "one", data: source, groupby: "series" } };
  const line = {
    type: "line",
    from: { data: "one" },
    encode: { update: { ...place, ...stroke, strokeWidth: { value: 1.4 } } },
  };
  const dots = {
    type: "symbol",
    from: { data: "one" },
    encode: { update: { ...place, fill: stroke.stroke, size: { value: 13 } } },
  };
  const spread = {
    type: "rule",
    from: { data: "one" },
    encode: {
      update: {
        x: place.x,
        y: place.y,
        y2: { scale: "y", field: "median" },
        ...stroke,
        strokeOpacity: { value: 0.4 },
      },
    },
  };
  return {
    scales: [
      {
        name: "x",
        ...(axis === "threads" ? { type: "point" } : { type: "log", base: 2 }),
        domain: { data: source, field: "size", sort: true },
        range: [0, WIDTH],
      },
      {
        name: "y",
        type,
        domain: { data: source, fields: field === "gflops" ? ["gflops"] : ["microseconds", "median"] },
        range: [HEIGHT, 0],
        nice: true,
        zero: type === "linear",
      },
      { name: "series", type: "ordinal", domain: names, range: COLORS },
    ],
    axes: [
      { orient: "bottom", scale: "x", title: axis, grid: true, gridScale: "y", format: "d", tickCount: 11 },
      { orient: "left", scale: "y", title, grid: true, gridScale: "x", tickCount: 6, format: ",.12~g" },
    ],
    title: { text: `${title} over ${axis}${held}`, anchor: "start", frame: "group", fontSize: 14, offset: 26 },
    legends: [
      {
        stroke: "series",
        symbolType: "stroke",
        orient: "none",
        direction: "horizontal",
        legendX: 0,
        legendY: -20,
        labelFontSize: 12,
      },
    ],
    marks: [{ type: "group", from: faceted, marks: field === "microseconds" ? [spread, line, dots] : [line, dots] }],
  };
}
