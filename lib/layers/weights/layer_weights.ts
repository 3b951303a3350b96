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
  /** The layer's place, which begins the paths of its variables. */
  #path: string;
  readonly #owner: VariableOwner;
  #current: GRUWeights | null = null;
  #disposed = false;

  constructor(options: GRUOptions, name: string, owner: VariableOwner) {
    this.#options = options;
    this.#name = name;
    this.#path = name;
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
    this.#current = this.candidate(features, "initial");
    return this.#current;
  }

  /**
   * Returns the weights that `forFeatures` returns. New ones do not become those of the layer before `adopt`. Until
   * then the layer has not changed.
   */
  candidate(features: number, start: "initial" | "zeros"): GRUWeights {
    this.requireAlive();
    if (this.#current === null) {
      return lockedWhile(this.#owner, () => new GRUWeights(this.#options, features, this.#path, this.#owner, start));
    }
    if (this.#current.features !== features) {
      throw expectedText("ERR_SHAPE", "inputs", `${this.#current.features} features`, `${features}`);
    }
    return this.#current;
  }

  /** Makes `weights`, which `candidate` returned, the weights of the layer. */
  adopt(weights: GRUWeights): void {
    this.#current = weights;
  }

  /**
   * Says that the layer is inside of the layer `outer`. The paths of variables that are made later begin with that name.
   * Returns a function that puts the layer back to where it was.
   */
  placeInside(outer: string): () => void {
    const before = this.#path;
    this.#path = `${outer}/${this.#name}`;
    return () => {
      this.#path = before;
    };
  }

  /**
   * Sets the weights to those in a file, and builds the layer if it is not built. When the weights do not fit, throws
   * and changes nothing.
   */
  takeOver(read: WeightsFile): void {
    this.requireAlive();
    requireFit(read, this.#options, this.features);
    const current = this.candidate(this.features ?? read.file.features, "zeros");
    current.set(read.file.weights);
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
