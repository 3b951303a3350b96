// The parameters of torch.nn.GRU in safetensors files.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GRU, type GRUArguments, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { encodeSafetensors, type SafetensorsTensor } from "../../dist/formats/safetensors/safetensors.js";
import { numbersOf, relativeError } from "../golden/reader.js";
import { expectRejection } from "../layers/support.js";
import { modelFile } from "./keras_files.js";

interface Stored {
  shape: number[];
  values: number[];
}

const folder = new URL("../fixtures/torch/", import.meta.url);
const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<
  string,
  { input: Stored; output: Stored; state: Stored }
>;
const fixture = (name: string) => fileURLToPath(new URL(`${name}.safetensors`, folder));

async function loaded(name: string, layer?: string, args: GRUArguments = {}): Promise<GRU> {
  const gru = new GRU(3, { return_sequences: true, ...args });
  await gru.loadWeights(fixture(name), layer === undefined ? {} : { layer });
  return gru;
}

const outputOf = (gru: GRU, inputs: Tensor) => gru.call(inputs) as Tensor;

/** `values`, (batch, timesteps, features), with the timesteps in the other order. */
function backwards(values: Tensor): Tensor {
  return tensor((values.toArray() as number[][][]).map((row) => [...row].reverse()));
}

/** What PyTorch makes of both directions: side by side, in the inputs' order of time. */
function sideBySide(forward: Tensor, backward: Tensor): Tensor {
  const other = backwards(backward).toArray() as number[][][];
  return tensor(
    (forward.toArray() as number[][][]).map((row, batch) =>
      row.map((step, time) => [...step, ...other[batch]![time]!]),
    ),
  );
}

describe("gives torch.nn.GRU's numbers", () => {
  it.each([
    ["plain", undefined, {}],
    ["no_bias", "gru", { use_bias: false }],
    ["float16", "gru", {}],
    ["bfloat16", "gru", {}],
    ["float64", "gru", { dtype: "float64" }],
    ["cell", "cell", {}],
  ] as const)("%s", async (name, layer, args) => {
    const gru = await loaded(name, layer, args);
    const { input, output } = expected[`${name}.safetensors`]!;
    const data = gru.dtype === "float64" ? Float64Array.from(input.values) : Float32Array.from(input.values);
    const found = outputOf(gru, tensor(data, input.shape));
    expect(found.shape).toEqual(output.shape);
    expect(relativeError(numbersOf(found), output.values)).toBeLessThanOrEqual(gru.dtype === "float64" ? 1e-12 : 1e-5);
  });

  it("of two layers in both directions", async () => {
    const { input, output } = expected["stack.safetensors"]!;
    let values: Tensor = tensor(Float32Array.from(input.values), input.shape);
    for (const at of [0, 1]) {
      const forward = await loaded("stack", `encoder.gru.l${at}`);
      const backward = await loaded("stack", `encoder.gru.l${at}_reverse`, { go_backwards: true });
      values = sideBySide(outputOf(forward, values), outputOf(backward, values));
    }
    expect(values.shape).toEqual(output.shape);
    expect(relativeError(numbersOf(values), output.values)).toBeLessThanOrEqual(1e-5);
  });

  it("keeps 16-bit weights bit for bit, in their layout", async () => {
    const gru = await loaded("bfloat16", "gru", { dtype: "bfloat16", recurrent_initializer: "zeros" });
    const wide = await loaded("bfloat16", "gru");
    expect(gru.getWeights().map((weight) => weight.toArray())).toEqual(
      wide.getWeights().map((weight) => weight.toArray()),
    );
  });
});

describe("which one", () => {
  it.each(["encoder.gru.l1_reverse", "encoder/gru/l1_reverse", "l1_reverse"])("%s", async (layer) => {
    const gru = await loaded("stack", layer);
    expect(gru.kernel.shape).toEqual([6, 9]);
  });

  it.each([undefined, "gru", "gru.l0", "gru/l0", "l0"])("the only one of a file as %s", async (layer) => {
    const gru = await loaded("float16", layer);
    expect(gru.kernel.shape).toEqual([2, 9]);
  });

  it("several have to be told apart, and the message lists them", async () => {
    const all = '"encoder.gru.l0", "encoder.gru.l0_reverse", "encoder.gru.l1", "encoder.gru.l1_reverse"';
    await expectRejection(() => loaded("stack"), "ERR_ARGUMENT", `has 4: ${all}`);
    await expectRejection(() => loaded("stack", "encoder.gru"), "ERR_ARGUMENT", `"encoder.gru", which fits ${all}`);
    await expectRejection(() => loaded("stack", "encoder.gru.l2"), "ERR_ARGUMENT", all);
  });
});

