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

/** The parts that one layer is made of, which its calls, passes and streams share. */
export interface LayerParts {
  readonly name: string;
  readonly options: GRUOptions;
  readonly owner: VariableOwner & { trainable: boolean };
  readonly weights: LayerWeights;
  /** `null` for a layer that is not stateful. */
  readonly carried: CarriedState | null;
  /** `null` for a layer without activation functions of the user's. */
  readonly custom: CustomActivations | null;
  readonly dropout: DropoutGenerator;
  readonly path: PathChooser;
  readonly inFlight: CallsInFlight;
  /** The native flags of every call of the layer. */
  readonly flags: number;
  /** The activity regularizer's losses of the last call. */
  activityLosses: readonly number[];
  /** Memory for last states that nobody asked for. */
  unusedState: NativeArray | null;
}

/** Makes the parts of `layer`, which has these options and this name. */
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
    flags:
      (options.returnSequences ? CALL_FLAGS.returnSequences : 0) |
      (options.goBackwards ? CALL_FLAGS.goBackwards : 0) |
      (options.zeroOutputForMask ? CALL_FLAGS.zeroOutputForMask : 0),
    activityLosses: [],
    unusedState: null,
  };
}
