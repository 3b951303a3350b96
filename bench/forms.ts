import { isStreaming, type Shape } from "./shapes.js";

/** How many GRUs a contender computes, and how they follow each other. Each has the units of the shape. */
export interface Form {
  readonly name: "one GRU" | "bidirectional" | "two layers";
  readonly layers: number;
  /** 2 where each layer has a GRU for each direction, whose outputs are concatenated. */
  readonly directions: 1 | 2;
}

export const ONE_GRU: Form = { name: "one GRU", layers: 1, directions: 1 };

export const BIDIRECTIONAL: Form = { name: "bidirectional", layers: 1, directions: 2 };

export const TWO_LAYERS: Form = { name: "two layers", layers: 2, directions: 1 };

/** The forms of several GRUs that are measured. */
export const STACKS: readonly Form[] = [BIDIRECTIONAL, TWO_LAYERS];

/** The sizes of each GRU alone: layers in order, forward before backward. */
export function shapesOfGrus(shape: Shape, { layers, directions }: Form): Shape[] {
  return Array.from({ length: layers * directions }, (_, index) =>
    index < directions ? shape : { ...shape, features: directions * shape.units },
  );
}

/** The shapes at which stacks are measured: those of whole sequences. */
export function sequencesOf(shapes: readonly Shape[]): Shape[] {
  return shapes.filter((shape) => !isStreaming(shape));
}
