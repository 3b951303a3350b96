// The program's arguments.
import { parseArgs } from "node:util";

/** Each with its default, its least value and what it is. */
const NUMBERS = {
  epochs: [20, 1, "passes over the training windows, at most"],
  batch: [64, 1, "windows of one step"],
  units: [32, 1, "units of the GRU"],
  "learning-rate": [4e-3, 0, "the first; it falls to 0 along half a cosine"],
  stride: [2, 1, "hours from one training window to the next"],
  patience: [5, 1, "epochs without a better validation error before it stops early"],
  seed: [3, 0, "of the first weights and of the order of the windows"],
};

/** The text that `--help` prints. */
export function usage() {
  const line = (argument, what) => `  ${argument.padEnd(22)}${what}`;
  const lines = Object.entries(NUMBERS).map(([name, [value, , what]]) => line(`--${name} ${value}`, what));
  return [
    "Trains a GRU to forecast Seattle's hourly temperatures. Ctrl-C saves; the same command then goes on.",
    "",
    ...lines,
    line("--out run", "folder of checkpoints, weights and plots"),
    line("--fresh", "begin anew, whatever is in that folder"),
  ].join("\n");
}

/**
 * Reads the arguments.
 *
 * @param out where to write unless they say otherwise
 * @returns the numbers by name, `out`, `fresh` and `help`
 * @throws {Error} for unknown arguments and values that will not do
 */
export function readOptions(args, out) {
  const options = { out: { type: "string", default: out }, fresh: { type: "boolean" }, help: { type: "boolean" } };
  for (const name of Object.keys(NUMBERS)) options[name] = { type: "string" };
  const { values } = parseArgs({ args, options });
  const read = { out: values.out, fresh: values.fresh ?? false, help: values.help ?? false };
  for (const [name, [otherwise, least, what]] of Object.entries(NUMBERS)) {
    const number = values[name] === undefined ? otherwise : Number(values[name]);
    const whole = name === "learning-rate" || Number.isInteger(number);
    if (!(number >= least && number < 1e9 && whole && values[name] !== "")) {
      throw new Error(`--${name} (${what}) must be a number of at least ${least}, not ${values[name]}`);
    }
    read[name] = number;
  }
  return read;
}
