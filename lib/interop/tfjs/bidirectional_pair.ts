import type * as tfjs from "@tensorflow/tfjs";
import { Bidirectional as CoreBidirectional } from "../../index.js";
import { compute } from "./computation.js";
import { computingBidirectional } from "./computing.js";
import { type GRU, type HalfCall, halfOf, takeCore } from "./gru.js";
import { tf } from "./load_tfjs.js";

/** Two layers whose calls this package computes as one, on threads for both directions. */
export class BidirectionalPair {
  readonly #halves: readonly [GRU, GRU];
  readonly #both: CoreBidirectional;

  private constructor(halves: readonly [GRU, GRU], both: CoreBidirectional) {
    this.#halves = halves;
    this.#both = both;
  }

  /**
   * Makes a pair of the halves of the Bidirectional `name`. Each half still computes alone when it is called alone, with
   * the same weights and states. Returns `null` where the halves ask for different paths, or already have weights.
   */
  static of(halves: readonly [GRU, GRU], name: string, mergeMode: unknown): BidirectionalPair | null {
    const [forward, backward] = halves.map(halfOf) as [HalfCall, HalfCall];
    if (forward.core.built || backward.core.built || forward.path !== backward.path) return null;
    const args = { backward_layer: backward.core, merge_mode: mergeMode, name };
    const both = new CoreBidirectional(forward.core, args as never) as CoreBidirectional;
    takeCore(halves[0], both.forward_layer as never, both);
    takeCore(halves[1], both.backward_layer as never, both);
    return new BidirectionalPair(halves, both);
  }

  /** Whether these are still the halves of the wrapper, whose fields anybody can replace. */
  has(forward: GRU, backward: GRU): boolean {
    return this.#halves[0] === forward && this.#halves[1] === backward;
  }

  /** Returns the output or outputs, and then the states of both halves. `states` has none or both initial states. */
  call(inputs: tfjs.Tensor, states: readonly tfjs.Tensor[], kwargs: Record<string, unknown>): tfjs.Tensor[] {
    const weights = this.#halves.flatMap((half) => halfOf(half).weights(inputs, kwargs));
    const mask = (Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask) ?? null;
    return compute({
      layer: computingBidirectional(this.#both),
      inputs: tf.cast(inputs, "float32"),
      initialStates: states.map((state) => tf.cast(state, "float32")),
      weights,
      mask: mask as tfjs.Tensor | null,
      training: kwargs.training === true,
    });
  }
}
