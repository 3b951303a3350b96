// Damaged and hostile HDF5 weights inside an otherwise correct .keras file, checksums and all.
import { readFileSync } from "node:fs";
import type { File, Group } from "h5wasm";
import { describe, expect, it } from "vitest";
import { GRUError } from "../../dist/errors/gru_error.js";
import { readHdf5Variables } from "../../dist/formats/hdf5/open_hdf5.js";
import type { GroupRequest } from "../../dist/formats/hdf5/reader.js";
import { type KerasLayerFile, readKerasGru } from "../../dist/formats/index.js";
import { counting, makeGroups, writeHdf5 } from "./hdf5_writer.js";
import { changedFile, partsOf } from "./keras_files.js";
import { seededIntegers } from "./random.js";

/** Holds one GRU, "encoder": 2 features, 3 units. */
const FILE = "sequential.keras";
const VARIABLES = "layers/gru/cell/vars";
const SHAPES = [
  [2, 9],
  [3, 9],
  [2, 9],
];

async function read(weights: Uint8Array<ArrayBuffer>): Promise<KerasLayerFile> {
  return readKerasGru(await changedFile(FILE, { weights }));
}

async function expectRefused(weights: Uint8Array<ArrayBuffer>, message: string | RegExp): Promise<void> {
  const error = await read(weights).then(
    () => expect.unreachable("it should have been refused"),
    (reason) => reason,
  );
  expect(error).toMatchObject({ name: "GRUError", code: "ERR_FILE_FORMAT" });
  expect(error.message).toMatch(message);
}

type DatasetOptions = Partial<Parameters<Group["create_dataset"]>[0]>;

/** A weights file with the encoder's three datasets, written with `options` for the kernel. */
function weightsFile(options: DatasetOptions = {}, more: (file: File, vars: Group) => void = () => {}) {
  return writeHdf5((file) => {
    const vars = makeGroups(file, VARIABLES);
    for (const [index, shape] of SHAPES.entries()) {
      const plain = { name: String(index), data: counting(shape), shape };
      vars.create_dataset(index === 0 ? { ...plain, ...options } : plain);
    }
    more(file, vars);
  });
}

describe("written by other tools", () => {
  it("plain datasets", async () => {
    const { weights } = await read(await weightsFile());
    expect(weights.map(({ data }) => data)).toEqual(SHAPES.map(counting));
  });

  it("chunked and deflated datasets", async () => {
    const { weights } = await read(await weightsFile({ chunks: [1, 9], compression: "gzip", compression_opts: 6 }));
    expect(weights[0]).toEqual({ shape: [2, 9], dtype: "float32", data: counting([2, 9]) });
  });

  it("float64 values for a float32 layer stay what they are; the layer rounds them", async () => {
    const data = Float64Array.from(counting([2, 9]), (value) => value / 3);
    const { weights } = await read(await weightsFile({ data }));
    expect(weights[0]).toEqual({ shape: [2, 9], dtype: "float64", data });
  });
});

