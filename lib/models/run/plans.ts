import { type CallShape, type CompiledModel, compileModel } from "../compile/compile_model.js";
import type { ModelLayer } from "../layers/model_layer.js";

/** The most shapes for which a model keeps its programs. */
const MOST_PLANS = 16;

/** The programs of a model, by the shapes of its inputs. Those that were used last are kept. */
export class Plans {
  readonly #model: ModelLayer;
  readonly #plans = new Map<string, CompiledModel>();

  constructor(model: ModelLayer) {
    this.#model = model;
  }

  /** Returns the programs for inputs of these shapes. Throws the errors of compiling. */
  get(shape: CallShape): CompiledModel {
    const sizes = shape.shapes.map((one) => one.join("x")).join(",");
    const keys = [sizes, `${sizes}@${shape.batch}`];
    for (const key of keys) {
      const found = this.#plans.get(key);
      if (found === undefined) continue;
      this.#plans.delete(key);
      this.#plans.set(key, found);
      return found;
    }
    const made = compileModel(this.#model, shape);
    this.#plans.set((made.mode === "divided" ? keys[0] : keys[1]) as string, made);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MOST_PLANS) this.#plans.delete(oldest as string);
    return made;
  }

  /** Forgets all programs. */
  clear(): void {
    this.#plans.clear();
  }
}
