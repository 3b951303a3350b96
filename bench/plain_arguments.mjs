// The command lines of the programs that are plain JavaScript.
import { parseArgs } from "node:util";

function end(message) {
  console.error(message);
  process.exit(1);
}

/**
 * Reads the command line. `--help` prints `usage` and ends the process, and so does what is wrong, with status 1.
 *
 * @param {string} usage
 * @param {import("node:util").ParseArgsOptionsConfig} options
 * @param {readonly string[]} counts the options that must be positive integers; their values are numbers
 */
export function readPlainArguments(usage, options, counts) {
  const all = { ...options, help: { type: "boolean" } };
  let read;
  try {
    read = parseArgs({ options: all, allowPositionals: true });
  } catch (error) {
    end(`${error.message}\n${usage}`);
  }
  if (read.values.help) {
    console.log(usage);
    process.exit();
  }
  const values = { ...read.values };
  for (const name of counts) {
    if (!/^[1-9]\d{0,5}$/.test(values[name])) end(`Expected a positive integer for --${name}, got "${values[name]}"`);
    values[name] = Number(values[name]);
  }
  return { values, positionals: read.positionals };
}

/** Reads a shape such as `32x100x128-256`: batch, timesteps, features and units. */
export function readPlainShape(text) {
  if (!/^[1-9]\d*(x[1-9]\d*){2}-[1-9]\d*$/.test(text)) {
    end(`Expected a shape such as 32x100x128-256 (batch, timesteps, features, units), got "${text}"`);
  }
  return text.split(/[x-]/).map(Number);
}
