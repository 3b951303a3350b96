import { disposed, disposedInside } from "../../errors/layer_errors.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { MergeMode } from "../../keras/merge_mode.js";
import type { Regularizer } from "../../keras/regularizers.js";
import { lockedWhile, requireUnlocked, type VariableOwner } from "../../variables/variable.js";
import type { LayerParts } from "../layer_parts.js";

/**
 * One layer of a composite: a GRU, or a Bidirectional with its two halves. The inputs of a stage go to each half, and
 * the outputs of its halves become the output of the stage.
 */
export interface Stage {
  /** The name of the GRU or of the Bidirectional. */
  readonly name: string;
  /** The GRU alone, or the forward and the backward half. */
  readonly halves: readonly [LayerParts] | readonly [LayerParts, LayerParts];
  /** `"single"` for a GRU alone. */
  readonly merge: MergeMode | "single";
  /** The dtype of inputs and outputs. A half converts from it and to it if it has another one. */
  readonly dtype: Dtype;
  /** Whether inputs of another floating-point dtype are converted. */
  readonly autocast: boolean;
  /** The regularizer of the Bidirectional itself; `null` for a GRU alone, whose half has it. */
  readonly activityRegularizer: Regularizer | null;
  /** The losses of `activityRegularizer` for the last call. */
  activityLosses: readonly number[];
  /** Whether the Bidirectional is trainable, and whether code of the user's runs that may not use it. */
  readonly owner: VariableOwner & { trainable: boolean };
  /** True after the `dispose` of the Bidirectional, or of a stack that has it. A GRU alone knows it by itself. */
  isDisposed: boolean;
}

/** One or several layers whose calls are one call: a Bidirectional, or a GRUStack. */
export interface Composite {
  readonly kind: "Bidirectional" | "GRUStack";
  readonly name: string;
  /** Whether the composite is trainable, and whether code of the user's runs that may not use it. */
  readonly owner: Stage["owner"];
  /** The stages, from the inputs to the output. */
  readonly stages: readonly [Stage, ...Stage[]];
  /** The halves of all stages in order, the forward half of a stage before its backward half. */
  readonly halves: readonly LayerParts[];
  /** Whether calls return the states of all halves after the output. */
  readonly returnState: boolean;
  /** True after `dispose`. */
  isDisposed: boolean;
}

/** Returns all owners: the composite's own, those of its stages, and those of its halves. Some may come twice. */
export function ownersOf({ owner, stages, halves }: Composite): Stage["owner"][] {
  return [owner, ...stages.map((stage) => stage.owner), ...halves.map((half) => half.owner)];
}

/** True when the weights of a half of a stage of the composite are trained, and have losses. */
export function isTrained({ owner }: Composite, stage: Stage, half: LayerParts): boolean {
  return owner.trainable && stage.owner.trainable && half.owner.trainable;
}

/** Returns the first stage, which gets the inputs. */
export function firstStage({ stages }: Composite): Stage {
  return stages[0];
}

/** Returns the last stage, which makes the output. */
export function lastStage({ stages }: Composite): Stage {
  return stages.at(-1) as Stage;
}

/** Returns the size of the last dimension of a stage's first output. */
export function outputWidth({ halves, merge }: Stage): number {
  const { units } = halves[0].options;
  return merge === "concat" && halves.length === 2 ? units + halves[1].options.units : units;
}

/** Returns the sizes of the last dimensions of a stage's outputs, of which there are two with `merge_mode: null`. */
export function outputWidths(stage: Stage): [number] | [number, number] {
  const { halves, merge } = stage;
  const width = outputWidth(stage);
  return merge === null && halves.length === 2 ? [width, halves[1].options.units] : [width];
}

/** True when a stage returns every timestep. */
export function returnsSequences({ halves }: Stage): boolean {
  return halves[0].options.returnSequences;
}

/** True when the output of a stage has the last timestep first. */
export function goesBackwards({ halves }: Stage): boolean {
  return halves[0].options.goBackwards;
}

/** Returns the shapes of a stage's outputs. */
export function outputShapes<N extends number | null>(stage: Stage, batch: N, timesteps: N): (N | number)[][] {
  const sequences = returnsSequences(stage);
  return outputWidths(stage).map((width) => (sequences ? [batch, timesteps, width] : [batch, width]));
}

/** The number of features of the inputs, if a half of the first stage is built; otherwise `null`. */
export function builtFeatures({ stages }: Composite): number | null {
  for (const { weights } of stages[0].halves) if (weights.features !== null) return weights.features;
  return null;
}

/** True when functions of the user's compute a part of a call. */
export function hasCustomActivations({ halves }: Composite): boolean {
  return halves.some(({ custom }) => custom !== null);
}

/** True when a half carries its state from call to call. */
export function isStateful({ halves }: Composite): boolean {
  return halves.some(({ carried }) => carried !== null);
}

/** Throws `ERR_DISPOSED`, which names the composite and, where only a layer inside was disposed, that layer. */
export function requireAlive({ kind, name, isDisposed, stages, halves }: Composite): void {
  if (isDisposed) throw disposed(kind, name);
  const dead = stages.find((stage) => stage.isDisposed) ?? halves.find(({ weights }) => weights.isDisposed);
  if (dead !== undefined && dead.name !== name) throw disposedInside(kind, name, dead.name);
  if (dead !== undefined) throw disposed(kind, name);
}

/**
 * Throws `ERR_STATE` while asynchronous calls on a stateful layer are pending, because `method` may not overtake them.
 * When the carried states do not fit a synchronous call of `batch` rows, throws `ERR_SHAPE`.
 */
export function requireNonePending({ kind, name, halves }: Composite, method: string, batch?: number): void {
  for (const half of halves) {
    if (half.carried === null) continue;
    half.inFlight.requireNone(method, batch, `layer ${JSON.stringify(half.name)} of ${kind} ${JSON.stringify(name)}`);
  }
}

/**
 * Throws `ERR_DISPOSED` when a layer is disposed, or `ERR_STATE` inside of user code that a layer runs, which may not
 * call `method`.
 */
export function requireFree(composite: Composite, method: string): void {
  requireAlive(composite);
  requireUnlocked(composite.owner, method);
  for (const { owner } of composite.stages) requireUnlocked(owner, method);
  for (const { weights } of composite.halves) weights.requireFree(method);
}

/** Runs `work`, which calls user code, while all layers are locked, so that this code can change none of them. */
export function allLockedWhile<T>(composite: Composite, work: () => T): T {
  return ownersOf(composite).reduceRight<() => T>((inner, owner) => () => lockedWhile(owner, inner), work)();
}
