import { refuseAborted } from "../../arguments/signal.js";
import type { FloatArray, NativeArray } from "../../native/arrays.js";
import type { NativePass } from "../../native/binding.js";
import { callArguments, type NativeCallArguments } from "../../native/contract.js";
import { runCancellable } from "../async/submit_call.js";
import { computeNow } from "../call/call.js";
import { zeroRows } from "../call/call_results.js";
import { type CombinedRows, stepsToFront } from "../call/combined_rows.js";
import { packedWeights } from "../call/prepare_call.js";
import { type PassArrays, passArrays } from "../call/result_arrays.js";
import { backwardOneByOne, type StageForBackward } from "./backward_one_by_one.js";
import { goesBackwards, type Stage } from "./composite.js";
import type { ComputedHalf, ComputedPass, ComputedStage, Runner, Times } from "./computed.js";
import { factorsOf, mergeOutputs } from "./merge.js";
import type { PreparedComposite, PreparedHalf, PreparedStage } from "./prepare.js";
import { settleAll } from "./settle.js";
import { inputsAs } from "./values.js";

/** One call of the addon that computes one half: its arguments and the arrays that it writes. */
interface HalfCall {
  readonly half: PreparedHalf;
  readonly args: NativeCallArguments;
  readonly arrays: PassArrays;
}

/** The inputs of a stage: elements of `dtype`, which are bits when it has 16 bits and they are a `Uint16Array`. */
interface StageInputs {
  readonly values: FloatArray;
  readonly dtype: Stage["dtype"];
}

/** Computes the layers one after the other, each half by a call of its own. It can compute every call. */
export const oneByOne: Runner = {
  call(prepared) {
    let inputs = inputsOf(prepared);
    return prepared.stages.map((stage) => {
      const calls = callsOf(stage, inputs);
      for (const { half, args } of calls) computeNow(packedWeights(half.call), half.layer.custom, args);
      const { computed, next } = finishStage(prepared, stage, calls);
      inputs = next;
      return kept(stage.stage, computed, isLast(prepared, stage));
    });
  },

  async callAsync(prepared, signal) {
    let inputs = inputsOf(prepared);
    let times: Times = [0, 0];
    const stages: ComputedStage[] = [];
    for (const stage of prepared.stages) {
      refuseAborted(signal);
      const calls = callsOf(stage, inputs);
      const measured = await settleAll(
        calls.map(({ half, args }) =>
          runCancellable(signal, (token) => packedWeights(half.call).callAsync(token, ...args)),
        ),
      );
      times = added(times, measured);
      const { computed, next } = finishStage(prepared, stage, calls);
      inputs = next;
      stages.push(kept(stage.stage, computed, isLast(prepared, stage)));
    }
    return { stages, times };
  },

  forward(prepared) {
    let inputs = inputsOf(prepared);
    const passes: NativePass[] = [];
    try {
      const stages = prepared.stages.map((stage) => {
        const calls = callsOf(stage, inputs);
        const own = calls.map((call) => {
          const pass = forwardNow(call);
          passes.push(pass);
          return pass;
        });
        const { computed, next } = finishStage(prepared, stage, calls);
        inputs = next;
        return forBackward(prepared, stage, computed, own);
      });
      return passOf(stages);
    } catch (error) {
      for (const pass of passes) pass.dispose();
      throw error;
    }
  },

  async forwardAsync(prepared, signal) {
    let inputs = inputsOf(prepared);
    let times: Times = [0, 0];
    const passes: NativePass[] = [];
    try {
      const stages: ForwardStage[] = [];
      for (const stage of prepared.stages) {
        refuseAborted(signal);
        const calls = callsOf(stage, inputs);
        const results = await settleAll(
          calls.map(({ half, args }) =>
            runCancellable(signal, async (token) => {
              const result = await packedWeights(half.call).forwardAsync(token, ...args);
              passes.push(result[0]);
              return result;
            }),
          ),
        );
        const own = results.map(([pass]) => pass);
        times = added(
          times,
          results.map(([, queued, computed]) => [queued, computed] as const),
        );
        const { computed, next } = finishStage(prepared, stage, calls);
        inputs = next;
        stages.push(forBackward(prepared, stage, computed, own));
      }
      return { pass: passOf(stages), times };
    } catch (error) {
      for (const pass of passes) pass.dispose();
      throw error;
    }
  },
};

