import type { Role } from "./contender.js";
import { activationBytes, weightBytes } from "./memory.js";
import type { Measurement, OrthogonalRecord, OrthogonalTiming, ShapeRecord, Timing } from "./record.js";
import { formatShape } from "./shapes.js";
import { pairwise, type Spread, spreadOf } from "./statistics.js";
import type { Workload } from "./workload.js";

/** Rows of cells; the first holds the titles. */
export type Table = string[][];

const ours = ({ measurements }: ShapeRecord) => measurements[0] as Measurement;
const others = ({ measurements }: ShapeRecord) => measurements.slice(1);
const median = (values: readonly number[]) => spreadOf(values).median;

/** How many times as fast as `peer` `one` is, within each round. */
function advantageOver(peer: Timing, one: Timing): Spread {
  return spreadOf(pairwise(peer.nanoseconds, one.nanoseconds, (theirs, mine) => theirs / mine));
}

/** How many times as fast as `peer` our layer is, within each round. */
function advantage(at: ShapeRecord, peer: Measurement): Spread {
  return advantageOver(peer, ours(at));
}

function gflops(operations: number, nanoseconds: number): string {
  return (operations / nanoseconds).toFixed(1);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function spread({ median: middle, min, max }: Spread, show: (value: number) => string): string {
  return `${show(middle)} (${show(min)}–${show(max)})`;
}

const three = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** The least nanoseconds of a call at the rates measured beside it; null where they were not. */
function floorOf({ shape, limits }: ShapeRecord, workload: Workload): number | null {
  if (limits === null) return null;
  return workload.floor(shape, { ...limits, fma: median(limits.fma), read: median(limits.read) });
}

const isPeer = ({ role }: Measurement) => role === "peer";
/** Whether a contender has a column of the summary. */
const isCompared = ({ role }: Measurement) => role === "peer" || role === "apart" || role === "other type";
const ofRole = ({ measurements }: ShapeRecord, role: Role) => measurements.find((one) => one.role === role);

/** One row a shape: our layer, how near it is to the machine's limits, and its advantage over each peer. */
export function summaryTable(shapes: readonly ShapeRecord[], workload: Workload): Table {
  const peers = [
    ...new Set(
      shapes.flatMap((at) =>
        others(at)
          .filter(isCompared)
          .map(({ contender }) => contender),
      ),
    ),
  ];
  // In training there are neither.
  const has = (role: Role) => shapes.some((at) => ofRole(at, role) !== undefined);
  const [withKernel, withFloat64] = [has("kernel"), has("float64")];
  const titles = ["shape", "ms", ...(withKernel ? ["C++ kernel, ms"] : []), "GFLOP/s", "of peak", "of floor"];
  if (withFloat64) titles.push("float64");
  const rows = shapes.map((at) => {
    const operations = workload.flops(at.shape);
    const mine = median(ours(at).nanoseconds);
    const peak = at.limits === null ? null : median(at.limits.fma);
    const time = (one?: Measurement) => (one === undefined ? "–" : three(median(one.nanoseconds) * 1e-6));
    const ratio = (one?: Measurement) => (one === undefined ? "–" : `${advantage(at, one).median.toFixed(2)}×`);
    return [
      formatShape(at.shape),
      time(ours(at)),
      ...(withKernel ? [time(ofRole(at, "kernel"))] : []),
      gflops(operations, mine),
      peak === null ? "–" : percent(operations / (mine * 1e-9) / peak),
      ofFloor(at, workload, mine),
      ...(withFloat64 ? [ratio(ofRole(at, "float64"))] : []),
      ...peers.map((peer) => ratio(others(at).find(({ contender }) => contender === peer))),
    ];
  });
  return [[...titles, ...peers.map((peer) => `vs ${peer}`)], ...rows];
}

/** One row a contender at one shape. */
export function detailTable(at: ShapeRecord, workload: Workload): Table {
  const operations = workload.flops(at.shape);
  const kernel = ofRole(at, "kernel");
  const titles = ["", "ms a call", "GFLOP/s", "of floor", "cudnn-gru is × as fast"];
  if (kernel !== undefined) titles.push("C++ kernel is × as fast");
  titles.push("largest difference");
  const rows = at.measurements.map((measurement) => {
    const times = spreadOf(measurement.nanoseconds);
    return [
      title(measurement),
      spread(times, (value) => three(value * 1e-6)),
      gflops(operations, times.median),
      // The floor is that of the type which is compared.
      measurement.role === "float64" || measurement.role === "other type" ? "" : ofFloor(at, workload, times.median),
      measurement === ours(at) ? "" : spread(advantage(at, measurement), (value) => value.toFixed(2)),
      ...(kernel === undefined
        ? []
        : [isPeer(measurement) ? advantageOver(measurement, kernel).median.toFixed(2) : ""]),
      measurement === ours(at) ? "" : error(measurement.difference),
    ];
  });
  return [titles, ...rows];
}

function ofFloor(at: ShapeRecord, workload: Workload, nanoseconds: number): string {
  const floor = floorOf(at, workload);
  return floor === null ? "–" : percent(floor / nanoseconds);
}

/** One row a contender where a call is one step: microseconds, and what they are above the kernel's. */
export function streamingTable(at: ShapeRecord): Table {
  const kernel = ofRole(at, "kernel");
  const micro = (value: number) => (value * 1e-3).toFixed(2);
  const titles = ["", "µs a call", "µs above the kernel", "cudnn-gru is × as fast"];
  const rows = at.measurements.map((measurement) => {
    const above =
      kernel === undefined || kernel === measurement || measurement.difference === null
        ? ""
        : spread(spreadOf(pairwise(measurement.nanoseconds, kernel.nanoseconds, (a, b) => a - b)), micro);
    return [
      title(measurement),
      spread(spreadOf(measurement.nanoseconds), micro),
      above,
      measurement === ours(at) || measurement.difference === null ? "" : advantage(at, measurement).median.toFixed(2),
    ];
  });
  return [titles, ...rows];
}

function error(difference: number | null): string {
  if (difference === null) return "";
  return difference === 0 ? "0" : difference.toExponential(0);
}

function title({ contender, resetAfter }: Measurement): string {
  return resetAfter ? contender : `${contender}, reset_after=False`;
}

/** The machine's greatest speed during the rounds of each shape. */
export function limitsTable(shapes: readonly ShapeRecord[]): Table {
  const titles = ["during", "FMA, GFLOP/s", "read, GB/s", "of an array of, KiB"];
  const rows = shapes.flatMap(({ shape, limits }) => {
    if (limits === null) return [];
    const giga = (values: readonly number[]) => spread(spreadOf(values), (value) => (value * 1e-9).toFixed(0));
    return [[formatShape(shape), giga(limits.fma), giga(limits.read), (limits.readSize / 1024).toFixed(0)]];
  });
  return [titles, ...rows];
}

/** Milliseconds for one orthogonal matrix: a row a size, with each maker's time and how many times as fast ours is. */
export function orthogonalTable(records: readonly OrthogonalRecord[]): Table {
  const makers = [...new Set(records.flatMap(({ timings }) => timings.map(({ contender }) => contender)))];
  const peers = makers.slice(1);
  const rows = records.map(({ units, timings }) => {
    const [mine, ...theirs] = makers.map((maker) => timings.find(({ contender }) => contender === maker));
    const time = (timing?: OrthogonalTiming) => (timing === undefined ? "–" : three(median(timing.nanoseconds) * 1e-6));
    const ratio = (timing?: OrthogonalTiming) =>
      timing === undefined || mine === undefined ? "–" : `${advantageOver(timing, mine).median.toFixed(2)}×`;
    const deviation = Math.max(...timings.map((timing) => timing.deviation));
    return [`${units}×${3 * units}`, ...[mine, ...theirs].map(time), ...theirs.map(ratio), deviation.toExponential(0)];
  });
  const titles = ["matrix", ...makers.map((maker) => `${maker}, ms`), ...peers.map((peer) => `vs ${peer}`)];
  return [[...titles, "largest deviation"], ...rows];
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
