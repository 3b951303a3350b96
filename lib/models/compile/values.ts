import type { PlainArgument } from "../graph/arguments.js";
import type { Structure } from "../graph/structure.js";
import { SymbolicTensor } from "./symbolic.js";

/** An argument of a call, whose tensors are those of the compilation. */
export type Value = SymbolicTensor | PlainArgument | readonly Value[] | { readonly [key: string]: Value };

/** Tensors as a layer returns them. */
export type Tensors = Structure<SymbolicTensor>;

/** The masks of some tensors, `null` for one without. */
export type Masks = Structure<SymbolicTensor | null>;

/** True for a tensor. */
export function isTensor(value: unknown): value is SymbolicTensor {
  return value instanceof SymbolicTensor;
}

/** Returns a shape for messages, with `null` for the batch. */
export function shownShape({ shape, repeat }: SymbolicTensor): string {
  return `[${(repeat === null ? shape : ["null", ...shape]).join(", ")}]`;
}
