import { type CallShape, type CompiledModel, compileModel } from "../compile/compile_model.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { type HostResults, sameShapes } from "./host_results.js";

/** The most shapes for which a model keeps its programs. */
const MOST_PLANS = 16;

/** The programs of a model, by the shapes of its inputs. Those that were used last are kept. */
export class Plans {
  readonly #model: ModelLayer;
  readonly #plans = new Map<string, CompiledModel>();

  constructor(model: ModelLayer) {
    this.#model = model;
  }

  /**
   * Returns the programs for inputs of these shapes, and for the results of JavaScript that are known. Throws the errors of
   * compiling.
   */
  get(shape: CallShape, known: readonly HostResults[]): CompiledModel {
    const sizes = shape.shapes.map((one) => one.join("x")).join(",");
    const whole = `${sizes}@${shape.batch}`;
    for (const key of [sizes, whole]) {
      const found = this.#plans.get(key);
      if (found === undefined || !fits(found, known)) continue;
      this.#plans.delete(key);
      this.#plans.set(key, found);
      return found;
    }
    const hostShapes = known.map(({ shapes }) => shapes);
    const made = compileModel(this.#model, shape, hostShapes);
    this.#plans.set(made.mode === "divided" ? sizes : whole, made);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MOST_PLANS) this.#plans.delete(oldest as string);
    return made;
  }

  /** Forgets all programs. */
  clear(): void {
    this.#plans.clear();
  }
}

/** True when the programs were compiled for these results of JavaScript, the first of those they were compiled for. */
function fits({ hostShapes }: CompiledModel, known: readonly HostResults[]): boolean {
  return known.every(({ shapes }, index) => {
    const own = hostShapes[index];
    return own !== undefined && sameShapes(own, shapes);
  });
}
