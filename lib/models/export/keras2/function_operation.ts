import { type Argument, TensorRef } from "../../graph/arguments.js";
import { asObject, type Config, type Entry, unsupported } from "../../graph/entry.js";
import type { GraphNode } from "../../graph/model_graph.js";
import { kerasOperationOf, type TensorFlowFunction } from "../../operations/tensorflow.js";
import { type WriteTensor, writtenArgument } from "./modern_arguments.js";

/** The arguments that Keras's operations keep in their configs, where there are any. */
const IN_CONFIG: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [
    "All Any Max Mean Min Prod Std Sum Var Logsumexp=axis keepdims",
    "Argmax Argmin Concatenate ExpandDims Flip LogSoftmax Softmax Squeeze Stack=axis",
    "Cast=dtype",
    "Clip=x_min x_max",
    "LeakyRelu=negative_slope",
    "Normalize=axis epsilon",
    "OneHot=num_classes axis",
    "Repeat=repeats axis",
    "Reshape=newshape",
    "Tile=repeats",
    "Transpose=axes",
    "Unstack=num axis",
  ].flatMap((line) => {
    const [operations = "", names = ""] = line.split("=");
    return operations.split(" ").map((name) => [name, names.split(" ")]);
  }),
);

/** The other arguments, in the order in which all operations take them. */
const POSITIONAL = ["condition", "x", "xs", "variable", "x1", "x2", "key"];

/** Operations whose axis, when it is left out, is another one than TensorFlow's. */
const NEEDS_AXIS = new Set(["Argmax", "Argmin", "Normalize"]);

const REMEDY = "Make this part of the model of Keras layers and save it again, or convert to .weights.h5";

/**
 * Returns a TFOpLambda or SlicingOpLambda layer as the operation of Keras 3 that computes the same, with its calls.
 *
 * Throws `ERR_UNSUPPORTED`, naming the layer, when there is none.
 */
export function modernOperation(entry: Entry, nodes: readonly GraphNode[], tensor: WriteTensor): Config {
  const name = String(entry.config.function);
  const known = kerasOperationOf(name);
  if (known === undefined) throw refusal(entry, "no operation of Keras 3 is known to compute the same");
  const [module, className] = known.operation.split(".") as [string, string];
  const calls = nodes.map((node) => namedArguments(entry, node, known.names));
  const [config, ...others] = calls.map((values) => operationConfig(entry, className, values));
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(config))) {
    throw refusal(entry, "its calls have different arguments, which one operation of Keras 3 cannot have");
  }
  return {
    module: `keras.src.ops.${module}`,
    class_name: className,
    config: { ...config, name: entry.name },
    registered_name: className,
    inbound_nodes: calls.map((values) => ({ args: operands(entry, values, tensor), kwargs: {} })),
  };
}

type Named = ReadonlyMap<string, Argument>;

/** Returns the arguments of a call by Keras's names. `null` is left out: both have a default of the same meaning for it. */
function namedArguments(entry: Entry, { args, kwargs }: GraphNode, names: TensorFlowFunction["names"]): Named {
  const order = Object.keys(names);
  const positional = args.map((value, index): [string, Argument] => [order[index] ?? `argument ${index}`, value]);
  const named = new Map<string, Argument>();
  for (const [name, value] of [...positional, ...Object.entries(kwargs)]) {
    const target = Object.hasOwn(names, name) ? (names[name] as string) : undefined;
    if (name === "name" || value === null) continue;
    if (target !== undefined) named.set(target, value);
    else if (value !== false) throw refusal(entry, `its argument ${name} has no counterpart in Keras 3`);
  }
  return named;
}

/** Returns the config of the operation: the arguments that are no tensors. */
function operationConfig(entry: Entry, className: string, values: Named): Config {
  if (NEEDS_AXIS.has(className) && typeof values.get("axis") !== "number") {
    throw refusal(entry, "without one axis it means something else in Keras 3");
  }
  const config: Record<string, unknown> = {};
  for (const key of IN_CONFIG[className] ?? []) {
    const value = values.get(key);
    if (value === undefined) continue;
    if (!isConstant(value)) throw refusal(entry, `its argument ${key} is a tensor, which Keras 3 does not allow there`);
    config[key] = key === "axis" && Array.isArray(value) && value.length === 1 ? value[0] : value;
  }
  // TensorFlow bounds the sum of the squares, and Keras the norm.
  if (className === "Normalize") config.epsilon = Math.sqrt(Number(config.epsilon ?? 1e-12));
  return config;
}

function isConstant(value: Argument): boolean {
  return Array.isArray(value) ? value.every(isConstant) : typeof value !== "object";
}

/** Returns the tensors of a call, and what stands for tensors, in the order of the operation's parameters. */
function operands(entry: Entry, values: Named, tensor: WriteTensor): unknown[] {
  const given = POSITIONAL.filter((key) => values.has(key));
  if (values.has("x1") !== values.has("x2")) throw refusal(entry, "it has one operand, and Keras 3 wants two");
  const operand = (key: string): unknown => {
    const value = values.get(key) as Argument;
    if (key === "key") return writtenKey(entry, value);
    if (typeof value === "number" || typeof value === "boolean" || value instanceof TensorRef) {
      return writtenArgument(value, tensor);
    }
    if (!Array.isArray(value)) throw refusal(entry, `its argument ${key} is no tensor`);
    return value.every((item) => item instanceof TensorRef) ? writtenArgument(value, tensor) : array(key, value);
  };
  const array = (key: string, value: readonly Argument[]): Config => {
    const other = given
      .map((one) => values.get(one))
      .find((one, at) => given[at] !== "condition" && one instanceof TensorRef);
    if (!isConstant(value) || !(other instanceof TensorRef)) {
      throw refusal(entry, `its argument ${key} mixes tensors and numbers`);
    }
    // TensorFlow makes it a tensor of the type of the other operand.
    return { class_name: "__numpy__", config: { value, dtype: asObject(tensor(other).config)?.dtype } };
  };
  return given.map(operand);
}

/** Returns an index as Keras 3 serializes it. */
function writtenKey(entry: Entry, given: Argument): unknown[] {
  const list: readonly Argument[] = Array.isArray(given) ? given : [given];
  return list.map((item) => {
    if (item === null || typeof item === "number") return item;
    const object = asObject(item);
    if (object?.class_name === "__ellipsis__") return { class_name: "__ellipsis__", config: {} };
    const { start = null, stop = null, step = null } = object ?? {};
    const isSlice = object !== undefined && "start" in object;
    if (isSlice && [start, stop, step].every((bound) => bound === null || typeof bound === "number")) {
      return { class_name: "__slice__", config: { start, stop, step } };
    }
    throw refusal(entry, "its index has tensors in it");
  });
}

function refusal(entry: Entry, message: string): Error {
  return unsupported(entry, `tf.${String(entry.config.function)} cannot be written for Keras 3: ${message}`, REMEDY);
}
