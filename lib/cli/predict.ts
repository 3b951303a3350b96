import { expectedText } from "../errors/messages.js";
import { flatten } from "../models/graph/structure.js";
import { loadKerasModel } from "../models/load_keras_model.js";
import type { KerasModel } from "../models/model.js";
import type { Tensor, TensorLike } from "../tensor/tensor.js";
import { type ProgressBar, progressBar } from "./progress.js";
import { formatOf, readArray } from "./read_array.js";
import { writeArrays } from "./write_array.js";

/** The options of `predict`. */
export interface PredictOptions {
  /** Files, or `NAME=FILE` for the input of that name. */
  readonly input: readonly string[];
  /** One file, or `NAME=FILE` for each output. */
  readonly output: readonly string[];
  readonly batchSize: number;
  /** Whether the facts about the run are printed as JSON. */
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The facts about a prediction. */
export interface PredictReport {
  model: string;
  rows: number;
  outputs: { name: string; shape: number[]; dtype: string }[];
  loadMilliseconds: number;
  predictMilliseconds: number;
  rowsPerSecond: number;
}

/** Computes a model's outputs for arrays in files, in batches, and writes them. Rejects with the errors of `predict`. */
export async function predictFiles(file: string, options: PredictOptions): Promise<PredictReport> {
  const started = performance.now();
  const model = await loadKerasModel(file);
  try {
    const targets = targetsOf(options.output, model);
    for (const path of targets.values()) formatOf("--output", path);
    const inputs = await inputsOf(options.input, model);
    const loaded = performance.now();
    const bar = options.quiet ? null : await progressBar("rows");
    const outputs = await predictWith(model, inputs, options.batchSize, bar);
    const ended = performance.now();
    await write(targets, outputs);
    const rows = outputs.values().next().value?.shape[0] ?? 0;
    const milliseconds = ended - loaded;
    return {
      model: model.name,
      rows,
      outputs: [...outputs].map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
      loadMilliseconds: rounded(loaded - started),
      predictMilliseconds: rounded(milliseconds),
      rowsPerSecond: rounded((rows / milliseconds) * 1e3),
    };
  } finally {
    model.dispose();
  }
}

async function predictWith(
  model: KerasModel,
  inputs: Record<string, TensorLike>,
  batchSize: number,
  bar: ProgressBar | null,
): Promise<Map<string, Tensor>> {
  try {
    const progress = (done: number, total: number) => bar?.update(done, total);
    const result = await model.predictAsync(inputs, { batch_size: batchSize, progress });
    const tensors = flatten(result);
    return new Map(model.outputs.map(({ name }, index) => [unique(name, index, model), tensors[index] as Tensor]));
  } finally {
    bar?.stop();
  }
}

/** Returns the name of an output; two outputs of one layer are told apart by their numbers. */
function unique(name: string, index: number, { outputs }: KerasModel): string {
  return outputs.filter((output) => output.name === name).length > 1 ? `${name}_${index}` : name;
}

/** Reads the files of the inputs. One file may hold all inputs of a model, as a JSON object by their names. */
async function inputsOf(given: readonly string[], model: KerasModel): Promise<Record<string, TensorLike>> {
  const specs = new Map(model.inputs.map((spec) => [spec.name, spec]));
  const read: Record<string, TensorLike> = {};
  for (const text of given) {
    const [name, path] = named("--input", text, [...specs.keys()]);
    const only = specs.size === 1 ? [...specs.keys()][0] : undefined;
    const input = name ?? only;
    const rowShape = input === undefined ? null : (specs.get(input)?.shape.slice(1) ?? null);
    const value = await readArray("--input", path, rowShape);
    if (input !== undefined && !isArrays(value)) read[input] = value;
    else if (name === null && isArrays(value)) Object.assign(read, value);
    else throw expectedText("ERR_ARGUMENT", "--input", `NAME=FILE for each of ${[...specs.keys()].join(", ")}`, text);
  }
  return read;
}

function isArrays(value: object): value is Record<string, TensorLike> {
  return !Array.isArray(value) && !("data" in value);
}

/** Returns the file of each output; a single file without a name has the name `null` and takes all outputs. */
function targetsOf(given: readonly string[], model: KerasModel): Map<string | null, string> {
  const names = model.outputs.map(({ name }, index) => unique(name, index, model));
  const targets = new Map<string | null, string>();
  for (const text of given) {
    const [name, path] = named("--output", text, names);
    if (targets.has(name) || (name === null && given.length > 1)) {
      throw expectedText("ERR_ARGUMENT", "--output", `NAME=FILE once for each of ${names.join(", ")}`, text);
    }
    targets.set(name, path);
  }
  return targets;
}

async function write(targets: ReadonlyMap<string | null, string>, outputs: ReadonlyMap<string, Tensor>): Promise<void> {
  for (const [name, path] of targets) {
    const wanted = name === null ? outputs : new Map([[name, outputs.get(name) as Tensor]]);
    await writeArrays(path, wanted);
  }
}

/** Divides `NAME=FILE`. A text that does not begin with one of the names is a file. */
function named(argument: string, text: string, names: readonly string[]): [name: string | null, path: string] {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(0, at));
  if (names.includes(name)) return [name, text.slice(at + 1)];
  if (at > 0 && !/[/\\.]/.test(name)) {
    throw expectedText("ERR_ARGUMENT", argument, `FILE, or NAME=FILE with a name of ${names.join(", ")}`, text);
  }
  return [null, text];
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
