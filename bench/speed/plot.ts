// The picture of speed on the front page, one SVG drawn by Vega without a browser: for each shape a bar for each peer, whose
// length is the peer's time over ours.
import { importPackage } from "../packages.js";
import type { BenchRecord } from "../record.js";
import { formatShape, type Shape } from "../shapes.js";
import {
  DRAWN_PEERS,
  type DrawnPeer,
  formatTime,
  type ShapeFigure,
  speedFigures,
  speedInWords,
  three,
} from "./figures.js";

/** The part of Vega's interface that is used here. */
interface Vega {
  parse(specification: object): object;
  View: new (runtime: object, options: object) => { toSVG(): Promise<string>; finalize(): void };
}

const WIDTH = 480;
const PADDING = { left: 168, right: 72, top: 140, bottom: 40 };
const BAR = 13;
/** The height of a shape's bars, and of the space below them. */
const GROUP = { bars: BAR * DRAWN_PEERS.length + 2, gap: 18 };
/** The colours on a light page, and those that take their places on a dark one. */
const INK = {
  page: ["#ffffff", "#161b22"],
  text: ["#1f2328", "#e6edf3"],
  muted: ["#59636e", "#9198a1"],
  line: ["#d1d9e0", "#3d444d"],
  ours: ["#0a7d5b", "#3fd0a2"],
} as const;
const PEER_INK: Record<DrawnPeer, readonly [string, string]> = {
  "onnxruntime-node": ["#2f6fd0", "#6ea8fe"],
  Keras: ["#c2410c", "#fb923c"],
  "tfjs (wasm)": ["#8a3ffc", "#c4a3ff"],
};

/** One bar as Vega gets it. */
interface Row {
  peer: DrawnPeer;
  y: number;
  ratio: number | null;
  label: string;
}

/** Draws a record's times beside those of the peers. Throws a `RangeError` for a record that lacks them. */
export async function drawSpeed(record: BenchRecord): Promise<string> {
  const figures = speedFigures(record);
  const { parse, View } = await importPackage<Vega>("vega");
  const view = new View(parse(specificationOf(figures, record)), { renderer: "none" });
  try {
    const svg = (await view.toSVG()).replace(/="[^"]*"/g, toTenths);
    const title = `<title>${speedInWords(record)}</title>`;
    return `${svg.replace(/^<svg[^>]*>/, (opening) => `${opening}${title}${darkStyle()}`)}\n`;
  } finally {
    view.finalize();
  }
}

/** The value of an attribute with its positions to a tenth of a pixel. */
function toTenths(value: string): string {
  return value.replace(/\d+\.\d{2,}/g, (digits) => String(Number(Number(digits).toFixed(1))));
}

