// gru.saveWeights: this package and Keras read the files that it writes, and a refused file is left as it was.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GRU, type GRUArguments, type Tensor } from "cudnn-gru";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { encodeSafetensors, type SafetensorsTensor } from "../../dist/formats/safetensors/safetensors.js";
import { readSafetensors } from "../../dist/formats/safetensors/safetensors_file.js";
import { numbersOf, relativeError, TOLERANCE } from "../golden/reader.js";

const root = mkdtempSync(join(tmpdir(), "cudnn-gru-save-"));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A built layer with a bias that is not zero. */
function layer(args: GRUArguments = {}, features = 4, units = 3): GRU {
  const gru = new GRU(units, { kernel_initializer: "he_normal", bias_initializer: "glorot_uniform", ...args });
  gru.build([null, null, features]);
  return gru;
}

const bits = (weights: Tensor[]) => weights.map(({ shape, dtype, data }) => ({ shape, dtype, data: Array.from(data) }));

/** One layer for every way in which weights lie in a file. */
const LAYERS: [string, GRUArguments, number?][] = [
  ["float32", {}],
  ["float64", { dtype: "float64" }],
  ["float16", { dtype: "float16" }],
  ["bfloat16", { dtype: "bfloat16" }],
  ["mixed_float16", { dtype: "mixed_float16" }],
  ["mixed_bfloat16", { dtype: "mixed_bfloat16" }],
  ["without reset_after", { reset_after: false }],
  ["without a bias", { use_bias: false }],
  ["with dropout and a name of one's own", { dropout: 0.5, recurrent_dropout: 0.5, seed: 3, name: "größe" }],
  ["without features", {}, 0],
];
const ENDINGS = [".weights.h5", ".safetensors"] as const;

describe.each(ENDINGS)("%s", (ending) => {
  it.each(LAYERS)("%s: what is written is read again, bit for bit", async (_, args, features = 4) => {
    const path = join(folder, `model${ending}`);
    const gru = layer(args, features);
    await expect(gru.saveWeights(path)).resolves.toBeUndefined();
    expect(readdirSync(folder)).toEqual([`model${ending}`]);
    const read = new GRU(3, args);
    await read.loadWeights(path, { layer: gru.name });
    expect(bits(read.getWeights())).toEqual(bits(gru.getWeights()));
  });

  it("the same layer makes the same bytes, and replaces what was there", async () => {
    const gru = layer();
    await gru.saveWeights(join(folder, `a${ending}`));
    writeFileSync(join(folder, `b${ending}`), "old");
    await gru.saveWeights(join(folder, `b${ending}`), { overwrite: true });
    expect(readFileSync(join(folder, `b${ending}`))).toEqual(readFileSync(join(folder, `a${ending}`)));
  });

  it("weights are those of the moment of the call", async () => {
    const path = join(folder, `model${ending}`);
    const gru = layer();
    const before = bits(gru.getWeights());
    const saved = gru.saveWeights(path);
    gru.setWeights(gru.getWeights().map(({ data }) => data.map((value) => value + 1)));
    await saved;
    const read = new GRU(3);
    await read.loadWeights(path);
    expect(bits(read.getWeights())).toEqual(before);
  });

  it("many saves to one path at a time leave one of them whole", async () => {
    const path = join(folder, `model${ending}`);
    const layers = Array.from({ length: 6 }, () => layer());
    await Promise.all(layers.map((gru) => gru.saveWeights(path)));
    const read = new GRU(3);
    await read.loadWeights(path);
    expect(layers.map((gru) => bits(gru.getWeights()))).toContainEqual(bits(read.getWeights()));
    expect(readdirSync(folder)).toEqual([`model${ending}`]);
  });

  it("a larger layer", async () => {
    const path = join(folder, `model${ending}`);
    const gru = layer({}, 700, 300);
    await gru.saveWeights(path);
    const read = new GRU(300);
    await read.loadWeights(path);
    expect(read.getWeights()[0]?.data).toEqual(gru.getWeights()[0]?.data);
    expect(read.getWeights()[1]?.data).toEqual(gru.getWeights()[1]?.data);
  });
});

