import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { NativeArray } from "../../native/arrays.js";
import type { NativeGru, NativeMerge, NativeStack, NativeStackPass } from "../../native/binding.js";
import {
  CALL_FLAGS,
  type NativeStackArguments,
  stackBackwardArguments,
  stackCallArguments,
} from "../../native/contract.js";
import { native } from "../../native/load.js";
import { runCancellable } from "../async/submit_call.js";
import { packedWeights, padsLastOutput } from "../call/prepare_call.js";
import { type StateArrays, stateArrays } from "../call/result_arrays.js";
import { scaledSum } from "../gradients/pass_losses.js";
import { type Composite, goesBackwards, lastStage, outputShapes, type Stage } from "./composite.js";
import type {
  BackwardComputation,
  ComputedGradients,
  ComputedStage,
  HalfGradients,
  Runner,
  StageGradients,
} from "./computed.js";
import type { PreparedComposite, PreparedStage } from "./prepare.js";

/** Computes all layers in one call of the addon, whose threads work on several layers at a time. */
export const inOneCall: Runner = {
  call(prepared) {
    const call = stackCallOf(prepared);
    stackOf(prepared.composite).call(...call.args);
    return computedStages(prepared, call);
  },

  async callAsync(prepared, signal) {
    const call = stackCallOf(prepared);
    const stack = stackOf(prepared.composite);
    const times = await runCancellable(signal, (token) => stack.callAsync(token, ...call.args));
    return { stages: computedStages(prepared, call), times };
  },

  forward(prepared) {
    const call = stackCallOf(prepared);
    const pass = stackOf(prepared.composite).forward(...call.args);
    return { stages: computedStages(prepared, call), backward: backwardOf(prepared, pass) };
  },

  async forwardAsync(prepared, signal) {
    const call = stackCallOf(prepared);
    const stack = stackOf(prepared.composite);
    const made: NativeStackPass[] = [];
    try {
      const [pass, ...times] = await runCancellable(signal, async (token) => {
        const result = await stack.forwardAsync(token, ...call.args);
        made.push(result[0]);
        return result;
      });
      return { pass: { stages: computedStages(prepared, call), backward: backwardOf(prepared, pass) }, times };
    } catch (error) {
      // The call may have been aborted after the computation had ended.
      made[0]?.dispose();
      throw error;
    }
  },
};

/**
 * True when the addon can compute a call in one go: all layers have one dtype, no function of the user's takes part, and
 * nobody needs the outputs between the layers. In a batcher's call of several requests, the addon may not have to know
 * which timesteps are padding.
 */
export function runsInOneCall({
  composite,
  method,
  combined,
}: Pick<PreparedComposite, "composite" | "method" | "combined">): boolean {
  const { stages, halves } = composite;
  const [{ dtype }] = stages;
  if (stages.some((stage) => stage.dtype !== dtype)) return false;
  if (halves.some(({ custom, options }) => custom !== null || options.computeDtype !== dtype)) return false;
  // The gradients of 16-bit layers are rounded between the layers, which the addon does not do.
  const keepsPass = method === "forward" || method === "forwardAsync";
  if (keepsPass && halves.some(({ options }) => options.rounding !== null)) return false;
  if (stages.some((stage) => regularizesInside(stage, stage === stages.at(-1)))) return false;
  return combined === null || !(stages.some(goesBackwards) || halves.some(padsLastOutput));
}

/** True when an activity regularizer needs an output that is not the output of the last stage. */
function regularizesInside({ halves, activityRegularizer }: Stage, last: boolean): boolean {
  const ofHalves = halves.some(({ options }) => options.activityRegularizer !== null);
  return last ? ofHalves && halves.length > 1 : ofHalves || activityRegularizer !== null;
}

/** The native object of each composite. It may keep weights on the CUDA device, in the form that one call needs. */
const stacks = new WeakMap<Composite, NativeStack>();

function stackOf(composite: Composite): NativeStack {
  let stack = stacks.get(composite);
  if (stack === undefined) {
    stack = new (native().NativeStack)(composite.stages.map(({ merge }) => nativeMerge(merge)));
    stacks.set(composite, stack);
  }
  return stack;
}

/** Frees the memory that a composite holds beside the weights of its layers, after its last running call has ended. */
export function disposeStack(composite: Composite): void {
  stacks.get(composite)?.dispose();
  stacks.delete(composite);
}

function nativeMerge(merge: Stage["merge"]): NativeMerge {
  if (merge === "single") return null;
  return merge ?? "separate";
}

/** A call of the addon, and the arrays that it writes. */
interface StackCall {
  readonly args: NativeStackArguments;
  /** One output, or two with `merge_mode: null`. */
  readonly outputs: readonly NativeArray[];
  readonly states: readonly StateArrays[];
}

