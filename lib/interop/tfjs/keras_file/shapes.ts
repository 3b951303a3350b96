// The shapes of all tensors of a model, as tfjs's layers compute them.
import type * as tfjs from "@tensorflow/tfjs";
import { tf } from "../load_tfjs.js";
import { CallBudget } from "./call_budget.js";
import type { CommonModel, PlainLayer } from "./common_model.js";
import type { ConvertedLayer } from "./convert_layer.js";
import { keyOf, type Ref } from "./ref.js";
import { malformed } from "./refusal.js";
import type { Config, Shape } from "./rules/rule.js";

/** The shapes of the tensors of one model. */
export interface Shapes {
  /** Returns the shape of a tensor of the model. */
  of(ref: Ref): Shape;
  /** Returns the shapes of the tensors of an inner model in its first call. */
  inner(layer: string): Shapes;
}

/** The method of tfjs's layers that compares inputs with what the layer expects. */
interface Checking {
  assertInputCompatibility(inputs: readonly { shape: Shape; rank: number }[]): void;
}

type FromConfig = (cls: unknown, config: object, customObjects: object) => tfjs.layers.Layer;

/** Returns the config from which tfjs makes a layer that is called first with an input of this shape. */
export function sizedConfig({ rule, tfjs }: ConvertedLayer, input: Shape): Config {
  return rule.sized?.(tfjs, input) ?? tfjs;
}

/** Makes a layer of tfjs that is not built, so it has no weights. */
function makeLayer({ converted, where }: PlainLayer, [input = []]: readonly Shape[]): tfjs.layers.Layer {
  const { rule } = converted;
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const [cls, fromConfig] = classNameMap[rule.tfjs] as unknown as [unknown, FromConfig];
  return attempt(where, () => fromConfig(cls, structuredClone(sizedConfig(converted, input)), {}));
}

/** Runs `use`, in which tfjs may find the layer to be wrong. */
function attempt<T>(where: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw malformed(where, `tfjs does not accept it: ${(error as Error).message}`, error);
  }
}

/**
 * Computes the shapes of all tensors of `model`. No layer is built, so this takes no memory for weights.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if tfjs does not accept a layer, or its inputs; `ERR_UNSUPPORTED` for a layer that
 * tfjs computes in another way for inputs of these shapes.
 */
export function shapesOf(model: CommonModel, given: readonly Shape[] = [], budget = new CallBudget()): Shapes {
  const known = new Map<string, Shape>();
  const inner = new Map<string, Shapes>();
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const made = new Map<string, tfjs.layers.Layer>();
  model.inputs.forEach((ref, index) => {
    const layer = layers.get(ref.layer);
    const own = layer?.kind === "input" ? layer.shape : [];
    known.set(keyOf(ref), given[index] ?? own);
  });

  for (const [name, call] of callsInOrder(model)) {
    const layer = layers.get(name);
    if (layer === undefined || layer.kind === "input") continue;
    budget.take();
    const { inputs } = layer.calls[call] as (typeof layer.calls)[number];
    // States add no dimension to the outputs, and tfjs's layers compute shapes without them.
    const shapes = inputs.map((ref) => known.get(keyOf(ref)) as Shape);
    let outputs: readonly Shape[];
    if (layer.kind === "model") {
      const own = shapesOf(layer.model, shapes, budget);
      if (!inner.has(name)) inner.set(name, own);
      outputs = layer.model.outputs.map((ref) => own.of(ref));
    } else {
      const tfjsLayer = made.get(name) ?? makeLayer(layer, shapes);
      made.set(name, tfjsLayer);
      outputs = outputShapes(layer, tfjsLayer, shapes);
      layer.converted.rule.check?.(layer.converted.keras, layer.where, shapes);
    }
    outputs.forEach((shape, output) => {
      known.set(keyOf({ layer: name, call, output }), shape);
    });
  }
  return { of: (ref) => known.get(keyOf(ref)) as Shape, inner: (layer) => inner.get(layer) as Shapes };
}

function outputShapes(layer: PlainLayer, made: tfjs.layers.Layer, inputs: readonly Shape[]): Shape[] {
  const { where } = layer;
  const argument = (inputs.length === 1 ? inputs[0] : inputs) as (number | null)[];
  return attempt(where, () => {
    (made as unknown as Checking).assertInputCompatibility(inputs.map((shape) => ({ shape, rank: shape.length })));
    // tfjs checks the shapes of the inputs where it builds a layer.
    if (layer.converted.rule.weights === undefined && !made.built) made.build([...argument] as never);
    const computed = made.computeOutputShape(structuredClone(argument) as never) as unknown;
    const list = (Array.isArray((computed as unknown[])[0]) ? computed : [computed]) as (number | null)[][];
    for (const shape of list) {
      if (shape.some((size) => size !== null && !(Number.isSafeInteger(size) && size >= 0))) {
        throw new Error(`its output would have the shape [${shape.join()}]`);
      }
    }
    return list;
  });
}

/** Returns the calls of a model in an order in which each comes after those whose outputs it takes. */
export function callsInOrder(model: CommonModel): [layer: string, call: number][] {
  const waiting = new Map<string, number>();
  const followers = new Map<string, [string, number][]>();
  const ready: [string, number][] = [];
  for (const { name, calls, kind } of model.layers) {
    calls.forEach(({ inputs, states }, call) => {
      const sources = new Set([...inputs, ...states].map((ref) => `${ref.layer}:${ref.call}`));
      waiting.set(`${name}:${call}`, sources.size);
      for (const source of sources) {
        const list = followers.get(source) ?? [];
        list.push([name, call]);
        followers.set(source, list);
      }
    });
    if (kind === "input") ready.push([name, 0]);
  }
  for (let at = 0; at < ready.length; at += 1) {
    const [name, call] = ready[at] as [string, number];
    for (const follower of followers.get(`${name}:${call}`) ?? []) {
      const key = `${follower[0]}:${follower[1]}`;
      const left = (waiting.get(key) as number) - 1;
      waiting.set(key, left);
      if (left === 0) ready.push(follower);
    }
  }
  return ready;
}