describe("safetensors", () => {
  it("holds the tensors by Keras's names, and the config", async () => {
    const path = join(folder, "model.safetensors");
    const gru = layer({ return_sequences: true });
    await gru.saveWeights(path);
    const { tensors, metadata } = await readSafetensors(path);
    expect([...tensors.keys()]).toEqual(["kernel", "recurrent_kernel", "bias"]);
    expect(metadata.get("class_name")).toBe("GRU");
    expect(JSON.parse(metadata.get("config") ?? "")).toEqual(gru.getConfig());
  });

  it.each(LAYERS)("%s: fromKeras makes the layer again", async (_, args, features = 4) => {
    const path = join(folder, "model.safetensors");
    const gru = layer(args, features);
    await gru.saveWeights(path);
    const read = await GRU.fromKeras(path);
    expect(read.getConfig()).toEqual(gru.getConfig());
    expect(bits(read.getWeights())).toEqual(bits(gru.getWeights()));
  });

  const tensor = (...shape: number[]): SafetensorsTensor => {
    const length = shape.reduce((product, size) => product * size, 1);
    return { dtype: "F32", shape, data: Float32Array.from({ length }, (_, index) => index) };
  };
  const cell = (prefix: string): [string, SafetensorsTensor][] => [
    [`${prefix}kernel`, tensor(4, 9)],
    [`${prefix}recurrent_kernel`, tensor(3, 9)],
    [`${prefix}bias`, tensor(2, 9)],
  ];
  const file = (...contents: Parameters<typeof encodeSafetensors>) => {
    const path = join(folder, "made.safetensors");
    writeFileSync(path, Buffer.concat(encodeSafetensors(...contents)));
    return path;
  };

  it("files of others: several layers, by the names before the tensors'", async () => {
    const path = file([...cell("encoder."), ...cell("model/decoder/"), ["dense.kernel", tensor(4, 2)]]);
    const gru = new GRU(3);
    await gru.loadWeights(path, { layer: "encoder" });
    await gru.loadWeights(path, { layer: "model/decoder" });
    await expect(gru.loadWeights(path)).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining('has 2: "encoder", "model/decoder"'),
    });
    await expect(GRU.fromKeras(path, { layer: "encoder" })).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining("which holds weights only"),
    });
  });

  it.each<[string, Parameters<typeof encodeSafetensors>, string]>([
    ["no tensors", [[]], "ERR_ARGUMENT"],
    ["a kernel alone", [[["kernel", tensor(4, 9)]]], "ERR_ARGUMENT"],
    [
      "tensors of other shapes",
      [
        [
          ["kernel", tensor(4, 9)],
          ["recurrent_kernel", tensor(3, 8)],
        ],
      ],
      "ERR_ARGUMENT",
    ],
    [
      "integers",
      [
        cell("").map(([name, { shape, data }]): [string, SafetensorsTensor] => [
          name,
          { dtype: "I32", shape, data: Int32Array.from(data as Float32Array) },
        ]),
        [
          ["class_name", "GRU"],
          ["config", '{"units":3}'],
        ],
      ],
      "ERR_FILE_FORMAT",
    ],
    [
      "a config that is a list",
      [
        cell(""),
        [
          ["class_name", "GRU"],
          ["config", "[]"],
        ],
      ],
      "ERR_FILE_FORMAT",
    ],
    [
      "a config that is no JSON",
      [
        cell(""),
        [
          ["class_name", "GRU"],
          ["config", "{"],
        ],
      ],
      "ERR_FILE_FORMAT",
    ],
  ])("refuses %s", async (_, contents, code) => {
    const path = file(...contents);
    await expect(new GRU(3).loadWeights(path)).rejects.toMatchObject({ code });
    await expect(GRU.fromKeras(path)).rejects.toMatchObject({ code });
  });

  it.each<[string, object, string]>([
    ["other units", { units: 4 }, "expected kernel of shape (any, 12) but found (4, 9)"],
    ["no bias", { units: 3, use_bias: false }, "expected kernel of shape (any, 9) but found (4, 9)"],
    ["another bias", { units: 3, reset_after: false }, "expected bias of shape (9,) but found (2, 9)"],
    ["no units", {}, "expected a positive integer for units"],
  ])("fromKeras refuses a config of %s than the tensors", async (_, config, message) => {
    const path = file(cell(""), [
      ["class_name", "GRU"],
      ["config", JSON.stringify(config)],
    ]);
    await expect(GRU.fromKeras(path)).rejects.toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining(message),
    });
  });

  it("weights of another layer's shapes change nothing", async () => {
    const path = file(cell(""));
    const gru = new GRU(4);
    await expect(gru.loadWeights(path)).rejects.toMatchObject({ code: "ERR_SHAPE" });
    expect(gru.built).toBe(false);
  });
});

