import { backendInfo, GRU, type GRUArguments, tensor } from "../../dist/index.js";
import type { Contender, Task } from "../contender.js";
import { packageVersion } from "../packages.js";
import type { Problem } from "../problem.js";
import { isStreaming, type Shape } from "../shapes.js";

/** Our package's version and the kernels it chose. */
export function ourVersion(): string {
  return `${packageVersion("..")} ${backendInfo().cpu.isa}`;
}

/** A built layer with a problem's weights; with `reset_after: false` the recurrent bias is left out. */
export function makeLayer({ shape, kernel, recurrentKernel, bias }: Problem, args: GRUArguments): GRU {
  const gru = new GRU(shape.units, { ...args, use_cudnn: false });
  gru.build([null, null, shape.features]);
  gru.setWeights([kernel, recurrentKernel, args.reset_after === false ? bias.slice(0, 3 * shape.units) : bias]);
  return gru;
}

/** The problem's inputs as the layer takes them. */
export function makeInputs({ shape, inputs }: Problem) {
  return tensor(inputs, [shape.batch, shape.timesteps, shape.features]);
}

/** The nanoseconds that `calls` calls of a function take. */
export function timeCalls(call: () => unknown, calls: number): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) call();
  return Number(process.hrtime.bigint() - start);
}

/** Returns the output of our layer for a problem, (batch, timesteps, units). */
export function computeOurs(problem: Problem, resetAfter: boolean): Float32Array {
  const gru = makeLayer(problem, {
    return_sequences: true,
    return_state: false,
    reset_after: resetAfter,
  }) as GRU<false>;
  try {
    return gru.call(makeInputs(problem)).data as Float32Array;
  } finally {
    gru.dispose();
  }
}

/** Our layer as users call it: synchronous, with a new output array for each call. */
export class CudnnGru implements Contender {
  readonly name: string = "cudnn-gru";
  readonly role: "ours" | "float64" = "ours";
  readonly resetAfter = true;

  get version(): string {
    return ourVersion();
  }

  declines(_: Shape): string | null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
    const inputs = makeInputs(problem);
    return {
      output: gru.call(inputs).data as Float32Array,
      time: async (calls) => timeCalls(() => gru.call(inputs), calls),
      close: () => gru.dispose(),
    };
  }

  close(): void {}
}

/** Calls of our layer that write to `out`. */
export function prepareWithOut(problem: Problem): Task {
  const { batch, timesteps, units } = problem.shape;
  const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
  const inputs = makeInputs(problem);
  const out = new Float32Array(batch * timesteps * units);
  gru.call(inputs, { out });
  return {
    output: out.slice(),
    time: async (calls) => timeCalls(() => gru.call(inputs, { out }), calls),
    close: () => gru.dispose(),
  };
}

/** Our layer with an array of its caller for the output. Single steps have ways of their own (streaming.ts). */
export class CudnnGruWithOut implements Contender {
  readonly name = "cudnn-gru, out";
  readonly role = "apart";
  readonly version = "";
  readonly resetAfter = true;

  declines(shape: Shape): string | null {
    return isStreaming(shape) ? "" : null;
  }

  async prepare(problem: Problem): Promise<Task> {
    return prepareWithOut(problem);
  }

  close(): void {}
}

/** The same in float64, whose arithmetic has half the numbers in a vector. */
export class CudnnGruFloat64 extends CudnnGru {
  override readonly name = "cudnn-gru, float64";
  override readonly role = "float64";

  override get version(): string {
    return "";
  }

  override declines(shape: Shape): string | null {
    return isStreaming(shape) ? "" : null;
  }

  override async prepare(problem: Problem): Promise<Task> {
    const { batch, timesteps, features, units } = problem.shape;
    const gru = new GRU(units, { dtype: "float64", return_sequences: true, return_state: false, use_cudnn: false });
    gru.build([null, null, features]);
    gru.setWeights([problem.kernel, problem.recurrentKernel, problem.bias].map((values) => Float64Array.from(values)));
    const inputs = tensor(Float64Array.from(problem.inputs), [batch, timesteps, features]);
    return {
      output: Float32Array.from(gru.call(inputs).data as Float64Array),
      time: async (calls) => timeCalls(() => gru.call(inputs), calls),
      close: () => gru.dispose(),
    };
  }
}
