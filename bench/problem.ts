/** A GRU layer and one batch for it; every contender computes the same numbers from these. */
export interface Problem {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
  resetAfter: boolean;
  /** (B, T, F) */
  inputs: Float32Array;
  /** (F, 3U), gates in Keras's order z, r, h */
  kernel: Float32Array;
  /** (U, 3U) */
  recurrentKernel: Float32Array;
  /** (2, 3U) with `resetAfter`, else (3U,) */
  bias: Float32Array;
}

/** One library's way to compute a problem's last state. */
export interface Contender {
  name: string;
  /** Computes once; the state (B, U). */
  run(): Promise<Float32Array> | Float32Array;
  dispose(): void;
}

/** Makes a contender for a problem, or null where the library cannot compute it. */
export type Peer = (problem: Problem) => Promise<Contender | null>;

/** The shapes of the design page's targets, batch × timesteps × features → units. */
export const SHAPES = [
  [32, 100, 128, 256],
  [64, 50, 512, 512],
  [16, 200, 32, 128],
  [1, 100, 64, 64],
  [1, 100, 256, 256],
  [1, 100, 1024, 1024],
] as const;

/** Deterministic numbers in [-scale, scale). */
function uniform(count: number, scale: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 31 - 1) * scale;
  }
  return values;
}

/** A problem with weights small enough that the layer contracts, as trained ones do. */
export function makeProblem(shape: readonly [number, number, number, number], resetAfter: boolean): Problem {
  const [batch, timesteps, features, units] = shape;
  return {
    batch,
    timesteps,
    features,
    units,
    resetAfter,
    inputs: uniform(batch * timesteps * features, 1, 1),
    kernel: uniform(features * 3 * units, Math.sqrt(3 / features), 2),
    recurrentKernel: uniform(units * 3 * units, Math.sqrt(1 / units), 3),
    bias: uniform((resetAfter ? 6 : 3) * units, 0.1, 4),
  };
}

/** Floating-point operations of both matrix products, 2 per multiply-add. */
export function flops({ batch, timesteps, features, units }: Problem): number {
  return 2 * batch * timesteps * (features + units) * 3 * units;
}
