// A small file may cost at most 300 MB of memory, whatever it contains, and never causes a crash. Each file is read by
// a process of its own (cost_probe.mjs, which also prints for how long its event loop stood still), so that several can be
// read at once.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { GRU, initializers } from "cudnn-gru";
import type { Group } from "h5wasm";
import { describe, expect, it } from "vitest";
import { h5Fixture } from "./h5_files.js";
import { makeGroups, writeHdf5 } from "./hdf5_writer.js";
import { modelFile } from "./keras_files.js";
import { writeZip } from "./zip_writer.js";

const SMALL_BYTES = 1_000_000;
const MOST_MB = 300;
const PROBE = fileURLToPath(new URL("cost_probe.mjs", import.meta.url));

async function expectCheap(path: string, outcome: string | RegExp, ...loadWeights: string[]): Promise<void> {
  const { statSync } = await import("node:fs");
  expect(statSync(path).size).toBeLessThan(SMALL_BYTES);
  const { stdout } = await promisify(execFile)(process.execPath, [PROBE, path, ...loadWeights]);
  const cost = JSON.parse(stdout) as { outcome: string; peak: number };
  expect(cost.outcome).toMatch(outcome);
  expect(cost.peak).toBeLessThanOrEqual(MOST_MB);
}

const MIB = 2 ** 20;
const SMALLEST_H5 = () => writeHdf5((file) => file.create_group("layers"));

async function archive(config: string, weights?: Uint8Array<ArrayBuffer>, deflate = true): Promise<string> {
  const entries = [
    { name: "metadata.json", data: Buffer.from('{"keras_version": "3.15.1"}') },
    { name: "config.json", data: Buffer.from(config), deflate: true },
    { name: "model.weights.h5", data: weights ?? (await SMALLEST_H5()), deflate },
  ];
  return modelFile(writeZip(entries));
}

const sequential = (layers: string) => `{"class_name":"Sequential","config":{"name":"m","layers":[${layers}]}}`;
const list = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, at) => item(at)).join();
const around = (count: number, inner: string, layer: (inner: string) => string): string =>
  count === 0 ? inner : around(count - 1, layer(inner), layer);

describe.concurrent("configs", () => {
  it.each<[string, () => string, string]>([
    [
      "longer than 8 MiB",
      () => `${sequential("")}${" ".repeat(63 * MIB)}`,
      "to have at most 8.0 MiB but found 63.0 MiB",
    ],
    ["of very many lists", () => `[${list(2.5 * MIB, () => "[]")}]`, "at most 500000 objects, lists and keys"],
    ["of very many objects", () => sequential(list(600_000, () => "{}")), "at most 500000 objects, lists and keys"],
    [
      "of as many keys as there may be",
      () => `{"class_name":"A","config":{${list(380_000, (at) => `"${at}":1`)}}}`,
      "lists no layers",
    ],
    ["of very many numbers", () => `{"class_name":"A","config":[${list(2_000_000, () => "1.5")}]}`, "lists no layers"],
    ["of very many layers", () => sequential(list(99_000, () => '{"class_name":"GRU"}')), "at most 20000 layers"],
    [
      "of names that many layers repeat",
      () =>
        around(
          60,
          list(15_000, () => '{"class_name":"GRU"}'),
          (inner) => `{"class_name":"Model","config":{"name":"${"n".repeat(30)}","layers":[${inner}]}}`,
        ),
      "expected shorter names of layers in its config, or fewer layers inside others",
    ],
    [
      "of very long names",
      () =>
        around(
          60,
          '{"class_name":"GRU"}',
          (inner) => `{"class_name":"Model","config":{"name":"${"n".repeat(100_000)}","layers":[${inner}]}}`,
        ),
      "expected shorter names of layers in its config",
    ],
    [
      "of wrappers that would double with every level",
      () =>
        sequential(
          around(
            50,
            `{"class_name":"GRU","config":{${list(100_000, (at) => `"${at}":1`)}}}`,
            (inner) => `{"class_name":"Bidirectional","config":{"layer":${inner}}}`,
          ),
        ),
      "whose layers are: ",
    ],
  ])("%s", async (_, config, outcome) => {
    await expectCheap(await archive(config()), outcome);
  });
});

/** 1,600 features and 1,024 units: 8,067,072 weights, as many as a small file may stand for. */
const FEATURES = 1600;
const UNITS = 1024;

interface Zeros {
  features?: number;
  dtype?: "float32" | "float64";
  chunk?: (shape: readonly number[]) => number[];
  gzip?: boolean;
}

function addZeros(group: Group, names: readonly string[], bias: number[], options: Zeros = {}): void {
  const {
    features = FEATURES,
    dtype = "float32",
    chunk = ([first, ...rest]) => [Math.min(16, first!), ...rest],
    gzip = true,
  } = options;
  const arrays = [[features, 3 * UNITS], [UNITS, 3 * UNITS], bias];
  for (const [index, shape] of arrays.entries()) {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
    const compressed = { chunks: chunk(shape), compression: "gzip" as const, compression_opts: 9 };
    group.create_dataset({ name: names[index]!, data, shape, ...(gzip ? compressed : {}) });
  }
}

const zeros = (options?: Zeros) =>
  writeHdf5((file) => addZeros(makeGroups(file, "layers/gru/cell/vars"), ["0", "1", "2"], [2, 3 * UNITS], options));

