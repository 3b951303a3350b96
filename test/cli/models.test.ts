import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "cudnn-gru";
import { loadKerasModel } from "cudnn-gru/models";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GoldenModel, goldenModels, type ModelCall, type ModelTensor } from "../golden/models/models.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const weather = join(root, "examples/weather/model.keras");
const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: string[], input?: string) {
  const command = [join(root, "dist/cli/main.js"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", input });
  return { status, stdout, stderr };
}

const ROWS = 3;
const values = Float32Array.from({ length: ROWS * 96 * 3 }, (_, index) => Math.sin(index));
let expected: number[];

/** The file that `numpy.save` writes for `values`, version 1.0 of its format. */
function npy(): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${ROWS}, 96, 3), }`;
  const header = `${text.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from("NUMPY\x01\x00", "latin1"),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
    Buffer.from(values.buffer),
  ]);
}

/** Nested arrays of a shape. */
function nested(flat: readonly number[], [size = 1, ...inner]: readonly number[]): unknown[] {
  const width = flat.length / size;
  return Array.from({ length: size }, (_, at) => {
    const part = flat.slice(at * width, (at + 1) * width);
    return inner.length === 0 ? part[0] : nested(part, inner);
  });
}

const isTensor = (value: unknown): value is ModelTensor => typeof (value as ModelTensor).dtype === "string";

function near(found: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index] as number, 5);
}

beforeAll(async () => {
  const model = await loadKerasModel(weather);
  expected = [...((model.predict({ data: values, shape: [ROWS, 96, 3] }) as Tensor).data as Float32Array)];
  model.dispose();
  writeFileSync(join(folder, "x.npy"), npy());
  const lines = Array.from({ length: ROWS }, (_, row) => values.slice(row * 288, (row + 1) * 288).join(","));
  writeFileSync(
    join(folder, "x.csv"),
    `${Array.from({ length: 288 }, (_, at) => `c${at}`).join(",")}\n${lines.join("\n")}\n`,
  );
});

describe("predict", () => {
  it("reads .npy and writes .npy with the shape and the numbers of the model", () => {
    const path = join(folder, "y.npy");
    expect(run(["predict", weather, "-i", join(folder, "x.npy"), "-o", path])).toMatchObject({ status: 0, stdout: "" });
    const bytes = readFileSync(path);
    const end = 10 + bytes.readUInt16LE(8);
    expect(end % 64).toBe(0);
    expect(bytes.toString("latin1", 10, end)).toContain("'descr': '<f4', 'fortran_order': False, 'shape': (3, 24)");
    near([...new Float32Array(new Uint8Array(bytes.subarray(end)).buffer)]);
  });

  it("reads CSV with a header and writes CSV, in batches", () => {
    const path = join(folder, "y.csv");
    const args = ["predict", weather, "-i", join(folder, "x.csv"), "-o", path, "--batch-size", "2", "--quiet"];
    expect(run(args)).toMatchObject({ status: 0, stderr: "" });
    const lines = readFileSync(path, "utf8").trim().split("\n");
    expect(lines).toHaveLength(ROWS);
    near(lines.flatMap((line) => line.split(",").map(Number)));
  });

  it("reads JSON from standard input and writes it to standard output", () => {
    const rows = Array.from({ length: ROWS }, (_, row) =>
      Array.from({ length: 96 }, (__, step) => [...values.slice((row * 96 + step) * 3, (row * 96 + step + 1) * 3)]),
    );
    const { status, stdout } = run(["predict", weather, "--input", "-", "--quiet"], JSON.stringify(rows));
    expect(status).toBe(0);
    near((JSON.parse(stdout) as number[][]).flat());
  });

  it("names the outputs of a model that returns an object as the model does", async () => {
    const golden = goldenModels().find(({ format, calls }) => {
      const { inputs, outputs } = calls[0] as ModelCall;
      const keys = isTensor(outputs) || Array.isArray(outputs) ? [] : Object.keys(outputs);
      return format === "keras" && isTensor(inputs) && keys.length > 1;
    }) as GoldenModel;
    const path = join(folder, "object.keras");
    writeFileSync(path, golden.bytes);
    const model = await loadKerasModel(path);
    const names = model.outputs.map(({ name }) => name);
    model.dispose();
    const { inputs, outputs } = golden.calls[0] as ModelCall;
    const { data, shape } = inputs as ModelTensor;
    const { status, stdout } = run(["predict", path, "-i", "-", "--quiet"], JSON.stringify(nested([...data], shape)));
    expect(status).toBe(0);
    const found = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(found).sort()).toEqual([...names].sort());
    const wanted = Object.entries(outputs as Record<string, ModelTensor>).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [index, [, tensor]] of wanted.entries()) {
      const own = [found[names[index] as string]].flat(Number.POSITIVE_INFINITY) as number[];
      expect(own).toHaveLength(tensor.data.length);
      for (const [at, value] of own.entries()) expect(value).toBeCloseTo(tensor.data[at] as number, 4);
    }
  });

  it.each([
    ["a missing file", ["-i", "absent.npy"], "absent.npy"],
    ["an input that the model does not have", ["-i", "nothing=x.npy"], "input_layer"],
  ])("%s: exit status 1 and a message", (_, args, text) => {
    const { status, stderr } = run(["predict", weather, ...args]);
    expect(status).toBe(1);
    expect(stderr).toContain(text);
  });

  it("names line and column of a field that is no number", () => {
    writeFileSync(join(folder, "bad.csv"), "1,2\n3,four\n");
    const { status, stderr } = run(["predict", weather, "-i", join(folder, "bad.csv")]);
    expect(status).toBe(1);
    expect(stderr).toContain("line 2, column 2");
  });

  it("refuses an array that was cut off", () => {
    writeFileSync(join(folder, "cut.npy"), npy().subarray(0, 500));
    const { status, stderr } = run(["predict", weather, "-i", join(folder, "cut.npy")]);
    expect(status).toBe(1);
    expect(stderr).toContain("ERR_FILE_FORMAT");
  });
});

