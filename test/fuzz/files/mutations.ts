import { writeZip } from "../../formats/zip_writer.js";
import type { Random } from "../random.js";
import { mutateJson } from "./json_mutations.js";
import type { Seed } from "./seeds.js";

/** A file made from a genuine one, and how. */
export interface Mutant {
  bytes: Buffer;
  says: string;
}

const INTEGERS = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** A file that is wrong in one to some places. */
export function mutate(random: Random, seed: Seed, seeds: readonly Seed[]): Mutant {
  if (random.once(60)) return { bytes: seed.bytes, says: `${seed.name} as it is` };
  if (seed.kind === "zip" && !random.once(3)) return mutateZip(random, seed, seeds);
  if (seed.kind === "safetensors" && !random.once(3)) return mutateSafetensors(random, seed);
  const json = seed.kind === "hdf5" && random.once(4) ? mutateTextInPlace(random, seed.bytes) : null;
  if (json !== null) return { bytes: json, says: `${seed.name}, its JSON` };
  return mutateBytes(random, seed.bytes, seeds, seed.name);
}

/** Flips, integers, cuts, and pieces of other files. */
export function mutateBytes(random: Random, from: Buffer, seeds: readonly Seed[], name: string): Mutant {
  let bytes = Buffer.from(from);
  const said: string[] = [];
  // Structure lies mostly at the start; weights are uninteresting.
  const place = (size = 1) =>
    random.below(Math.max(1, (random.once(2) ? Math.min(bytes.length, 2048) : bytes.length) - size));
  for (
    let left = random.weighted([
      [5, 1],
      [3, 2],
      [2, 4],
      [1, 16],
    ]);
    left > 0 && bytes.length > 0;
    left--
  ) {
    const at = place(8);
    const [what, act] = random.weighted<[string, () => void]>([
      [
        4,
        [
          "bit",
          () => {
            bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
          },
        ],
      ],
      [
        3,
        [
          "byte",
          () => {
            bytes[at] = random.once(2) ? random.below(256) : random.one(INTEGERS) & 0xff;
          },
        ],
      ],
      [
        4,
        [
          "integer",
          () => {
            if (at + 8 <= bytes.length) putInteger(random, bytes, at);
          },
        ],
      ],
      [
        3,
        [
          "field",
          () => {
            changeField(random, bytes);
          },
        ],
      ],
      [
        1,
        [
          "cut",
          () => {
            bytes = bytes.subarray(0, random.once(2) ? place() : Math.max(0, bytes.length - 1 - random.below(64)));
          },
        ],
      ],
      [
        1,
        [
          "longer",
          () => {
            bytes = Buffer.concat([bytes, Buffer.alloc(random.below(512), random.below(256))]);
          },
        ],
      ],
      [
        1,
        [
          "piece",
          () => {
            splice(random, bytes, random.one(seeds).bytes);
          },
        ],
      ],
      [
        1,
        [
          "moved",
          () => {
            bytes.copyWithin(place(), at, Math.min(bytes.length, at + 1 + random.below(64)));
          },
        ],
      ],
      [
        1,
        [
          "zeros",
          () => {
            bytes.fill(0, at, Math.min(bytes.length, at + 1 + random.below(64)));
          },
        ],
      ],
      [
        0.5,
        [
          "insert",
          () => {
            bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + random.below(16)), bytes.subarray(at)]);
          },
        ],
      ],
    ]);
    act();
    said.push(`${what} at ${at}`);
  }
  return { bytes, says: `${name}: ${said.join(", ")}` };
}

function putInteger(random: Random, bytes: Buffer, at: number): void {
  const value = random.one(INTEGERS);
  const size = random.one([1, 2, 4, 8]);
  if (size === 8) bytes.writeBigUInt64LE(BigInt(value) << BigInt(random.one([0, 0, 8, 31])), at);
  else bytes.writeUIntLE(value % 2 ** (8 * size), at, size);
}

/** Changes a small number that is there: a length or a count rather than a weight. */
function changeField(random: Random, bytes: Buffer): void {
  for (let tries = 0; tries < 50; tries++) {
    const at = random.below(Math.max(1, bytes.length - 8));
    if (at + 4 > bytes.length) return;
    const value = bytes.readUInt32LE(at);
    if (value === 0 || value > bytes.length * 2) continue;
    bytes.writeUInt32LE(
      random.one([value + 1, value - 1, value * 2, 0, 0xffffffff, bytes.length, value ^ 0x80]) >>> 0,
      at,
    );
    return;
  }
}

function splice(random: Random, bytes: Buffer, other: Buffer): void {
  const from = random.below(other.length);
  other.copy(bytes, random.below(bytes.length), from, Math.min(other.length, from + 1 + random.below(256)));
}

