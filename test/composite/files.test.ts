// Keras's own files with Bidirectionals and stacks, and the files that are written for Keras.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Bidirectional, GRU, GRUStack, saveModelWeights, type Tensor, tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { numbersOf, relativeError } from "../golden/reader.js";
import { expectRejection } from "../layers/support.js";
import { listOf } from "./by_hand.js";

interface Stored {
  shape: number[];
  values: number[];
}

interface Model {
  inputs: Stored;
  outputs: Stored[];
  weights: Stored[];
}

const folder = new URL("../fixtures/wrappers/", import.meta.url);
const { models } = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as {
  models: Record<string, Model>;
};
const fixture = (name: string) => fileURLToPath(new URL(name, folder));
const scratch = mkdtempSync(join(tmpdir(), "wrappers-"));
afterAll(() => rmSync(scratch, { recursive: true }));

function check(name: string, result: unknown, tolerance = 1e-5): void {
  const { outputs } = models[name] as Model;
  const found = listOf(result);
  expect(found.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  outputs.forEach(({ values }, index) => {
    expect(relativeError(numbersOf(found[index] as Tensor), values)).toBeLessThanOrEqual(tolerance);
  });
}

function inputsOf(name: string, dtype: "float32" | "float64" = "float32"): Tensor {
  const { shape, values } = (models[name] as Model).inputs;
  return tensor(dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values), shape);
}

const LAYERS = { layers: ["both", "middle", "last"] };

describe.each([".keras", ".h5"])("%s", (kind) => {
  it("a stack", async () => {
    const stack = await GRUStack.fromKeras(fixture(`stack${kind}`), LAYERS);
    check("stack", stack.call(inputsOf("stack")));
    expect(stack.layers.map(({ name }) => name)).toEqual(LAYERS.layers);
    expect(stack.weights.map(({ shape }) => shape)).toEqual(models.stack?.weights.map(({ shape }) => shape));
    const withStates = await GRUStack.fromKeras(fixture(`stack${kind}`), { ...LAYERS, return_state: true });
    const results = withStates.call(inputsOf("stack"));
    expect(results).toHaveLength(6);
    check("stack", results[0]);
  });

  it("the first layers of a stack, by bytes", async () => {
    const bytes = readFileSync(fixture(`stack${kind}`));
    const stack = await GRUStack.fromKeras(bytes, { layers: ["both", "middle"], name: "encoder" });
    expect([stack.name, stack.countParams()]).toEqual(["encoder", 2 * (18 + 12 + 12) + 36 + 27 + 18]);
  });

  it("a Bidirectional with several results", async () => {
    const file = fixture(`pair${kind}`);
    const results = { return_state: true, merge_mode: null } as const;
    const pair = await Bidirectional.fromKeras(file, { layer: "pair", ...results });
    check("pair", pair.call(inputsOf("pair")));
    expect([pair.name, pair.forward_layer.name, pair.backward_layer.name]).toEqual(["pair", "forward_own", "mine"]);
    await expectRejection(() => Bidirectional.fromKeras(file), "ERR_ARGUMENT", /return_state: true/);
    await expectRejection(
      () => Bidirectional.fromKeras(file, { return_state: false }),
      "ERR_ARGUMENT",
      /Pass \{ merge_mode: null \}/,
    );
    const one = await Bidirectional.fromKeras(file, { return_state: false, merge_mode: "concat" });
    expect(one.call(inputsOf("pair")).shape).toEqual([2, 5, 5]);
  });

  it("a Bidirectional inside of other models, in float64", async () => {
    const deep = await Bidirectional.fromKeras(fixture(`deep${kind}`));
    expect([deep.name, deep.compute_dtype]).toEqual(["inner_both", "float64"]);
    check("deep", deep.call(inputsOf("deep", "float64")), 1e-12);
    const named = await Bidirectional.fromKeras(fixture(`deep${kind}`), { layer: "encoder/inner_both" });
    expect(named.getWeights()).toEqual(deep.getWeights());
  });

  it("which one: the message lists them", async () => {
    const file = fixture(`stack${kind}`);
    await expectRejection(
      () => Bidirectional.fromKeras(file),
      "ERR_ARGUMENT",
      /one Bidirectional GRU layer.*"both", "last"/,
    );
    await expectRejection(
      () => Bidirectional.fromKeras(file, { layer: "middle" }),
      "ERR_ARGUMENT",
      /"middle" \(a GRU layer\)/,
    );
    await expectRejection(
      () => GRUStack.fromKeras(file, { layers: ["both", "nothing"] }),
      "ERR_ARGUMENT",
      /`layers\[1\]`.*"nothing"/,
    );
    await expectRejection(() => GRUStack.fromKeras(file, { layers: ["both", "last", "middle"] }), "ERR_ARGUMENT");
    await expectRejection(
      () => GRUStack.fromKeras(fixture(`pair${kind}`), { layers: ["pair"] }),
      "ERR_ARGUMENT",
      /one output/,
    );
  });

  it("lists the layers of the file when a stack names none", async () => {
    for (const args of [undefined, null, {}, { layers: null }, { return_state: true }]) {
      await expectRejection(
        () => GRUStack.fromKeras(fixture(`stack${kind}`), args as never),
        "ERR_ARGUMENT",
        /layers of the stack \(.*stack.* has: "both", "middle", "last"\) for `layers` but received none/,
      );
    }
  });
});