/** The style that gives each colour its dark form where the reader's page is dark. */
function darkStyle(): string {
  const rules = [...Object.values(INK), ...Object.values(PEER_INK)].map(
    ([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`,
  );
  return `<style>@media (prefers-color-scheme:dark){${rules.join("")}}</style>`;
}

function rowsOf({ peers }: ShapeFigure, group: number): Row[] {
  return peers.map(({ peer, measured }, index) => ({
    peer,
    y: group * (GROUP.bars + GROUP.gap) + index * BAR,
    ratio: measured?.ratio ?? null,
    label:
      measured === null
        ? "not measured: too slow at this size"
        : `${three(measured.ratio)}×  (${formatTime(measured.milliseconds)})`,
  }));
}

/** The words at the left of a shape's bars: what is computed, and our time. */
function headingsOf({ shape, milliseconds }: ShapeFigure, group: number) {
  const y = group * (GROUP.bars + GROUP.gap);
  return { y, shape: formatShape(shape), words: inWords(shape), ours: `cudnn-gru ${formatTime(milliseconds)}` };
}

function inWords({ batch, timesteps }: Shape): string {
  const sequences = batch === 1 ? "1 sequence" : `${batch} sequences`;
  return `${sequences}, ${timesteps === 1 ? "1 step" : `${timesteps} steps`}`;
}

function specificationOf(figures: readonly ShapeFigure[], { machine, date }: BenchRecord): object {
  const rows = figures.flatMap(rowsOf);
  const height = figures.length * (GROUP.bars + GROUP.gap) - GROUP.gap;
  const largest = Math.max(...rows.map(({ ratio }) => ratio ?? 1));
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    width: WIDTH,
    height,
    background: INK.page[0],
    // Fixed, because without a browser Vega only guesses how wide a text is.
    autosize: "none",
    padding: PADDING,
    title: {
      text: "How many times as long as cudnn-gru a call takes",
      subtitle: [
        "One thread, float32, called from JavaScript (Keras: from Python). Logarithmic bars begin at cudnn-gru's time, 1×.",
        "Shapes are batch×timesteps×features→units; a call returns the output of every timestep.",
        `${machine.cpu} (kernels ${machine.isa}), Node.js ${machine.node}, ${date}. tfjs has no reset_after=True.`,
      ],
      anchor: "start",
      frame: "group",
      dx: 24 - PADDING.left,
      color: INK.text[0],
      subtitleColor: INK.muted[0],
      fontSize: 17,
      subtitleFontSize: 12,
      subtitlePadding: 6,
      offset: 34,
    },
    data: [
      { name: "bars", values: rows },
      { name: "shapes", values: figures.map(headingsOf) },
    ],
    scales: [
      // Bars of peers that are faster than ours go to the left of 1.
      {
        name: "x",
        type: "log",
        domain: [Math.min(1, ...rows.map(({ ratio }) => ratio ?? 1)), largest * 3],
        range: [0, WIDTH],
      },
      { name: "color", type: "ordinal", domain: [...DRAWN_PEERS], range: DRAWN_PEERS.map((peer) => PEER_INK[peer][0]) },
    ],
    axes: [
      {
        ...{ orient: "bottom", scale: "x", values: [1, 2, 5, 10, 20, 50, 100, 200, 500], format: "d", grid: true },
        ...{ gridColor: INK.line[0], domainColor: INK.line[0], tickColor: INK.line[0], labelColor: INK.muted[0] },
        labelFontSize: 12,
      },
    ],
    legends: [
      {
        ...{ fill: "color", orient: "none", direction: "horizontal", legendX: 0, legendY: -26, symbolType: "square" },
        ...{ labelFontSize: 13, labelColor: INK.text[0], labelLimit: 0, columnPadding: 24 },
      },
    ],
    marks: [bars(), labels(), ...headings(), baseline(height)],
  };
}

const x1 = { scale: "x", value: 1 };
const middle = { field: "y", offset: BAR / 2 };

function bars(): object {
  const update = {
    x: x1,
    x2: [
      { test: "datum.ratio === null", ...x1 },
      { scale: "x", field: "ratio" },
    ],
    y: { field: "y" },
    height: { value: BAR - 2 },
    fill: { scale: "color", field: "peer" },
  };
  return { type: "rect", from: { data: "bars" }, encode: { update } };
}

function labels(): object {
  const update = {
    x: [
      { test: "datum.ratio === null", ...x1, offset: 6 },
      { scale: "x", field: "ratio", offset: 6 },
    ],
    y: middle,
    baseline: { value: "middle" },
    text: { field: "label" },
    fontSize: { value: 11 },
    fill: [{ test: "datum.ratio === null", value: INK.muted[0] }, { value: INK.text[0] }],
  };
  return { type: "text", from: { data: "bars" }, encode: { update } };
}

function headings(): object[] {
  const line = (field: string, index: number, color: string, weight: string) => ({
    type: "text",
    from: { data: "shapes" },
    encode: {
      update: {
        x: { value: -14 },
        y: { field: "y", offset: index * BAR + BAR / 2 },
        align: { value: "right" },
        baseline: { value: "middle" },
        text: { field },
        fontSize: { value: index === 0 ? 13 : 11 },
        fontWeight: { value: weight },
        fill: { value: color },
      },
    },
  });
  return [
    line("shape", 0, INK.text[0], "bold"),
    line("words", 1, INK.muted[0], "normal"),
    line("ours", 2, INK.ours[0], "bold"),
  ];
}

/** Our own time, from which every bar begins. */
function baseline(height: number): object {
  const update = {
    x: x1,
    y: { value: -4 },
    y2: { value: height },
    stroke: { value: INK.ours[0] },
    strokeWidth: { value: 2 },
  };
  return { type: "rule", encode: { update } };
}
