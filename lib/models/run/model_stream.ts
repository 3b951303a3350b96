import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { formatShape } from "../../errors/describe.js";
import { disposed } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import { reading } from "../../errors/reading.js";
import type { NativePortArray } from "../../native/program_values.js";
import { readRecord } from "../../options/record.js";
import { requireInteger, SIZE_LIMIT } from "../../options/values.js";
import { Tensor, type TypedArray } from "../../tensor/tensor.js";
import { portDtype } from "../compile/assemble.js";
import { type CompiledStream, compileStream, requireCausal, type StreamOutput } from "../compile/compile_stream.js";
import type { KerasDtype, Storage } from "../compile/symbolic.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { type FrameSpec, type ModelFrame, readFrame } from "./read_frame.js";
import { tensorDtype } from "./read_inputs.js";

/** The arguments of `stream`. */
export interface ModelStreamArguments {
  /** The number of rows of every frame, a positive integer; 1 by default. */
  batch?: number | undefined;
}

/** The model compiled for blocks of one length, with the memory of its results. */
interface Plan {
  readonly compiled: CompiledStream;
  readonly written: readonly NativePortArray[];
  readonly frame: Structure<Tensor>;
  readonly block: Structure<Tensor>;
}

const KNOWN = new Set(["batch"]);

/** The most lengths of blocks for which a stream keeps its programs. */
const MOST_PLANS = 8;

/**
 * Computes a model one timestep at a time, or some at a time, and carries what its layers need of earlier ones. The numbers
 * are those of `predict` for the whole sequence so far. Streams are independent of each other and of the model's states.
 */
export class ModelStream {
  /** The number of rows of every frame. */
  readonly batch: number;
  readonly #model: ModelLayer;
  readonly #spec: FrameSpec;
  readonly #requireModel: () => void;
  /** The programs by the number of their timesteps. Those that were used last are at the end. */
  readonly #plans = new Map<number, Plan>();
  /** The states by their keys. A push reads them and writes to the arrays of `#spare`, and then the two change places. */
  #states = new Map<string, NativePortArray>();
  #spare = new Map<string, NativePortArray>();
  #isDisposed = false;

  /** @internal */
  constructor(model: ModelLayer, args: unknown, requireModel: () => void) {
    const { batch = 1 } = reading("stream", () => readRecord(args ?? {}, KNOWN, "stream"));
    this.batch = requireInteger(batch, "batch", "an integer from 1 to 2^31 - 1", 1, SIZE_LIMIT - 1);
    this.#model = model;
    this.#requireModel = requireModel;
    const frames = flatten(model.inputs).map(({ name, shape }) => {
      const frame = shape.slice(2);
      if (shape.length >= 2 && frame.every((size) => size !== null)) return frame as number[];
      const wanted = `input ${JSON.stringify(name)} to have shape (batch, timesteps, …) with known sizes`;
      throw expectedText("ERR_UNSUPPORTED", "stream", wanted, formatShape(shape));
    });
    this.#spec = { inputs: model.inputs, frames, batch: this.batch };
    requireCausal(model, frames);
    this.#plan(1);
  }

