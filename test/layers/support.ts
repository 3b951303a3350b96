import { GRU, type GRUArguments, GRUError, type GRUErrorCode, type Tensor, tensor } from "cudnn-gru";
import { expect } from "vitest";

/** Reproducible numbers in [-1, 1). */
export function numbers(count: number, seed = 1): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A reproducible float32 tensor. */
export function random(shape: number[], seed = 1): Tensor<Float32Array> {
  return tensor(new Float32Array(numbers(count(shape), seed)), shape);
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A built layer with reproducible weights, biases included. */
export function layer(units: number, features: number, args: GRUArguments = {}, seed = 7): GRU {
  const gru = new GRU(units, args);
  gru.build([null, null, features]);
  gru.setWeights(gru.weights.map((weight, index) => numbers(count(weight.shape), seed + index)));
  return gru;
}

/** Runs `action`, which must throw a `GRUError` of this code whose message matches. */
export function expectError(action: () => unknown, code: GRUErrorCode, message?: RegExp | string): GRUError {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  return checkError(thrown, code, message);
}

/** The same for a promise: `start` itself must not throw. */
export async function expectRejection(
  start: () => Promise<unknown>,
  code: GRUErrorCode,
  message?: RegExp | string,
): Promise<GRUError> {
  const promise = start();
  let thrown: unknown;
  try {
    await promise;
  } catch (error) {
    thrown = error;
  }
  return checkError(thrown, code, message);
}

function checkError(thrown: unknown, code: GRUErrorCode, message?: RegExp | string): GRUError {
  expect(thrown, "nothing was thrown").toBeInstanceOf(GRUError);
  const error = thrown as GRUError;
  expect(error.code, error.message).toBe(code);
  if (message !== undefined) expect(error.message).toMatch(message);
  return error;
}

/** Everything a failed call must leave as it was. */
export function stateOf(gru: GRU): unknown {
  return {
    built: gru.built,
    weights: gru.getWeights().map(({ data }) => [...data]),
    states: gru.states?.map(({ data, shape }) => ({ data: [...data], shape })),
    losses: gru.losses,
    config: gru.getConfig(),
  };
}

/** The output alone, whatever `return_state` is. */
export function outputOf(result: Tensor | [Tensor, Tensor]): Tensor {
  return Array.isArray(result) ? result[0] : result;
}