describe.each([".keras", ".h5", ".weights.h5"])("weights from %s", (kind) => {
  const make = () => [
    new Bidirectional(new GRU(2, { return_sequences: true })),
    new GRU(3, { return_sequences: true }),
    new Bidirectional(new GRU(2), { merge_mode: "sum" }),
  ];

  it("of a stack, in Keras's places and by name", async () => {
    for (const args of [undefined, LAYERS]) {
      const stack = new GRUStack(make());
      await stack.loadWeights(fixture(`stack${kind}`), kind === ".weights.h5" ? undefined : args);
      check("stack", stack.call(inputsOf("stack")));
    }
  });

  it("of one Bidirectional", async () => {
    const both = new Bidirectional(new GRU(2, { return_sequences: true }));
    const layer = kind === ".weights.h5" ? "layers/bidirectional" : "both";
    await both.loadWeights(fixture(`stack${kind}`), { layer });
    expect(both.getWeights().map(({ data }) => [...data])).toEqual(
      models.stack?.weights.slice(0, 6).map(({ values }) => values),
    );
  });

  it("that do not fit change nothing", async () => {
    const both = new Bidirectional(new GRU(3));
    await expectRejection(() => both.loadWeights(fixture(`pair${kind}`)), "ERR_SHAPE");
    expect(both.built).toBe(false);
    const other = new Bidirectional(new GRU(2, { return_sequences: true }), {
      backward_layer: new GRU(4, { return_sequences: true, go_backwards: true }),
    });
    other.build([null, null, 3]);
    const before = other.getWeights();
    await expectRejection(() => other.loadWeights(fixture(`pair${kind}`)), "ERR_SHAPE");
    expect(other.getWeights()).toEqual(before);
    const [first, , last] = make() as [Bidirectional, GRU, Bidirectional];
    const stack = new GRUStack([first, last]);
    await expectRejection(() => stack.loadWeights(fixture(`stack${kind}`)), "ERR_SHAPE", /4 features/);
    expect(stack.built).toBe(false);
  });
});

it("refuses a file of weights where configs are needed", async () => {
  await expectRejection(
    () => Bidirectional.fromKeras(fixture("pair.weights.h5")),
    "ERR_ARGUMENT",
    /holds weights only/,
  );
  const args = { layers: ["gru"] };
  await expectRejection(() => GRUStack.fromKeras(fixture("stack.weights.h5"), args), "ERR_ARGUMENT", /loadWeights/);
});

describe("written files", () => {
  it("come back", async () => {
    const stack = await GRUStack.fromKeras(fixture("stack.keras"), LAYERS);
    const path = join(scratch, "stack.weights.h5");
    await stack.saveWeights(path);
    const again = GRUStack.fromConfig(stack.getConfig());
    await again.loadWeights(path);
    expect(again.getWeights()).toEqual(stack.getWeights());
    const both = stack.layers[0] as Bidirectional;
    const own = join(scratch, "both.weights.h5");
    await both.saveWeights(own);
    const other = Bidirectional.fromConfig(both.getConfig());
    await other.loadWeights(own);
    expect(other.getWeights()).toEqual(both.getWeights());
    const all = join(scratch, "model.weights.h5");
    await saveModelWeights(all, stack.layers);
    expect(readFileSync(all)).toEqual(readFileSync(path));
  });

  it("may not be of another kind, and need weights", async () => {
    const both = new Bidirectional(new GRU(2));
    await expectRejection(() => both.saveWeights(join(scratch, "a.weights.h5")), "ERR_NOT_BUILT");
    both.build([null, null, 3]);
    await expectRejection(() => both.saveWeights(join(scratch, "a.safetensors")), "ERR_ARGUMENT", /\.weights\.h5/);
    expect(existsSync(join(scratch, "a.safetensors"))).toBe(false);
  });

  const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
  it.skipIf(!existsSync(python))(
    "are loaded by Keras",
    async () => {
      const stack = await GRUStack.fromKeras(fixture("stack.keras"), LAYERS);
      stack.setWeights(stack.weights.map(({ value }) => (value.data as Float32Array).map((one) => one / 2)));
      const path = join(scratch, "keras.weights.h5");
      await stack.saveWeights(path);
      const program = `
import os
os.environ["KERAS_BACKEND"] = "tensorflow"; os.environ["CUDA_VISIBLE_DEVICES"] = ""
import json, sys, numpy, keras
model = keras.saving.load_model(sys.argv[1])
model.load_weights(sys.argv[2])
given = json.loads(sys.argv[3])
print(json.dumps(numpy.asarray(model(numpy.asarray(given["values"], "float32").reshape(given["shape"]))).ravel().tolist()))
`;
      const args = ["-c", program, fixture("stack.keras"), path, JSON.stringify(models.stack?.inputs)];
      const printed = execFileSync(python, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      const values = JSON.parse(printed.trim().split("\n").at(-1) as string) as number[];
      expect(relativeError(stack.call(inputsOf("stack")).data as Float32Array, values)).toBeLessThanOrEqual(1e-5);
    },
    120_000,
  );
});
