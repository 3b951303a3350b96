import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { callForBatcher } from "../layers/async/call_async.js";
import { notAsynchronous } from "../layers/call/custom_activations.js";
import { callCompositeForBatcher } from "../layers/composite/calls.js";
import {
  type Composite,
  firstStage,
  goesBackwards,
  hasCustomActivations,
  isStateful,
  lastStage,
  outputWidths,
  returnsSequences,
} from "../layers/composite/composite.js";
import { compositeOf } from "../layers/composite/composite_layer.js";
import { requireAllBuilt } from "../layers/composite/composite_weights.js";
import { settingsOf } from "../layers/composite/settings.js";
import { nativeDtype } from "../layers/composite/values.js";
import { partsOf } from "../layers/layer.js";
import type { LayerParts } from "../layers/layer_parts.js";
import type { GRUWeights } from "../layers/weights/gru_weights.js";
import { batchableOf } from "../models/batchable.js";
import type { FloatArray, Tensor } from "../tensor/tensor.js";
import { callOf, splitOutput, splitState } from "./batch.js";
import { modelSubject } from "./model_subject.js";
import { type BatchRequest, readCompositeRequest, readRequest, type Subject } from "./request.js";

/**
 * Returns the subject of a batcher for `layer`. Throws `ERR_ARGUMENT` for anything but a GRU, a Bidirectional, a
 * GRUStack or a whole model, and for those that are stateful or have a custom activation. Throws `ERR_NOT_BUILT` and
 * `ERR_DISPOSED`.
 */
export function subjectOf(layer: unknown): Subject {
  const batchable = batchableOf(layer);
  if (batchable !== undefined) {
    batchable.requireAlive("createBatcher");
    if (batchable.isStateful) throw stateful("model");
    return modelSubject(batchable) as Subject;
  }
  const parts = partsOf(layer);
  if (parts !== undefined) return gruSubject(parts) as Subject;
  const composite = compositeOf(layer);
  if (composite === undefined)
    throw expected("ERR_ARGUMENT", "layer", "a GRU, a Bidirectional, a GRUStack or a model of loadKerasModel", layer);
  return compositeSubject(composite) as Subject;
}

function stateful(kind: "layer" | "model"): GRUError {
  const wanted = `a ${kind} that is not stateful, since requests do not know each other,`;
  return expectedText("ERR_ARGUMENT", kind, wanted, "a stateful one");
}

function requireUsable(isStateful: boolean, custom: boolean): void {
  if (isStateful) throw stateful("layer");
  if (custom) throw notAsynchronous("createBatcher");
}

function gruSubject(parts: LayerParts): Subject<BatchRequest> {
  requireUsable(parts.carried !== null, parts.custom !== null);
  const { features } = parts.weights.requireBuilt("createBatcher");
  const { options } = parts;
  const { computeDtype: dtype, units, kernelDtype } = options;
  return {
    read: (inputs, args) => readRequest(options, features, inputs, args),
    async compute(requests, signal) {
      const { read, initialStates, rows } = callOf(requests, { features, dtype, states: [{ units, kernelDtype }] });
      const call = { ...read, initialState: initialStates[0] ?? null, out: null };
      const { output, state } = await callForBatcher(parts, { read: call, rows }, signal);
      if (rows === null) return [state === null ? output : [output, state]];
      const outputs = splitOutput(output, rows.parts, options);
      return inColumns(state === null ? [outputs] : [outputs, splitState(state, rows.parts, units)]);
    },
  };
}

function compositeSubject(composite: Composite): Subject<BatchRequest> {
  requireUsable(isStateful(composite), hasCustomActivations(composite));
  const [{ features }] = requireAllBuilt(composite, "createBatcher") as [GRUWeights];
  const settings = settingsOf(composite);
  const sizes = {
    features,
    dtype: firstStage(composite).dtype,
    states: settings.states.map(({ units, dtype }) => ({ units, kernelDtype: nativeDtype(dtype) })),
  };
  const last = lastStage(composite);
  const layout = { returnSequences: returnsSequences(last), goBackwards: goesBackwards(last) };
  const widths = outputWidths(last);
  return {
    read: (inputs, args) => readCompositeRequest(settings, features, inputs, args),
    async compute(requests, signal) {
      const { read, initialStates, rows } = callOf(requests, sizes);
      const call = { ...read, initialStates, out: null };
      const results = await callCompositeForBatcher(composite, { read: call, rows }, signal);
      if (rows === null) return [asResult(results)];
      return inColumns(
        results.map((tensor, index) => {
          const width = widths[index];
          const units = tensor.shape.at(-1) as number;
          return width === undefined
            ? splitState(tensor, rows.parts, units)
            : splitOutput(tensor, rows.parts, { ...layout, units });
        }),
      );
    },
  };
}

/** Returns the results of each request from the requests' parts of each result. */
function inColumns(results: readonly (readonly Tensor<FloatArray>[])[]): unknown[] {
  const [first] = results as [readonly Tensor<FloatArray>[]];
  return first.map((_, request) => asResult(results.map((parts) => parts[request] as Tensor<FloatArray>)));
}

/** Returns one tensor by itself, and several in a list, as `callAsync` does. */
function asResult(tensors: readonly Tensor<FloatArray>[]): unknown {
  return tensors.length === 1 ? tensors[0] : [...tensors];
}
