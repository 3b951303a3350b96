import { expect } from "vitest";
import { GRUError, type GRUErrorCode } from "../../dist/errors/gru_error.js";

/** Runs `action`, expects a `GRUError` with `code`, and returns its message. */
export function messageOf(code: GRUErrorCode, action: () => unknown): string {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GRUError);
  expect((thrown as GRUError).code).toBe(code);
  return (thrown as GRUError).message;
}

/** An object of Keras's own as Keras 3.15 writes it. */
export function serialized(module: string, class_name: string, config: Record<string, unknown>) {
  return { module, class_name, config, registered_name: null };
}

/** Largest difference between two lists of the same length, over max(1, the largest of `expected`). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs((actual[i] as number) - (expected[i] as number)));
    scale = Math.max(scale, Math.abs(expected[i] as number));
  }
  return worst / scale;
}
