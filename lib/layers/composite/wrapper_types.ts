import type { DtypeName } from "../../keras/dtype_policy.js";
import type { MergeMode } from "../../keras/merge_mode.js";
import type { PartialShape, ResultTensor } from "../result_types.js";

/** The outputs of a layer, in a list: one, or two with `merge_mode: null`. */
export type OutputList<M extends MergeMode, D extends DtypeName> = M extends null
  ? [forward: ResultTensor<D>, backward: ResultTensor<D>]
  : [output: ResultTensor<D>];

/** The only item of a list of one, or the list. It is the form in which calls return their results. */
export type OneOrList<L extends readonly unknown[]> = L extends readonly [infer Only] ? Only : L;

/** The output of a layer: a tensor, or two with `merge_mode: null`. */
export type LayerOutput<M extends MergeMode, D extends DtypeName> = OneOrList<OutputList<M, D>>;

/**
 * The result of a call of a Bidirectional. `S` is its `return_state`, `M` its merge mode, `D` its dtype, and `H` the
 * dtype of its halves, which their states have.
 */
export type BidirectionalResult<
  S extends boolean,
  M extends MergeMode,
  D extends DtypeName = DtypeName,
  H extends DtypeName = DtypeName,
> = M extends MergeMode
  ? S extends true
    ? [...OutputList<M, D>, forwardState: ResultTensor<H>, backwardState: ResultTensor<H>]
    : LayerOutput<M, D>
  : never;

/**
 * The result of a call of a GRUStack. `S` is its `return_state`. `M` and `D` are the merge mode and the dtype of its last
 * layer.
 */
export type StackResult<S extends boolean, M extends MergeMode, D extends DtypeName = DtypeName> = M extends MergeMode
  ? S extends true
    ? [...OutputList<M, D>, ...states: ResultTensor[]]
    : LayerOutput<M, D>
  : never;

/** The shapes of the results of a call, in the form of `R`, the type of the results. */
export type ShapesOf<R> = R extends readonly unknown[] ? { [Index in keyof R]: PartialShape } : PartialShape;

/** The masks of the results of a call, in the form of `R`, the type of the results. A state has no mask. */
export type MasksOf<Mask, R> = R extends readonly unknown[] ? { [Index in keyof R]: Mask | null } : Mask | null;
