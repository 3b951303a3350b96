import { activationBytes, weightBytes } from "./memory.js";
import type { Measurement, ShapeRecord } from "./record.js";
import { flopsOf, formatShape, type Shape } from "./shapes.js";
import { pairwise, type Spread, spreadOf } from "./statistics.js";

/** Rows of cells; the first holds the titles. */
export type Table = string[][];

const ours = ({ measurements }: ShapeRecord) => measurements[0] as Measurement;
const others = ({ measurements }: ShapeRecord) => measurements.slice(1);
const median = (values: readonly number[]) => spreadOf(values).median;

/** How many times as fast as `peer` our layer is, within each round. */
function advantage(at: ShapeRecord, peer: Measurement): Spread {
  return spreadOf(pairwise(peer.nanoseconds, ours(at).nanoseconds, (theirs, mine) => theirs / mine));
}

function gflops(shape: Shape, nanoseconds: number, training: boolean): string {
  return (flopsOf(shape, training) / nanoseconds).toFixed(1);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function spread({ median: middle, min, max }: Spread, show: (value: number) => string): string {
  return `${show(middle)} (${show(min)}–${show(max)})`;
}

const three = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/**
 * The least nanoseconds that this machine needs for a call: the input projection at the peak FMA rate, then for each step
 * the recurrent product at that rate or the reading of its weights, whichever takes longer. In training the steps come
 * twice, and three more products over all steps with those of the inputs: the gradients of the inputs and both kernels.
 */
function floorOf({ shape, limits }: ShapeRecord, training: boolean): number | null {
  if (limits === null) return null;
  const { batch, timesteps, features, units } = shape;
  const peak = median(limits.fma);
  const step = Math.max((6 * batch * units * units) / peak, limits.readSize / median(limits.read));
  const projection = (6 * batch * timesteps * features * units) / peak;
  const recurrentGradient = (6 * batch * timesteps * units * units) / peak;
  const seconds = training ? 3 * projection + recurrentGradient + 2 * timesteps * step : projection + timesteps * step;
  return 1e9 * seconds;
}

/** One row a shape: our layer, how near it is to the machine's limits, and its advantage over each peer. */
export function summaryTable(shapes: readonly ShapeRecord[], training = false): Table {
  const peers = [...new Set(shapes.flatMap((at) => others(at).map(({ contender }) => contender)))];
  const titles = ["shape", "ms", "GFLOP/s", "of FMA peak", "of floor", ...peers.map((peer) => `vs ${peer}`)];
  const rows = shapes.map((at) => {
    const mine = median(ours(at).nanoseconds);
    const floor = floorOf(at, training);
    const peak = at.limits === null ? null : median(at.limits.fma);
    const ratios = peers.map((peer) => {
      const found = others(at).find(({ contender }) => contender === peer);
      return found === undefined ? "–" : `${advantage(at, found).median.toFixed(2)}×`;
    });
    return [
      formatShape(at.shape),
      three(mine * 1e-6),
      gflops(at.shape, mine, training),
      peak === null ? "–" : percent(flopsOf(at.shape, training) / (mine * 1e-9) / peak),
      floor === null ? "–" : percent(floor / mine),
      ...ratios,
    ];
  });
  return [titles, ...rows];
}

/** One row a contender at one shape. */
export function detailTable(at: ShapeRecord, training = false): Table {
  const titles = ["", "ms a call", "GFLOP/s", "cudnn-gru is × as fast", "largest difference"];
  const rows = at.measurements.map((measurement) => {
    const times = spreadOf(measurement.nanoseconds);
    return [
      title(measurement),
      spread(times, (value) => three(value * 1e-6)),
      gflops(at.shape, times.median, training),
      measurement === ours(at) ? "" : spread(advantage(at, measurement), (value) => value.toFixed(2)),
      measurement === ours(at) ? "" : measurement.difference.toExponential(0),
    ];
  });
  return [titles, ...rows];
}

/** One row a contender where a call is one step: microseconds, and what they are above the kernel's. */
export function streamingTable(at: ShapeRecord): Table {
  const kernel = at.measurements.find(({ contender }) => contender === "C++ kernel alone");
  const micro = (value: number) => (value * 1e-3).toFixed(2);
  const titles = ["", "µs a call", "µs above the kernel", "cudnn-gru is × as fast"];
  const rows = at.measurements.map((measurement) => {
    const above =
      kernel === undefined || kernel === measurement
        ? ""
        : spread(spreadOf(pairwise(measurement.nanoseconds, kernel.nanoseconds, (a, b) => a - b)), micro);
    return [
      title(measurement),
      spread(spreadOf(measurement.nanoseconds), micro),
      above,
      measurement === ours(at) ? "" : advantage(at, measurement).median.toFixed(2),
    ];
  });
  return [titles, ...rows];
}

function title({ contender, resetAfter }: Measurement): string {
  return resetAfter ? contender : `${contender}, reset_after=False`;
}

/** What the machine did at best during the rounds of each shape. */
export function limitsTable(shapes: readonly ShapeRecord[]): Table {
  const titles = ["during", "FMA, GFLOP/s", "read, GB/s", "of an array of, KiB"];
  const rows = shapes.flatMap(({ shape, limits }) => {
    if (limits === null) return [];
    const giga = (values: readonly number[]) => spread(spreadOf(values), (value) => (value * 1e-9).toFixed(0));
    return [[formatShape(shape), giga(limits.fma), giga(limits.read), (limits.readSize / 1024).toFixed(0)]];
  });
  return [titles, ...rows];
}

/** Bytes held for one layer, in MiB, against the least there can be. */
export function memoryTable(shapes: readonly ShapeRecord[]): Table {
  const mebi = (bytes: number) => (bytes / 2 ** 20).toFixed(3);
  const titles = ["shape", "weights, MiB", "packed", "scratch", "inputs and outputs", "of the least", "5 more calls"];
  const rows = shapes.flatMap(({ shape, memory }) => {
    if (memory === null) return [];
    const weights = weightBytes(shape);
    const activations = activationBytes(shape);
    const least = weights + memory.packed + activations;
    const row = [
      formatShape(shape),
      mebi(weights),
      mebi(memory.packed),
      mebi(memory.scratch),
      mebi(activations),
      `${((least + memory.scratch) / least).toFixed(2)}×`,
      memory.growth === 0 ? "nothing" : `${memory.growth} bytes`,
    ];
    return [row];
  });
  return [titles, ...rows];
}
