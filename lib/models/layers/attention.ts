import type { Builder } from "../compile/builder.js";
import { product, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Masks, type Tensors, type Value } from "../compile/values.js";
import { constantOf } from "../emit/constants.js";
import { binary, cast, scalar, select } from "../emit/elementwise.js";
import { matmul } from "../emit/products.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";
import { softmaxOver } from "./softmax.js";
import type { WeightSlot } from "./weight_slot.js";

/** Keras's Attention and AdditiveAttention over [query, value] or [query, value, key]. */
abstract class BaseAttentionLayer extends Layer {
  override get signature(): readonly string[] {
    return ["inputs", "mask", "training", "return_attention_scores", "use_causal_mask"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  /** Returns the scores (..., queries, keys). */
  protected abstract scores(builder: Builder, query: SymbolicTensor, key: SymbolicTensor): SymbolicTensor;

  override call(builder: Builder, args: CallArguments): Tensors {
    const inputs = this.tensorList(args.inputs, "inputs");
    if (inputs.length < 2 || inputs.length > 3) {
      throw this.failure("ERR_SHAPE", "inputs", "[query, value] or [query, value, key]", `${inputs.length} tensors`);
    }
    const [query, value, key = value] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor?];
    this.#requireShapes(query, value, key);
    const [queryMask, valueMask] = this.#masks(args.mask ?? null);
    const raw = this.scores(builder, query, key);
    const allowed = this.#allowed(builder, raw, valueMask, args.use_causal_mask === true);
    const low = raw.dtype === "float16" ? 65504 : 1e9;
    const lowered = allowed === null ? null : binary(builder, "subtract", raw, scalar(builder, low, raw.dtype));
    const scores = allowed === null || lowered === null ? raw : select(builder, allowed, raw, lowered);
    const weights = softmaxOver(builder, scores, [scores.shape.length - 1]);
    const attended = matmul(builder, weights, value);
    const outputs =
      queryMask === null
        ? attended
        : select(
            builder,
            queryMask.as({ shape: [...queryMask.shape, 1] }),
            attended,
            scalar(builder, 0, attended.dtype),
          );
    return args.return_attention_scores === true ? [outputs, weights] : outputs;
  }

  #requireShapes(query: SymbolicTensor, value: SymbolicTensor, key: SymbolicTensor): void {
    const outer = (x: SymbolicTensor) => x.shape.slice(0, -2).join();
    for (const x of [query, value, key]) {
      if (x.shape.length < 2 || outer(x) !== outer(query))
        throw this.shapeError("queries, values and keys of one form", x);
    }
    if (key.shape.at(-2) !== value.shape.at(-2)) throw this.shapeError("as many keys as values", key, "key");
    if (key.shape.at(-1) !== query.shape.at(-1)) throw this.shapeError("keys as wide as the queries", key, "key");
  }

  #masks(mask: Value): [SymbolicTensor | null, SymbolicTensor | null] {
    if (mask === null) return [null, null];
    if (!Array.isArray(mask) || mask.length < 2 || mask.length > 3) {
      throw this.failure("ERR_SHAPE", "mask", "[query_mask, value_mask]", "another form");
    }
    const [query, value] = mask as Value[];
    return [isTensor(query) ? query : null, isTensor(value) ? value : null];
  }

  /** Returns which scores count, or `null` when all do. */
  #allowed(
    builder: Builder,
    scores: SymbolicTensor,
    valueMask: SymbolicTensor | null,
    causal: boolean,
  ): SymbolicTensor | null {
    const [queries, keys] = scores.shape.slice(-2) as [number, number];
    // Keras adds an axis for the queries to a mask of two axes.
    const perQuery = valueMask === null ? null : cast(builder, valueMask, "bool");
    const values =
      perQuery !== null && (perQuery.shape.length === 1 || causal)
        ? perQuery.as({ shape: [...perQuery.shape.slice(0, -1), 1, ...perQuery.shape.slice(-1)] })
        : perQuery;
    if (!causal) return values;
    const lower = Array.from({ length: queries * keys }, (_, index) =>
      Number(index % keys <= Math.floor(index / keys)),
    );
    const order = constantOf(builder, lower, [1, queries, keys], "bool");
    if (values === null) return order;
    return binary(builder, "logical_and", values, order, "bool");
  }

  override computeMask(builder: Builder, _inputs: Value, mask: Masks | null): Masks | null {
    if (!Array.isArray(mask)) return null;
    const [first] = mask as readonly (SymbolicTensor | null)[];
    return first === null || first === undefined ? null : cast(builder, first, "bool");
  }
}

/** Keras's Attention. */
export class AttentionLayer extends BaseAttentionLayer {
  readonly #mode = this.config.oneOf("score_mode", "dot", ["dot", "concat"]);
  readonly #scale: WeightSlot | null;
  readonly #concatWeight: WeightSlot | null;

  constructor(source: LayerSource) {
    super(source);
    this.#scale = this.config.boolean("use_scale", false) ? this.weight({ name: "scale", shape: [] }) : null;
    const isConcat = this.#mode === "concat";
    this.#concatWeight = isConcat ? this.weight({ name: "concat_score_weight", shape: [] }) : null;
  }

  protected override scores(builder: Builder, query: SymbolicTensor, key: SymbolicTensor): SymbolicTensor {
    if (this.#concatWeight === null) {
      const scores = matmul(builder, query, key, "transposed");
      return this.#scale === null ? scores : this.#times(builder, scores, this.#scale);
    }
    const [q, k] = [query, key].map((x) => (this.#scale === null ? x : this.#times(builder, x, this.#scale)));
    return this.#times(
      builder,
      additiveScores(builder, q as SymbolicTensor, k as SymbolicTensor, null),
      this.#concatWeight,
    );
  }

  #times(builder: Builder, x: SymbolicTensor, slot: WeightSlot): SymbolicTensor {
    return binary(builder, "multiply", x, constantOf(builder, slot.kernel(this.policy), [], x.dtype));
  }
}

/** Keras's AdditiveAttention. */
export class AdditiveAttentionLayer extends BaseAttentionLayer {
  readonly #scale: WeightSlot | null;

  constructor(source: LayerSource) {
    super(source);
    this.#scale = this.config.boolean("use_scale", true) ? this.weight({ name: "scale", shape: [null] }) : null;
  }

  protected override scores(builder: Builder, query: SymbolicTensor, key: SymbolicTensor): SymbolicTensor {
    if (this.#scale === null) return additiveScores(builder, query, key, null);
    const values = this.#scale.kernel(this.policy);
    if (values.length !== query.shape.at(-1)) throw this.shapeError(`queries of width ${values.length}`, query);
    return additiveScores(builder, query, key, builder.constant(values, [values.length], query.dtype));
  }
}

/** Returns the sum over the last axis of scale · tanh(query + key), for each query and each key. */
function additiveScores(
  builder: Builder,
  q: SymbolicTensor,
  v: SymbolicTensor,
  scale: SymbolicTensor | null,
): SymbolicTensor {
  const [queries, depth] = q.shape.slice(-2) as [number, number];
  const values = v.shape.at(-2) as number;
  const y = builder.like(q, [...q.shape.slice(0, -1), values]);
  const repeat = product(q.rowShape.slice(0, -2));
  builder.emit("additive_scores", { q, v, scale }, { y }, { queries, values, depth, repeat });
  return y;
}
