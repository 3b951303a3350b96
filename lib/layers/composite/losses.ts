import { allocate } from "../../arguments/memory.js";
import { addLossGradient } from "../../arguments/user_code.js";
import type { Regularizer } from "../../keras/regularizers.js";
import { requireKnown, UnknownRegularizer } from "../../keras/unknown_objects.js";
import type { NativeArray } from "../../native/arrays.js";
import { isSixteenBit, rounded } from "../../native/sixteen_bit.js";
import { activityLoss, activityLosses } from "../call/activity_losses.js";
import { rowsOfPart, stepsOfPart } from "../call/combined_rows.js";
import { outputShapeOf } from "../call/result_arrays.js";
import { activityWithGradients, type PassWeight, weightLosses } from "../gradients/pass_losses.js";
import {
  allLockedWhile,
  type Composite,
  goesBackwards,
  isTrained,
  outputShapes,
  outputWidths,
  type Stage,
} from "./composite.js";
import type { ComputedStage } from "./computed.js";
import type { PreparedComposite, PreparedStage } from "./prepare.js";

/** The losses of the activity regularizers of one stage. */
export interface StageLosses {
  /** The losses of the Bidirectional's own regularizer. */
  readonly own: readonly number[];
  /** The losses of each half's regularizer. */
  readonly halves: readonly (readonly number[])[];
}

const NONE: readonly number[] = Object.freeze([]);

/** True when an activity regularizer of the composite computes losses. One whose code is not known computes none. */
export function regularizesActivity({ stages, halves }: Composite): boolean {
  return (
    stages.some(({ activityRegularizer }) => computes(activityRegularizer)) ||
    halves.some(({ options }) => computes(options.activityRegularizer))
  );
}

function computes(regularizer: Regularizer | null): boolean {
  return regularizer !== null && !(regularizer instanceof UnknownRegularizer);
}

/** Returns the losses of a call, which its activity regularizers compute. Throws any error of a regularizer. */
export function lossesOfCall(prepared: PreparedComposite, computed: readonly ComputedStage[]): StageLosses[] {
  return allLockedWhile(prepared.composite, () =>
    prepared.stages.map((stage, index) => stageLosses(prepared, stage, computed[index] as ComputedStage)),
  );
}

function stageLosses(
  prepared: PreparedComposite,
  { stage, halves }: PreparedStage,
  computed: ComputedStage,
): StageLosses {
  const regularizer = knownRegularizer(stage);
  return {
    own: regularizer === null ? NONE : ownLosses(prepared, stage, regularizer, computed),
    halves: halves.map(({ layer, call }, index) => {
      const { output, state } = computed.halves[index] as ComputedStage["halves"][0];
      return output === null ? NONE : activityLosses(layer, call, { output, state });
    }),
  };
}

/** A regularizer whose code is not known has no loss in a call. Reading `losses` throws an error then. */
function knownRegularizer({ activityRegularizer }: Stage): Regularizer | null {
  return activityRegularizer instanceof UnknownRegularizer ? null : activityRegularizer;
}

/** A tensor that a stage returns. */
interface Result {
  readonly values: NativeArray;
  readonly shape: readonly number[];
}

/**
 * Returns the losses of the Bidirectional's own regularizer. In a combined call they are those of the last request, as
 * if the requests were called one after the other.
 */
function ownLosses(
  { combined, batch, timesteps }: PreparedComposite,
  stage: Stage,
  regularizer: Regularizer,
  computed: ComputedStage,
): readonly number[] {
  const all = resultsOfStage(stage, computed, batch, timesteps);
  const losses = (results: readonly Result[]) =>
    results.map(({ values, shape }) => inStageDtype(stage, activityLoss(regularizer, values, shape)));
  if (combined === null) return losses(all);
  let last = NONE;
  for (const part of combined.parts) {
    const own = all.map(({ values, shape }): Result => {
      const units = shape.at(-1) as number;
      if (shape.length === 2) return { values: rowsOfPart(values, part, units), shape: [part.rows, units] };
      const steps = { longest: timesteps, units, goBackwards: goesBackwards(stage) };
      return { values: stepsOfPart(values, part, steps), shape: [part.rows, part.timesteps, units] };
    });
    last = losses(own);
  }
  return last;
}

/** Returns the tensors that a stage itself returns: its outputs and, with `return_state`, the states of its halves. */
function resultsOfStage(stage: Stage, computed: ComputedStage, batch: number, timesteps: number): Result[] {
  const shapes = outputShapes(stage, batch, timesteps);
  const outputs = (computed.outputs ?? []).map((values, index) => ({ values, shape: shapes[index] as number[] }));
  if (!stage.halves[0].options.returnState) return outputs;
  const states = computed.halves.map(({ state }, index) => {
    const { units } = (stage.halves[index] ?? stage.halves[0]).options;
    return { values: state, shape: [batch, units] };
  });
  return [...outputs, ...states];
}

function inStageDtype({ dtype }: Stage, loss: number): number {
  return isSixteenBit(dtype) ? rounded(loss, dtype) : loss;
}

