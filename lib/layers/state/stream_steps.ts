import { allocateShared } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import { requireWhole } from "../../arguments/typed_array.js";
import type { NativeGru } from "../../native/binding.js";
import { writeTo } from "../../native/intrinsics.js";
import type { FloatArray } from "../../tensor/tensor.js";
import type { LayerParts } from "../layer_parts.js";
import type { StreamState } from "./stream_state.js";

/**
 * Computes a stream's single timesteps, from one array to another. Nobody can detach these arrays, so native code keeps
 * their addresses, and a step need not read any argument.
 */
export class StreamSteps {
  /** The frame of the next step, (batch, features). */
  readonly input: FloatArray;
  /** The result of the last step, (batch, units). */
  readonly output: FloatArray;
  readonly state: StreamState;
  readonly #layer: LayerParts;
  /** True when the addon can compute a step with nothing but its own memory: on the CPU, without functions of the user. */
  readonly #bindable: boolean;
  #bound: (() => void) | null = null;
  /** The native layer that `#bound` computes with. */
  #boundTo: NativeGru | null = null;

  constructor(layer: LayerParts, state: StreamState, features: number) {
    const { computeDtype, units, useCudnn } = layer.options;
    this.#layer = layer;
    this.state = state;
    this.#bindable = layer.custom === null && useCudnn !== true;
    this.input = allocateShared(computeDtype, checkedProduct([state.batch, features], "frame"), "frame");
    this.output = allocateShared(computeDtype, checkedProduct([state.batch, units], "output"), "output");
  }

  /** Computes one timestep, and copies the result to `target` if there is one. Throws the errors of `GRUStream.push`. */
  step(target: FloatArray | null): void {
    if (!this.#bindable) {
      this.state.compute(this.input, this.output, 1, () => this.#copyTo(target));
      return;
    }
    const gru = this.#layer.weights.requireBuilt("step").packed();
    if (this.#bound === null || gru !== this.#boundTo) {
      this.#bound = gru.bindStep(this.input, this.output, this.state.current, this.state.batch);
      this.#boundTo = gru;
    }
    this.#bound();
    if (target !== null) writeTo(target, this.output);
  }

  #copyTo(target: FloatArray | null): void {
    if (target === null) return;
    // A custom activation may have detached it.
    requireWhole(target, this.output.length, "out");
    writeTo(target, this.output);
  }
}
