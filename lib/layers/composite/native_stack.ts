import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { NativeArray } from "../../native/arrays.js";
import type { NativeMerge, NativeStack, NativeStackPass } from "../../native/binding.js";
import {
  CALL_FLAGS,
  type NativeStackArguments,
  setStackHalf,
  stackBackwardArguments,
  stackCallArguments,
} from "../../native/contract.js";
import { native } from "../../native/load.js";
import { runCancellable } from "../async/submit_call.js";
import { packedWeights } from "../call/prepare_call.js";
import { isSafe, stateArrays, unkeptStateArrays } from "../call/result_arrays.js";
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
    stackOf(prepared).call(...call.args);
    return computedStages(prepared, call);
  },

  async callAsync(prepared, signal) {
    const call = stackCallOf(prepared);
    const stack = stackOf(prepared);
    const times = await runCancellable(signal, (token) => stack.callAsync(token, ...call.args));
    return { stages: computedStages(prepared, call), times };
  },

  forward(prepared) {
    const call = stackCallOf(prepared);
    const pass = stackOf(prepared).forward(...call.args);
    return { stages: computedStages(prepared, call), backward: backwardOf(prepared, pass) };
  },

  async forwardAsync(prepared, signal) {
    const call = stackCallOf(prepared);
    const stack = stackOf(prepared);
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
export function runsInOneCall({ composite, combined, halves }: PreparedComposite): boolean {
  if (!fitsOneCall(composite)) return false;
  return (
    combined === null || !(composite.stages.some(goesBackwards) || halves.some(({ call }) => call.zeroedRows !== null))
  );
}

const fitting = new WeakMap<Composite, boolean>();

/** True when the layers of a composite let one call compute them. That never changes. */
export function fitsOneCall(composite: Composite): boolean {
  const known = fitting.get(composite);
  if (known !== undefined) return known;
  const { stages, halves } = composite;
  const [{ dtype }] = stages;
  const fits =
    stages.every((stage) => stage.dtype === dtype) &&
    halves.every(({ custom, options }) => custom === null && options.computeDtype === dtype) &&
    !stages.some((stage) => regularizesInside(stage, stage === stages.at(-1)));
  fitting.set(composite, fits);
  return fits;
}

/** True when an activity regularizer needs an output that is not the output of the last stage. */
function regularizesInside({ halves, activityRegularizer }: Stage, last: boolean): boolean {
  const ofHalves = halves.some(({ options }) => options.activityRegularizer !== null);
  return last ? ofHalves && halves.length > 1 : ofHalves || activityRegularizer !== null;
}

/** The native object of each composite. It may keep weights on the CUDA device, in the form that one call needs. */
const stacks = new WeakMap<Composite, NativeStack>();

/** Returns the native object of a composite, whose GRUs have the weights that the call computes with. */
function stackOf({ composite, halves }: PreparedComposite): NativeStack {
  for (const { call } of halves) packedWeights(call);
  const known = stacks.get(composite);
  if (known !== undefined) return known;
  const stack = new (native().NativeStack)(
    composite.stages.map(({ merge }) => nativeMerge(merge)),
    halves.map(({ call }) => packedWeights(call)),
  );
  stacks.set(composite, stack);
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
  /** The last state of each half. */
  readonly states: readonly NativeArray[];
}

const OF_ONE_HALF = CALL_FLAGS.goBackwards | CALL_FLAGS.zeroOutputForMask | CALL_FLAGS.cudnn;

function stackCallOf(prepared: PreparedComposite): StackCall {
  const { composite, inputs, batch, timesteps, halves } = prepared;
  const [{ call: first }] = halves as [PreparedComposite["halves"][0]];
  const last = lastStage(composite);
  const { kernelDtype, returnSequences } = last.halves[0].options;
  const outputs = outputShapes(last, batch, timesteps).map(
    (shape, index) => memoryOfOut(prepared, index) ?? allocate(kernelDtype, checkedProduct(shape, "output"), "output"),
  );
  let flags = returnSequences ? CALL_FLAGS.returnSequences : 0;
  for (const { call } of halves) flags |= call.flags & CALL_FLAGS.allowTf32;
  const args = stackCallArguments(
    {
      inputs,
      output: outputs[0] as NativeArray,
      secondOutput: outputs[1] ?? null,
      mask: first.mask,
      lengths: first.lengths,
      batch,
      timesteps,
      flags,
    },
    halves.length,
  );
  const arraysOf = prepared.method === "call" && !composite.returnState ? unkeptStateArrays : stateArrays;
  const states = halves.map(({ layer, call }, index) => {
    const { state, initialState } = arraysOf(layer, call);
    const { dropout } = call;
    setStackHalf(args, index, {
      state,
      initialState,
      inputDropout: dropout === null ? null : dropout.input,
      recurrentDropout: dropout === null ? null : dropout.recurrent,
      halfFlags: call.flags & OF_ONE_HALF,
    });
    return state;
  });
  return { args, outputs, states };
}

/**
 * Returns the memory of `out` for an output that the addon can write there directly: no user code runs meanwhile, nobody
 * else can change the memory, and the kernels do not read it. Returns `null` for any other.
 */
function memoryOfOut({ composite, method, out, inputs, halves }: PreparedComposite, index: number): NativeArray | null {
  const { computeDtype, kernelDtype } = lastStage(composite).halves[0].options;
  const target = method === "call" && computeDtype === kernelDtype ? out?.[index]?.data : undefined;
  if (target === undefined) return null;
  const safe = halves.every(({ call: { initialState } }) => isSafe(target, { inputs, initialState }));
  return safe ? (target as NativeArray) : null;
}

function computedStages({ composite, stages }: PreparedComposite, { outputs, states }: StackCall): ComputedStage[] {
  let at = 0;
  return stages.map(({ stage, halves }): ComputedStage => {
    const isLast = stage === lastStage(composite);
    // The output of a GRU alone is the output of its stage. `runsInOneCall` excludes regularizers of other outputs.
    const regularized = isLast && stage.halves[0].options.activityRegularizer !== null;
    const output = regularized ? (outputs[0] as NativeArray) : null;
    return {
      outputs: isLast ? outputs : null,
      halves: halves.map(() => ({ output, state: states[at++] as NativeArray })),
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
