import type { GRUError } from "../../errors/gru_error.js";
import type { LayerParts as RecurrentHalf } from "../../layers/layer_parts.js";
import type { Builder } from "../compile/builder.js";
import type { SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors, type Value } from "../compile/values.js";
import { binary, select } from "../emit/elementwise.js";
import { padded, strided } from "../emit/movement.js";
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

  /** Computes the GRUs, and carries their states from call to call if the layer is stateful, or in a stream. */
  protected compute(
    builder: Builder,
    { x, mask, states }: RecurrentInputs,
    { stages, returnSequences, stateful }: RecurrentSettings,
  ): RecurrentResults {
    const halves = stages.flatMap((stage) => stage.halves);
    const streams = builder.stream?.isSequence(x) === true;
    if (streams && states !== null) throw this.#notInStream("begins with a state of another layer");
    if (builder.stream !== null && stateful && !streams) throw this.#notInStream("carries a state of whole sequences");
    const path = this.entry.place.names.join("/");
    const keys = streams
      ? halves.map((_, index) => `${path}#${builder.nextCallNumber()}/${index}`)
      : halves.map((_, index) => `${path}/${index}`);
    const carries = streams || stateful;
    const before = halves.map(({ options }, index) =>
      carries ? builder.carried(keys[index] as string, x, [options.units], options.computeDtype) : null,
    );
    const results = recurrent(builder, { x, mask, stages, initialStates: states ?? before, returnSequences });
    if (carries) for (const [index, key] of keys.entries()) builder.carry(key, results.states[index] as SymbolicTensor);
    const last = halves.at(-1) as RecurrentHalf;
    if (!streams || mask === null || last.options.zeroOutputForMask) return results;
    return { ...results, outputs: withEarlierOutput(builder, results, mask, before.at(-1) as SymbolicTensor) };
  }

  #notInStream(why: string): GRUError {
    return this.failure("ERR_UNSUPPORTED", "stream", "layers that look only back", `a layer that ${why}`);
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

/**
 * Returns the output of a stream with a mask. Keras repeats the last output at masked timesteps, and it may come from an
 * earlier run of the stream, whose last output is the state that the stream carried.
 */
function withEarlierOutput(
  builder: Builder,
  { outputs }: RecurrentResults,
  mask: SymbolicTensor,
  before: SymbolicTensor,
): SymbolicTensor[] {
  const [steps] = mask.shape as [number];
  const isLast = (outputs[0] as SymbolicTensor).shape.length === 1;
  const all = unmaskedSoFar(builder, mask);
  const began = isLast ? strided(builder, all, [[steps - 1, 1, 1]]) : all.as({ shape: [steps, 1] });
  return outputs.map((output) =>
    select(builder, began, output, isLast ? before : before.as({ shape: [1, ...before.shape] })),
  );
}

/** Returns for each timestep whether it or any before it is not masked. */
function unmaskedSoFar(builder: Builder, mask: SymbolicTensor): SymbolicTensor {
  const [steps] = mask.shape as [number];
  let all = mask;
  for (let reach = 1; reach < steps; reach *= 2) {
    const earlier = padded(builder, strided(builder, all, [[0, 1, steps - reach]]), [[reach, 0]], 0);
    all = binary(builder, "logical_or", all, earlier, "bool");
  }
  return all;
}
