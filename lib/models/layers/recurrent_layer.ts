import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors, type Value } from "../compile/values.js";
import { type RecurrentCall, type RecurrentResults, recurrent } from "../emit/recurrent.js";
import { flatten, type Structure } from "../graph/structure.js";
import { type CallArguments, Layer } from "./layer.js";

/** The inputs of a recurrent layer. */
export interface RecurrentInputs {
  readonly x: SymbolicTensor;
  readonly mask: SymbolicTensor | null;
  /** The initial states; `null` when the call has none. */
  readonly states: readonly (SymbolicTensor | null)[] | null;
}

/** The GRUs of a recurrent layer, and what it does with their states. */
export interface RecurrentSettings extends Pick<RecurrentCall, "stages" | "returnSequences"> {
  readonly stateful: boolean;
}

/** A layer that computes GRUs over timesteps. */
export abstract class RecurrentLayer extends Layer {
  override get signature(): readonly string[] {
    return ["sequences", "initial_state", "mask", "training"];
  }

  override get supportsMasking(): boolean {
    return true;
  }

  /** Reads the arguments of a call. tf.keras 2 passes the initial states in one list with the inputs. */
  protected recurrentInputs(args: CallArguments, features: number, stateSizes: readonly number[]): RecurrentInputs {
    const { sequences, initial_state } = args;
    const together = Array.isArray(sequences);
    const x = this.tensor(together ? (sequences[0] as Value) : (sequences as Value), "inputs");
    const given = together && sequences.length > 1 ? sequences.slice(1) : initial_state;
    this.requireRank(x, 2, "inputs of shape (batch, timesteps, features)");
    if (x.shape[1] !== features) throw this.shapeError(`${features} features`, x);
    if (x.shape[0] === 0) throw this.shapeError("at least one timestep", x);
    const mask = maskIn(args.mask ?? null);
    if (mask !== null && (mask.shape.length !== 1 || mask.shape[0] !== x.shape[0])) {
      throw this.shapeError(`a mask of ${x.shape[0]} timesteps`, mask, "mask");
    }
    return { x, mask, states: this.#states(given ?? null, stateSizes) };
  }

  #states(given: Value, sizes: readonly number[]): (SymbolicTensor | null)[] | null {
    if (given === null) return null;
    const states = flatten<unknown>(given as Structure<unknown>);
    if (states.length !== sizes.length) {
      throw this.failure("ERR_SHAPE", "initial_state", `${sizes.length} states`, `${states.length}`);
    }
    return states.map((state, index) => {
      const tensor = this.tensor(state as Value, "initial_state");
      if (tensor.shape.length === 1 && tensor.shape[0] === sizes[index]) return tensor;
      throw this.shapeError(`a state of shape (batch, ${sizes[index]})`, tensor, "initial_state");
    });
  }

  /** Computes the GRUs, and carries their states from call to call if the layer is stateful. */
  protected compute(
    builder: Builder,
    { x, mask, states }: RecurrentInputs,
    { stages, returnSequences, stateful }: RecurrentSettings,
  ): RecurrentResults {
    const halves = stages.flatMap((stage) => stage.halves);
    const carried = stateful
      ? halves.map(({ options }) => builder.like(x, [options.units], options.computeDtype))
      : halves.map(() => null);
    const results = recurrent(builder, { x, mask, stages, initialStates: states ?? carried, returnSequences });
    carried.forEach((before, index) => {
      if (before === null) return;
      const key = `${this.entry.place.names.join("/")}/${index}`;
      builder.carry({ key, before, after: results.states[index] as SymbolicTensor });
    });
    return results;
  }

  /** Returns the outputs and, with `return_state`, the states, in one list. */
  protected results({ outputs, states }: RecurrentResults, returnState: boolean): Tensors {
    const all = returnState ? [...outputs, ...states] : outputs;
    return all.length === 1 ? (all[0] as SymbolicTensor) : all;
  }
}

/** Returns the mask in the argument `mask`. In a list it is the first one, as Keras takes it. */
export function maskIn(mask: Value): SymbolicTensor | null {
  const [first] = Array.isArray(mask) ? mask : [mask];
  return isTensor(first) ? first : null;
}
