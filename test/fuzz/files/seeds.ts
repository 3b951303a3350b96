import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { GRU, optimizers } from "cudnn-gru";

/** A genuine file that others are made from. */
export interface Seed {
  name: string;
  kind: "zip" | "hdf5" | "safetensors";
  bytes: Buffer;
  /** Of a zip archive. */
  entries: { name: string; data: Buffer }[];
}

const TEST = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["fixtures/keras", "fixtures/keras_h5", "formats/data"];

/** The fixtures that Keras wrote, and files that this package writes. */
export async function readSeeds(): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(TEST, folder)).sort()) {
      if (!/\.(keras|h5)$/.test(name)) continue;
      seeds.push(seedOf(name, readFileSync(join(TEST, folder, name))));
    }
  }
  return [...seeds, ...(await ownFiles())];
}

async function ownFiles(): Promise<Seed[]> {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-seeds-"));
  try {
    const gru = new GRU(3, { name: "own", seed: 1 });
    gru.build([null, null, 2]);
    const names = ["own.weights.h5", "own.safetensors"];
    for (const name of names) await gru.saveWeights(join(folder, name));
    const optimizer = new optimizers.Adam({ name: "adam" });
    optimizer.build(gru.weights);
    await optimizer.save(join(folder, "adam.safetensors"));
    return [...names, "adam.safetensors"].map((name) => seedOf(name, readFileSync(join(folder, name))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function seedOf(name: string, bytes: Buffer): Seed {
  if (bytes.readUInt32LE(0) === 0x04034b50) return { name, kind: "zip", bytes, entries: entriesOf(bytes) };
  const kind = bytes.subarray(1, 4).toString() === "HDF" ? "hdf5" : "safetensors";
  return { name, kind, bytes, entries: [] };
}

/** The entries of an archive that is as Keras writes it. */
function entriesOf(bytes: Buffer): Seed["entries"] {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const entries: Seed["entries"] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const method = bytes.readUInt16LE(at + 10);
    const size = bytes.readUInt32LE(at + 20);
    const lengths = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field)) as [number, number, number];
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.subarray(at + 46, at + 46 + lengths[0]).toString();
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const stored = bytes.subarray(start, start + size);
    entries.push({ name, data: method === 0 ? Buffer.from(stored) : inflateRawSync(stored) });
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return entries;
}
