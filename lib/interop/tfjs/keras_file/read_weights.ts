// Reads the weights of a model from its file.

import type { StoredVariable, VariableRequest } from "../../../formats/hdf5/dataset.js";
import type { LegacyArrays } from "../../../formats/hdf5/legacy_arrays.js";
import { fromCudnnGru } from "../../../formats/keras_files/cudnn_weights.js";
import { toWeight, type WeightData } from "../../../formats/keras_files/gru_variables.js";
import type { ModelWeights } from "../../../formats/whole_model.js";
import { isSixteenBit, widened } from "../../../native/sixteen_bit.js";
import { malformed } from "./refusal.js";
import type { LayerWeights, PlacedWeight, TopWeights } from "./weight_places.js";

/** A weight with its name in tfjs. */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Reads all weights.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if the file lacks one, or has one of another shape.
 */
export async function readWeights(tops: readonly TopWeights[], file: ModelWeights): Promise<NamedWeight[]> {
  const all: NamedWeight[] = [];
  for (const top of tops) {
    if (file.layout === "lists") all.push(...(await fromList(top, file)));
    else for (const one of top.layers) all.push(...(await fromGroups(one, file)));
  }
  return all;
}

type Groups = Extract<ModelWeights, { layout: "groups" }>;
type Lists = Extract<ModelWeights, { layout: "lists" }>;

/** Returns the request for a weight as the file has it. */
function requestOf({ layer, weights }: LayerWeights, { name, shape }: PlacedWeight): VariableRequest {
  const isCudnnBias = layer.isCudnn && weights.at(-1)?.name === name;
  return { label: name, shape: isCudnnBias ? [shape.reduce((product, length) => product * length, 1)] : [...shape] };
}

async function fromGroups(one: LayerWeights, file: Groups): Promise<NamedWeight[]> {
  const { layer, weights } = one;
  const stored: StoredVariable[] = [];
  for (const part of new Set(weights.map(({ part }) => part))) {
    const group = part === "" ? layer.group : `${layer.group}/${part}`;
    const variables = weights.filter((weight) => weight.part === part).map((weight) => requestOf(one, weight));
    const named = { group: layer.group, name: layer.name };
    stored.push(...(await about(layer.where, () => file.read({ group, named, variables }))));
  }
  return namedWeights(one, stored);
}

/** Reads the weights of one top-level layer or model, whose arrays the file lists, the trained ones first. */
async function fromList(top: TopWeights, file: Lists): Promise<NamedWeight[]> {
  const wanted = top.layers.flatMap((one) => one.weights.map((weight) => ({ one, weight })));
  if (wanted.length === 0) return [];
  const where = (top.layers.find(({ weights }) => weights.length > 0) as LayerWeights).layer.where;
  const listed = arraysOf(top, file.lists, wanted.length, where);
  const inOrder = [
    ...wanted.filter(({ weight }) => weight.isTrained),
    ...wanted.filter(({ weight }) => !weight.isTrained),
  ];
  const datasets = inOrder.map(({ one, weight }, index) => ({
    ...requestOf(one, weight),
    path: listed[index] as string,
  }));
  const stored = await about(where, () => file.read({ datasets }));
  const byWeight = new Map(inOrder.map(({ weight }, index) => [weight, stored[index] as StoredVariable]));
  return top.layers.flatMap((one) =>
    namedWeights(
      one,
      one.weights.map((weight) => byWeight.get(weight) as StoredVariable),
    ),
  );
}

/** Returns the paths of the arrays of a top-level layer. Keras 3 also lists seeds, which are no weights, after the others. */
function arraysOf({ name }: TopWeights, lists: readonly LegacyArrays[], count: number, where: string): string[] {
  const found = lists.find(({ layer }) => layer === name);
  const arrays = found?.arrays ?? [];
  if (arrays.length >= count) return arrays.map(({ path }) => path);
  throw malformed(where, `expected ${count} arrays of ${name} but found ${arrays.length}`);
}

/** Runs `read`. Its errors are about the layer `where`. */
async function about<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_FILE_FORMAT")
      throw malformed(where, (error as Error).message, error);
    throw error;
  }
}

function namedWeights({ layer, weights }: LayerWeights, stored: readonly StoredVariable[]): NamedWeight[] {
  const read = stored.map(toWeight);
  const data = layer.isCudnn ? fromCudnnGru(read) : read;
  return weights.map(({ tfjs, shape }, index) => ({ name: tfjs, shape, data: float32(data[index] as WeightData) }));
}

function float32({ dtype, data }: WeightData): Float32Array<ArrayBuffer> {
  if (isSixteenBit(dtype)) return widened(data as Uint16Array, dtype) as Float32Array<ArrayBuffer>;
  return data instanceof Float32Array ? (data as Float32Array<ArrayBuffer>) : Float32Array.from(data);
}
