import type { Random } from "../random.js";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NUMBERS = [0, 1, -1, 0.5, 2, 3, 100, 2 ** 20, 2 ** 31, 2 ** 53, 1e308, -1e308];
const TEXTS = [
  "",
  "GRU",
  "GRUCell",
  "RNN",
  "Bidirectional",
  "TimeDistributed",
  "Sequential",
  "Functional",
  "Model",
  "CuDNNGRU",
  "LSTM",
  "tanh",
  "float64",
  "mixed_float16",
  "__proto__",
  "constructor",
  "\u0000",
  "😀",
  "../x",
  "gru",
];
const KEYS = [
  "config",
  "class_name",
  "layers",
  "layer",
  "units",
  "activation",
  "dtype",
  "name",
  "registered_name",
  "build_config",
  "input_shape",
  "__proto__",
  "cell",
  "shape",
  "data_offsets",
  "__metadata__",
];

/** Other JSON text, mostly valid. */
export function mutateJson(random: Random, text: string): string {
  if (random.once(8)) return mutateText(random, text);
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch {
    return mutateText(random, text);
  }
  for (
    let left = random.weighted([
      [4, 1],
      [2, 2],
      [1, 5],
    ]);
    left > 0;
    left--
  )
    root = change(random, root);
  try {
    return JSON.stringify(root);
  } catch {
    // Nested too deeply to be written.
    return text;
  }
}

/** Every container in `root` with the keys of its members. */
function places(root: Json): [container: Json[] | { [key: string]: Json }, key: string][] {
  const found: [Json[] | { [key: string]: Json }, string][] = [];
  const open = [root];
  while (open.length > 0 && found.length < 20_000) {
    const value = open.pop() as Json;
    if (typeof value !== "object" || value === null) continue;
    for (const key of Object.keys(value)) {
      found.push([value as Json[], key]);
      open.push((value as { [key: string]: Json })[key] as Json);
    }
  }
  return found;
}

function change(random: Random, root: Json): Json {
  const all = places(root);
  if (all.length === 0) return other(random);
  const [container, key] = random.one(all);
  const members = container as { [key: string]: Json };
  const value = members[key] as Json;
  const assign = (made: Json) => {
    Object.defineProperty(members, key, { value: made, writable: true, enumerable: true, configurable: true });
  };
  random.weighted<() => void>([
    [6, () => assign(other(random))],
    [4, () => assign(similar(random, value))],
    [
      2,
      () => {
        if (Array.isArray(container)) container.splice(Number(key), 1);
        else delete members[key];
      },
    ],
    [2, () => assign(structuredClone((random.one(all)[0] as { [key: string]: Json })[random.one(all)[1]] ?? null))],
    [1, () => assign(deep(random, value))],
    [
      1,
      () => {
        if (Array.isArray(container))
          for (let left = random.one([1, 10, 1000]); left > 0; left--) container.push(structuredClone(value));
        else members[random.one(KEYS)] = structuredClone(value);
      },
    ],
    [
      1,
      () => {
        if (Array.isArray(container)) return;
        delete members[key];
        members[random.one(KEYS)] = value;
      },
    ],
  ])();
  return root;
}

function other(random: Random): Json {
  return random.one<() => Json>([
    () => null,
    () => random.once(2),
    () => random.one(NUMBERS),
    () => random.one(TEXTS),
    () => [],
    () => ({}),
    () => [random.one(NUMBERS)],
    () => ({ [random.one(KEYS)]: random.one<Json>([...NUMBERS, ...TEXTS]) }),
    () => "x".repeat(random.one([100, 100_000])),
  ])();
}

/** A value of the same kind. */
function similar(random: Random, value: Json): Json {
  if (typeof value === "number") return random.one([value + 1, value - 1, -value, value * 1000, ...NUMBERS]);
  if (typeof value === "string") return random.one([value + value, value.slice(1), value.toUpperCase(), ...TEXTS]);
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return random.once(2) ? [...value].reverse() : value.slice(1);
  return value;
}

function deep(random: Random, value: Json): Json {
  let made: Json = value;
  for (let left = random.one([2, 70, 600, 2000]); left > 0; left--) made = random.once(2) ? [made] : { config: made };
  return made;
}

function mutateText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  return random.one([
    () => text.slice(0, at),
    () =>
      text.slice(0, at) +
      random.one([
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "\\",
        "\\u",
        "NaN",
        "Infinity",
        "1e999",
        "-",
        "\u0000",
        "\ufeff",
        "//",
      ]) +
      text.slice(at),
    () => `${"[".repeat(random.one([10, 1000, 100_000]))}${text}`,
    () => text.replaceAll('"GRU"', random.one(['"GRUCell"', '"LSTM"', "null"])),
    () => text.replace(/\d+/, "9".repeat(random.one([3, 20, 400]))),
  ])();
}
