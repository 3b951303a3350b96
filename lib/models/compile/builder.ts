import { checkedProduct } from "../../arguments/shapes.js";
import { expectedText } from "../../errors/messages.js";
import type { LayerParts } from "../../layers/layer_parts.js";
import type { TypedArray } from "../../tensor/tensor.js";
import type { HostCall, HostShapes } from "./host.js";
import type { Instruction, Operand } from "./instructions.js";
import type { StreamCompilation } from "./streaming.js";
import { type KerasDtype, product, roundingOf, Storage, SymbolicTensor, storageType } from "./symbolic.js";
import type { Tensors } from "./values.js";

/**
 * How a program sees the batch: `"divided"` computes each sample by itself, so that threads share the batch. A number
 * computes a batch of so many samples as one row, for operations that mix samples.
 */
export type BatchMode = "divided" | number;

/** Thrown in a divided program by an operation that mixes samples. The model is then compiled for the whole batch. */
export class MixesSamples extends Error {}

/** A state that calls carry: the program reads it, and writes what the next call reads. */
export interface CarriedTensor {
  /** The key of the state, the same in every program of the model. */
  readonly key: string;
  readonly before: SymbolicTensor;
  readonly after: SymbolicTensor;
}

/** The options of a builder. */
export interface BuilderOptions {
  readonly hostShapes?: readonly HostShapes[];
  readonly onCall?: Builder["onCall"];
  readonly stream?: StreamCompilation | null;
  readonly onRecurrent?: Builder["onRecurrent"];
}

/** A call of GRUs that one instruction computes. They all take the same path. */
export interface RecurrentNote {
  readonly grus: readonly LayerParts[];
  readonly hasMask: boolean;
}

/** Collects the instructions of a model. */
export class Builder {
  readonly mode: BatchMode;
  /** The instructions, in order, and the calls of JavaScript between them. */
  readonly steps: (Instruction | HostCall)[] = [];
  readonly #constants = new Map<TypedArray, Map<string, Storage>>();
  /** True when a GRU computes on the GPU, for the whole batch at a time. */
  usesCudnn = false;

  /** Told of every call of a layer, with its outputs. */
  readonly onCall: ((layer: object, outputs: Tensors) => void) | null;
  /** Told of every call of GRUs. */
  readonly onRecurrent: ((note: RecurrentNote) => void) | null;
  /** The timesteps of a program for a stream; `null` for a program that computes whole sequences. */
  readonly stream: StreamCompilation | null;
  readonly #hostShapes: readonly HostShapes[];
  readonly #carried = new Map<string, CarriedTensor>();
  #hostCalls = 0;
  #calls = 0;

  /** `hostShapes` are those of the results of JavaScript that are known, in the order of the calls. */
  constructor(mode: BatchMode, options: BuilderOptions = {}) {
    const { hostShapes = [], onCall = null, onRecurrent = null, stream = null } = options;
    this.mode = mode;
    this.onCall = onCall;
    this.onRecurrent = onRecurrent;
    this.stream = stream;
    this.#hostShapes = hostShapes;
  }

  /** True when an operation mixed samples of the batch. */
  mixesSamples = false;

  /**
   * Throws {@link MixesSamples} in a divided program. `why` says whether samples are mixed, or are only computed together, as
   * on the GPU.
   */
  requireWhole(why: "mixed" | "together" = "mixed"): void {
    if (this.mode === "divided") throw new MixesSamples();
    if (why === "mixed") this.mixesSamples = true;
  }

  /** Makes a tensor that an instruction will write. */
  tensor(shape: readonly number[], dtype: KerasDtype, repeat: number | null = 1): SymbolicTensor {
    const size = checkedProduct(repeat === null ? shape : [repeat, ...shape], "a tensor of the model");
    return new SymbolicTensor({ storage: new Storage(storageType(dtype), size), shape, repeat, dtype, mask: null });
  }

  /** Makes a tensor like `like`, but of another shape or dtype. */
  like({ repeat, dtype }: SymbolicTensor, shape: readonly number[], changed: KerasDtype = dtype): SymbolicTensor {
    return this.tensor(shape, changed, repeat);
  }

  /** Returns a constant whose elements are `data`, in the type of the memory for `dtype`. */
  constant(data: TypedArray, shape: readonly number[], dtype: KerasDtype): SymbolicTensor {
    const type = storageType(dtype);
    let storages = this.#constants.get(data);
    if (storages === undefined) {
      storages = new Map();
      this.#constants.set(data, storages);
    }
    let storage = storages.get(type);
    if (storage === undefined) {
      storage = new Storage(type, data.length, data);
      storages.set(type, storage);
    }
    if (product(shape) !== storage.size) {
      throw expectedText("ERR_SHAPE", "constant", `${product(shape)} elements`, `${storage.size}`);
    }
    return new SymbolicTensor({ storage, shape, repeat: null, dtype, mask: null });
  }

  /** Adds an instruction. A float result is rounded to the dtype of the first tensor that is written. */
  emit(
    op: string,
    reads: Readonly<Record<string, Operand>>,
    writes: Readonly<Record<string, Operand>>,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    const first = Object.values(writes).find((operand) => operand instanceof SymbolicTensor);
    const round = first instanceof SymbolicTensor ? roundingOf(first.dtype) : null;
    this.steps.push({ op, reads, writes, fields: { ...fields, round } });
  }

  /** Returns the number of the next call of JavaScript, and the shapes of its results; `undefined` when they are not known. */
  nextHostCall(): { number: number; shapes: HostShapes | undefined } {
    const number = this.#hostCalls;
    this.#hostCalls += 1;
    return { number, shapes: this.#hostShapes[number] };
  }

  /** Adds a call of JavaScript. */
  callHost(call: HostCall): void {
    this.steps.push(call);
  }

  /**
   * Returns the value that the last call left under `key`, of this shape. A layer that is called twice in a program goes on
   * from its first call.
   */
  carried(key: string, like: SymbolicTensor, shape: readonly number[], dtype: KerasDtype): SymbolicTensor {
    const known = this.#carried.get(key);
    if (known !== undefined) return known.after;
    const before = this.like(like, shape, dtype);
    this.#carried.set(key, { key, before, after: before });
    return before;
  }

  /** Leaves a value under `key` for the next call. */
  carry(key: string, after: SymbolicTensor): void {
    const known = this.#carried.get(key) as CarriedTensor;
    this.#carried.set(key, { ...known, after });
  }

  /** Returns a number that is the same for the same call of a layer in every program of the model. */
  nextCallNumber(): number {
    this.#calls += 1;
    return this.#calls;
  }

  /** The states that calls carry. */
  get states(): CarriedTensor[] {
    return [...this.#carried.values()];
  }

  /** Forgets the states, in a program that stops before they are complete. */
  forgetStates(): void {
    this.#carried.clear();
  }
}
