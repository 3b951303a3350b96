import type { GoldenCase, GoldenTensor } from "../golden/reader.js";

/** Whether a mask is false behind its first false step alone, in every row. */
export function rightPadded({ data, shape }: GoldenTensor): boolean {
  const steps = shape[1] as number;
  return Array.from(data).every((value, i) => value === 0 || i % steps === 0 || data[i - 1] !== 0);
}

/**
 * Whether cuDNN can compute every call of a golden case, by Keras's documented requirements (and without empty
 * sizes). The package's judgement is compared with this independent one.
 */
export function eligible({ arguments: given, steps }: GoldenCase): boolean {
  const is = (name: string, wanted: unknown) => given[name] === undefined || given[name] === wanted;
  const layer =
    is("activation", "tanh") &&
    is("recurrent_activation", "sigmoid") &&
    is("use_bias", true) &&
    is("reset_after", true) &&
    is("unroll", false);
  const undropped = (given.dropout ?? 0) === 0 && (given.recurrent_dropout ?? 0) === 0;
  return (
    layer &&
    steps.every(
      ({ call }) =>
        call.inputs.shape.every((size) => size > 0) &&
        (call.mask === undefined || rightPadded(call.mask)) &&
        (undropped || call.training !== true),
    )
  );
}
