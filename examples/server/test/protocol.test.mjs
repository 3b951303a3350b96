// The routes of the Open Inference Protocol, through fastify.inject.
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { makeInputs, makeService, requestOf } from "./service.mjs";

let app;
let gru;
let infer;

beforeAll(async () => {
  ({ app, gru, infer } = await makeService());
});

afterAll(() => app.close());

const get = async (url) => {
  const response = await app.inject({ url });
  return [response.statusCode, response.json()];
};

describe("health and metadata", () => {
  test("the server", async () => {
    const [status, about] = await get("/v2");
    expect([status, about]).toEqual([
      200,
      { name: "cudnn-gru", version: expect.stringMatching(/^\d+\.\d+\.\d+/), extensions: ["binary_tensor_data"] },
    ]);
    expect(await get("/v2/health/live")).toEqual([200, { live: true }]);
    expect(await get("/v2/health/ready")).toEqual([200, { ready: true }]);
  });

  test("the model, with the path and why", async () => {
    expect(await get("/v2/models/weather/ready")).toEqual([200, { name: "weather", ready: true }]);
    const [status, about] = await get("/v2/models/weather");
    expect(status).toBe(200);
    expect(about).toMatchObject({ name: "weather", platform: "cudnn-gru", parameters: { path: "cpu" } });
    expect(about.parameters.cudnn_requirements_unmet).toMatch(/^runtime: .*CUDNN_GRU_DISABLE_CUDA/);
    expect(about.inputs[0]).toEqual({ name: "inputs", datatype: "FP32", shape: [-1, -1, 3] });
    expect(about.outputs).toEqual([{ name: "output", datatype: "FP32", shape: [-1, 32] }]);
  });

  test("what is not there", async () => {
    for (const url of ["/v2/models/none", "/v2/models/none/ready", "/v2/models/weather/versions/2", "/none"]) {
      const [status, { error }] = await get(url);
      expect([url, status, typeof error]).toEqual([url, 404, "string"]);
    }
    const none = await app.inject({ method: "POST", url: "/v2/models/none/infer", payload: "{}" });
    expect([none.statusCode, none.json()]).toEqual([404, { error: 'There is no model "none"' }]);
  });
});

