import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { resourceUsage } from "node:process";
import { GRU, GRUError, optimizers, tensor } from "cudnn-gru";
import type { Case, Target } from "../target.js";
import { mutate } from "./mutations.js";
import { readers } from "./readers.mjs";
import { readSeeds, type Seed } from "./seeds.js";

/** The errors that may refuse a file. */
const CODES = ["ERR_FILE_FORMAT", "ERR_ARGUMENT", "ERR_UNSUPPORTED", "ERR_SHAPE", "ERR_DTYPE"];

/** The limits of a file: seconds of CPU time on the calling thread, the same in the HDF5 thread, and MB of memory. */
const SECONDS = 1;
const HDF5_SECONDS = 30;
const MEGABYTES = 300;

/** The number of files after which a process has used up the memory that HDF5 never frees. */
const FILES = 4000;

const folder = process.env.CUDNN_GRU_FUZZ_FOLDER as string;
const realThreads = process.env.CUDNN_GRU_FUZZ_THREADS === "1";
const seeds: Seed[] = await readSeeds();
await readers.prepare();

let files = 0;
let broken = false;

/** The reader of each seed. It is chosen so that most of the valid content of a file is reached. */
const uses = new Map<Seed, Use>();

interface Use {
  reader: "fromKeras" | "loadWeights" | "load";
  /** The layers that it can be asked for; `null`: none, since it has one. */
  layers: (string | null)[];
}

/** How a genuine file is read. */
async function useOf(seed: Seed): Promise<Use> {
  const known = uses.get(seed) ?? (await findUse(seed));
  uses.set(seed, known);
  return known;
}

/** Finds it out by trying, and from what the message says. */
async function findUse(seed: Seed): Promise<Use> {
  if (seed.name.startsWith("adam")) return { reader: "load", layers: [null] };
  const path = join(folder, "seed");
  writeFileSync(path, seed.bytes);
  for (const reader of ["fromKeras", "loadWeights"] as const) {
    try {
      const gru = reader === "fromKeras" ? await GRU.fromKeras(path) : new GRU(3);
      if (reader === "loadWeights") await gru.loadWeights(path);
      return { reader, layers: [null] };
    } catch (error) {
      const [, list] = /" has \d+: (.*)\) for `layer` but received none/.exec((error as Error).message) ?? [];
      if (list !== undefined)
        return { reader, layers: [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name as string) };
    }
  }
  return { reader: "loadWeights", layers: [null] };
}

/** The layer that weights are loaded into, and the optimizer that states are. */
const existing = new GRU(3, { name: "existing" });
existing.build([null, null, 2]);
const optimizer = new optimizers.Adam({ name: "adam" });
optimizer.build(existing.weights);

function snapshot(): string {
  const values = [...existing.weights, ...optimizer.variables].map(({ value }) => value.data.join());
  return [...values, optimizer.iterations, optimizer.learning_rate].join("|");
}

async function read(one: Case, what: string, action: () => Promise<unknown>): Promise<unknown> {
  one.count();
  const resident = process.memoryUsage.rss() / 2 ** 20;
  const before = resourceUsage();
  readers.elsewhere = 0;
  let result: unknown;
  try {
    result = await action();
    one.tally("read");
  } catch (error) {
    if (process.env.CUDNN_GRU_FUZZ_VERBOSE) console.error("  ", String(error).slice(0, 300));
    one.accepts(error, CODES);
    // Its own thread would have ended with it.
    if (
      error instanceof GRUError &&
      /RuntimeError|Aborted|out of bounds|call stack|unreachable|table index/.test(error.message)
    )
      broken = true;
  }
  const after = resourceUsage();
  const all = (after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime) / 1e6;
  const seconds = all - readers.elsewhere;
  // The HDF5 thread's time counts as this thread's where it has a thread.
  if (seconds > SECONDS && !realThreads)
    one.report(`${what}: more than ${SECONDS} s of CPU time`, `${seconds.toFixed(1)} s`);
  if (readers.elsewhere > HDF5_SECONDS)
    one.report(`${what}: more than ${HDF5_SECONDS} s in the HDF5 thread`, `${readers.elsewhere.toFixed(1)} s`);
  const megabytes = after.maxRSS / 1024 - resident;
  if (after.maxRSS > before.maxRSS && megabytes > MEGABYTES)
    one.report(`${what}: more than ${MEGABYTES} MB`, `${megabytes.toFixed(0)} MB`);
  return result;
}

/** A layer from a file must work. */
function use(one: Case, gru: GRU): void {
  const [kernel] = gru.weights;
  const features = kernel?.shape[0] as number;
  if (features * gru.units > 1e6 || gru.states !== null) return;
  try {
    const result = gru.call(tensor(new Float32Array(2 * features), [1, 2, features], gru.compute_dtype as "float32"));
    const [output] = Array.isArray(result) ? result : [result];
    if (output?.shape.at(-1) !== gru.units) one.report("a layer from a file gives another shape");
  } catch (error) {
    one.accepts(error, ["ERR_CUDNN_NOT_ELIGIBLE", "ERR_CUDNN_UNAVAILABLE", "ERR_ARGUMENT"]);
  }
  gru.dispose();
}

const LAYERS = ["gru", "first", "layers/gru", "x", "bidirectional/forward_layer", "", "/", "__proto__"];

/** Genuine files with something wrong, read by every reader. */
export const target: Target = {
  async run(one) {
    const { random } = one;
    files += 1;
    const seed = random.one(seeds);
    const { bytes, says } = mutate(random, seed, seeds);
    const path = join(folder, `file${random.once(20) ? ".weights.h5" : ".bin"}`);
    const known = await useOf(seed);
    writeFileSync(path, bytes);
    const layer = random.once(12) ? random.one(LAYERS) : random.one(known.layers);
    const args = layer === null ? {} : { layer };
    const reader =
      known.reader === "load"
        ? "load"
        : random.once(8)
          ? random.one(["fromKeras", "loadWeights"] as const)
          : known.reader;
    one.step(`${reader}${layer === null ? "" : ` of ${layer}`}: ${says}`);
    if (reader === "fromKeras") {
      const gru = await read(one, reader, () => GRU.fromKeras(path, args));
      if (gru !== undefined) use(one, gru as GRU);
      return;
    }
    const fresh = new GRU(3, { name: "fresh" });
    const gru = random.once(2) ? fresh : existing;
    const before = snapshot();
    let succeeded = false;
    await read(one, reader, async () => {
      if (reader === "loadWeights") await gru.loadWeights(path, args);
      else await optimizer.load(path);
      succeeded = true;
    });
    if (!succeeded && (snapshot() !== before || fresh.built)) one.report(`${reader} failed and changed something`);
    if (succeeded && gru === fresh && reader === "loadWeights") use(one, fresh);
    fresh.dispose();
  },
  spent: () => broken || files >= FILES || process.memoryUsage.rss() > 900 * 2 ** 20,
};