describe("what saveWeights refuses", () => {
  const refused = async (gru: GRU, path: unknown, args: unknown, code: string, message: string) => {
    const before = readdirSync(folder);
    const error = await gru.saveWeights(path as string, args as object).then(
      () => expect.unreachable("it should have been refused"),
      (caught) => caught,
    );
    expect(error).toMatchObject({ name: "GRUError", code });
    expect(error.message).toContain(message);
    expect(readdirSync(folder)).toEqual(before);
  };
  const ends = "Expected a file path that ends in .weights.h5 or .safetensors for `path` but received";

  it.each([
    ["model.h5"],
    ["model.keras"],
    ["model"],
    [""],
    ["a\0.weights.h5"],
    [undefined],
    [null],
    [7],
    [new URL("file:///a")],
  ])("the path %j", (path) => refused(layer(), path, undefined, "ERR_ARGUMENT", ends));

  it("arguments that are none", async () => {
    const path = join(folder, "a.weights.h5");
    await refused(layer(), path, 7, "ERR_ARGUMENT", "an object for `arguments of saveWeights`");
    await refused(layer(), path, { overwrite: 1 }, "ERR_ARGUMENT", "true or false for `overwrite`");
    await refused(layer(), path, { overwite: true }, "ERR_ARGUMENT", 'Did you mean "overwrite"?');
  });

  it("a layer without weights, and a disposed one", async () => {
    await refused(new GRU(3), join(folder, "a.weights.h5"), null, "ERR_NOT_BUILT", "a built layer for `saveWeights`");
    const gru = layer();
    gru.dispose();
    await refused(gru, join(folder, "a.weights.h5"), null, "ERR_DISPOSED", "a living layer");
  });

  it.each(ENDINGS)("a file that is there, with overwrite: false (%s)", async (ending) => {
    const path = join(folder, `a${ending}`);
    await layer().saveWeights(path, { overwrite: false });
    const before = readFileSync(path);
    await refused(layer(), path, { overwrite: false }, "ERR_ARGUMENT", "(EEXIST)");
    expect(readFileSync(path)).toEqual(before);
  });

  it("a directory, a folder that is not there, a folder without permission", async () => {
    mkdirSync(join(folder, "a.weights.h5"));
    await refused(layer(), join(folder, "a.weights.h5"), null, "ERR_ARGUMENT", "(EISDIR)");
    await refused(layer(), join(folder, "none/a.weights.h5"), null, "ERR_ARGUMENT", "(ENOENT)");
    if (process.platform === "win32" || process.getuid?.() === 0) return;
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o500);
    await refused(layer(), join(folder, "closed/a.weights.h5"), null, "ERR_ARGUMENT", "(EACCES)");
  });
});

/** A Python with Keras, as CONTRIBUTING.md sets it up. */
const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

describe.skipIf(!existsSync(python))("real Keras (skipped where .venv has none)", () => {
  it("loads every file, into Sequential and Functional models, and computes the same", {
    timeout: 300_000,
  }, async () => {
    const cases = [];
    for (const [index, [, args, features = 4]] of LAYERS.entries()) {
      if (features === 0) continue;
      const gru = layer(args, features);
      const path = join(folder, `${index}.weights.h5`);
      await gru.saveWeights(path);
      const inputs = [
        [0, 1, 2].map((step) => Array.from({ length: features }, (_, at) => Math.fround(Math.sin(step + at)))),
      ];
      cases.push({ gru, path, config: gru.getConfig(), features, inputs });
    }
    const script = fileURLToPath(new URL("load_in_keras.py", import.meta.url));
    const input = JSON.stringify(cases.map(({ gru, ...rest }) => rest));
    const printed = execFileSync(python, [script], { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
    const { keras, results } = JSON.parse(printed);
    console.log(`Keras ${keras} loaded ${results.length} files`);
    expect(results).toHaveLength(LAYERS.length - 1);
    cases.forEach(({ gru, inputs, config }, index) => {
      const { functional, weights, output } = results[index];
      expect(functional).toBe(true);
      const numbers = gru.getWeights().map((weight) => Array.from(numbersOf(weight)));
      expect(weights.map((weight: number[][]) => weight.flat(2))).toEqual(numbers);
      const policy = (config.dtype as { config: { name: keyof typeof TOLERANCE } }).config.name;
      const computed = numbersOf(gru.call(inputs) as Tensor);
      expect(relativeError(computed, output.flat())).toBeLessThanOrEqual(TOLERANCE[policy]);
    });
  });
});