  /**
   * Computes the next timesteps and returns the outputs, in the structure of the model's outputs. A frame has the shape of
   * an input without its timesteps, and its results have none either. A block has timesteps, and so do its results, except
   * for outputs that the model has only for the last timestep. The tensors belong to the stream, and the next `push` of as
   * many timesteps overwrites them.
   *
   * Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for a bad frame, `ERR_OUT_OF_MEMORY`, and `ERR_DISPOSED`. The stream has
   * then not changed.
   */
  push(frame: ModelFrame): Structure<Tensor> {
    this.#requireAlive("push");
    const { arrays, steps, isBlock } = readFrame(frame, this.#spec);
    // Reading the frame may have run user code.
    this.#requireAlive("push");
    const plan = this.#plan(steps);
    this.#run(plan, arrays);
    return isBlock ? plan.block : plan.frame;
  }

  #run({ compiled, written }: Plan, arrays: readonly TypedArray[]): void {
    const { step, inputs, states } = compiled;
    if (step === null) return;
    const memory = new Map<Storage, NativePortArray>();
    const own = new Set<ArrayBufferLike>(written.map(({ buffer }) => buffer));
    for (const [index, { storage }] of inputs.entries()) {
      const array = arrays[index] as NativePortArray;
      // A result of this stream may be the next frame.
      memory.set(storage, own.has(array.buffer) ? array.slice() : array);
    }
    for (const { key, before } of states) memory.set(before.storage, this.#states.get(key) as NativePortArray);
    const results = new Map<Storage, NativePortArray>();
    for (const { key, after } of states) results.set(after.storage, this.#spare.get(key) as NativePortArray);
    step.program.run(
      this.batch,
      step.inputs.map(({ storage }) => memory.get(storage) as NativePortArray),
      step.outputs.map(({ storage }, index) => results.get(storage) ?? (written[index] as NativePortArray)),
    );
    [this.#states, this.#spare] = [this.#spare, this.#states];
  }

  #plan(steps: number): Plan {
    const known = this.#plans.get(steps);
    if (known !== undefined) {
      this.#plans.delete(steps);
      this.#plans.set(steps, known);
      return known;
    }
    const compiled = compileStream(this.#model, this.#spec.frames, steps);
    for (const { key, before } of compiled.states) {
      if (this.#states.has(key)) continue;
      this.#states.set(key, this.#array(before.dtype, before.storage.size));
      this.#spare.set(key, this.#array(before.dtype, before.storage.size));
    }
    const written = (compiled.step?.outputs ?? []).map(({ dtype, size }) => this.#array(dtype, size));
    const plan: Plan = {
      compiled,
      written,
      frame: this.#results(compiled, written, "frame"),
      block: this.#results(compiled, written, "block"),
    };
    this.#plans.set(steps, plan);
    const oldest = [...this.#plans.keys()].find((one) => one !== 1);
    if (this.#plans.size > MOST_PLANS && oldest !== undefined) this.#forget(oldest);
    return plan;
  }

  #forget(steps: number): void {
    this.#plans.get(steps)?.compiled.step?.program.dispose();
    this.#plans.delete(steps);
  }

  #array(dtype: KerasDtype, size: number): NativePortArray {
    return allocate(portDtype(dtype), checkedProduct([this.batch, size], "stream"), "stream") as NativePortArray;
  }

  #results(
    { step, outputs }: CompiledStream,
    written: readonly NativePortArray[],
    form: "frame" | "block",
  ): Structure<Tensor> {
    return mapStructure<StreamOutput, Tensor>(outputs, ({ tensor, hasSteps }) => {
      const index = step?.outputs.findIndex(({ storage }) => storage === tensor.storage) ?? -1;
      const data = written[index] as TypedArray;
      const shape = hasSteps && form === "frame" ? tensor.shape.slice(1) : tensor.shape;
      return new Tensor(data, [this.batch, ...shape], data instanceof Int32Array ? "int32" : tensorDtype(tensor.dtype));
    });
  }

  /** Starts again, as if no frame had come. Throws `ERR_DISPOSED`. */
  reset(): void {
    this.#requireAlive("reset");
    for (const state of this.#states.values()) state.fill(0);
  }

  /** Frees the stream's memory. `push` and `reset` then throw `ERR_DISPOSED`. Idempotent. The model is not affected. */
  dispose(): void {
    this.#isDisposed = true;
    for (const steps of [...this.#plans.keys()]) this.#forget(steps);
    this.#states = new Map();
    this.#spare = new Map();
  }

  /** Calls `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #requireAlive(method: string): void {
    if (this.#isDisposed) throw disposed("stream", method);
    this.#requireModel();
  }
}
