import type { CallProperties } from "../../backend/layer_requirements.js";
import type { Composite, Stage } from "./composite.js";
import { fitsOneCall } from "./native_stack.js";

/** Whether cuDNN computes all layers in one call, and why. */
export interface OneCudnnCall {
  /** True when it does. cuDNN is then tried with tiny stacks at the first call, and the layers are called one by one if it fails. */
  readonly met: boolean;
  /** The reason, naming the layer that prevents it. */
  readonly detail: string;
}

/** The most timesteps of one cuDNN call (native/cudnn/chunking.h). A longer call is divided in time, layer by layer. */
const MOST_TIMESTEPS = 65_535;

/**
 * Says whether cuDNN computes a call in one go, as far as it can be told before the call. `onCudnn` says of each half
 * whether it takes the cuDNN path. native/cudnn/stack/obstacles.cc has the same rules, and the last word.
 */
export function oneCudnnCall(
  composite: Composite,
  { timesteps, training }: Pick<CallProperties, "timesteps" | "training">,
  onCudnn: readonly boolean[],
): OneCudnnCall {
  const obstacle =
    obstacleOfPaths(composite, onCudnn) ??
    obstacleOfKind(composite) ??
    obstacleOfStages(composite) ??
    obstacleOfCall(composite, timesteps, training);
  return obstacle === null
    ? { met: true, detail: "one cuDNN call computes all layers and directions" }
    : { met: false, detail: obstacle };
}

function obstacleOfPaths({ halves }: Composite, onCudnn: readonly boolean[]): string | null {
  const other = halves[onCudnn.indexOf(false)];
  return other === undefined ? null : `"${other.name}" takes the CPU path`;
}

function obstacleOfKind(composite: Composite): string | null {
  if (composite.halves.length === 1) return "the stack is one GRU, whose call is one anyway";
  return fitsOneCall(composite) ? null : "the layers have several dtypes, or a regularizer of an output between them";
}

function obstacleOfStages({ stages, halves }: Composite): string | null {
  const [first] = halves as [Composite["halves"][0]];
  for (const half of halves) {
    const { units, cudaDevice } = half.options;
    if (units !== first.options.units) {
      return `"${half.name}" has ${units} units, and "${first.name}" has ${first.options.units}`;
    }
    if (cudaDevice !== first.options.cudaDevice) return `"${half.name}" is on another CUDA device than "${first.name}"`;
  }
  for (const stage of stages) {
    const obstacle = obstacleOfStage(stage, stages[0], stage === stages.at(-1));
    if (obstacle !== null) return obstacle;
  }
  return null;
}

function obstacleOfStage({ name, halves, merge }: Stage, first: Stage, last: boolean): string | null {
  if (halves.length !== first.halves.length) {
    return `"${name}" has ${halves.length === 1 ? "one direction" : "two directions"}, unlike "${first.name}"`;
  }
  if (halves.length === 2 && !last && merge !== "concat") {
    return `"${name}" has another merge_mode than "concat", which only the last layer may have`;
  }
  const turned = halves.find(({ options }, index) => options.goBackwards !== (index === 1));
  return turned === undefined ? null : `"${turned.name}" goes in another direction than cuDNN's`;
}

function obstacleOfCall({ halves }: Composite, timesteps: number | null, training: boolean): string | null {
  if (timesteps !== null && timesteps > MOST_TIMESTEPS) {
    return `one cuDNN call takes ${MOST_TIMESTEPS} timesteps, and only single layers can be divided in time`;
  }
  // The cuDNN path has no dropout. A rate of 1 drops nothing, but counts as dropout.
  const dropping = halves.find(({ options: { dropout, recurrentDropout } }) => dropout !== 0 || recurrentDropout !== 0);
  return training && dropping !== undefined ? `"${dropping.name}" has dropout in training` : null;
}
