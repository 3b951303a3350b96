import type { GRUOptions } from "../arguments/constructor.js";
import type { ReadCall } from "../arguments/read_call.js";
import type { GRUError } from "../errors/gru_error.js";
import { expectedText } from "../errors/messages.js";
import { cudnnFlags } from "./cudnn_runtime.js";
import type { Requirement } from "./eligibility.js";
import { checkCall, checkRuntime } from "./layer_requirements.js";

/** The properties of a call that the choice of its path depends on. */
export type PathRequest = Pick<ReadCall, "mask" | "lengths" | "training"> & {
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
};

/** Chooses the path of each call of one layer, by Keras's rule. */
export class PathChooser {
  readonly #options: GRUOptions;
  /** True when it is known that no call of the layer can use cuDNN. */
  #neverCudnn: boolean;

  constructor(options: GRUOptions) {
    this.#options = options;
    const layer = { mask: null, lengths: null, training: false, batch: 1, timesteps: 1, features: 1 };
    this.#neverCudnn = options.useCudnn === false || (options.useCudnn === "auto" && this.#unmet(layer).length > 0);
  }

  /**
   * Returns the bits that the call's path adds to its native flags. They are 0 on the CPU. The driver and cuDNN are
   * only looked for and tried when all other requirements are met.
   *
   * With `use_cudnn: true` throws `ERR_CUDNN_NOT_ELIGIBLE`, which lists every unmet requirement of the layer and the
   * call, or `ERR_CUDNN_UNAVAILABLE` when only the runtime fails.
   */
  flagsFor(request: PathRequest): number {
    if (this.#neverCudnn) return 0;
    const unmet = this.#unmet(request);
    if (unmet.length > 0) {
      if (this.#options.useCudnn === true) throw notEligible(unmet);
      return 0;
    }
    const { met, detail, final } = checkRuntime(this.#options);
    if (met) return cudnnFlags();
    if (this.#options.useCudnn === true) throw unavailable(detail);
    this.#neverCudnn = final;
    return 0;
  }

  #unmet(request: PathRequest): Requirement[] {
    return checkCall(this.#options, request).filter(({ met }) => !met);
  }
}

function line({ id, detail }: Requirement): string {
  return `${id}: ${detail}`;
}

function unavailable(detail: string): GRUError {
  return expectedText("ERR_CUDNN_UNAVAILABLE", "use_cudnn: true", "a cuDNN that works here", "none", {
    remedy: `${detail} Use "auto" to run on the CPU.`,
  });
}

function notEligible(unmet: readonly Requirement[]): GRUError {
  return expectedText(
    "ERR_CUDNN_NOT_ELIGIBLE",
    "use_cudnn: true",
    "a layer and a call that cuDNN can compute",
    "others",
    {
      remedy:
        `These requirements are unmet:${unmet.map((requirement) => `\n  ${line(requirement)}`).join("")}\n` +
        'Use "auto" to run such calls on the CPU.',
    },
  );
}
