import { GRUError } from "../errors/gru_error.js";
import { withRemark } from "../errors/messages.js";
import { type Converted, convertModel } from "../models/export/convert_model.js";

/** The facts about a conversion. */
export interface ConvertReport extends Converted {
  readonly input: string;
  readonly output: string;
}

/** Converts a model file. Rejects with the errors of `convertModel`. */
export async function convertFile(input: string, output: string, overwrite: boolean): Promise<ConvertReport> {
  try {
    return { input, output, ...(await convertModel(input, output, overwrite)) };
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
