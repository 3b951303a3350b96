import type { GRUOptions } from "../arguments/constructor.js";
import { checkMaskShape, type MaskLike, maskBytes, readLengths, readMask } from "../arguments/mask.js";
import { readTensor } from "../arguments/tensor_like.js";
import { expected, expectedShape } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import { readRecord } from "../options/record.js";
import type { TensorLike } from "../tensor/tensor.js";
import { cudnnRuntime, type RuntimeVerdict } from "./cudnn_runtime.js";
import { type EligibilityInput, judge, type Requirement } from "./eligibility.js";

/** What `explain` takes: the parts of a call that the path depends on. */
export interface ExplainArguments {
  /** As in `call`; may come without inputs. */
  mask?: MaskLike | null | undefined;
  /** As in `call`; always right-padded. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** As in `call`. */
  training?: boolean | null | undefined;
  /** The call's inputs, for their sizes alone. */
  inputs?: TensorLike | null | undefined;
}

/** Which path a call takes, and why. */
export interface Explanation {
  /** `"cudnn"` when `use_cudnn` is not false and every requirement is met. */
  readonly path: "cudnn" | "cpu";
  /** Every requirement for cuDNN, met or not. */
  readonly requirements: readonly Requirement[];
}

/** The parts of a call that the path depends on; sizes that are not known are `null`. */
type CallSide = Pick<EligibilityInput, "mask" | "training" | "batch" | "timesteps" | "features"> & {
  readonly lengths: Int32Array | null;
};

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "training", "inputs"]);

/** The requirements but `runtime`, as a call with these sizes, mask and mode meets them. */
export function requirementsOf(options: GRUOptions, call: CallSide): Requirement[] {
  return judge({
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

/** Whether cuDNN works here for a layer: on its device, in its dtype. */
export function runtimeOf(options: GRUOptions): RuntimeVerdict {
  return cudnnRuntime(options.cudaDevice, options.policy.computeDtype);
}

/**
 * Which path a call with these arguments takes. Looks for driver and cuDNN and tries them, whatever `use_cudnn` is. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for arguments that a
 * call would refuse.
 */
export function explainCall(options: GRUOptions, features: number | null, args: unknown): Explanation {
  let call: CallSide;
  try {
    call = readExplain(features, args);
  } catch (error) {
    throw unreadable(error, "explain");
  }
  const requirements: Requirement[] = requirementsOf(options, call);
  const { met: works, detail } = runtimeOf(options);
  requirements.push({ id: "runtime", met: works, detail });
  const met = requirements.every((requirement) => requirement.met);
  return { path: met && options.useCudnn !== false ? "cudnn" : "cpu", requirements };
}

function readExplain(features: number | null, args: unknown): CallSide {
  const nothing = { mask: null, lengths: null, training: false, batch: null, timesteps: null, features };
  if (args === undefined || args === null) return nothing;
  const { mask, lengths, training, inputs } = readRecord(args, KNOWN, "explain");
  if (training !== undefined && training !== null && typeof training !== "boolean") {
    throw expected("ERR_ARGUMENT", "training", "true or false", training);
  }
  const sizes = inputs === undefined || inputs === null ? nothing : sizesOf(inputs, features);
  let call: CallSide = { ...nothing, ...sizes, training: training === true };
  if (mask !== undefined && mask !== null) {
    const read = readMask(mask);
    if (call.batch !== null) checkMaskShape(read, call.batch, call.timesteps as number);
    call = { ...call, mask: maskBytes(read, false), batch: read.batch, timesteps: read.timesteps };
  }
  if (lengths === undefined || lengths === null) return call;
  if (call.mask !== null) throw expected("ERR_ARGUMENT", "lengths", "either `mask` or `lengths`, not both,", lengths);
  return { ...call, lengths: readLengths(lengths, call.batch, call.timesteps, false) };
}

function sizesOf(inputs: unknown, features: number | null): Pick<CallSide, "batch" | "timesteps" | "features"> {
  const { shape } = readTensor(inputs, "inputs", "float32");
  if (shape.length !== 3 || (features !== null && shape[2] !== features)) {
    throw expectedShape("inputs", `shape [batch, timesteps, ${features ?? "features"}]`, shape);
  }
  return { batch: shape[0] as number, timesteps: shape[1] as number, features: shape[2] as number };
}
