import { type BidirectionalOptions, featuresOfKernel } from "../arguments/bidirectional_arguments.js";
import type { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { autoName } from "../keras/auto_name.js";
import type { Dtype } from "../keras/dtype_policy.js";
import { requireUnlocked } from "../variables/variable.js";
import type { Composite, Stage } from "./composite/composite.js";
import { buildWithWeights } from "./composite/composite_weights.js";
import { argumentsOfCopy } from "./copy_layer.js";
import { GRU } from "./gru.js";
import { partsOf } from "./layer.js";
import { changeOptions, type LayerParts } from "./layer_parts.js";

/** The parts that a Bidirectional is made of. */
export interface BidirectionalParts {
  readonly forward: GRU;
  readonly backward: GRU;
  readonly composite: Composite;
}

/**
 * Makes the halves of a Bidirectional, as Keras does (`keras/src/layers/rnn/bidirectional.py`): the forward half is a
 * copy of `layer`; the backward half is `backward_layer` itself, or another copy. Throws `ERR_ARGUMENT` for layers that
 * do not fit together. A given `backward_layer` has not changed then.
 */
export function bidirectionalParts(options: BidirectionalOptions): BidirectionalParts {
  const { mergeMode: merge, weights } = options;
  const layer = requireGru(options.layer, "layer");
  const given = options.backwardLayer === null ? null : requireGru(options.backwardLayer, "backward_layer");
  given?.weights.requireFree("Bidirectional");
  requireFittingHalves(layer, given);
  const { returnSequences, useCudnn, units } = layer.options;
  if (given !== null && given.options.units !== units && merge !== "concat" && merge !== null) {
    throw expectedText(
      "ERR_ARGUMENT",
      "merge_mode",
      `"concat" or null for halves of ${units} and ${given.options.units} units`,
      `"${merge}"`,
    );
  }
  const name = options.name ?? autoName("bidirectional");
  // Each copy has initializers of its own, which draw seeds of their own.
  const own = () => ({ ...argumentsOfCopy(layer), zero_output_for_mask: returnSequences });
  const forward = new GRU({ ...own(), name: prefixed("forward_", layer.name) } as never);
  const backward =
    given === null
      ? new GRU({ ...own(), name: prefixed("backward_", layer.name), go_backwards: true } as never)
      : (options.backwardLayer as GRU);
  const halves = [partsOf(forward), partsOf(backward)] as [LayerParts, LayerParts];
  const { policy, autocast, activityRegularizer, trainable } = options;
  const composite = bidirectionalComposite(name, halves, {
    merge,
    dtype: policy.computeDtype,
    autocast,
    activityRegularizer,
    owner: { trainable, version: 0, locked: false },
  });
  const putBack = halves.map((half) => half.weights.placeInside(name));
  try {
    if (weights !== null) buildWithWeights(composite, featuresOfKernel(weights[0], units), weights);
  } catch (error) {
    for (const undo of putBack) undo();
    throw error;
  }
  if (given !== null) changeOptions(given, { zeroOutputForMask: returnSequences, useCudnn });
  return { forward, backward, composite };
}

type StageSettings = Omit<Stage, "name" | "halves" | "activityLosses" | "isDisposed"> & { readonly dtype: Dtype };

function bidirectionalComposite(
  name: string,
  halves: readonly [LayerParts, LayerParts],
  settings: StageSettings,
): Composite {
  const stage: Stage = { name, halves, ...settings, activityLosses: [], isDisposed: false };
  const { returnState } = halves[0].options;
  return { kind: "Bidirectional", name, owner: stage.owner, stages: [stage], halves, returnState, isDisposed: false };
}

/** Returns a name with exactly one prefix, as Keras makes the names of the halves. */
function prefixed(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : `${prefix}${name}`;
}

function requireGru(value: unknown, argument: string): LayerParts {
  const parts = partsOf(value);
  if (parts === undefined) throw expected("ERR_ARGUMENT", argument, "a GRU layer", value);
  requireUnlocked(parts.owner, "Bidirectional");
  return parts;
}

/** Throws `ERR_ARGUMENT` unless the halves meet Keras's requirements. */
function requireFittingHalves(layer: LayerParts, given: LayerParts | null): void {
  const { goBackwards } = layer.options;
  if (given === null) {
    if (!goBackwards) return;
    throw expectedText(
      "ERR_ARGUMENT",
      "layer",
      "a layer with go_backwards: false, because the backward half that is made from it goes backwards,",
      "one with go_backwards: true",
      { remedy: "Or pass a `backward_layer` with go_backwards: false." },
    );
  }
  const pairs: readonly [string, boolean, boolean][] = [
    ["go_backwards", !goBackwards, given.options.goBackwards],
    ["stateful", layer.options.stateful, given.options.stateful],
    ["return_sequences", layer.options.returnSequences, given.options.returnSequences],
    ["return_state", layer.options.returnState, given.options.returnState],
  ];
  for (const [argument, wanted, received] of pairs) if (wanted !== received) throw unfit(argument, wanted, received);
}

function unfit(argument: string, wanted: boolean, received: boolean): GRUError {
  const whose = argument === "go_backwards" ? "unlike `layer`" : "like `layer`";
  return expectedText(
    "ERR_ARGUMENT",
    "backward_layer",
    `a layer with ${argument}: ${wanted}, ${whose},`,
    `one with ${argument}: ${received}`,
  );
}
