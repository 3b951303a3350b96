import type { Machine } from "./machine.js";
import type { Memory } from "./memory.js";
import type { Shape } from "./shapes.js";

/** One contender at one shape. */
export interface Measurement {
  contender: string;
  version: string;
  /** Keras's `reset_after` of the layer it computes. */
  resetAfter: boolean;
  /** Greatest difference between its output and our layer's, relative to the largest value (or 1) in training. */
  difference: number;
  /** Calls in each sample. */
  calls: number;
  /** Nanoseconds per call, by round. */
  nanoseconds: number[];
}

/** The machine's limits, by round; null where they could not be measured. */
export interface LimitSamples {
  /** Float32 operations a second. */
  fma: number[];
  /** Bytes a second, reading `readSize` bytes over and over. */
  read: number[];
  readSize: number;
}

/** Everything measured at one shape; our layer is the first of `measurements`. */
export interface ShapeRecord {
  shape: Shape;
  limits: LimitSamples | null;
  measurements: Measurement[];
  skipped: Skipped[];
  /** Of inference. */
  memory: Memory | null;
}

/** A contender that was not measured. */
export interface Skipped {
  contender: string;
  reason: string;
}

/** One run of the benchmark. `format` changes when the meaning of a field does. */
export interface BenchRecord {
  format: 1;
  date: string;
  machine: Machine;
  threads: number;
  /** Whether calls are forward and backward; left out where they are forward alone. */
  training?: boolean;
  rounds: number;
  sampleMs: number;
  /** Load average before the run; share of CPU time others had during it, null where unknown. */
  load: number;
  steal: number | null;
  /** Peers that this machine does not have. */
  skipped: Skipped[];
  shapes: ShapeRecord[];
}
