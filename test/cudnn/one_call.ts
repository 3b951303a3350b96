import type { GoldenLayer, GoldenWrapper, GoldenWrapperCall } from "../golden/wrappers.js";
import { rightPadded } from "./eligible.js";

type Arguments = Record<string, unknown>;

function halvesOf({ layer, backward_layer, wrapper }: GoldenLayer): Arguments[] {
  if (wrapper === undefined) return [layer];
  return [layer, backward_layer ?? { ...layer, go_backwards: !layer.go_backwards }];
}

function wrappersOf(layers: readonly GoldenLayer[]): Arguments[] {
  return layers.flatMap(({ wrapper }) => (wrapper === undefined ? [] : [wrapper]));
}

/** Arguments that are Keras's defaults where they are left out. */
const is = (given: Arguments, name: string, wanted: unknown) => given[name] === undefined || given[name] === wanted;

const isIn = (given: Arguments, name: string, wanted: readonly unknown[]) =>
  given[name] === undefined || wanted.includes(given[name]);

function isEligible(half: Arguments): boolean {
  return (
    is(half, "activation", "tanh") &&
    is(half, "recurrent_activation", "sigmoid") &&
    is(half, "use_bias", true) &&
    is(half, "reset_after", true) &&
    is(half, "unroll", false)
  );
}

/** The dtype that a policy computes in. */
function computeDtype({ dtype }: Arguments): string {
  return String(dtype ?? "float32").replace("mixed_", "");
}

function fitsCudnn({ layers }: GoldenWrapper): boolean {
  const halves = layers.flatMap(halvesOf);
  const all = [...halves, ...wrappersOf(layers)];
  const inner = wrappersOf(layers.slice(0, -1));
  return (
    halves.length > 1 &&
    halves.every(isEligible) &&
    new Set(halves.map(({ units }) => units)).size === 1 &&
    new Set(all.map(computeDtype)).size === 1 &&
    new Set(layers.map(({ wrapper }) => wrapper === undefined)).size === 1 &&
    inner.every(({ merge_mode }) => merge_mode === undefined || merge_mode === "concat") &&
    layers.every(({ layer }) => isIn(layer, "go_backwards", [false]))
  );
}

/** Whether a regularizer needs an output that one call keeps on the device. */
function regularizesInside({ layers }: GoldenWrapper): boolean {
  return layers.some((layer, index) => {
    const last = index === layers.length - 1;
    const ofHalves = halvesOf(layer).some(({ activity_regularizer }) => activity_regularizer != null);
    if (last) return ofHalves && layer.wrapper !== undefined;
    return ofHalves || layer.wrapper?.activity_regularizer != null;
  });
}

function fitsCall({ layers }: GoldenWrapper, { inputs, mask, training }: GoldenWrapperCall): boolean {
  const dropping = layers.flatMap(halvesOf).some(({ dropout, recurrent_dropout }) => dropout || recurrent_dropout);
  return (
    inputs.shape.every((size) => size > 0) &&
    (mask === undefined || rightPadded(mask)) &&
    !(training === true && dropping)
  );
}

/**
 * Whether one cuDNN call computes every call of a golden case, by the rules that docs/cudnn-notes.md lists. The package's
 * judgement is compared with this independent one.
 */
export function isOneCall(golden: GoldenWrapper): boolean {
  return fitsCudnn(golden) && !regularizesInside(golden) && golden.calls.every((call) => fitsCall(golden, call));
}

/** Whether there is anything to compute: cuDNN is not called when every timestep of every row is masked. */
export function computes({ calls }: GoldenWrapper): boolean {
  return calls.every(({ mask }) => mask === undefined || Array.from(mask.data).some((value) => value !== 0));
}

/** Whether dropout takes part, whose masks Keras drew. */
export function drawsDropout({ calls }: GoldenWrapper): boolean {
  return calls.some(({ dropout }) => (dropout ?? []).some((own) => Object.keys(own).length > 0));
}
