import { expected } from "../../errors/messages.js";
import { reading } from "../../errors/reading.js";
import { readRecord } from "../../options/record.js";
import { requireBoolean } from "../../options/values.js";
import type { FloatArray, Tensor } from "../../tensor/tensor.js";
import type { GRUConfig } from "../config.js";

/** The arguments of `saveWeights`, beside the path. */
export interface SaveWeightsArguments {
  /** Whether a file that exists at the path is replaced; true by default. With false such a file is an error. */
  overwrite?: boolean | undefined;
}

const KNOWN = new Set(["overwrite"]);
const FORMATS = [".weights.h5", ".safetensors"] as const;

/** The arguments of `saveWeights` after they were checked. */
export interface SaveRequest {
  path: string;
  format: (typeof FORMATS)[number];
  overwrite: boolean;
}

/** Reads the arguments of `saveWeights`. Throws `ERR_ARGUMENT`. */
export function readSave(path: unknown, args: unknown): SaveRequest {
  return reading("saveWeights", () => readRequest(path, args));
}

function readRequest(path: unknown, args: unknown): SaveRequest {
  const format = typeof path === "string" ? FORMATS.find((ending) => path.endsWith(ending)) : undefined;
  if (format === undefined || (path as string).includes("\0")) {
    throw expected("ERR_ARGUMENT", "path", `a file path that ends in ${FORMATS.join(" or ")}`, path);
  }
  const { overwrite } = readRecord(args ?? {}, KNOWN, "saveWeights");
  return { path: path as string, format, overwrite: requireBoolean(overwrite, "overwrite", true) };
}

/**
 * Writes the weights of a layer with this config. Nobody else may write to the arrays of `weights`. Throws the errors
 * of `writeAtomically`.
 */
export async function saveWeights(
  { path, format, overwrite }: SaveRequest,
  config: GRUConfig,
  weights: readonly Tensor<FloatArray>[],
): Promise<void> {
  const { writeGru } = await import("../../formats/index.js");
  await writeGru(path, format, { config, weights, overwrite });
}
