import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Form, ONE_GRU, shapesOfGrus } from "./forms.js";
import type { Shape } from "./shapes.js";

/** The weights of one GRU in Keras's layouts, gates in the order z, r, h. */
export interface GruWeights {
  /** (features, 3 * units), Glorot uniform. */
  readonly kernel: Float32Array;
  /** (units, 3 * units), Glorot uniform. */
  readonly recurrentKernel: Float32Array;
  /** (2, 3 * units), uniform in [-0.1, 0.1): the input bias, then the recurrent bias. */
  readonly bias: Float32Array;
}

/**
 * The data of one shape, the same for every contender and in every run. Its own weights are those of the only GRU, or of
 * the first one.
 */
export interface Problem extends GruWeights {
  readonly shape: Shape;
  readonly form: Form;
  /** (batch, timesteps, features), uniform in [-1, 1). */
  readonly inputs: Float32Array;
  /** The weights of every GRU: layers in order, forward before backward. */
  readonly grus: readonly GruWeights[];
}

/** Makes the problem of a shape, for one GRU or for several. */
export function makeProblem(shape: Shape, form: Form = ONE_GRU): Problem {
  const { batch, timesteps, features: width } = shape;
  const random = mulberry32(1);
  const uniform = (count: number, limit: number) => Float32Array.from({ length: count }, () => limit * random());
  const inputs = uniform(batch * timesteps * width, 1);
  const grus = shapesOfGrus(shape, form).map(
    ({ features, units }): GruWeights => ({
      kernel: uniform(features * 3 * units, Math.sqrt(6 / (features + 3 * units))),
      recurrentKernel: uniform(units * 3 * units, Math.sqrt(6 / (4 * units))),
      bias: uniform(6 * units, 0.1),
    }),
  );
  return { ...(grus[0] as GruWeights), shape, form, inputs, grus };
}

/** Tommy Ettinger's mulberry32, uniform in [-1, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/**
 * The (batch, timesteps) axes of a tensor swapped, as time-major libraries want it: (a, b, c) to (b, a, c).
 */
export function swapLeadingAxes(data: Float32Array, a: number, b: number, c: number): Float32Array {
  const swapped = new Float32Array(data.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * c;
      swapped.set(data.subarray(from, from + c), (j * a + i) * c);
    }
  }
  return swapped;
}

/** Returns arrays as one, in their order. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

/** A folder through which a child process receives a problem and returns its output, as raw float32 files. */
export class Exchange {
  readonly folder = mkdtempSync(join(tmpdir(), "cudnn-gru-bench-"));

  /** Writes `problem.f32`: inputs, and then kernel, recurrent kernel and bias of each GRU, one after the other. */
  write({ inputs, grus }: Problem): void {
    const weights = grus.flatMap(({ kernel, recurrentKernel, bias }) => [kernel, recurrentKernel, bias]);
    const parts = [inputs, ...weights];
    const buffers = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    writeFileSync(join(this.folder, "problem.f32"), Buffer.concat(buffers));
  }

  /** Reads `output.f32`, (batch, timesteps, units of all directions). */
  read(): Float32Array {
    const bytes = readFileSync(join(this.folder, "output.f32"));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
