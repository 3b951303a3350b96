// Whole models: their tensors, and the numbers that the model predicts alone.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { tensor } from "cudnn-gru";
import { loadKerasModel } from "cudnn-gru/models";
import { expect, it } from "vitest";
import { WholeModel } from "../whole_model.mjs";
import { serviceOf, settings, weather } from "./service.mjs";

async function serve(file, options) {
  const model = await WholeModel.load("whole", file, { ...settings, ...options });
  return serviceOf("whole", model);
}

const wave = (rows, seed) =>
  Float32Array.from({ length: rows * 96 * 3 }, (_, i) => Math.fround(Math.sin(seed * 100 + i)));

it.each([true, false])("concurrent requests get the numbers of the model (batching: %s)", async (batching) => {
  const { app, infer } = await serve(weather, { batching });
  const model = await loadKerasModel(weather);
  const [{ name }] = model.inputs;
  const requests = [1, 2, 1, 3].map((rows, seed) => ({ shape: [rows, 96, 3], data: wave(rows, seed) }));
  const responses = await Promise.all(
    requests.map(({ shape, data }) => infer({ inputs: [{ name, datatype: "FP32", shape, data: Array.from(data) }] })),
  );
  for (const [index, response] of responses.entries()) {
    const { shape, data } = requests[index];
    const wanted = model.predict(tensor(data, shape));
    expect(response.json().outputs).toEqual([
      { name: model.outputs[0].name, datatype: "FP32", shape: wanted.shape, data: Array.from(wanted.data) },
    ]);
  }
  const metadata = (await app.inject({ url: "/v2/models/whole" })).json();
  expect(metadata).toMatchObject({
    inputs: [{ name, datatype: "FP32", shape: [-1, 96, 3] }],
    outputs: [{ datatype: "FP32", shape: [-1, 24] }],
    parameters: { path: "cpu" },
  });
  await app.close();
});

it("refuses tensors that the model does not have, other shapes, and answers beyond the limit", async () => {
  const { app, infer } = await serve(weather, { maxElements: 24 * 96 });
  const input = (more) => ({
    inputs: [{ name: "input_layer", datatype: "FP32", shape: [1, 96, 3], data: Array(288).fill(0), ...more }],
  });
  expect((await infer(input({}))).statusCode).toBe(200);
  const wrong = [
    [input({ name: "other" }), /inputs/],
    [input({ shape: [1, 96], data: Array(96).fill(0) }), /3 sizes/],
    [input({ shape: [1, 95, 3], data: Array(285).fill(0) }), /96/],
    [input({ datatype: "BOOL", data: Array(288).fill(true) }), /datatype/],
    [input({ shape: [20, 96, 3], data: Array(20 * 288).fill(0) }), /elements/],
  ];
  for (const [request, message] of wrong) {
    const response = await infer(request);
    expect([response.statusCode, response.json().error]).toEqual([400, expect.stringMatching(message)]);
  }
  await app.close();
});

it("a file without a whole model is an error that says so", async () => {
  const file = fileURLToPath(new URL("../../../test/fixtures/keras/subclassed.keras", import.meta.url));
  expect(readFileSync(file).length).toBeGreaterThan(0);
  await expect(serve(file, {})).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
});