const OF_ONE_HALF = CALL_FLAGS.goBackwards | CALL_FLAGS.zeroOutputForMask | CALL_FLAGS.cudnn;

function stackCallOf(prepared: PreparedComposite): StackCall {
  const { composite, inputs, batch, timesteps, halves } = prepared;
  const [{ call: first }] = halves as [PreparedComposite["halves"][0]];
  const last = lastStage(composite);
  const { kernelDtype } = last.halves[0].options;
  const outputs = outputShapes(last, batch, timesteps).map((shape) =>
    allocate(kernelDtype, checkedProduct(shape, "output"), "output"),
  );
  const states = halves.map(({ layer, call }) => stateArrays(layer, call));
  const [output, secondOutput] = outputs as [NativeArray, NativeArray?];
  const flags = halves.reduce((all, { call }) => all | (call.flags & CALL_FLAGS.allowTf32), 0);
  const args = stackCallArguments<NativeGru>(
    {
      inputs,
      output,
      secondOutput: secondOutput ?? null,
      mask: first.mask,
      lengths: first.lengths,
      batch,
      timesteps,
      flags: flags | (last.halves[0].options.returnSequences ? CALL_FLAGS.returnSequences : 0),
    },
    halves.map(({ call }, index) => ({
      gru: packedWeights(call),
      ...(states[index] as StateArrays),
      inputDropout: call.dropout?.input ?? null,
      recurrentDropout: call.dropout?.recurrent ?? null,
      halfFlags: call.flags & OF_ONE_HALF,
    })),
  );
  return { args, outputs, states };
}

function computedStages({ composite, stages }: PreparedComposite, { outputs, states }: StackCall): ComputedStage[] {
  let first = 0;
  return stages.map(({ stage, halves }): ComputedStage => {
    const own = states.slice(first, first + halves.length);
    first += halves.length;
    const isLast = stage === lastStage(composite);
    // The output of a GRU alone is the output of its stage. `runsInOneCall` excludes regularizers of other outputs.
    const regularized = isLast && stage.halves[0].options.activityRegularizer !== null;
    return {
      outputs: isLast ? outputs : null,
      halves: own.map(({ state }) => ({ output: regularized ? (outputs[0] as NativeArray) : null, state })),
    };
  });
}

/** The gradients of one call, which the addon writes. */
interface Gradients extends ComputedGradients {
  readonly args: ReturnType<typeof stackBackwardArguments>;
}

function backwardOf(prepared: PreparedComposite, pass: NativeStackPass): BackwardComputation {
  // A pass does not keep the inputs and masks of its call.
  const { batch, timesteps, features, stages } = prepared;
  const sizes = stages.map(({ halves }) => halves.map(sizesOf));
  const { kernelDtype } = lastStage(prepared.composite).halves[0].options;
  const zeros = (shape: readonly number[]) => allocate(kernelDtype, checkedProduct(shape, "gradients"), "gradients");
  const gradientsFor = (upstream: readonly StageGradients[]): Gradients => {
    const inputs = zeros([batch, timesteps, features]);
    const halves = sizes.flat().map(
      ({ units, weights }): HalfGradients => ({
        initialState: zeros([batch, units]),
        weights: weights.map(zeros),
      }),
    );
    const { outputs, halves: own } = upstream.at(-1) as StageGradients;
    const [first, second] = outputs;
    const dStates = upstream.flatMap((stage) => stage.halves.map(({ state }) => state));
    const args = stackBackwardArguments(
      // Only a GRU alone has a gradient of its own output, which is the output of the stage.
      { dOutput: scaledSum(own[0]?.output ?? null, 1, first ?? null), dSecondOutput: second ?? null, dInputs: inputs },
      halves.map(({ initialState, weights }, index) => {
        const [dKernel, dRecurrentKernel, dBias] = weights as [NativeArray, NativeArray, NativeArray?];
        const dState = dStates[index] ?? null;
        return { dState, dInitialState: initialState, dKernel, dRecurrentKernel, dBias: dBias ?? null };
      }),
    );
    return { inputs, halves, args };
  };
  return {
    run(upstream) {
      const { args, ...gradients } = gradientsFor(upstream);
      pass.backward(...args);
      return gradients;
    },
    async runAsync(upstream, signal) {
      const { args, ...gradients } = gradientsFor(upstream);
      await runCancellable(signal, (token) => pass.backwardAsync(token, ...args));
      return gradients;
    },
    dispose: () => pass.dispose(),
  };
}

/** The sizes of the gradients of one half. */
interface HalfSizes {
  readonly units: number;
  /** The shapes of the weights. */
  readonly weights: readonly (readonly number[])[];
}

function sizesOf({ layer, call }: PreparedStage["halves"][0]): HalfSizes {
  return { units: layer.options.units, weights: call.weights.variables.map(({ shape }) => [...shape]) };
}
