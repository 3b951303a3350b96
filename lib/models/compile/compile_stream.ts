import { expectedText } from "../../errors/messages.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { assemble, type ProgramStep } from "./assemble.js";
import { Builder, type CarriedTensor, MixesSamples } from "./builder.js";
import { ownMemory } from "./compile_model.js";
import { StreamCompilation } from "./streaming.js";
import type { SymbolicTensor } from "./symbolic.js";
import type { Tensors, Value } from "./values.js";

/** An output of a stream. */
export class StreamOutput {
  readonly tensor: SymbolicTensor;
  /** Whether it has an element for each timestep, and not only one for the last. */
  readonly hasSteps: boolean;

  constructor(tensor: SymbolicTensor, hasSteps: boolean) {
    this.tensor = tensor;
    this.hasSteps = hasSteps;
  }
}

/** A model that is compiled for the next timesteps of a stream. */
export interface CompiledStream {
  /** `null` for a model without any instruction. */
  readonly step: ProgramStep | null;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: Structure<StreamOutput>;
  readonly states: readonly CarriedTensor[];
}

/** The shapes of one timestep of each input. */
export type FrameShapes = readonly (readonly number[])[];

/** Throws `ERR_UNSUPPORTED`, naming the layer, when `model` cannot be computed in a stream. */
export function requireCausal(model: ModelLayer, frames: FrameShapes): void {
  traced(model, frames, StreamCompilation.TRIAL);
}

/**
 * Compiles `model` for `steps` timesteps at a time. `frames` are the shapes of one timestep of each input.
 *
 * Throws `ERR_UNSUPPORTED`, naming the layer, when the model is not causal.
 */
export function compileStream(model: ModelLayer, frames: FrameShapes, steps: number): CompiledStream {
  const { builder, stream, inputs, results } = traced(model, frames, steps);
  const marks = flatten(results).map((tensor) => stream.isSequence(tensor));
  const outputs = ownMemory(builder, results, inputs);
  const [step = null] = assemble(builder, { inputs, outputs: flatten(outputs) }) as ProgramStep[];
  let at = 0;
  return {
    step,
    inputs,
    outputs: mapStructure(outputs, (tensor) => new StreamOutput(tensor, marks[at++] as boolean)),
    states: builder.states,
  };
}

interface Traced {
  readonly builder: Builder;
  readonly stream: StreamCompilation;
  readonly inputs: readonly SymbolicTensor[];
  readonly results: Tensors;
}

function traced(model: ModelLayer, frames: FrameShapes, steps: number): Traced {
  const stream = new StreamCompilation(steps);
  const builder = new Builder("divided", { stream });
  const specs = flatten(model.inputs);
  const inputs = specs.map(({ dtype }, index) =>
    builder.tensor([steps, ...(frames[index] as readonly number[])], dtype),
  );
  for (const input of inputs) stream.mark(input);
  let index = 0;
  const given = mapStructure(model.inputs, () => inputs[index++] as SymbolicTensor);
  try {
    const results = model.call(builder, { inputs: given as Value, training: null, mask: null });
    return { builder, stream, inputs, results };
  } catch (error) {
    if (!(error instanceof MixesSamples)) throw error;
    const received = "one that combines the samples of a batch";
    throw expectedText("ERR_UNSUPPORTED", "stream", "a model whose layers look only back", received);
  }
}