describe("infer", () => {
  it("gives the layer's numbers, exactly", async () => {
    const inputs = makeInputs(2, 5);
    const response = await infer(requestOf(inputs, { id: "42" }));
    expect(response.statusCode).toBe(200);
    const { outputs, ...about } = response.json();
    expect(about).toEqual({ model_name: "weather", id: "42" });
    const expected = gru.call(inputs);
    expect(outputs).toEqual([{ name: "output", datatype: "FP32", shape: [2, 32], data: Array.from(expected.data) }]);
  });

  it("takes nested data, FP64, lengths, masks, an initial state, and the outputs that are asked for", async () => {
    const inputs = makeInputs(1, 3);
    const state = { name: "initial_state", datatype: "FP32", shape: [1, 32], data: new Array(32).fill(0.25) };
    const initial_state = new Float32Array(32).fill(0.25);
    const values = Array.from(inputs.data);
    const nested = [[values.slice(0, 3), values.slice(3, 6), values.slice(6)]];
    const cases = [
      [[{ name: "inputs", datatype: "FP64", shape: [1, 3, 3], data: nested }], {}],
      [[...requestOf(inputs).inputs, { name: "lengths", datatype: "INT32", shape: [1], data: [2] }], { lengths: [2] }],
      [[...requestOf(inputs).inputs, { name: "lengths", datatype: "INT64", shape: [1], data: [1] }], { lengths: [1] }],
      [
        [...requestOf(inputs).inputs, { name: "mask", datatype: "BOOL", shape: [1, 3], data: [true, false, true] }],
        { mask: [[true, false, true]] },
      ],
      [[...requestOf(inputs).inputs, state], { initial_state }],
    ];
    for (const [given, args] of cases) {
      const response = await infer({ inputs: given, outputs: [{ name: "output" }] });
      expect(response.statusCode, response.body).toBe(200);
      expect(response.json().outputs[0].data).toEqual(Array.from(gru.call(inputs, args).data));
    }
  });

  it("takes and gives binary tensors", async () => {
    const inputs = makeInputs(2, 4);
    const bytes = Buffer.from(inputs.data.buffer);
    const header = {
      inputs: [
        { name: "lengths", datatype: "INT64", shape: [2], data: [4, 3] },
        { name: "inputs", datatype: "FP32", shape: inputs.shape, parameters: { binary_data_size: bytes.length } },
      ],
    };
    const expected = gru.call(inputs, { lengths: [4, 3] });
    for (const wish of [
      { parameters: { binary_data_output: true } },
      { outputs: [{ name: "output", parameters: { binary_data: true } }] },
    ]) {
      const json = Buffer.from(JSON.stringify({ ...header, ...wish }));
      const response = await infer(Buffer.concat([json, bytes]), {
        "content-type": "application/octet-stream",
        "inference-header-content-length": String(json.length),
      });
      expect(response.statusCode, response.body).toBe(200);
      const length = Number(response.headers["inference-header-content-length"]);
      const { outputs } = JSON.parse(response.rawPayload.subarray(0, length));
      expect(outputs).toEqual([
        { name: "output", datatype: "FP32", shape: [2, 32], parameters: { binary_data_size: 256 } },
      ]);
      expect(response.rawPayload.subarray(length)).toEqual(Buffer.from(expected.data.buffer));
    }
  });

  const good = () => requestOf(makeInputs(1, 2)).inputs[0];
  it.each([
    ["no JSON", "{", /Expected JSON/],
    ["no body", "", /Expected JSON/],
    ["an array", "[]", /object/],
    ["no inputs", "{}", /inputs/],
    ["inputs without the layer's", '{"inputs":[]}', /inputs/],
    ["lengths alone", { inputs: [{ name: "lengths", datatype: "INT32", shape: [1], data: [1] }] }, /"inputs"/],
    ["an unknown tensor", { inputs: [good(), { ...good(), name: "more" }] }, /"more"/],
    ["a tensor twice", { inputs: [good(), good()] }, /two/],
    ["an input that is no object", { inputs: [3] }, /inputs\.0/],
    ["another number of features", { inputs: [{ ...good(), shape: [1, 3, 2] }] }, /shape/],
    ["another rank", { inputs: [{ ...good(), shape: [6] }] }, /shape/],
    ["no timesteps", { inputs: [{ ...good(), shape: [1, 0, 3], data: [] }] }, /timestep/],
    ["a shape that is none", { inputs: [{ ...good(), shape: [-1, 2, 3] }] }, /shape/],
    ["too few elements", { inputs: [{ ...good(), data: [1, 2] }] }, /6 elements/],
    ["text among numbers", { inputs: [{ ...good(), data: [1, 2, 3, 4, "5", 6] }] }, /"5"/],
    ["null among numbers", { inputs: [{ ...good(), data: [1, 2, 3, 4, null, 6] }] }, /null/],
    ["an unknown datatype", { inputs: [{ ...good(), datatype: "FP8" }] }, /FP8/],
    ["BYTES", { inputs: [{ ...good(), datatype: "BYTES" }] }, /BYTES/],
    ["bad lengths", { inputs: [good(), { name: "lengths", datatype: "INT32", shape: [1], data: [9] }] }, /lengths/],
    ["an unknown output", { inputs: [good()], outputs: [{ name: "logits" }] }, /"logits"/],
    ["outputs without names", { inputs: [good()], outputs: [{}] }, /outputs\.0/],
    ["an id that is no string", { inputs: [good()], id: 3 }, /id/],
    [
      "binary data that is not there",
      { inputs: [{ ...good(), data: undefined, parameters: { binary_data_size: 24 } }] },
      /bytes/,
    ],
  ])("%s is 400 with an error that says why", async (_, body, message) => {
    const payload = typeof body === "string" ? Buffer.from(body) : body;
    const response = await infer(payload);
    expect(response.statusCode, response.body).toBe(400);
    expect(response.json()).toEqual({ error: expect.stringMatching(message) });
  });

  it("bad binary requests are 400, too", async () => {
    const json = JSON.stringify({ inputs: [{ ...good(), parameters: { binary_data_size: 8 } }] });
    for (const [length, tail] of [
      [json.length, 8],
      [json.length, 12],
      [json.length + 100, 8],
      [-1, 8],
      ["x", 8],
    ]) {
      const body = Buffer.concat([Buffer.from(json), Buffer.alloc(tail)]);
      const response = await infer(body, { "inference-header-content-length": String(length) });
      expect([length, tail, response.statusCode]).toEqual([length, tail, 400]);
    }
  });

  it("a body beyond the limit is 413", async () => {
    const small = await makeService({ bodyLimit: 1000 });
    const response = await small.infer(requestOf(makeInputs(1, 500)));
    expect(response.statusCode).toBe(413);
    expect(response.json()).toEqual({ error: expect.any(String) });
    await small.app.close();
  });
});
