import type { Builder } from "../compile/builder.js";
import type { Causality } from "../compile/streaming.js";
import { isFloat, KERAS_DTYPES, type KerasDtype, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Tensors, type Value } from "../compile/values.js";
import { cast } from "../emit/elementwise.js";
import { type Argument, TensorRef } from "../graph/arguments.js";
import type { Entry } from "../graph/entry.js";
import { entryError } from "../graph/entry.js";
import type { GraphNode, ModelGraph } from "../graph/model_graph.js";
import { flatten, mapStructure, type Structure } from "../graph/structure.js";
import type { Operation } from "../operations/operation.js";
import { callLayer } from "./call_layer.js";
import { type CallArguments, Layer, type LayerSource } from "./layer.js";

/** An input of a model, as its InputLayer describes it. */
export class InputSpec {
  readonly name: string;
  /** The shape with the batch; `null` for a size that the caller chooses. */
  readonly shape: readonly (number | null)[];
  readonly dtype: KerasDtype;
  readonly optional: boolean;

  constructor({ name, shape, dtype, optional }: Omit<InputSpec, never>) {
    this.name = name;
    this.shape = shape;
    this.dtype = dtype;
    this.optional = optional;
  }
}

/** The parts of a model. */
export interface ModelParts {
  readonly graph: ModelGraph;
  /** The layer or operation of each entry of the graph; `null` for an InputLayer. */
  readonly members: readonly (Layer | Operation | null)[];
}

/** A Sequential or functional model, whole or inside of another one. */
export class ModelLayer extends Layer {
  readonly graph: ModelGraph;
  readonly members: readonly (Layer | Operation | null)[];
  #calls: number | null = null;

  constructor(source: LayerSource, { graph, members }: ModelParts) {
    super(source);
    this.graph = graph;
    this.members = members;
    this.children.push(...members.filter((member) => member instanceof Layer));
  }

  /**
   * The number of calls that one call of this model makes. A small file may describe models that call models twice, which do
   * the same, and so on.
   */
  override get calls(): number {
    this.#calls ??= this.#countCalls();
    return this.#calls;
  }