describe("not what the config says", () => {
  it("a kernel of another shape", async () => {
    const shape = [2, 12];
    await expectRefused(
      await weightsFile({ data: counting(shape), shape }),
      /expected kernel \(\/layers\/gru\/cell\/vars\/0\) of shape \(2, 9\) but found \(2, 12\)/,
    );
  });

  it("another rank", async () => {
    await expectRefused(await weightsFile({ data: counting([18]), shape: [18] }), /but found \(18,\)/);
  });

  it("a missing variable", async () => {
    const file = await writeHdf5((root) => {
      makeGroups(root, VARIABLES).create_dataset({ name: "0", data: counting([2, 9]), shape: [2, 9] });
    });
    await expectRefused(file, /expected 3 variables \(kernel, recurrent_kernel, bias\) in .* but found 1 \("0"\)/);
  });

  it("one variable too many", async () => {
    const file = await weightsFile({}, (_, vars) => {
      vars.create_dataset({ name: "3", data: counting([1]), shape: [1] });
    });
    await expectRefused(file, /but found 4/);
  });

  it("no group for the layer", async () => {
    const file = await writeHdf5((root) => makeGroups(root, "layers/lstm/cell/vars"));
    await expectRefused(file, /expected the layer's weights in layers\/gru\/cell\/vars but found no such group/);
  });

  it("a group where a dataset should be, and the reverse", async () => {
    const group = await writeHdf5((root) => {
      const vars = makeGroups(root, VARIABLES);
      for (const name of ["0", "1", "2"]) vars.create_group(name);
    });
    await expectRefused(group, /expected a dataset at \/layers\/gru\/cell\/vars\/0/);
    const dataset = await writeHdf5((root) => {
      makeGroups(root, "layers/gru/cell").create_dataset({ name: "vars", data: counting([2]), shape: [2] });
    });
    await expectRefused(dataset, /expected a group at \/layers\/gru\/cell\/vars/);
  });

  it("integers", async () => {
    await expectRefused(await weightsFile({ data: Int32Array.from(counting([2, 9])) }), /dtype float16, bfloat16/);
  });

  it("the name of another layer beside the weights", async () => {
    const file = await weightsFile({}, (root) => {
      makeGroups(root, "layers/gru/vars").create_attribute("name", "decoder");
    });
    await expectRefused(file, /weights of layer "encoder" in layers\/gru but found "decoder"/);
  });

  it.each([
    [{ units: 0 }, /expected a positive integer for units of layer encoder but found 0/],
    [{ units: 2 ** 31 }, /units/],
    [{ units: "3" }, /units/],
    [{ units: 4 }, /expected kernel .* of shape \(2, 12\) but found \(2, 9\)/],
    [{ reset_after: false }, /expected bias .* of shape \(9,\) but found \(2, 9\)/],
    [{ use_bias: false }, /expected 2 variables \(kernel, recurrent_kernel\)/],
    [{ use_bias: "yes" }, /expected a boolean for use_bias/],
  ])("config %j", async (change, message) => {
    const { config } = await partsOf(FILE);
    const entry = config.config.layers.find(({ class_name }: { class_name: string }) => class_name === "GRU");
    Object.assign(entry.config, change);
    const error = await readKerasGru(await changedFile(FILE, { config })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "GRUError", code: "ERR_FILE_FORMAT" });
    expect((error as Error).message).toMatch(message);
  });

  it("a dtype policy of integers", async () => {
    const { config } = await partsOf(FILE);
    const entry = config.config.layers.find(({ class_name }: { class_name: string }) => class_name === "GRU");
    entry.config.dtype = { module: "keras", class_name: "QuantizedDTypePolicy", config: { mode: "int8" } };
    await expect(readKerasGru(await changedFile(FILE, { config }))).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      message: expect.stringContaining("QuantizedDTypePolicy"),
    });
  });
});

describe("links, filters and storage outside the file", () => {
  it("a soft link to a group", async () => {
    const file = await writeHdf5((root) => {
      makeGroups(root, "elsewhere/cell/vars");
      makeGroups(root, "layers").create_soft_link("/elsewhere", "gru");
    });
    await expectRefused(file, /expected \/layers\/gru in the file itself but found a soft link/);
  });

  it("a soft link to a dataset", async () => {
    const file = await writeHdf5((root) => {
      const vars = makeGroups(root, VARIABLES);
      root.create_dataset({ name: "kernel", data: counting([2, 9]), shape: [2, 9] });
      vars.create_soft_link("/kernel", "0");
      for (const index of [1, 2]) {
        vars.create_dataset({ name: String(index), data: counting(SHAPES[index]!), shape: SHAPES[index]! });
      }
    });
    await expectRefused(file, /vars\/0 in the file itself but found a soft link/);
  });

  it("an external link", async () => {
    const file = await writeHdf5((root) => {
      makeGroups(root, "layers").create_external_link("/etc/passwd", "/", "gru");
    });
    await expectRefused(file, /expected \/layers\/gru in the file itself but found an external link/);
  });

  // h5py writes these files, because h5wasm cannot: see make_hostile_hdf5.py.
  it.each([
    ["lzf", /kernel .* without filters or deflated but found filter 32000/],
    ["virtual", /kernel .* in the file itself but found a virtual dataset/],
    ["external", /kernel .* in the file itself but found it in other files/],
    ["devices", /kernel .* in the file itself but found it in other files/],
  ])("a dataset with %s storage", async (name, message) => {
    const url = new URL(`data/${name}.h5`, import.meta.url);
    await expectRefused(new Uint8Array(readFileSync(url)), message);
  });
});

