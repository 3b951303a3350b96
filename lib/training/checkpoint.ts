import { sameShape } from "../arguments/shapes.js";
import type { GRUError } from "../errors/gru_error.js";
import { expectedShape, expectedText } from "../errors/messages.js";
import type { SafetensorsContents, SafetensorsDtype, SafetensorsTensor } from "../formats/safetensors/safetensors.js";
import { readSafetensors, writeSafetensors } from "../formats/safetensors/safetensors_file.js";
import type { Source } from "../formats/source.js";
import type { Dtype } from "../keras/dtype_policy.js";
import type { SerializedObject } from "../keras/serialization.js";
import type { FloatArray } from "../tensor/tensor.js";
import { replaceVariableData, type Variable } from "../variables/variable.js";
import type { OptimizerSnapshot, OptimizerState, Restorable } from "./optimizer_state.js";

/*
 * The state of an optimizer is a safetensors file. Each of the optimizer's own variables is a tensor, named by its kind
 * and by the place of the variable it belongs to (`momentum/0`). Each number is a tensor without dimensions (`iteration`,
 * I64; `learning_rate`, F32). The metadata hold the kind of the file and the optimizer as Keras serializes it.
 */

const FORMAT = "cudnn-gru optimizer";
const VERSION = "1";
const DTYPES: Readonly<Record<Dtype, SafetensorsDtype>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
};
/** The numbers that are counts and stored as integers. The others are float32. */
const COUNTS = new Set(["iteration", "step_counter"]);

/** Returns the kind of optimizer that a file is for: `Adam`, or `LossScaleOptimizer around Adam`. */
function kindOf({ class_name, config }: SerializedObject): string {
  const inner = typeof config === "string" ? undefined : (config.inner_optimizer as SerializedObject | undefined);
  return inner === undefined ? class_name : `${class_name} around ${kindOf(inner)}`;
}

/** Writes a file for `Optimizer.save`. */
export async function writeCheckpoint(
  path: string,
  { serialized, numbers, tensors }: OptimizerSnapshot,
): Promise<void> {
  const entries: [string, SafetensorsTensor][] = [];
  for (const [name, number] of numbers) entries.push([name, scalar(name, number)]);
  for (const { name, dtype, shape, data } of tensors) {
    entries.push([name, { dtype: DTYPES[dtype], shape, data } as SafetensorsTensor]);
  }
  const metadata = [
    ["format", FORMAT],
    ["version", VERSION],
    ["kind", kindOf(serialized)],
    ["optimizer", JSON.stringify(serialized)],
  ] as const;
  await writeSafetensors(path, entries, metadata);
}

function scalar(name: string, number: number): SafetensorsTensor {
  return COUNTS.has(name)
    ? { dtype: "I64", shape: [], data: BigInt64Array.of(BigInt(number)) }
    : { dtype: "F32", shape: [], data: Float32Array.of(number) };
}

/** Loads a file for `Optimizer.load`. Nothing changes until everything has been checked. */
export async function loadCheckpoint(optimizer: Restorable, source: Source): Promise<void> {
  // Throw before reading the file when the optimizer is not built.
  optimizer.state();
  const contents = await readSafetensors(source);
  const { metadata, tensors } = contents;
  if (metadata.get("format") !== FORMAT || metadata.get("version") !== VERSION) {
    throw damaged(source, `one of format ${JSON.stringify(metadata.get("format") ?? null)}`);
  }
  const kind = kindOf(optimizer.serialize());
  const state = optimizer.state();
  if (metadata.get("kind") !== kind) {
    throw expectedText(
      "ERR_ARGUMENT",
      "source",
      `the state of ${kind}`,
      `that of ${metadata.get("kind")} in ${source.shown}`,
    );
  }
  requireNames(tensors, state, source);
  const numbers = new Map([...state.numbers.keys()].map((name) => [name, readNumber(contents, name, source)]));
  const values = [...state.variables].map(
    ([name, variable]) => [variable, readVariable(contents, name, variable)] as const,
  );
  for (const [variable, data] of values) replaceVariableData(variable, data);
  optimizer.setNumbers(numbers);
}

function damaged(source: Source, found: string): GRUError {
  return expectedText("ERR_FILE_FORMAT", "source", "a file that optimizer.save wrote", `${found} in ${source.shown}`);
}

/** Throws `ERR_ARGUMENT` unless the file has the numbers and variables of this optimizer, and no others. */
function requireNames(
  tensors: SafetensorsContents["tensors"],
  { numbers, variables }: OptimizerState,
  source: Source,
): void {
  const wanted = [...numbers.keys(), ...variables.keys()];
  const missing = wanted.find((name) => !tensors.has(name));
  const other = [...tensors.keys()].find((name) => !wanted.includes(name));
  if (missing === undefined && other === undefined) return;
  const received = missing === undefined ? `one with ${other}` : `one without ${missing}`;
  const what = "the state of an optimizer with the same arguments and as many variables";
  throw expectedText("ERR_ARGUMENT", "source", what, `${received} in ${source.shown}`);
}

function readNumber({ tensors }: SafetensorsContents, name: string, source: Source): number {
  const { dtype, shape, data } = tensors.get(name) as SafetensorsTensor;
  const wanted = COUNTS.has(name) ? "I64" : "F32";
  const number = Number(data[0]);
  const fits = wanted === "I64" ? Number.isSafeInteger(number) && number >= 0 : Number.isFinite(number);
  if (dtype !== wanted || shape.length > 0 || !fits) throw damaged(source, `an impossible ${name}`);
  return number;
}

function readVariable({ tensors }: SafetensorsContents, name: string, { shape, dtype, path }: Variable): FloatArray {
  const tensor = tensors.get(name) as SafetensorsTensor;
  const what = `${name} of the file (${path})`;
  if (!sameShape(tensor.shape, shape)) throw expectedShape(what, `shape [${shape.join(", ")}]`, tensor.shape);
  if (tensor.dtype === DTYPES[dtype]) return tensor.data as FloatArray;
  throw expectedText("ERR_DTYPE", what, DTYPES[dtype], tensor.dtype);
}
