import { expected, expectedText } from "../errors/messages.js";
import { flatten } from "../models/graph/structure.js";
import { loadKerasModel } from "../models/load_keras_model.js";
import type { KerasModel } from "../models/model.js";
import type { Tensor, TensorLike } from "../tensor/tensor.js";
import { judgeFiles, type NamedFile, namedFiles } from "./named_files.js";
import { type ProgressBar, progressBar } from "./progress.js";
import { readArray } from "./read_array.js";
import { modelSource, naming, type TypedName, typedModel } from "./typed.js";
import { requireOneArray, writeArrays } from "./write_array.js";

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
  judgeFiles("--input", options.input);
  judgeFiles("--output", options.output);
  modelSource(file);
  const started = performance.now();
  const model = await naming(typedModel, () => loadKerasModel(file));
  try {
    const targets = targetsOf(options.output, model);
    const { values, typed } = await inputsOf(options.input, model);
    const loaded = performance.now();
    const bar = options.quiet ? null : await progressBar("rows");
    const outputs = await naming(typed, () => predictWith(model, values, options.batchSize, bar));
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

/** The inputs that were read, and what the user typed for each. */
interface TypedInputs {
  readonly values: Record<string, TensorLike>;
  readonly typed: TypedName;
}

/** Reads the files of the inputs. One file may hold all inputs of a model, as a JSON object by their names. */
async function inputsOf(given: readonly string[], model: KerasModel): Promise<TypedInputs> {
  const specs = new Map(model.inputs.map((spec) => [spec.name, spec]));
  const names = [...specs.keys()];
  const [only] = names.length === 1 ? names : [];
  const values: Record<string, TensorLike> = {};
  const typed = new Map<string, string>();
  for (const { text, name, path } of namedFiles("--input", given, names)) {
    const option = `--input ${text}`;
    const input = name ?? only;
    const rowShape = input === undefined ? null : (specs.get(input)?.shape.slice(1) ?? null);
    const value = await readArray(option, path, rowShape);
    typed.set(name === null ? "inputs" : `inputs.${name}`, `\`${option}\``);
    if (input !== undefined && !isArrays(value)) values[input] = value;
    else if (name === null && isArrays(value)) {
      Object.assign(values, value);
      for (const key of Object.keys(value)) typed.set(`inputs.${key}`, `\`${option}\`, in ${key},`);
    } else if (name !== null) throw expected("ERR_FILE_FORMAT", option, "an array", value);
    else throw expectedText("ERR_ARGUMENT", "--input", `NAME=FILE for each of ${names.join(", ")}`, text);
  }
  const first = typed.values().next().value;
  const option = given.length === 1 ? first : "`--input`";
  return { values, typed: (argument) => typed.get(argument) ?? (argument === "inputs" ? option : undefined) };
}

function isArrays(value: object): value is Record<string, TensorLike> {
  return !Array.isArray(value) && !("data" in value);
}

/** Returns the file of each output. A single file without a name takes all outputs. */
function targetsOf(given: readonly string[], model: KerasModel): NamedFile[] {
  const names = model.outputs.map(({ name }, index) => unique(name, index, model));
  const targets = namedFiles("--output", given, names);
  for (const { name, path } of targets) if (name === null) requireOneArray(path, names);
  return targets;
}

async function write(targets: readonly NamedFile[], outputs: ReadonlyMap<string, Tensor>): Promise<void> {
  for (const { text, name, path } of targets) {
    const wanted = name === null ? outputs : new Map([[name, outputs.get(name) as Tensor]]);
    const typed: TypedName = (argument) => (argument === "path" ? `\`--output ${text}\`` : undefined);
    await naming(typed, () => writeArrays(path, wanted));
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