describe("declared sizes", () => {
  it("more than the file could hold", async () => {
    const { config } = await partsOf(FILE);
    const entry = config.config.layers.find(({ class_name }: { class_name: string }) => class_name === "GRU");
    entry.config.units = 2 ** 20;
    entry.build_config.input_shape = [null, 4, null];
    const columns = 3 * 2 ** 20;
    const h5 = await import("h5wasm");
    const weights = await writeHdf5((file) => {
      const vars = makeGroups(file, VARIABLES);
      for (const [index, rows] of [2, 2 ** 20, 2].entries()) {
        const name = String(index);
        const tiny = { data: counting([1, 1]), shape: [1, 1], maxshape: [null, null], chunks: [16, 4096] };
        vars.create_dataset({ name, ...tiny, ...(index === 0 ? { compression: "gzip" as const } : {}) });
        h5.Module.resize_dataset(file.file_id, `/${VARIABLES}/${name}`, [BigInt(rows), BigInt(columns)]);
      }
    });
    const before = process.memoryUsage().arrayBuffers;
    const error = await readKerasGru(await changedFile(FILE, { config, weights })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ERR_FILE_FORMAT" });
    expect((error as Error).message).toMatch(/expected recurrent_kernel .* to have at most .* but found 12\.0 TiB/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(80 * 2 ** 20);
  });
});

describe("damage", () => {
  it("a chunk that cannot be inflated is an error, not garbage", async () => {
    const file = await weightsFile({ chunks: [2, 9], compression: "gzip", compression_opts: 9 });
    const stream = Buffer.from(file.buffer).indexOf(Buffer.from([0x78, 0xda]));
    expect(stream).toBeGreaterThan(0);
    file.fill(0xff, stream + 4, stream + 20);
    await expectRefused(file, /expected kernel .* whole but found it damaged/);
  });

  it("a file cut off anywhere is refused", async () => {
    const { weights } = await partsOf(FILE);
    for (const share of [0.1, 0.35, 0.6, 0.85, 0.999]) {
      await expectRefused(weights.slice(0, Math.floor(weights.length * share)), /found a damaged one: truncated file/);
    }
  });

  it("random changes give weights of the right shape or a GRUError", async () => {
    const random = seededIntegers(77);
    const { weights } = await partsOf(FILE);
    const request: GroupRequest = {
      group: "layers/gru/cell",
      named: { group: "layers/gru", name: "encoder" },
      variables: SHAPES.map((shape, index) => ({ label: String(index), shape })),
    };
    for (let round = 0; round < 40; round += 1) {
      const bytes = weights.slice();
      for (let change = 1 + random(20); change > 0; change -= 1) bytes[random(bytes.length)] = random(256);
      try {
        const variables = await readHdf5Variables(bytes, request, 5000);
        expect(variables.map(({ shape }) => shape)).toEqual(SHAPES);
      } catch (error) {
        if (!(error instanceof GRUError)) throw error;
        expect(error.code).toBe("ERR_FILE_FORMAT");
      }
    }
  });

  it("a file that keeps the library busy is given up, and its thread ended", async () => {
    const { weights } = await partsOf(FILE);
    const request = { group: "g", named: { group: "g", name: "n" }, variables: [] };
    await expect(readHdf5Variables(weights, request, 1)).rejects.toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining("readable within 0.001 s"),
    });
  });
});