  #countCalls(): number {
    const own = this.members.map((member) => (member instanceof Layer ? member.calls : 1));
    return this.graph.nodes.reduce((sum, { entry }) => sum + (own[entry] as number), 1);
  }

  override get signature(): readonly string[] {
    return ["inputs", "training", "mask"];
  }

  override causality(): Causality {
    return "inside";
  }

  /** Functional models convert each input to the dtype of its InputLayer. */
  override get inputDtype(): KerasDtype | null {
    return null;
  }

  /** The inputs in Keras's order, with the structure in which `predict` takes them. */
  get inputs(): Structure<InputSpec> {
    return mapStructure(this.graph.inputs, (input) => this.#spec(input));
  }

  #spec({ layer }: TensorRef): InputSpec {
    const entry = this.graph.entries.find(({ name }) => name === layer);
    if (entry === undefined || entry.className !== "InputLayer") return this.#implicitSpec();
    const { config } = entry;
    const shape = config.batch_shape ?? config.batch_input_shape;
    return new InputSpec({
      name: entry.name,
      shape: readShape(entry, shape),
      dtype: readDtype(entry, config.dtype),
      optional: config.optional === true,
    });
  }

  #implicitSpec(): InputSpec {
    const shape = this.graph.implicitInput?.shape ?? null;
    if (shape === null) {
      const remedy = "Call the model once, or give it an Input, and save it again";
      throw entryError(this.entry, `it was saved before it was built, so it has no weights. ${remedy}`);
    }
    const [first] = this.children as [Layer];
    const name = `${first.entry.name}_input`;
    return new InputSpec({ name, shape: readShape(this.entry, shape), dtype: first.computeDtype, optional: false });
  }

  override call(builder: Builder, args: CallArguments): Tensors {
    const given = flatten<unknown>(args.inputs as Structure<unknown>);
    const masks =
      args.mask === null || args.mask === undefined ? [] : flatten<unknown>(args.mask as Structure<unknown>);
    const specs = flatten(this.graph.inputs);
    if (given.length !== specs.length) {
      throw this.failure("ERR_SHAPE", "inputs", `${specs.length} tensors`, `${given.length}`);
    }
    const outputs = new Map<string, Tensors>();
    specs.forEach((ref, index) => {
      const mask = masks[index];
      const x = this.#fitted(builder, this.tensor(given[index] as Value, "inputs"), ref);
      outputs.set(`${ref.layer}\u0000${ref.node}`, isTensor(mask) ? x.withMask(mask) : x);
    });
    for (const node of this.graph.nodes) this.#callNode(builder, node, outputs);
    const results = mapStructure(this.graph.outputs, (ref) => this.#resolve(ref, outputs) as SymbolicTensor);
    return unpacked(results);
  }

  /** Converts an input to the dtype and the rank that the InputLayer has, as Keras does. */
  #fitted(builder: Builder, given: SymbolicTensor, ref: TensorRef): SymbolicTensor {
    const entry = this.graph.entries.find(({ name }) => name === ref.layer);
    if (entry?.className !== "InputLayer")
      return isFloat(given.dtype) ? cast(builder, given, this.#firstDtype).withMask(given.mask) : given;
    const { shape, dtype } = this.#spec(ref);
    const x = cast(builder, given, dtype).withMask(given.mask);
    if (x.rank === shape.length + 1 && x.shape.at(-1) === 1) return x.as({ shape: x.shape.slice(0, -1), mask: x.mask });
    if (x.rank === shape.length - 1 && shape.at(-1) === 1) return x.as({ shape: [...x.shape, 1], mask: x.mask });
    // A stream gives a few timesteps of a sequence, whatever its length.
    const first = builder.stream === null ? 0 : 1;
    const isSize = (size: number, axis: number) => axis < first || (shape[axis + 1] ?? size) === size;
    const fits = x.rank === shape.length && x.shape.every(isSize);
    if (fits) return x;
    throw this.shapeError(`shape [${shape.map(String).join(", ")}] for input ${JSON.stringify(ref.layer)}`, x);
  }

  get #firstDtype(): KerasDtype {
    return this.children[0]?.computeDtype ?? "float32";
  }

  #callNode(builder: Builder, node: GraphNode, outputs: Map<string, Tensors>): void {
    const entry = this.graph.entries[node.entry] as Entry;
    const member = this.members[node.entry];
    if (member === null || member === undefined) return;
    const resolve = (argument: Argument): Value => this.#argument(argument, outputs);
    const args = node.args.map(resolve);
    const kwargs = Object.fromEntries(Object.entries(node.kwargs).map(([key, value]) => [key, resolve(value)]));
    const result =
      member instanceof Layer ? callLayer(builder, member, args, kwargs) : member.call(builder, args, kwargs);
    outputs.set(`${entry.name}\u0000${node.node}`, result);
  }

  #argument(argument: Argument, outputs: ReadonlyMap<string, Tensors>): Value {
    if (argument instanceof TensorRef) return this.#resolve(argument, outputs) as Value;
    if (Array.isArray(argument)) return argument.map((item: Argument) => this.#argument(item, outputs));
    if (typeof argument !== "object" || argument === null || Object.getPrototypeOf(argument) !== Object.prototype) {
      return argument as Value;
    }
    return Object.fromEntries(Object.entries(argument).map(([key, value]) => [key, this.#argument(value, outputs)]));
  }

  #resolve({ layer, node, tensor }: TensorRef, outputs: ReadonlyMap<string, Tensors>): Tensors {
    const all = outputs.get(`${layer}\u0000${node}`);
    if (all === undefined)
      throw entryError(this.entry, `expected an output of ${JSON.stringify(layer)} but found none`);
    if (tensor === null) return all;
    const found = flatten(all)[tensor];
    if (found === undefined) {
      throw entryError(
        this.entry,
        `expected output ${tensor} of ${JSON.stringify(layer)} but found ${flatten(all).length}`,
      );
    }
    return found;
  }
}

/** Keras returns the only output of a list of one. */
function unpacked(results: Tensors): Tensors {
  return Array.isArray(results) && results.length === 1 ? (results[0] as Tensors) : results;
}

function readShape(entry: Entry, shape: unknown): (number | null)[] {
  const isSize = (size: unknown) =>
    size === null || (typeof size === "number" && Number.isSafeInteger(size) && size >= 0);
  if (Array.isArray(shape) && shape.length > 0 && shape.length <= 16 && shape.every(isSize)) return shape;
  throw entryError(entry, `expected the shape of an input but found ${JSON.stringify(shape)?.slice(0, 100)}`);
}

function readDtype(entry: Entry, dtype: unknown): KerasDtype {
  const found = KERAS_DTYPES.find((known) => known === (dtype ?? "float32"));
  if (found !== undefined) return found;
  throw entryError(
    entry,
    `expected an input of numbers but found dtype ${JSON.stringify(dtype)?.slice(0, 100)}`,
    "ERR_UNSUPPORTED",
  );
}
