import { GRU, tensor } from "../../dist/index.js";
import { narrowed, type SixteenBitDtype, widened } from "../../dist/native/sixteen_bit.js";
import type { Contender, Role, Task } from "../contender.js";
import type { Problem } from "../problem.js";
import { ourVersion, prepareWithOut, timeCalls } from "./cudnn_gru.js";

const ARGUMENTS = { return_sequences: true, return_state: false, use_cudnn: false } as const;

/** A layer of a 16-bit type with the problem's weights and inputs, rounded to that type. Calls write to `out`. */
function prepareSixteenBit({ shape, inputs, grus }: Problem, dtype: SixteenBitDtype): Task & { output: Float32Array } {
  const { batch, timesteps, features, units } = shape;
  const gru = new GRU(units, { ...ARGUMENTS, dtype });
  gru.build([null, null, features]);
  gru.setWeights(grus.flatMap(({ kernel, recurrentKernel, bias }) => [kernel, recurrentKernel, bias]));
  const given = tensor(narrowed(inputs, dtype), [batch, timesteps, features], dtype);
  const out = new Uint16Array(batch * timesteps * units);
  gru.call(given, { out });
  return {
    output: widened(out, dtype),
    time: async (calls) => timeCalls(() => gru.call(given, { out }), calls),
    close: () => gru.dispose(),
  };
}

/** Our layer in one type, with `out`. */
class LayerOfType implements Contender {
  readonly name: string;
  readonly role: Role;
  readonly resetAfter = true;
  readonly #dtype: SixteenBitDtype | "float32";

  constructor(dtype: SixteenBitDtype | "float32", role: Role) {
    this.name = `cudnn-gru, ${dtype}`;
    this.role = role;
    this.#dtype = dtype;
  }

  get version(): string {
    return this.role === "ours" ? ourVersion() : "";
  }

  declines(): null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    return this.#dtype === "float32" ? prepareWithOut(problem) : prepareSixteenBit(problem, this.#dtype);
  }

  close(): void {}
}

/** Our bfloat16 layer, with which the others are compared, and our layers of the other types. */
export function sixteenBitLayers(): Contender[] {
  return [
    new LayerOfType("bfloat16", "ours"),
    new LayerOfType("float16", "other type"),
    new LayerOfType("float32", "other type"),
  ];
}

/** Returns the output of our bfloat16 layer for a problem. */
export function computeBfloat16(problem: Problem): Float32Array {
  const task = prepareSixteenBit(problem, "bfloat16");
  task.close();
  return task.output;
}
