import type { GRUOptions } from "../../arguments/constructor.js";
import { disposed, notBuilt } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import { lockedWhile, requireUnlocked, type VariableOwner } from "../../variables/variable.js";
import { GRUWeights } from "./gru_weights.js";
import { requireFit, type WeightsFile } from "./load_weights.js";

/** The weights of one layer during its life. There are none before the layer is built and after it is disposed. */
export class LayerWeights {
  readonly #options: GRUOptions;
  readonly #name: string;
  readonly #owner: VariableOwner;
  #current: GRUWeights | null = null;
  #disposed = false;

  constructor(options: GRUOptions, name: string, owner: VariableOwner) {
    this.#options = options;
    this.#name = name;
    this.#owner = owner;
  }

  /** The current weights; `null` when there are none. */
  get current(): GRUWeights | null {
    return this.#current;
  }

  /** The number of features that the layer is built for; `null` before it is built. */
  get features(): number | null {
    return this.#current === null ? null : this.#current.features;
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Throws `ERR_DISPOSED` after the layer's `dispose`. */
  requireAlive(): void {
    if (this.#disposed) throw disposed("layer", this.#name);
  }

  /** Throws `ERR_DISPOSED`, or `ERR_STATE` inside user code that the layer runs, which may not call `method`. */
  requireFree(method: string): void {
    this.requireAlive();
    requireUnlocked(this.#owner, method);
  }

  /** Returns the weights. Throws `ERR_DISPOSED`, or `ERR_NOT_BUILT` naming `method`. */
  requireBuilt(method: string): GRUWeights {
    this.requireAlive();
    if (this.#current !== null) return this.#current;
    throw notBuilt(method);
  }

  /**
   * Returns the weights for inputs of so many features, and makes them if there are none. Throws `ERR_DISPOSED` and
   * `ERR_SHAPE` too, because reading a call's arguments may have run user code that disposed or built the layer.
   */
  forFeatures(features: number): GRUWeights {
    this.requireAlive();
    this.#current ??= lockedWhile(
      this.#owner,
      () => new GRUWeights(this.#options, features, this.#name, this.#owner, "initial"),
    );
    if (this.#current.features !== features) {
      throw expectedText("ERR_SHAPE", "inputs", `${this.#current.features} features`, `${features}`);
    }
    return this.#current;
  }

  /**
   * Sets the weights to those in a file, and builds the layer if it is not built. When the weights do not fit, throws
   * and changes nothing.
   */
  takeOver(read: WeightsFile): void {
    this.requireAlive();
    requireFit(read, this.#options, this.features);
    const { features, weights } = read.file;
    const current = this.#current ?? new GRUWeights(this.#options, features, this.#name, this.#owner, "zeros");
    current.set(weights);
    this.#current = current;
  }

  /** Makes every later use throw `ERR_DISPOSED`. Calls in flight keep the weights until `free`. */
  dispose(): void {
    this.#disposed = true;
  }

  /** Frees the weights. Call it after `dispose`, when the last call has ended. */
  free(): void {
    this.#current?.dispose();
    this.#current = null;
  }
}
