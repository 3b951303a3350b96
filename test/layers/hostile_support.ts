import type { GRU } from "cudnn-gru";
import { layer, numbers } from "./support.js";

/* The layer and the inputs that the tests of hostile arguments start from. */

export const U = 4;
export const F = 3;
export const shape = [1, 2, F];
export const data = () => new Float32Array(numbers(2 * F));
export const inputs = () => ({ data: data(), shape });
export const builtLayer = () => layer(U, F, { return_state: true }) as GRU<true>;

/** Detaches the buffer of an array. */
export const detach = (array: Float32Array | Int32Array | Uint8Array) =>
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });

/** Throws an error of the caller's own. */
export const boom = () => {
  throw new TypeError("the caller's own");
};

/** Returns what `action` throws or rejects with, and `"taken"` if it does neither. */
export async function errorOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  return "taken";
}
