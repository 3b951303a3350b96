import type { GRUOptions } from "../../arguments/constructor.js";
import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { freshSeed } from "../../keras/seed_generator.js";
import type { NativeArray } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { narrowed, widened } from "../../native/sixteen_bit.js";

/**
 * The dropout multipliers of one call: input (1 or 3, batch, features) and recurrent (3, batch, units), in the gate
 * order z, r, h. `null` means no dropout.
 */
export interface DropoutMasks {
  input: NativeArray | null;
  recurrent: NativeArray | null;
}

/** The dropout masks of one call, and the number of the call in the generator. */
export interface CallDropout extends DropoutMasks {
  number: number;
}

const injected = new WeakMap<object, DropoutMasks>();

/**
 * Makes `layer` use these masks in training in place of drawn ones, until it is called with `null`. It is for tests
 * only, so the package does not export it.
 */
export function injectDropoutMasks(layer: object, masks: DropoutMasks | null): void {
  if (masks === null) injected.delete(layer);
  else injected.set(layer, masks);
}

/** The properties of a call that its masks depend on. */
export interface DropoutRequest {
  readonly training: boolean;
  readonly batch: number;
  readonly features: number;
}

/** True for rates that have an effect. Keras drops nothing at a rate of 1. */
function drops(rate: number): boolean {
  return rate > 0 && rate < 1;
}

/**
 * The dropout generator of a layer. Calls in training draw their masks under consecutive numbers. The number of a
 * failed call is used again, unless a later call has begun since.
 */
export class DropoutGenerator {
  readonly #layer: object;
  readonly #options: GRUOptions;
  readonly #seed: number;
  /** One more than the number of the last call that succeeded. */
  #done = 0;
  readonly #running = new Set<number>();

  constructor(layer: object, options: GRUOptions) {
    this.#layer = layer;
    this.#options = options;
    const seed = options.seed ?? freshSeed();
    // The kernels take seeds in 0..2^53-1, but Keras's seeds may be negative.
    this.#seed = seed < 0 ? seed + Number.MAX_SAFE_INTEGER + 1 : seed;
  }

  /**
   * Draws the masks of a call, if it needs any. Such a call must end with `markSucceeded`, or with `markEnded` if it
   * fails. Returns `null` for a call that needs no masks.
   */
  drawIfNeeded({ training, batch, features }: DropoutRequest): CallDropout | null {
    const { dropout, recurrentDropout } = this.#options;
    return training && (drops(dropout) || drops(recurrentDropout)) ? this.draw(batch, features) : null;
  }

  /** Draws the masks of one call, which must end as described at `drawIfNeeded`. */
  draw(batch: number, features: number): CallDropout {
    const { dropout, recurrentDropout, implementation, units } = this.#options;
    const number = this.#next();
    const masks = injected.get(this.#layer) ?? {
      input: this.#fill(dropout, [implementation === 1 ? 3 : 1, batch, features], 2 * number),
      recurrent: this.#fill(recurrentDropout, [3, batch, units], 2 * number + 1),
    };
    this.#running.add(number);
    return { ...masks, number };
  }

  /** Records that the call has succeeded, which uses up its number. */
  markSucceeded(call: CallDropout): void {
    this.#running.delete(call.number);
    this.#done = Math.max(this.#done, call.number + 1);
  }

  /** Records that the call is over, whether or not it succeeded. It may be called after `markSucceeded`. */
  markEnded(call: CallDropout): void {
    this.#running.delete(call.number);
  }

  #next(): number {
    let next = this.#done;
    for (const number of this.#running) next = Math.max(next, number + 1);
    return next;
  }

  #fill(rate: number, shape: readonly number[], stream: number): NativeArray | null {
    if (!drops(rate)) return null;
    const { kernelDtype, rounding } = this.#options;
    const mask = allocate(kernelDtype, checkedProduct(shape, "dropout"), "dropout");
    native().dropoutMask(mask, this.#seed, stream, rate);
    return rounding === null ? mask : widened(narrowed(mask as Float32Array, rounding), rounding);
  }
}
