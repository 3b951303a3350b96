// The 16-bit types on the cuDNN path, through the addon's own surface: against the CPU path, which rounds its state too.
import type { NativeArray, NativeHalf } from "../../../dist/native/binding.js";
import { CALL_FLAGS } from "../../../dist/native/contract.js";
import { native } from "../../../dist/native/load.js";
import { relativeError } from "../../golden/reader.js";
import "../../../dist/index.js";
import { numbers } from "./layers.js";

export interface HalvesReport {
  /** By type: `cudnnRuntime`, the worst errors of output, state and gradients, and whether results are of that type; whether calls and passes
   * on arrays of bits give the same as those on floats, on both paths. */
  [dtype: string]: {
    met: boolean;
    detail: string;
    forward?: number;
    gradients?: number;
    rounded?: boolean;
    bits?: boolean;
  };
}

const [B, T, F, U] = [3, 6, 4, 5];
/** Multiples of 1/64 in [-1, 1): each type holds them. */
const values = (shape: number[], seed: number, scale = 1) =>
  Float32Array.from(numbers(shape, seed, scale).data as Float32Array, (value) => Math.floor(value * 64) / 64);
const inputs = values([B, T, F], 1);
const initialState = values([B, U], 2);
const lengths = Int32Array.of(6, 0, 3);
const dOutput = values([B, T, U], 3);
const dState = values([B, U], 4);

function layer(stateRounding: NativeHalf | null) {
  const activation = (name: string) => ({ name, parameters: [] });
  const gru = new (native().NativeGru)({
    dtype: "float32",
    features: F,
    units: U,
    resetAfter: true,
    activation: activation("tanh"),
    recurrentActivation: activation("sigmoid"),
    stateRounding,
    cudaDevice: 0,
  });
  gru.setWeights(values([F, 3 * U], 5, 0.6), values([U, 3 * U], 6, 0.6), values([2, 3 * U], 7, 0.6));
  return gru;
}

const flags = CALL_FLAGS.returnSequences;

function forward(gru: ReturnType<typeof layer>, path: number): [NativeArray, NativeArray] {
  const output = new Float32Array(B * T * U);
  const state = new Float32Array(B * U);
  gru.call(inputs, output, state, initialState, null, lengths, null, null, B, T, flags | path);
  return [output, state];
}

/** The bits of values that the type holds. */
function bitsOf(array: Float32Array, dtype: NativeHalf): Uint16Array {
  const bits = new Uint16Array(array.length);
  native().narrow(bits, array, dtype);
  return bits;
}

/**
 * Whether a call has the same results when its inputs, its output or both are arrays of bits, with every kind of flags.
 */
function takesBits(gru: ReturnType<typeof layer>, dtype: NativeHalf): boolean {
  const { returnSequences, goBackwards, zeroOutputForMask, cudnn } = CALL_FLAGS;
  const kinds = [0, returnSequences].flatMap((one) => [one, one | goBackwards, one | zeroOutputForMask]);
  return [0, cudnn].every((path) =>
    kinds.every((kind) => {
      const length = B * U * (kind & returnSequences ? T : 1);
      const run = (x: Float32Array | Uint16Array, output: Float32Array | Uint16Array) => {
        const state = new Float32Array(B * U);
        gru.call(x, output, state, initialState, null, lengths, null, null, B, T, kind | path);
        return [output instanceof Uint16Array ? output : bitsOf(output, dtype), state];
      };
      const [output, state] = run(inputs, new Float32Array(length).fill(9)) as [Uint16Array, Float32Array];
      const bits = bitsOf(inputs, dtype);
      return [
        run(bits, new Float32Array(length).fill(9)),
        run(inputs, new Uint16Array(length).fill(9)),
        run(bits, new Uint16Array(length).fill(9)),
      ].every(([y, h]) => same(y, output) && same(h, state));
    }),
  );
}

function same(a: ArrayLike<number> | undefined, b: ArrayLike<number>): boolean {
  return a !== undefined && a.length === b.length && Array.from(b).every((value, i) => Object.is(a[i], value));
}

function gradients(gru: ReturnType<typeof layer>, x: Float32Array | Uint16Array = inputs): Float32Array[] {
  const output = new Float32Array(B * T * U);
  const state = new Float32Array(B * U);
  const path = flags | CALL_FLAGS.cudnn;
  const pass = gru.forward(x, output, state, initialState, null, lengths, null, null, B, T, path);
  const found = [B * T * F, B * U, F * 3 * U, U * 3 * U, 2 * 3 * U].map((length) => new Float32Array(length));
  pass.backward(dOutput, dState, ...(found as [NativeArray, NativeArray, NativeArray, NativeArray, NativeArray]));
  pass.dispose();
  return found;
}

/** Whether the type can hold every value. */
function isRounded(array: NativeArray, dtype: NativeHalf): boolean {
  const single = Float32Array.from(array);
  const bits = new Uint16Array(single.length);
  const back = new Float32Array(single.length);
  native().narrow(bits, single, dtype);
  native().widen(back, bits, dtype);
  return back.every((value, i) => value === single[i]);
}

const report: HalvesReport = {};
// Float32 gradients are the reference: the CPU path's do not round.
const exact = layer(null);
const reference = native().cudnnRuntime(0, "float32").met ? gradients(exact) : [];
exact.dispose();
for (const dtype of ["float16", "bfloat16"] as const) {
  const runtime = native().cudnnRuntime(0, dtype);
  report[dtype] = runtime;
  if (!runtime.met) continue;
  const gru = layer(dtype);
  const found = forward(gru, CALL_FLAGS.cudnn);
  const expected = forward(gru, 0);
  const worst = (a: ArrayLike<number>[], b: ArrayLike<number>[]) =>
    Math.min(Math.max(...a.map((one, i) => relativeError(one, b[i] ?? []))), Number.MAX_VALUE);
  const backward = gradients(gru);
  const fromBits = gradients(gru, bitsOf(inputs, dtype));
  report[dtype] = {
    ...runtime,
    forward: worst(found, expected),
    gradients: worst(backward, reference),
    rounded: [...found, backward[0] as NativeArray].every((array) => isRounded(array, dtype)),
    bits: takesBits(gru, dtype) && backward.every((gradient, i) => same(fromBits[i], gradient)),
  };
  gru.dispose();
}
process.stdout.write(JSON.stringify(report));
