import type { GRUOptions } from "../arguments/constructor.js";
import { checkMaskShape, type MaskLike, maskBytes, readLengths, readMask } from "../arguments/mask_and_lengths.js";
import { readTensor } from "../arguments/tensor_like.js";
import { expected, expectedShape } from "../errors/messages.js";
import { unreadable } from "../errors/reading.js";
import { readRecord } from "../options/record.js";
import { requireBoolean } from "../options/values.js";
import type { TensorLike } from "../tensor/tensor.js";
import type { Requirement } from "./eligibility.js";
import { type CallProperties, checkCall, checkRuntime } from "./layer_requirements.js";

/** The arguments of `explain`: the parts of a call that the path depends on. */
export interface ExplainArguments {
  /** The mask, as in `call`. It may come without inputs. */
  mask?: MaskLike | null | undefined;
  /** The lengths, as in `call`. They always describe a right-padded mask. */
  lengths?: Int32Array | readonly number[] | null | undefined;
  /** Whether dropout is on, as in `call`. */
  training?: boolean | null | undefined;
  /** The call's inputs. Only their sizes matter. */
  inputs?: TensorLike | null | undefined;
}

/** The path that a call takes, and the reasons for it. */
export interface Explanation {
  /** `"cudnn"` when `use_cudnn` is not false and every requirement is met. */
  readonly path: "cudnn" | "cpu";
  /** All requirements for cuDNN, with whether the call meets them. */
  readonly requirements: readonly Requirement[];
}

const KNOWN: ReadonlySet<string> = new Set(["mask", "lengths", "training", "inputs"]);

/**
 * Returns the path that a call with these arguments takes. Looks for the driver and cuDNN and tries them, whatever
 * `use_cudnn` is. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for arguments that a call would refuse.
 */
export function explainCall(options: GRUOptions, features: number | null, args: unknown): Explanation {
  return explainProperties(options, readExplain(features, args));
}

/** Reads the arguments of `explain`. Throws the errors of `explainCall`. */
export function readExplain(features: number | null, args: unknown): CallProperties {
  try {
    return readExplainArguments(features, args);
  } catch (error) {
    throw unreadable(error, "explain");
  }
}

/** Returns the path that a call with these properties takes. */
export function explainProperties(options: GRUOptions, call: CallProperties): Explanation {
  const requirements: Requirement[] = checkCall(options, call);
  const { met: works, detail } = checkRuntime(options);
  requirements.push({ id: "runtime", met: works, detail });
  const met = requirements.every((requirement) => requirement.met);
  return { path: met && options.useCudnn !== false ? "cudnn" : "cpu", requirements };
}

function readExplainArguments(features: number | null, args: unknown): CallProperties {
  const nothing = { mask: null, lengths: null, training: false, batch: null, timesteps: null, features };
  if (args === undefined || args === null) return nothing;
  const { mask, lengths, training, inputs } = readRecord(args, KNOWN, "explain");
  const isTraining = requireBoolean(training ?? undefined, "training", false);
  const sizes = inputs === undefined || inputs === null ? nothing : sizesOf(inputs, features);
  let call: CallProperties = { ...nothing, ...sizes, training: isTraining };
  if (mask !== undefined && mask !== null) {
    const read = readMask(mask);
    if (call.batch !== null) checkMaskShape(read, call.batch, call.timesteps as number);
    call = { ...call, mask: maskBytes(read, false), batch: read.batch, timesteps: read.timesteps };
  }
  if (lengths === undefined || lengths === null) return call;
  if (call.mask !== null) throw expected("ERR_ARGUMENT", "lengths", "either `mask` or `lengths`, not both,", lengths);
  return { ...call, lengths: readLengths(lengths, call.batch, call.timesteps, false) };
}

function sizesOf(inputs: unknown, features: number | null): Pick<CallProperties, "batch" | "timesteps" | "features"> {
  const { shape } = readTensor(inputs, "inputs", "float32");
  if (shape.length !== 3 || (features !== null && shape[2] !== features)) {
    throw expectedShape("inputs", `shape [batch, timesteps, ${features ?? "features"}]`, shape);
  }
  return { batch: shape[0] as number, timesteps: shape[1] as number, features: shape[2] as number };
}
