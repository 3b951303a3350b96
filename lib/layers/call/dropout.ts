import type { GRUOptions } from "../../arguments/constructor.js";
import { allocate } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { freshSeed } from "../../keras/seed_generator.js";
import type { NativeArray } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { narrowed, widened } from "../../native/sixteen_bit.js";

/** The multipliers of one call: input (1 or 3, batch, features), recurrent (3, batch, units), in the gate order z, r, h. */
export interface DropoutMasks {
  input: NativeArray | null;
  recurrent: NativeArray | null;
}

/** Masks of one call, and its number in the generator. */
export interface Draw extends DropoutMasks {
  ticket: number;
}

const injected = new WeakMap<object, DropoutMasks>();

/**
 * For tests only, and so not exported by the package: from now on, `layer` uses these masks in training in place of
 * drawn ones, until `null` is given.
 */
export function injectDropoutMasks(layer: object, masks: DropoutMasks | null): void {
  if (masks === null) injected.delete(layer);
  else injected.set(layer, masks);
}

/** What the masks of a call depend on. */
export interface DropoutRequest {
  readonly training: boolean;
  readonly batch: number;
  readonly features: number;
}

/** True for the rates that have an effect; Keras drops nothing at a rate of 1. */
function drops(rate: number): boolean {
  return rate > 0 && rate < 1;
}

/**
 * A layer's dropout generator. Calls in training draw their masks under consecutive numbers; the number of a call that
 * failed is used again, unless a later call has begun since.
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
    // The kernels take 0..2^53-1; Keras's seeds may be negative.
    this.#seed = seed < 0 ? seed + Number.MAX_SAFE_INTEGER + 1 : seed;
  }

  /** The masks of a call, which must end with `keep` or `release`; `null` where it needs none. */
  drawFor({ training, batch, features }: DropoutRequest): Draw | null {
    const { dropout, recurrentDropout } = this.#options;
    return training && (drops(dropout) || drops(recurrentDropout)) ? this.draw(batch, features) : null;
  }

  /** Runs `compute`, a synchronous call, with its masks. */
  during<T>(request: DropoutRequest, compute: (draw: Draw | null) => T): T {
    const draw = this.drawFor(request);
    if (draw === null) return compute(null);
    try {
      const result = compute(draw);
      this.keep(draw);
      return result;
    } finally {
      this.release(draw);
    }
  }

  /** Draws the masks of one call, which must end with `keep` or `release`. */
  draw(batch: number, features: number): Draw {
    const { dropout, recurrentDropout, implementation, units } = this.#options;
    const ticket = this.#next();
    const masks = injected.get(this.#layer) ?? {
      input: this.#fill(dropout, [implementation === 1 ? 3 : 1, batch, features], 2 * ticket),
      recurrent: this.#fill(recurrentDropout, [3, batch, units], 2 * ticket + 1),
    };
    this.#running.add(ticket);
    return { ...masks, ticket };
  }

  /** The call has succeeded. */
  keep(draw: Draw): void {
    this.#running.delete(draw.ticket);
    this.#done = Math.max(this.#done, draw.ticket + 1);
  }

  /** The call has failed. */
  release(draw: Draw): void {
    this.#running.delete(draw.ticket);
  }

  #next(): number {
    let next = this.#done;
    for (const ticket of this.#running) next = Math.max(next, ticket + 1);
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