const gruConfig = (dtype: string) =>
  sequential(
    `{"module":"keras.layers","class_name":"GRU","config":{"name":"gru","units":${UNITS},"dtype":"${dtype}"}}`,
  );

// One at a time: these come near the bound, and how near depends on when the garbage collector runs.
describe("honest zeros are read", () => {
  it("deflated in the HDF5 file, by a layer of float64 too", async () => {
    const path = modelFile(await zeros(), ".weights.h5");
    await expectCheap(path, /^8067072 weights$/, `${UNITS}`);
    await expectCheap(path, /^8067072 weights$/, `${UNITS}`, '{"dtype":"float64"}');
    await expectCheap(await archive(gruConfig("float64"), await zeros(), false), /^8067072 weights$/);
  });

  it("deflated by the archive", async () => {
    const plain = await zeros({ dtype: "float64", gzip: false });
    await expectCheap(await archive(gruConfig("float64"), plain), /^8067072 weights$/);
  });

  it("in one chunk an array", async () => {
    const path = modelFile(await zeros({ features: UNITS, chunk: (shape) => [...shape] }), ".weights.h5");
    await expectCheap(path, /^6297600 weights$/, `${UNITS}`);
  });

  it("of a CuDNNGRU, which are rearranged", async () => {
    const names = ["kernel:0", "recurrent_kernel:0", "bias:0"];
    const bytes = await writeHdf5((file) => {
      file.create_attribute("layer_names", ["g"]);
      const layer = file.create_group("g");
      layer.create_attribute("weight_names", names);
      addZeros(layer, names, [6 * UNITS]);
    });
    await expectCheap(modelFile(bytes, ".h5"), /^8067072 weights$/, `${UNITS}`);
  });
});

describe.concurrent("HDF5 files that would cost much", () => {
  it.each<[string, Zeros, string]>([
    [
      "more weights",
      { features: 1800 },
      "expected its weights to have at most 64.0 MiB but found 66.2 MiB (as float64)",
    ],
    [
      "chunks that are large",
      { features: UNITS, dtype: "float64", chunk: (shape) => [...shape] },
      "in chunks of at most 16.0 MiB but found 24.0 MiB",
    ],
  ])("%s", async (_, options, outcome) => {
    await expectCheap(modelFile(await zeros(options), ".weights.h5"), outcome, `${UNITS}`);
  });

  it("very many chunks, none of them written", async () => {
    const h5 = await import("h5wasm");
    const bytes = await writeHdf5((file) => {
      const vars = makeGroups(file, "layers/gru/cell/vars");
      for (const [index, rows] of [UNITS, UNITS, 2].entries()) {
        const tiny = { data: new Float32Array(1), shape: [1, 1], maxshape: [null, null], chunks: [2, 16] };
        vars.create_dataset({ name: `${index}`, ...tiny, compression: "gzip" });
        h5.Module.resize_dataset(file.file_id, `${vars.path}/${index}`, [BigInt(rows), BigInt(3 * UNITS)]);
      }
    });
    await expectCheap(modelFile(bytes, ".weights.h5"), "in at most 65536 chunks but found 98304", `${UNITS}`);
  });

  it("groups within themselves, and groups of many names", async () => {
    const h5 = await import("h5wasm");
    const cycle = await writeHdf5((file) => {
      makeGroups(file, "layers/gru");
      for (const name of ["a", "b"]) h5.Module.create_hard_link(file.file_id, "/layers", `/layers/gru/${name}`);
    });
    await expectCheap(
      modelFile(cycle, ".weights.h5"),
      "expected each group once but found /layers/gru/a to be /layers",
      "3",
    );
    const paths = await writeHdf5((file) => {
      makeGroups(file, "layers/g0");
      for (let level = 1; level < 40; level += 1) {
        for (const name of ["a", "b"]) {
          const outer = makeGroups(file, `layers/g${level}`);
          h5.Module.create_hard_link(outer.file_id, `/layers/g${level - 1}`, `/layers/g${level}/${name}`);
        }
      }
    });
    await expectCheap(modelFile(paths, ".weights.h5"), "expected each group once but found", "3");
  });

  it("a long text that many names refer to", async () => {
    const path = fileURLToPath(new URL("data/repeated_long_text.h5", import.meta.url));
    await expectCheap(path, "memory allocation failed", "3");
  });

  it("a layer that is listed many times", async () => {
    const bytes = await writeHdf5((file) => {
      file.create_attribute("layer_names", ["g", "g"]);
      file.create_group("g").create_attribute("weight_names", ["a"]);
    });
    await expectCheap(modelFile(bytes, ".h5"), "expected each layer once in layer_names but found one twice", "3");
  });
});

it("weights from a file are not made by initializers first, which takes seconds for large ones", async () => {
  let filled = 0;
  const counting = new initializers.Orthogonal();
  counting.fill = () => {
    filled += 1;
  };
  const gru = new GRU(3, { recurrent_initializer: counting });
  await gru.loadWeights(h5Fixture("keras_sequential.weights.h5"));
  expect(filled).toBe(0);
  const read = await GRU.fromKeras(h5Fixture("keras_sequential.h5"), { recurrent_initializer: counting });
  expect(filled).toBe(0);
  expect(read.getWeights().map(({ data }) => data)).toEqual(gru.getWeights().map(({ data }) => data));
});
