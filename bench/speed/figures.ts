// What the picture of speed shows: our layer beside the three peers that its users come from, with one thread.
import type { BenchRecord, Measurement, ShapeRecord } from "../record.js";
import { formatShape, type Shape } from "../shapes.js";
import { pairwise, spreadOf } from "../statistics.js";

/** The peers that are drawn, from the fastest to the slowest, as records name them. */
export const DRAWN_PEERS = ["onnxruntime-node", "Keras", "tfjs (wasm)"] as const;
export type DrawnPeer = (typeof DRAWN_PEERS)[number];

/** One peer at one shape. */
export interface PeerFigure {
  readonly peer: DrawnPeer;
  /** Median milliseconds of a call, and the median over the rounds of its time over ours; null if it was not measured. */
  readonly measured: { readonly milliseconds: number; readonly ratio: number } | null;
}

/** One shape: our time, and that of each drawn peer. */
export interface ShapeFigure {
  readonly shape: Shape;
  readonly milliseconds: number;
  readonly peers: readonly PeerFigure[];
}

/** Three significant digits. */
export const three = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** A time with its unit, such as `54.7 µs`. */
export function formatTime(milliseconds: number): string {
  return milliseconds < 1 ? `${three(milliseconds * 1000)} µs` : `${three(milliseconds)} ms`;
}

/**
 * The figures of a record's run with one thread. Throws a `RangeError` for a record without such a run, and for one that
 * lacks a peer: tfjs may be missing at shapes that are too large for it, the other two may not.
 */
export function speedFigures({ runs }: BenchRecord): ShapeFigure[] {
  const run = runs.find(({ threads }) => threads === 1);
  if (run === undefined || run.shapes.length === 0) {
    throw new RangeError("Expected a record with inference on one thread, but none was measured");
  }
  const figures = run.shapes.map(figureAt);
  for (const peer of DRAWN_PEERS) {
    const missing = figures.filter(({ peers }) => peers.some((one) => one.peer === peer && one.measured === null));
    const allowed = peer === "tfjs (wasm)" ? figures.length - 1 : 0;
    if (missing.length > allowed) {
      const where = missing.map(({ shape }) => formatShape(shape)).join(", ");
      throw new RangeError(`Expected a record with ${peer} on one thread, which was not measured at ${where}`);
    }
  }
  return figures;
}

function figureAt({ shape, measurements }: ShapeRecord): ShapeFigure {
  const ours = measurements[0] as Measurement;
  const peers = DRAWN_PEERS.map((peer) => {
    const theirs = measurements.find(({ contender }) => contender === peer);
    if (theirs === undefined) return { peer, measured: null };
    const ratio = spreadOf(pairwise(theirs.nanoseconds, ours.nanoseconds, (a, b) => a / b)).median;
    return { peer, measured: { milliseconds: spreadOf(theirs.nanoseconds).median * 1e-6, ratio } };
  });
  return { shape, milliseconds: spreadOf(ours.nanoseconds).median * 1e-6, peers };
}

/** A text with every figure of the picture, for those who do not see it. */
export function speedInWords(record: BenchRecord): string {
  const lines = speedFigures(record).map(({ shape, milliseconds, peers }) => {
    const others = peers.map(({ peer, measured }) =>
      measured === null ? `${peer} not measured` : `${peer} ${three(measured.ratio)} times as long`,
    );
    return `${formatShape(shape)}: cudnn-gru ${formatTime(milliseconds)}, ${others.join(", ")}`;
  });
  return `Time of one call on one thread, by batch×timesteps×features→units. ${lines.join(". ")}.`;
}
