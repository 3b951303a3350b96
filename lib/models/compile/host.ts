import type { Structure } from "../graph/structure.js";
import type { KerasDtype, SymbolicTensor } from "./symbolic.js";

/** The shape, with the batch, and the dtype of a tensor that JavaScript computed. */
export class HostShape {
  readonly shape: readonly number[];
  readonly dtype: KerasDtype;

  constructor(shape: readonly number[], dtype: KerasDtype) {
    this.shape = shape;
    this.dtype = dtype;
  }

  /** A text that is the same for the same shape and dtype. */
  get key(): string {
    return `${this.dtype}[${this.shape.join()}]`;
  }
}

/** A computation in JavaScript between two parts of a program. */
export interface HostCall {
  /** The layer, as messages name it. */
  readonly layer: string;
  /** Its place among all calls of JavaScript in the model, from 0. A program may leave out calls that it does not need. */
  readonly number: number;
  /** All tensors that it reads, the masks included. */
  readonly inputs: readonly SymbolicTensor[];
  /** Its results; none when their shapes are not known yet. */
  readonly outputs: readonly SymbolicTensor[];
  /** Runs the user's function. `tensors` returns the elements of an input. */
  run(tensorOf: (tensor: SymbolicTensor) => unknown): unknown;
}

/** Thrown where the shapes of the results of JavaScript are needed. The program up to there can be run to learn them. */
export class NeedsHostCall extends Error {
  readonly call: HostCall;

  constructor(call: HostCall) {
    super("the shapes of the results of JavaScript are not known");
    this.call = call;
  }
}

/** The results of one call of JavaScript, in their structure. */
export type HostShapes = Structure<HostShape>;
