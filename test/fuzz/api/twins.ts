import { GRU, type Tensor, tensor } from "cudnn-gru";
import type { Random } from "../random.js";
import type { Case } from "../target.js";
import { type LayerPlan, type Mood, Moody } from "./layers.js";
import { content, plainOf, sameElements, sizeOf } from "./values.js";

/** An error that the fuzzer itself throws inside a getter or a function; it may come back as it is. */
export class OwnError extends Error {}

export type Outcome = { ok: true; result: unknown } | { ok: false; error: unknown };

/** Does something that may throw or reject. `submitted` runs between the call and what it resolves with. */
export async function attempt(action: () => unknown, submitted: () => void = () => {}): Promise<Outcome> {
  try {
    const pending = action();
    try {
      submitted();
    } catch {
      // The change of memory in flight may be impossible by now, for example because the memory was transferred.
    }
    return { ok: true, result: await pending };
  } catch (error) {
    return { ok: false, error };
  }
}

export function codeOf(outcome: Outcome): string {
  return outcome.ok ? "a result" : ((outcome.error as { code?: string }).code ?? String(outcome.error));
}

/** Two equal layers: one is called with hostile values, the other with ordinary values of the same content. */
export class Twins {
  readonly gru: GRU;
  readonly twin: GRU;
  readonly says: string;
  readonly mood: Mood = { act: null };
  /** Set when the case ends here: the layer was disposed of, or the twins are no longer equal. */
  over = false;

  constructor(
    readonly one: Case,
    readonly plan: LayerPlan,
  ) {
    this.gru = new GRU(plan.units, plan.withMood(this.mood));
    this.twin = new GRU(plan.units, plan.withMood({ act: null }));
    const shown = Object.entries(plan.args)
      .filter(([key, value]) => !key.endsWith("_initializer") && value !== false && value !== null && value !== 0)
      .map(([key, value]) => `${key}: ${value instanceof Moody ? "moody" : JSON.stringify(value)}`);
    this.says = `GRU(${plan.units}${plan.hasCustom ? ", custom" : ""}, { ${shown.join(", ")} }) of ${plan.features} features`;
    if (one.random.once(10)) return;
    this.gru.build([null, null, plan.features]);
    this.twin.build([null, null, plan.features]);
    this.#copyWeights();
  }

  get random(): Random {
    return this.one.random;
  }

  /** Everything of the layer that a failed call must leave as it was. */
  snapshot(): string {
    const { gru } = this;
    const bits = ({ data, shape }: Tensor) =>
      `${shape}:${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1")}`;
    return [gru.built, gru.trainable, ...gru.getWeights().map(bits), ...(gru.states ?? []).map(bits), gru.losses].join(
      "|",
    );
  }

  #copyWeights(): void {
    if (!this.gru.built) return;
    if (this.gru.kernel.shape[0] !== this.plan.features) {
      // It built itself for what a hostile value said.
      this.over = true;
      return;
    }
    if (!this.twin.built) this.twin.build([null, null, this.plan.features]);
    this.twin.setWeights(this.gru.getWeights());
  }

  /** After a call whose content is not certain: makes the twin what the layer is now. */
  follow(drew: boolean): void {
    if (this.over) return;
    this.#copyWeights();
    if (this.over) return;
    // One call draws once, whatever it is called with.
    if (drew && this.twin.built && this.plan.args.use_cudnn !== true) this.#benign(this.twin, true);
    this.copyState();
    this.probe("after an uncertain call");
  }

  copyState(): void {
    const { gru, twin } = this;
    if (this.plan.args.stateful !== true) return;
    const states = gru.states;
    twin.resetState();
    if (states !== null) twin.resetState(states);
  }

  #rows(): number {
    return this.gru.states?.[0].shape[0] ?? 2;
  }

  #benign(gru: GRU, training: boolean): unknown {
    if (gru === this.twin && this.plan.args.stateful === true) this.copyState();
    return gru.call(this.#ordinary(), { training });
  }

  #ordinary(): Tensor {
    const shape = [this.#rows(), 2, this.plan.features];
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => Math.sin(at));
    return tensor(data, shape, this.gru.compute_dtype as "float32");
  }

  /** One ordinary call on both, which must give the same: the generators and states of both are then at the same place. */
  probe(when: string): void {
    const { gru, twin, plan } = this;
    if (this.over || plan.args.use_cudnn === true) return;
    this.mood.act = null;
    const inputs = this.#ordinary();
    try {
      const mine = gru.call(inputs, { training: true });
      const other = twin.call(inputs, { training: true });
      // The twin's weights may come from uncertain values. Weights that were never equal are not this call's fault.
      if (!sameResults(mine, other))
        this.one.report(
          `another result of an ordinary call ${when}`,
          `${firstDifference(mine, other)} on ${this.says}`,
        );
    } catch (error) {
      this.one.report(`an ordinary call fails ${when}`, String(error));
    }
  }

  /** Compares the layer with what it was before a call that failed. */
  unchanged(before: string, what: string): void {
    if (this.over) return;
    // A first call may fail, by an abort say, after it has built the layer.
    if (before.startsWith("false|") && this.gru.built) this.follow(false);
    else if (this.snapshot() !== before) {
      this.one.report(`${what} failed and changed the layer`, this.says);
      this.follow(false);
    } else if (this.random.once(4)) this.probe(`after a failed ${what}`);
  }

  inputs(batch: number, timesteps: number): Tensor {
    const dtype = this.gru.compute_dtype;
    return plainOf(content(this.random, [batch, timesteps, this.plan.features], dtype));
  }
}

/** Where two tensors, or the first parts of two results, begin to differ, for reports. */
export function firstDifference(one: unknown, other: unknown): string {
  const parts = (value: unknown) => (Array.isArray(value) ? value : [value]) as Tensor[];
  const [mine, theirs] = [parts(one), parts(other)];
  for (const [part, { data, shape }] of mine.entries()) {
    const at = [...data].findIndex((value, index) => !Object.is(value, theirs[part]?.data[index]));
    if (at >= 0)
      return `part ${part} of shape ${shape}: ${data[at]} and ${theirs[part]?.data[at]} at element ${at} of ${data.length}`;
  }
  return "no element";
}

/** Whether two results (tensors, lists and objects of them, numbers) hold the same. */
export function sameResults(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => sameResults(item, other[at]));
  }
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null)
    return Object.is(one, other);
  const [a, b] = [one as Tensor, other as Tensor];
  return String(a.shape) === String(b.shape) && sameElements(a.data as ArrayLike<number>, b.data as ArrayLike<number>);
}
