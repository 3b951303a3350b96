import { type Argument, TensorRef } from "../../graph/arguments.js";
import { asObject, type Config, unsupported } from "../../graph/entry.js";
import type { GraphNode } from "../../graph/model_graph.js";
import type { Layer } from "../../layers/layer.js";
import { RecurrentLayer } from "../../layers/recurrent_layer.js";

/** Returns a tensor of the model as Keras 3 serializes it. */
export type WriteTensor = (ref: TensorRef) => Config;

/** Returns a call of a layer as Keras 3 serializes it. Throws `ERR_UNSUPPORTED` for arguments that Keras 3 does not have. */
export function modernCall(layer: Layer, { args, kwargs }: GraphNode, tensor: WriteTensor): Config {
  for (const [key, value] of Object.entries(kwargs)) {
    if (value === null || key === "training" || layer.signature.includes(key)) continue;
    throw unsupported(layer.entry, `Keras 3 has no argument ${key} for a call of this layer`);
  }
  const given = Object.entries(kwargs).filter(([, value]) => value !== null);
  const call = layer instanceof RecurrentLayer ? withStates(args, Object.fromEntries(given)) : { args, kwargs: given };
  return { args: writtenArgument(call.args, tensor), kwargs: writtenArgument(asRecord(call.kwargs), tensor) };
}

function asRecord(kwargs: readonly [string, Argument][] | Readonly<Record<string, Argument>>): Argument {
  return Array.isArray(kwargs) ? Object.fromEntries(kwargs) : (kwargs as Readonly<Record<string, Argument>>);
}

/** tf.keras 2 passes the initial states of a recurrent layer in one list with its inputs, and Keras 3 by their name. */
function withStates(
  args: readonly Argument[],
  kwargs: Readonly<Record<string, Argument>>,
): { args: readonly Argument[]; kwargs: Readonly<Record<string, Argument>> } {
  const [first] = args;
  if (args.length !== 1 || !Array.isArray(first)) return { args, kwargs };
  const [x, ...states] = first as [Argument, ...Argument[]];
  if (states.length === 0) return { args: [x], kwargs };
  return { args: [x], kwargs: { ...kwargs, initial_state: states.length === 1 ? (states[0] as Argument) : states } };
}

/** Returns an argument as Keras 3 serializes it. Arguments of layers are tensors and plain JSON. */
export function writtenArgument(argument: Argument, tensor: WriteTensor): unknown {
  if (argument instanceof TensorRef) return tensor(argument);
  if (Array.isArray(argument)) return argument.map((item: Argument) => writtenArgument(item, tensor));
  const object = asObject(argument);
  if (object === undefined) return argument;
  const entries = Object.entries(object).map(([key, value]) => [key, writtenArgument(value as Argument, tensor)]);
  return Object.fromEntries(entries);
}