/** The losses of a pass's activity regularizers, and their gradients with respect to the results of the stages. */
export interface StageActivity extends StageLosses {
  /** The gradients of the stage's outputs; `null` means zeros. */
  readonly outputs: readonly (NativeArray | null)[];
  /** The gradients of each half's own output and state. */
  readonly gradients: readonly { readonly output: NativeArray | null; readonly state: NativeArray | null }[];
}

/** Returns the losses of a pass's activity regularizers with their gradients. Throws any error of a regularizer. */
export function activitiesOfPass(prepared: PreparedComposite, computed: readonly ComputedStage[]): StageActivity[] {
  return prepared.stages.map((stage, index) => stageActivity(prepared, stage, computed[index] as ComputedStage));
}

function stageActivity(
  prepared: PreparedComposite,
  { stage, halves }: PreparedStage,
  computed: ComputedStage,
): StageActivity {
  const { batch } = prepared;
  const own = ownActivity(prepared, stage, computed);
  const activities = halves.map(({ layer, call }, index) => {
    const { output, state } = computed.halves[index] as ComputedStage["halves"][0];
    if (output === null) return { losses: NONE, output: null, state: null };
    const stateShape = [batch, layer.options.units];
    return activityWithGradients(layer.options, { output, outputShape: outputShapeOf(layer, call), state, stateShape });
  });
  const outputCount = outputWidths(stage).length;
  return {
    own: own.map(({ loss }) => loss),
    halves: activities.map(({ losses }) => losses),
    outputs: Array.from({ length: outputCount }, (_, index) => own[index]?.gradient ?? null),
    gradients: activities.map(({ output, state }, index) => ({
      output,
      state: sumOf(state, own[outputCount + index]?.gradient ?? null),
    })),
  };
}

function ownActivity(
  { batch, timesteps }: PreparedComposite,
  stage: Stage,
  computed: ComputedStage,
): { loss: number; gradient: NativeArray }[] {
  const { activityRegularizer } = stage;
  if (activityRegularizer === null) return [];
  return resultsOfStage(stage, computed, batch, timesteps).map(({ values, shape }) => {
    const gradient = allocate(values instanceof Float64Array ? "float64" : "float32", values.length, "gradient");
    if (batch > 0) addLossGradient(activityRegularizer, gradient, values, shape, 1 / batch);
    return { loss: inStageDtype(stage, activityLoss(activityRegularizer, values, shape)), gradient };
  });
}

function sumOf(a: NativeArray | null, b: NativeArray | null): NativeArray | null {
  if (a === null || b === null) return a ?? b;
  return a.map((value, index) => value + (b[index] as number)) as NativeArray;
}

/** Throws `ERR_UNSUPPORTED` when a loss of a pass cannot be computed. This happens before anything changes. */
export function requireLosses(composite: Composite): void {
  for (const stage of composite.stages) {
    requireKnown(stage.activityRegularizer);
    for (const half of stage.halves) {
      const { options } = half;
      requireKnown(options.activityRegularizer);
      if (!isTrained(composite, stage, half)) continue;
      const { kernelRegularizer, recurrentRegularizer, useBias, biasRegularizer } = options;
      requireKnown(kernelRegularizer, recurrentRegularizer, useBias ? biasRegularizer : null);
    }
  }
}

/** Returns all losses of a call in Keras's order, without those of the weights. */
export function flatLosses(stages: readonly StageLosses[]): number[] {
  return stages.flatMap(({ own, halves }) => [...own, ...halves.flat()]);
}

/** Keeps the losses of a call that has succeeded. */
export function replaceLosses({ stages }: Composite, losses: readonly StageLosses[]): void {
  stages.forEach((stage, index) => {
    const { own, halves } = losses[index] as StageLosses;
    // The half of a stage that is a GRU alone has the losses of the GRU.
    stage.activityLosses = own;
    stage.halves.forEach((half, at) => {
      half.activityLosses = halves[at] ?? NONE;
    });
  });
}

/** Records that a call without losses has succeeded. */
export function clearLosses({ stages, halves }: Composite): void {
  for (const stage of stages) stage.activityLosses = NONE;
  for (const half of halves) half.activityLosses = NONE;
}

/** Returns the losses of the weights that a pass was computed with. */
export function lossesOfWeights(weights: readonly (readonly PassWeight[])[]): number[] {
  return weights.flatMap(weightLosses);
}

/**
 * Returns the losses of the last call, and then those of the current weights. Throws `ERR_UNSUPPORTED` for a regularizer
 * that is only known from a config.
 */
export function currentLosses(composite: Composite): number[] {
  const activity: number[] = [];
  const weights: number[] = [];
  for (const stage of composite.stages) {
    const { activityRegularizer, activityLosses: own, halves } = stage;
    requireKnown(activityRegularizer, ...halves.map(({ options }) => options.activityRegularizer));
    activity.push(...own, ...halves.flatMap((half) => half.activityLosses));
    for (const half of halves) {
      if (isTrained(composite, stage, half)) weights.push(...(half.weights.current?.losses() ?? []));
    }
  }
  return [...activity, ...weights];
}
