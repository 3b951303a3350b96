import type { Role } from "./contender.js";
import type { Form } from "./forms.js";
import type { Machine } from "./machine.js";
import type { Memory } from "./memory.js";
import type { ModelRecord } from "./models/report.js";
import type { Shape } from "./shapes.js";

/** The measurements of one contender. */
export interface Timing {
  contender: string;
  version: string;
  role: Role;
  /** Calls in each sample. */
  calls: number;
  /** Nanoseconds per call, by round. */
  nanoseconds: number[];
}

/** One contender at one shape. */
export interface Measurement extends Timing {
  /** Keras's `reset_after` of the layer it computes. */
  resetAfter: boolean;
  /**
   * Greatest difference between its output and our layer's, over our greatest magnitude where that is above 1; null for what
   * computes nothing.
   */
  difference: number | null;
}

/** The machine's limits, by round; null where they could not be measured. */
export interface LimitSamples {
  /** Operations a second: of float32, or of bfloat16 where that is what is measured. */
  fma: number[];
  /** Bytes a second, reading `readSize` bytes over and over. */
  read: number[];
  readSize: number;
}

/** A contender that was not measured. The reason is empty when nobody would expect it at this shape. */
export interface Skipped {
  contender: string;
  reason: string;
}

/** Everything measured at one shape; our layer is the first of `measurements`. */
export interface ShapeRecord {
  shape: Shape;
  limits: LimitSamples | null;
  measurements: Measurement[];
  skipped: Skipped[];
  /** The measurements of inference. */
  memory: Memory | null;
}

/** Everything measured of several GRUs at one shape; our stack is the first of `measurements`. */
export interface StackRecord extends ShapeRecord {
  form: Form["name"];
}

/** One contender that made an orthogonal matrix. */
export interface OrthogonalTiming extends Timing {
  /** Greatest absolute difference between products of some of its rows and the identity matrix. */
  deviation: number;
}

/** The orthogonal initializer for a recurrent kernel, (units, 3 * units); ours is the first of `timings`. */
export interface OrthogonalRecord {
  units: number;
  timings: OrthogonalTiming[];
}

/** The measurements with one number of threads. */
export interface RunRecord {
  threads: number;
  rounds: number;
  /** Load average before the run; share of CPU time others had during it, null where unknown. */
  load: number;
  steal: number | null;
  /** Contenders that this machine does not have. */
  skipped: Skipped[];
  /** Forward calls. */
  shapes: ShapeRecord[];
  /** Forward and backward calls. */
  training: ShapeRecord[];
  /** Forward calls of several GRUs. */
  stacks: StackRecord[];
  /** Forward calls in bfloat16; our bfloat16 layer is the first of `measurements`. */
  sixteenBit: ShapeRecord[];
  orthogonal: OrthogonalRecord[];
}

/** The sizes that curves are drawn over. */
export type Axis = keyof Shape | "threads";

/** One size on a curve. */
export interface CurvePoint {
  shape: Shape;
  threads: number;
  calls: number;
  /** Nanoseconds per call, by round. */
  nanoseconds: number[];
}

/** Our layer's time against one size, the others held. */
export interface CurveRecord {
  axis: Axis;
  /** The property that differs from the other curves over the same axis. */
  series: string;
  points: CurvePoint[];
}

/** One run of the benchmark. `format` changes when the meaning of a field does; `readRecord` knows the older ones. */
export interface BenchRecord {
  format: 2;
  date: string;
  machine: Machine;
  sampleMs: number;
  runs: RunRecord[];
  /** Whole models; null where they were not measured. */
  models: ModelRecord | null;
  curves: CurveRecord[];
}
