import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { NativeArray } from "../../native/arrays.js";
import type { NativePass } from "../../native/binding.js";
import { backwardArguments, type NativeBackwardArguments } from "../../native/contract.js";
import { runCancellable } from "../async/submit_call.js";
import { scaledSum } from "../gradients/pass_losses.js";
import type { LayerParts } from "../layer_parts.js";
import type { Stage } from "./composite.js";
import type { BackwardComputation, ComputedGradients, HalfGradients, StageGradients } from "./computed.js";
import { type CallSize, type Factors, splitGradients } from "./merge.js";
import { settleAll } from "./settle.js";
import { castTo, roundedTo, summed } from "./values.js";

/** A half of a stage that was computed, and the pass that it has kept. */
export interface HalfForBackward {
  readonly layer: LayerParts;
  readonly nativePass: NativePass;
  readonly features: number;
  /** The number of elements of each weight. */
  readonly weightCounts: readonly number[];
}

/** A stage that was computed, and the values that its backward computation needs. */
export interface StageForBackward {
  readonly stage: Stage;
  readonly size: CallSize;
  readonly factors: Factors | null;
  readonly halves: readonly HalfForBackward[];
}

/** The backward call of the addon for one half. */
interface HalfCall {
  readonly half: HalfForBackward;
  readonly args: NativeBackwardArguments;
  readonly inputs: NativeArray;
  readonly gradients: HalfGradients;
}

/** Returns the backward computation of stages that were computed one by one. */
export function backwardOneByOne(stages: readonly StageForBackward[]): BackwardComputation {
  const passes = stages.flatMap(({ halves }) => halves.map(({ nativePass }) => nativePass));
  return {
    run(gradients) {
      const back = new WayBack(stages, gradients);
      for (const calls of back.stages()) {
        for (const { half, args } of calls) {
          const { custom } = half.layer;
          if (custom === null) half.nativePass.backward(...args);
          else custom.run((functions) => half.nativePass.backward(...args, functions));
        }
      }
      return back.result();
    },
    async runAsync(gradients, signal) {
      const back = new WayBack(stages, gradients);
      for (const calls of back.stages()) {
        await settleAll(
          calls.map(({ half, args }) =>
            runCancellable(signal, (token) => half.nativePass.backwardAsync(token, ...args)),
          ),
        );
      }
      return back.result();
    },
    dispose() {
      for (const pass of passes) pass.dispose();
    },
  };
}

/** Walks through the stages from the last to the first. */
class WayBack {
  readonly #stages: readonly StageForBackward[];
  readonly #gradients: readonly StageGradients[];
  readonly #halves: HalfGradients[] = [];
  /** The gradient of the inputs of the stage after the current one, in the dtype of the current one. */
  #next: NativeArray | null = null;

  constructor(stages: readonly StageForBackward[], gradients: readonly StageGradients[]) {
    this.#stages = stages;
    this.#gradients = gradients;
  }

  /** Yields the calls of each stage, which must be computed before the next ones are asked for. */
  *stages(): Generator<readonly HalfCall[]> {
    for (let index = this.#stages.length - 1; index >= 0; index--) {
      const stage = this.#stages[index] as StageForBackward;
      const calls = this.#callsOf(stage, this.#gradients[index] as StageGradients);
      yield calls;
      this.#halves.unshift(...calls.map(({ gradients }) => gradients));
      const before = this.#stages[index - 1]?.stage ?? stage.stage;
      this.#next = castTo(inputGradient(stage.stage, calls), stage.stage.dtype, before.dtype);
    }
  }

  result(): ComputedGradients {
    return { inputs: this.#next as NativeArray, halves: this.#halves };
  }

  #callsOf({ stage, size, factors, halves }: StageForBackward, from: StageGradients): HalfCall[] {
    const [first, ...others] = from.outputs;
    const outputs = [scaledSum(this.#next, 1, first ?? null), ...others];
    const own = splitGradients(stage, outputs, factors, size);
    return halves.map((half, index) => {
      const extra = from.halves[index];
      // The first array may be written to. The gradient that was split may be the caller's memory.
      const output = scaledSum(extra?.output ?? null, 1, own[index] ?? null);
      return backwardCall(half, size, output, extra?.state ?? null);
    });
  }
}

function backwardCall(
  half: HalfForBackward,
  { batch, timesteps }: CallSize,
  dOutput: NativeArray | null,
  dState: NativeArray | null,
): HalfCall {
  const { units, kernelDtype } = half.layer.options;
  const zeros = (count: number) => allocate(kernelDtype, count, "gradients");
  const inputs = zeros(checkedProduct([batch, timesteps, half.features], "gradients"));
  const initialState = zeros(checkedProduct([batch, units], "gradients"));
  const weights = half.weightCounts.map(zeros);
  const [dKernel, dRecurrentKernel, dBias] = weights as [NativeArray, NativeArray, NativeArray?];
  const args = backwardArguments({
    dOutput,
    dState,
    dInputs: inputs,
    dInitialState: initialState,
    dKernel,
    dRecurrentKernel,
    dBias: dBias ?? null,
  });
  return { half, args, inputs, gradients: { initialState, weights } };
}

/** Returns the gradient of a stage's inputs, in the stage's dtype. */
function inputGradient({ dtype }: Stage, calls: readonly HalfCall[]): NativeArray {
  const gradients = calls.map(({ half, inputs }) => {
    const { computeDtype } = half.layer.options;
    return castTo(roundedTo(inputs, computeDtype), computeDtype, dtype);
  });
  return summed(gradients, dtype);
}