describe("inspect", () => {
  it("shows layers, parameters, GRUs and their path", () => {
    const { status, stdout } = run(["inspect", weather, "--json"]);
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ supported: true, problem: null, params: 4344, bytes: 4 * 4344 });
    expect(report.layers).toMatchObject([
      { path: "weather_gru", class_name: "GRU", output_shapes: [[null, 32]], params: 3552 },
      { path: "head", class_name: "Dense", output_shapes: [[null, 24]], params: 792 },
    ]);
    expect(report.grus).toMatchObject([{ path: "weather_gru", kernel: [3, 96], recurrent_kernel: [32, 96] }]);
    expect(run(["inspect", weather]).stdout).toContain("4,344 parameters, 17,376 bytes");
  });

  it("says that the mask of the model keeps a GRU on the CPU", () => {
    const path = join(folder, "masked.keras");
    writeFileSync(path, (goldenModels("masks").find(({ name }) => name === "masks/gru") as GoldenModel).bytes);
    expect(run(["inspect", path]).stdout).toMatch(
      /runs on the CPU here, because\n\s+mask: .*The model computes this one/,
    );
  });

  it("exits with 1 for a model that is not supported, and says why", () => {
    const { status, stdout } = run(["inspect", join(root, "test/fixtures/keras/subclassed.keras")]);
    expect(status).toBe(1);
    expect(stdout).toContain("ERR_UNSUPPORTED");
  });

  it("reports errors as JSON where JSON is asked for", () => {
    const { status, stdout } = run(["inspect", "absent.keras", "--json"]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error.code).toBe("ERR_ARGUMENT");
  });
});

describe("convert", () => {
  it("writes a model and says what it wrote, as text and as JSON", async () => {
    const path = join(folder, "converted.keras");
    const { status, stdout } = run(["convert", weather, path]);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/converted\.keras: 5 weights of 2 layers, [\d,]+ bytes/),
    ]);
    const model = await loadKerasModel(path);
    near([...((model.predict({ data: values, shape: [ROWS, 96, 3] }) as Tensor).data as Float32Array)]);
    model.dispose();
    const tensors = join(folder, "converted.safetensors");
    const report = JSON.parse(run(["convert", weather, tensors, "--json"]).stdout);
    expect(report).toEqual({
      input: weather,
      output: tensors,
      format: ".safetensors",
      layers: 2,
      weights: 5,
      bytes: readFileSync(tensors).length,
    });
  });

  it("replaces a file only with --overwrite", () => {
    const path = join(folder, "there.keras");
    writeFileSync(path, "something");
    const refused = run(["convert", weather, path]);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("Pass --overwrite") });
    expect(readFileSync(path, "utf8")).toBe("something");
    expect(run(["convert", weather, path, "--overwrite"]).status).toBe(0);
  });

  it.each([
    [["convert", weather], 2, "missing required argument 'out'"],
    [["convert", weather, "model.onnx"], 2, ".weights.h5"],
    [["convert", "absent.keras", "model.keras"], 1, "absent.keras"],
  ])("%j: exit status %i", (args, wanted, text) => {
    const { status, stderr } = run(args);
    expect(status).toBe(wanted);
    expect(stderr).toContain(text);
  });

  it("has examples in its help", () => {
    expect(run(["convert", "--help"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("model.weights.h5"),
    });
  });
});

describe("bench", () => {
  it("times a shape on this machine", () => {
    const { status, stdout } = run(["bench", "1x5x4-3", "--seconds", "0.01", "--json"]);
    expect(status).toBe(0);
    const { rows } = JSON.parse(stdout);
    expect(rows[0]).toMatchObject({ shape: "1x5x4-3", path: "cpu", threads: 1 });
    expect(rows[0].medianMilliseconds).toBeGreaterThan(0);
  });

  it("exits with 2 for a shape that is none", () => {
    expect(run(["bench", "1x5"])).toMatchObject({ status: 2, stderr: expect.stringContaining("32x100x128-256") });
  });

  it.each(["999999x999999x9-9", "1x1x1-999999"])("says that %s does not fit in memory", (shape) => {
    const { status, stderr } = run(["bench", shape]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/memory/);
    expect(stderr).not.toMatch(/ {4}at /);
  });
});