/** Replaces JSON that lies in a file by other JSON of the same length. */
function mutateTextInPlace(random: Random, from: Buffer): Buffer | null {
  const bytes = Buffer.from(from);
  const start = bytes.indexOf('{"class_name"');
  if (start < 0) return null;
  const end = jsonEnd(bytes, start);
  const text = Buffer.from(mutateJson(random, bytes.subarray(start, end).toString()));
  text.copy(bytes, start, 0, end - start);
  if (text.length < end - start) bytes.fill(0x20, start + text.length, end);
  return bytes;
}

function jsonEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === 0x7b) depth += 1;
    else if (bytes[at] === 0x7d && --depth === 0) return at + 1;
  }
  return bytes.length;
}

/** Changes what an archive holds, or what its headers say of it. */
function mutateZip(random: Random, seed: Seed, seeds: readonly Seed[]): Mutant {
  const said: string[] = [];
  let entries = seed.entries.map(({ name, data }) => ({
    name,
    data,
    deflate: random.once(2),
    lie: {} as Record<string, number>,
  }));
  const entry = random.one(entries);
  const [what, act] = random.weighted<[string, () => void]>([
    [
      8,
      [
        "JSON",
        () => {
          const json = random.one(entries.filter(({ name }) => name.endsWith(".json")));
          if (json) json.data = Buffer.from(mutateJson(random, json.data.toString()));
        },
      ],
    ],
    [
      8,
      [
        "weights",
        () => {
          const weights = entries.find(({ name }) => name.endsWith(".h5"));
          if (weights) weights.data = mutateBytes(random, weights.data, seeds, "").bytes;
        },
      ],
    ],
    [
      3,
      [
        "a lying header",
        () => {
          entry.lie[random.one(["size", "compressedSize", "crc", "method", "flags"])] = random.one(INTEGERS);
        },
      ],
    ],
    [
      1,
      [
        "an entry twice",
        () => {
          entries = [...entries, { ...entry }];
        },
      ],
    ],
    [
      1,
      [
        "an entry less",
        () => {
          entries = entries.filter((one) => one !== entry);
        },
      ],
    ],
    [
      1,
      [
        "another name",
        () => {
          entry.name = random.one([
            "",
            "../config.json",
            "config.json",
            "model.weights.h5",
            "\0",
            "a".repeat(5000),
            "CONFIG.JSON",
          ]);
        },
      ],
    ],
    [
      1,
      [
        "other weights",
        () => {
          const other = random.one(seeds);
          entry.data = other.bytes;
        },
      ],
    ],
    [
      0.3,
      [
        "a large config",
        () => {
          const config = entries.find(({ name }) => name === "config.json");
          if (config)
            Object.assign(config, { data: Buffer.from(bloat(random, config.data.toString())), deflate: true });
        },
      ],
    ],
    [
      1,
      [
        "zeros that deflate well",
        () => {
          Object.assign(entry, { data: Buffer.alloc(random.one([2 ** 16, 2 ** 20, 2 ** 23])), deflate: true });
        },
      ],
    ],
  ]);
  act();
  said.push(what);
  for (const one of entries) for (const key of Object.keys(one.lie)) one.lie[key] = clamp(key, one.lie[key] as number);
  let bytes: Buffer = writeZip(entries);
  if (random.once(4)) {
    const mutant = mutateBytes(random, bytes, seeds, "");
    bytes = mutant.bytes;
    said.push(mutant.says);
  }
  return { bytes, says: `${seed.name}: ${said.join("; ")}` };
}

/** The same config with millions of values that nobody needs. */
function bloat(random: Random, text: string): string {
  const [unit, end] = random.one([
    ["[],", "[]"],
    ["{},", "{}"],
    ['"x",', '"x"'],
    ["[[[[]]]],", "1"],
    ["1,", "1"],
  ] as const);
  const count = Math.floor(random.one([2 ** 20, 2 ** 22, 2 ** 24]) / unit.length);
  return text.replace("{", () => `{"bloat":[${unit.repeat(count)}${end}],`);
}

function clamp(key: string, value: number): number {
  return key === "method" || key === "flags" ? value & 0xffff : value;
}

/** Changes the header of a safetensors file, whose length stands before it, and perhaps that too. */
function mutateSafetensors(random: Random, seed: Seed): Mutant {
  const length = Number(seed.bytes.readBigUInt64LE(0));
  const header = Buffer.from(mutateJson(random, seed.bytes.subarray(8, 8 + length).toString()));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(random.once(6) ? BigInt(random.one(INTEGERS)) : BigInt(header.length));
  const data = seed.bytes.subarray(8 + length);
  const rest = random.once(6) ? data.subarray(0, random.below(data.length)) : data;
  return { bytes: Buffer.concat([size, header, rest]), says: `${seed.name}: its header` };
}
