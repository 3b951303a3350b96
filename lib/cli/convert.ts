import { GRUError } from "../errors/gru_error.js";
import { withRemark } from "../errors/messages.js";
import { type Converted, convertedFormat, convertModel } from "../models/export/convert_model.js";
import { judging, modelSource, naming, type TypedName, typedModel } from "./typed.js";

/** The facts about a conversion. */
export interface ConvertReport extends Converted {
  readonly input: string;
  readonly output: string;
}

const typed: TypedName = (argument) => (argument === "path" ? "`OUT`" : typedModel(argument));

/** Converts a model file. Rejects with the errors of `convertModel`, or a `UsageError`. */
export async function convertFile(input: string, output: string, overwrite: boolean): Promise<ConvertReport> {
  modelSource(input);
  judging(() => convertedFormat(output));
  try {
    return { input, output, ...(await naming(typed, () => convertModel(input, output, overwrite))) };
  } catch (error) {
    const isThere = error instanceof GRUError && (error.cause as { code?: unknown } | undefined)?.code === "EEXIST";
    throw isThere ? withRemark(error, "Pass --overwrite to replace the file.") : error;
  }
}

/** Returns the report as a line of text for a person. */
export function convertText({ output, layers, weights, bytes }: ConvertReport): string {
  const numbers = `${weights} weights of ${layers} layer${layers === 1 ? "" : "s"}`;
  return `${output}: ${numbers}, ${bytes.toLocaleString("en-US")} bytes\n`;
}
