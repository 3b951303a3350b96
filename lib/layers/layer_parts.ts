import type { GRUOptions } from "../arguments/constructor.js";
import { PathChooser } from "../backend/path_chooser.js";
import type { NativeArray } from "../native/arrays.js";
import { CALL_FLAGS } from "../native/contract.js";
import type { VariableOwner } from "../variables/variable.js";
import { CallsInFlight } from "./async/calls_in_flight.js";
import { CustomActivations } from "./call/custom_activations.js";
import { DropoutGenerator } from "./call/dropout.js";
import { CarriedState } from "./state/carried_state.js";
import { LayerWeights } from "./weights/layer_weights.js";

/** The parts that one layer is made of. Its calls, passes and streams share them. */
export interface LayerParts {
  readonly name: string;
  /** The arguments. `changeOptions` replaces them. */
  options: GRUOptions;
  readonly owner: VariableOwner & { trainable: boolean };
  readonly weights: LayerWeights;
  /** The carried state; `null` for a layer that is not stateful. */
  readonly carried: CarriedState | null;
  /** The user's activation functions; `null` for a layer without any. */
  readonly custom: CustomActivations | null;
  readonly dropout: DropoutGenerator;
  path: PathChooser;
  readonly inFlight: CallsInFlight;
  /** The native flags that every call of the layer has. */
  flags: number;
  /** The activity regularizer's losses of the last call. */
  activityLosses: readonly number[];
  /** The memory for last states that nobody asked for. */
  unusedState: NativeArray | null;
}

/** Makes the parts of `layer`. */
export function layerParts(layer: object, options: GRUOptions, name: string): LayerParts {
  const owner = { trainable: options.trainable, version: 0, locked: false };
  const carried = options.stateful ? new CarriedState(options.units, options.computeDtype) : null;
  return {
    name,
    options,
    owner,
    weights: new LayerWeights(options, name, owner),
    carried,
    custom: options.custom ? new CustomActivations(options, owner) : null,
    dropout: new DropoutGenerator(layer, options),
    path: new PathChooser(options),
    inFlight: new CallsInFlight(carried),
    flags: flagsFor(options),
    activityLosses: [],
    unusedState: null,
  };
}

function flagsFor({ returnSequences, goBackwards, zeroOutputForMask }: GRUOptions): number {
  return (
    (returnSequences ? CALL_FLAGS.returnSequences : 0) |
    (goBackwards ? CALL_FLAGS.goBackwards : 0) |
    (zeroOutputForMask ? CALL_FLAGS.zeroOutputForMask : 0)
  );
}

/** The options that a wrapper may change in a layer that exists. Only calls that start later see the change. */
export type ChangeableOptions = Pick<GRUOptions, "zeroOutputForMask" | "useCudnn">;

/** Changes options of a layer. */
export function changeOptions(layer: LayerParts, changes: ChangeableOptions): void {
  layer.options = { ...layer.options, ...changes };
  layer.path = new PathChooser(layer.options);
  layer.flags = flagsFor(layer.options);
}
