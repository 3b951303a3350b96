import type { GRUOptions } from "../../arguments/constructor.js";
import { disposed, notBuilt } from "../../errors/layer_errors.js";
import { expectedText } from "../../errors/messages.js";
import { lockedWhile, requireUnlocked, type VariableOwner } from "../../variables/variable.js";
import { GRUWeights } from "./gru_weights.js";
import { requireFit, type WeightsFile } from "./load_weights.js";

/** The weights of one layer over its life: there are none before the layer is built, and none after it is disposed. */
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

  /** `null` while there are none. */
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

  /** Throws `ERR_DISPOSED`, or `ERR_STATE` inside the user's code that the layer runs, which may not call `method`. */
  requireFree(method: string): void {
    this.requireAlive();
    requireUnlocked(this.#owner, method);
  }

  /** The weights. Throws `ERR_DISPOSED`, or `ERR_NOT_BUILT` naming `method`. */
  requireBuilt(method: string): GRUWeights {
    this.requireAlive();
    if (this.#current !== null) return this.#current;
    throw notBuilt(method);
  }

  /**
   * The weights for inputs of so many features, made now where there are none. Throws `ERR_DISPOSED` and `ERR_SHAPE` too:
   * reading a call's arguments may have run code of the caller's, which disposed or built the layer.
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

  /** Takes over the weights of a file, and builds the layer with them. Throws, with nothing changed, where they do not fit. */
  takeOver(read: WeightsFile): void {
    this.requireAlive();
    requireFit(read, this.#options, this.features);
    const { features, weights } = read.file;
    const current = this.#current ?? new GRUWeights(this.#options, features, this.#name, this.#owner, "zeros");
    current.set(weights);
    this.#current = current;
  }

  /** Refuses every further use. The weights stay for the calls in flight, until `free`. */
  dispose(): void {
    this.#disposed = true;
  }

  /** Frees the weights; to be called after `dispose` and after the last call. */
  free(): void {
    this.#current?.dispose();
    this.#current = null;
  }
}
