// The requirements for cuDNN as one layer and one of its calls meet them. Choosing a path and explaining the choice ask the same.
import type { GRUOptions } from "../arguments/constructor.js";
import { cudnnRuntime, type RuntimeVerdict } from "./cudnn_runtime.js";
import { checkRequirements, type EligibilityInput, type Requirement } from "./eligibility.js";

/** The parts of a call that the path depends on. Sizes that are not known are `null`. */
export type CallProperties = Pick<EligibilityInput, "mask" | "training" | "batch" | "timesteps" | "features"> & {
  readonly lengths: Int32Array | null;
};

/** Checks all requirements except `runtime` for a call of a layer with these options. */
export function checkCall(options: GRUOptions, call: CallProperties): Requirement[] {
  return checkRequirements({
    activation: options.activation.name,
    recurrentActivation: options.recurrentActivation.name,
    dropout: options.dropout,
    recurrentDropout: options.recurrentDropout,
    unroll: options.unroll,
    useBias: options.useBias,
    resetAfter: options.resetAfter,
    training: call.training,
    mask: call.mask,
    hasLengths: call.lengths !== null,
    batch: call.batch,
    timesteps: call.timesteps,
    features: call.features,
    units: options.units,
  });
}

/** Checks whether cuDNN works for a layer: on its device, in its dtype. */
export function checkRuntime(options: GRUOptions): RuntimeVerdict {
  return cudnnRuntime(options.cudaDevice, options.policy.computeDtype);
}