describe("what is refused", () => {
  it.each([
    ["decoder.lstm.l0", "PyTorch LSTM"],
    ["decoder.rnn.l0", "PyTorch RNN"],
  ])("%s is no GRU", async (layer, kind) => {
    await expectRejection(() => loaded("stack", layer), "ERR_ARGUMENT", `(a ${kind} layer)`);
  });

  it("an LSTM alone", async () => {
    await expectRejection(() => loaded("lstm"), "ERR_ARGUMENT", /"decoder\.lstm\.l0 \(PyTorch LSTM\)"/);
  });

  it("a layer that applies the reset gate before the product, with a bias or without", async () => {
    const gru = new GRU(3, { reset_after: false });
    await expectRejection(
      () => gru.loadWeights(fixture("plain")),
      "ERR_SHAPE",
      /reset gate after the product.*reset_after: true/,
    );
    const bare = new GRU(3, { reset_after: false, use_bias: false });
    const error = await expectRejection(
      () => bare.loadWeights(fixture("no_bias")),
      "ERR_ARGUMENT",
      /reset gate after the product.*reset_after: true/,
    );
    expect(error.message).toMatch(/`source`/);
    expect([gru.built, bare.built]).toEqual([false, false]);
  });

  it("a layer with a bias where the file has none", async () => {
    await expectRejection(() => loaded("no_bias", "gru"), "ERR_SHAPE", /use_bias/);
  });

  it("GRU.fromKeras, as there is no config", async () => {
    await expectRejection(() => GRU.fromKeras(fixture("plain")), "ERR_ARGUMENT", /holds weights only/);
  });

  const f32 = (shape: number[]): SafetensorsTensor => ({
    dtype: "F32",
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  });
  const WHOLE = { weight_ih_l0: [9, 2], weight_hh_l0: [9, 3], bias_ih_l0: [9], bias_hh_l0: [9] };
  const file = (tensors: Record<string, number[]>): string =>
    modelFile(
      Buffer.concat(encodeSafetensors(Object.entries(tensors).map(([name, shape]) => [name, f32(shape)]))),
      ".safetensors",
    );

  it.each<[string, Record<string, number[]>, RegExp]>([
    ["one bias of two", { bias_hh_l0: [] }, /bias_hh_l0/],
    ["the other bias of two", { bias_ih_l0: [] }, /bias_ih_l0/],
    ["another bias", { bias_hh_l0: [8] }, /bias_hh_l0.*\(9,\)/],
    ["a bias of rank 2", { bias_ih_l0: [9, 1] }, /bias_ih_l0.*\(9,\)/],
    ["no recurrent weights", { weight_hh_l0: [] }, /weight_hh_l0/],
    ["recurrent weights of rank 1", { weight_hh_l0: [27] }, /weight_hh_l0/],
    ["other rows", { weight_ih_l0: [8, 2] }, /weight_ih_l0.*\(9, features\)/],
    ["rows of nothing known", { weight_hh_l0: [15, 3], weight_ih_l0: [15, 2] }, /weight_hh_l0/],
    ["no units", { weight_hh_l0: [0, 0], weight_ih_l0: [0, 2], bias_hh_l0: [0], bias_ih_l0: [0] }, /weight_hh_l0/],
  ])("%s", async (_, change, message) => {
    const tensors = Object.fromEntries(
      Object.entries({ ...WHOLE, ...change }).filter(([name, shape]) => shape.length > 0 || name === ""),
    );
    const gru = new GRU(3);
    await gru.loadWeights(file(WHOLE));
    const before = gru.getWeights().map(({ data }) => [...data]);
    await expectRejection(() => gru.loadWeights(file(tensors)), "ERR_FILE_FORMAT", message);
    expect(gru.getWeights().map(({ data }) => [...data])).toEqual(before);
  });

  it("an LSTM with projections, whose rows may be as many as a GRU's", async () => {
    const path = file({ weight_ih_l0: [12, 2], weight_hh_l0: [12, 4], weight_hr_l0: [4, 3] });
    const gru = new GRU(4, { use_bias: false });
    await expectRejection(() => gru.loadWeights(path), "ERR_ARGUMENT", /PyTorch LSTM/);
  });

  it("numbers that are no floats", async () => {
    const ints: SafetensorsTensor = { dtype: "I32", shape: [9, 2], data: new Int32Array(18) };
    const tensors: [string, SafetensorsTensor][] = [
      ["weight_ih_l0", ints],
      ["weight_hh_l0", f32([9, 3])],
    ];
    const path = modelFile(Buffer.concat(encodeSafetensors(tensors)), ".safetensors");
    await expectRejection(
      () => new GRU(3, { use_bias: false }).loadWeights(path),
      "ERR_FILE_FORMAT",
      /weight_ih_l0 of dtype.*I32/,
    );
  });
});
