import type { Layer } from "./layer.js";

/** How windows move over one axis. */
export interface WindowAxis {
  /** The number of positions of the window. */
  readonly output: number;
  /** The number of elements that are missing before the first position. */
  readonly pad: number;
}

/** The arguments of windows on one axis. */
export interface WindowArguments {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: "valid" | "same" | "causal";
}

/**
 * Returns the positions of windows on one axis, as TensorFlow places them: "same" puts the odd element of padding at the end,
 * and "causal" puts all of it at the beginning.
 *
 * Throws `ERR_SHAPE` when the axis is too short for one window.
 */
export function windowAxis(layer: Layer, { size, kernel, stride, dilation, padding }: WindowArguments): WindowAxis {
  const reach = (kernel - 1) * dilation + 1;
  if (padding === "same") {
    const output = Math.ceil(size / stride);
    return { output, pad: Math.floor(Math.max((output - 1) * stride + reach - size, 0) / 2) };
  }
  const pad = padding === "causal" ? reach - 1 : 0;
  const output = Math.floor((size + pad - reach) / stride) + 1;
  if (output >= 1) return { output, pad };
  throw layer.failure("ERR_SHAPE", "inputs", `at least ${reach - pad} elements on an axis`, `${size}`);
}