function inputsOf({ inputs, composite }: PreparedComposite): StageInputs {
  return { values: inputs, dtype: composite.stages[0].dtype };
}

/** Returns the calls of a stage's halves. */
function callsOf({ stage, halves }: PreparedStage, inputs: StageInputs): HalfCall[] {
  const values = inputsAs(inputs.values, inputs.dtype, stage.dtype);
  return halves.map((half) => {
    const arrays = passArrays(half.layer, half.call);
    const own = inputsAs(values, stage.dtype, half.layer.options.computeDtype);
    return { half, arrays, args: callArguments({ ...half.call, inputs: own }, arrays) };
  });
}

function forwardNow({ half, args }: HalfCall): NativePass {
  const gru = packedWeights(half.call);
  const { custom } = half.layer;
  return custom === null ? gru.forward(...args) : custom.run((functions) => gru.forward(...args, functions));
}

/** Returns the results of a stage whose halves have been computed, and the inputs of the next stage. */
function finishStage(
  { combined, batch, timesteps }: PreparedComposite,
  { stage }: PreparedStage,
  calls: readonly HalfCall[],
): { computed: ComputedStage & { outputs: NativeArray[] }; next: StageInputs } {
  const halves = calls.map(({ half, arrays: { output, state } }) => {
    if (half.call.zeroedRows !== null) zeroRows(output, half.call.zeroedRows);
    return { output, state };
  });
  const outputs = mergeOutputs(
    stage,
    halves.map(({ output }) => output),
    { batch, timesteps },
  );
  const [output] = outputs as [NativeArray];
  const values = combined === null ? output : withoutLeadingPadding(stage, output, combined, timesteps);
  return { computed: { outputs, halves }, next: { values, dtype: stage.dtype } };
}

/**
 * Returns the inputs of the next stage in a combined call. A stage that goes backwards returns the padding of the
 * shorter requests first, but alone such a request has none.
 */
function withoutLeadingPadding(
  stage: Stage,
  output: NativeArray,
  { parts }: CombinedRows,
  timesteps: number,
): NativeArray {
  if (!goesBackwards(stage) || parts.every((part) => part.timesteps === timesteps)) return output;
  return stepsToFront(output, parts, timesteps);
}

function isLast({ stages }: PreparedComposite, stage: PreparedStage): boolean {
  return stages.at(-1) === stage;
}

/** Returns the results of a stage without the arrays that nothing needs any more. */
function kept(stage: Stage, { outputs, halves }: ComputedStage, last: boolean): ComputedStage {
  const keepsOutputs = last || stage.activityRegularizer !== null;
  return {
    outputs: keepsOutputs ? outputs : null,
    halves: halves.map(({ output, state }, index): ComputedHalf => {
      const { activityRegularizer } = (stage.halves[index] ?? stage.halves[0]).options;
      return { output: activityRegularizer === null ? null : output, state };
    }),
  };
}

/** The results of a stage of a forward computation, and what its backward computation needs. */
interface ForwardStage {
  readonly computed: ComputedStage;
  readonly backward: StageForBackward;
}

function forBackward(
  prepared: PreparedComposite,
  { stage, halves }: PreparedStage,
  computed: ComputedStage,
  passes: readonly NativePass[],
): ForwardStage {
  const { batch, timesteps } = prepared;
  const outputs = computed.halves.map(({ output }) => output as NativeArray);
  return {
    computed: kept(stage, computed, prepared.composite.stages.at(-1) === stage),
    backward: {
      stage,
      size: { batch, timesteps },
      factors: factorsOf(stage, outputs, { batch, timesteps }),
      halves: halves.map(({ layer, call }, index) => ({
        layer,
        nativePass: passes[index] as NativePass,
        features: call.features,
        weightCounts: call.weights.variables.map(({ shape }) => shape.reduce((product, size) => product * size, 1)),
      })),
    },
  };
}

function passOf(stages: readonly ForwardStage[]): ComputedPass {
  return {
    stages: stages.map(({ computed }) => computed),
    backward: backwardOneByOne(stages.map(({ backward }) => backward)),
  };
}

/** Adds the times of a stage, whose halves are computed at the same time. */
function added([queued, computed]: Times, stage: readonly (readonly number[])[]): Times {
  const longest = (index: 0 | 1) => stage.reduce((most, times) => Math.max(most, times[index] as number), 0);
  return [queued + longest(0), computed + longest(1)];
}
