import { Bidirectional, GRU, type GRUArgumentsWithUnits, GRUStack } from "cudnn-gru";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { type GoldenTensor, numbersOf } from "../golden/reader.js";
import type { GoldenLayer, GoldenWrapper, GoldenWrapperCall } from "../golden/wrappers.js";
import { tensorOf } from "../layers/golden_layers.js";

/** A Bidirectional or a stack, as the tests of golden data use both. */
export type Wrapper = Bidirectional | GRUStack;

/** The `use_cudnn` of every GRU. */
export type UseCudnn = boolean | "auto";

function layerOf({ layer, backward_layer, wrapper }: GoldenLayer, use_cudnn: UseCudnn): GRU | Bidirectional {
  const gruOf = (args: Record<string, unknown>) => new GRU({ ...args, use_cudnn } as GRUArgumentsWithUnits);
  if (wrapper === undefined) return gruOf(layer);
  const backward = backward_layer === undefined ? null : gruOf(backward_layer);
  return new Bidirectional(gruOf(layer), { ...wrapper, backward_layer: backward } as object);
}

/** The GRUs of a layer, forward before backward. */
export function grusOf(layer: GRU | Bidirectional | GRUStack): GRU[] {
  if (layer instanceof GRUStack) return layer.layers.flatMap(grusOf);
  return layer instanceof Bidirectional ? [layer.forward_layer, layer.backward_layer] : [layer as GRU];
}

/** The layer of a case with its weights. */
export function wrapperOf(golden: GoldenWrapper, useCudnn: UseCudnn): Wrapper {
  const layers = golden.layers.map((layer) => layerOf(layer, useCudnn));
  const [first] = layers;
  const one = layers.length === 1 && first instanceof Bidirectional;
  const wrapper = one ? first : new GRUStack(layers, { return_state: golden.return_state });
  wrapper.build([null, null, golden.calls[0]?.inputs.shape[2] as number]);
  wrapper.setWeights(golden.weights.flat().map(tensorOf));
  return wrapper as Wrapper;
}

/** Makes the layers use the dropout masks that Keras drew for a call. */
export function injectAll(wrapper: Wrapper, { dropout }: GoldenWrapperCall): void {
  grusOf(wrapper).forEach((gru, index) => {
    const masks = dropout?.[index];
    if (masks === undefined) injectDropoutMasks(gru, null);
    else injectDropoutMasks(gru, { input: maskOf(masks.input_dropout), recurrent: maskOf(masks.recurrent_dropout) });
  });
}

function maskOf(golden: GoldenTensor | undefined): Float32Array | Float64Array | null {
  if (golden === undefined) return null;
  return golden.data instanceof Uint16Array ? Float32Array.from(numbersOf(golden)) : (golden.data as Float32Array);
}

/** The arguments of a call, beside its inputs. */
export function argumentsOfCall(call: GoldenWrapperCall) {
  return {
    ...(call.training === undefined ? {} : { training: call.training }),
    ...(call.mask === undefined ? {} : { mask: tensorOf(call.mask) }),
    ...(call.initial_state === undefined ? {} : { initial_state: call.initial_state.map(tensorOf) }),
  };
}
