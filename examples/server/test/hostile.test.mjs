// Requests that break the protocol's rules, one rule each: a 4xx that says which, in the protocol's form.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeInputs, makeService, requestOf } from "./service.mjs";

let app;
let gru;
let infer;

beforeAll(async () => {
  ({ app, gru, infer } = await makeService({ maxElements: 4096 }));
});

afterAll(() => app.close());

const good = () => requestOf(makeInputs(1, 2)).inputs[0];
const inputs = (more) => ({ inputs: [{ ...good(), ...more }] });
const lengths = (datatype, value) => ({ inputs: [good(), { name: "lengths", datatype, shape: [1], data: [value] }] });
const mask = (more) => ({
  inputs: [good(), { name: "mask", datatype: "BOOL", shape: [1, 2], data: [true, true], ...more }],
});
/** A request whose first element is written as this text, which JSON.stringify would not write. */
const withElement = (text, datatype = "FP32") =>
  JSON.stringify(inputs({ datatype, data: ["@", 0, 0, 0, 0, 0] })).replace('"@"', text);
const nested = (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;
const dataAs = (text) => JSON.stringify(inputs({ data: "@" })).replace('"@"', text);
const PROTOTYPE = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];

const CASES = {
  fields: [
    ["null in place of the request", "null", /object/],
    ["text in place of the request", '"inputs"', /object/],
    ["inputs that are an object", { inputs: { 0: good() } }, /inputs/],
    ["null among inputs", { inputs: [null] }, /inputs\.0/],
    ["parameters that are null", { ...inputs(), parameters: null }, /parameters/],
    ["parameters that are an array", { ...inputs(), parameters: [] }, /parameters/],
    ["a parameter that is an object", { ...inputs(), parameters: { a: {} } }, /parameters\.a/],
    ["a parameter of a very long name", { ...inputs(), parameters: { ["a".repeat(10_000)]: {} } }, /parameters\.a/],
    ["a very long value", inputs({ name: "a".repeat(10_000) }), /name/],
    ["a tensor's parameters that are null", inputs({ parameters: null }), /parameters/],
    [
      "an output's parameters that are null",
      { ...inputs(), outputs: [{ name: "output", parameters: null }] },
      /parameters/,
    ],
    [
      "binary_data that is text",
      { ...inputs(), outputs: [{ name: "output", parameters: { binary_data: "no" } }] },
      /binary_data/,
    ],
    [
      "binary_data_output that is a number",
      { ...inputs(), parameters: { binary_data_output: 1 } },
      /binary_data_output/,
    ],
    ["binary_data_size that is text", inputs({ parameters: { binary_data_size: "24" } }), /binary_data_size/],
    ["binary_data_size that is negative", inputs({ parameters: { binary_data_size: -24 } }), /binary_data_size/],
    ["binary_data_size beside data", inputs({ parameters: { binary_data_size: 24 } }), /either/],
    ["neither data nor binary_data_size", inputs({ data: undefined }), /neither/],
    ["memory of another process", inputs({ parameters: { shared_memory_region: "a" } }), /extension/],
    ["classification", { ...inputs(), outputs: [{ name: "output", parameters: { classification: 3 } }] }, /extension/],
    ["outputs that are null", { ...inputs(), outputs: null }, /outputs/],
    ["outputs that are text", { ...inputs(), outputs: "output" }, /outputs/],
    ["an output twice", { ...inputs(), outputs: [{ name: "output" }, { name: "output" }] }, /outputs/],
    ["an output 3,000 times", { ...inputs(), outputs: new Array(3000).fill({ name: "output" }) }, /outputs/],
    ["an input 3,000 times", { inputs: new Array(3000).fill(good()) }, /inputs/],
    ["a name that is a number", inputs({ name: 3 }), /name/],
    ["an id that is null", { ...inputs(), id: null }, /id/],
    ["data that is text", inputs({ data: "123456" }), /data/],
    ["data that is an object", inputs({ data: { length: 6 } }), /data/],
    ["a shape that is a number", inputs({ shape: 6 }), /shape/],
    ["a size that is a fraction", inputs({ shape: [1, 2.5, 3] }), /shape\.1/],
    ["a size that is text", inputs({ shape: [1, "2", 3] }), /shape\.1/],
    ["a size beyond 2^31", inputs({ shape: [2 ** 31, 2, 3] }), /shape\.0/],
    ["a size that is null", inputs({ shape: [null, 2, 3] }), /shape\.0/],
    ["a thousand sizes", inputs({ shape: new Array(1000).fill(1) }), /shape/],
    [
      "lengths of rank 2",
      { inputs: [good(), { name: "lengths", datatype: "INT32", shape: [1, 1], data: [1] }] },
      /lengths/,
    ],
    ["lengths that are floats", lengths("FP32", 1), /lengths/],
    [
      "lengths for other rows",
      { inputs: [good(), { name: "lengths", datatype: "INT32", shape: [2], data: [1, 1] }] },
      /lengths/,
    ],
    ["a mask for other steps", mask({ shape: [1, 1], data: [true] }), /mask/],
    ["mask and lengths", { inputs: [...mask({}).inputs, lengths("INT32", 1).inputs[1]] }, /lengths/],
    ...PROTOTYPE.flatMap((name) => [
      [`the datatype ${name}`, inputs({ datatype: name }), /datatype/],
      [`an input named ${name}`, inputs({ name }), /name/],
      [`an output named ${name}`, { ...inputs(), outputs: [{ name }] }, /outputs/],
    ]),
    ["__proto__ as the request's parameters", '{"inputs":[],"__proto__":{"inputs":[1]}}', /inputs/],
  ],
  elements: [
    ["INT64 1.5", lengths("INT64", 1.5), /1\.5/],
    ["INT64 beyond 2^53", lengths("INT64", 2 ** 53), /9007199254740992/],
    ["INT64 as text", lengths("INT64", "1"), /"1"/],
    ["INT64 true", lengths("INT64", true), /true/],
    ["INT64 null", lengths("INT64", null), /null/],
    ["UINT64 -1", lengths("UINT64", -1), /-1/],
    ["INT32 4294967298", lengths("INT32", 4294967298), /4294967298/],
    ["INT32 1.7", lengths("INT32", 1.7), /1\.7/],
    ["INT32 2147483648", lengths("INT32", 2147483648), /2147483648/],
    ["UINT32 -1", lengths("UINT32", -1), /-1/],
    ["UINT32 4294967296", lengths("UINT32", 4294967296), /4294967296/],
    ["INT16 32768", inputs({ datatype: "INT16", data: [32768, 0, 0, 0, 0, 0] }), /32768/],
    ["UINT16 65536", inputs({ datatype: "UINT16", data: [65536, 0, 0, 0, 0, 0] }), /65536/],
    ["INT8 -129", inputs({ datatype: "INT8", data: [-129, 0, 0, 0, 0, 0] }), /-129/],
    ["UINT8 257", inputs({ datatype: "UINT8", data: [257, 0, 0, 0, 0, 0] }), /257/],
    ["FP32 1e400", withElement("1e400"), /FP32/],
    ["FP32 -1e400", withElement("-1e400"), /FP32/],
    ["FP64 1e400", withElement("1e400", "FP64"), /FP64/],
    ["FP32 1e39", withElement("1e39"), /FP32/],
    ["FP32 NaN", withElement("NaN"), /JSON/],
    ["FP32 true", withElement("true"), /true/],
    ["FP32 text", withElement('"1"'), /"1"/],
    ["FP16 in JSON", inputs({ datatype: "FP16" }), /FP16/],
    ["BF16 in JSON", inputs({ datatype: "BF16" }), /BF16/],
    ["BOOL for inputs", inputs({ datatype: "BOOL", data: new Array(6).fill(true) }), /BOOL/],
    ["BOOL 1", mask({ data: [true, 1] }), /BOOL/],
    ["BOOL null", mask({ data: [true, null] }), /BOOL/],
    ["BYTES", inputs({ datatype: "BYTES", data: new Array(6).fill("a") }), /BYTES/],
    ["no elements", inputs({ data: [] }), /6 elements/],
    ["one element too many", inputs({ data: new Array(7).fill(0) }), /6 elements/],
    ["an object among elements", withElement("{}"), /an object/],
    ["an array among elements", inputs({ data: [0, [0], 0, 0, 0, 0] }), /an array/],
    ["deep nesting among elements", withElement(nested(100_000)), /nested/],
    ["deep nesting", dataAs(nested(100_000)), /nested/],
    ["deep nesting in the request", dataAs(nested(1_000_000)), /nested/],
    ["nesting of another shape", dataAs("[[[0,0],[0,0],[0,0]]]"), /nested/],
    ["ragged nesting", dataAs("[[[0,0,0],[0,0]]]"), /nested/],
    ["nesting too shallow", dataAs("[[0,0,0],[0,0,0]]"), /nested/],
  ],
  work: [
    ["more elements than the limit", inputs({ shape: [1, 1366, 3], data: new Array(4098).fill(0) }), /4096/],
    ["a product beyond 2^53", inputs({ shape: [2 ** 30, 2 ** 30, 3], data: [] }), /4096/],
    ["no rows of endless length", inputs({ shape: [0, 2 ** 30, 3], data: [] }), /4096/],
    ["endless rows of no features", inputs({ shape: [2 ** 30, 2 ** 30, 0], data: [] }), /4096/],
    ["an output beyond the limit", inputs({ shape: [129, 1, 3], data: new Array(387).fill(0) }), /"output"/],
  ],
};

describe.each(Object.keys(CASES))("bad requests: %s", (kind) => {
  it.each(CASES[kind])("%s", async (_, body, message) => {
    const response = await infer(typeof body === "string" ? Buffer.from(body) : body);
    expect(response.statusCode, response.body).toBe(400);
    expect(response.json()).toEqual({ error: expect.stringMatching(message) });
    expect(response.body.length).toBeLessThan(2000);
  });
});

it("JSON beyond its limit is 413, and an answer beyond it 400; binary tensors do not count", async () => {
  const small = await makeService({ maxJson: 20_000 });
  const rows = requestOf(makeInputs(32, 1));
  const long = await small.infer({ ...rows, id: "a".repeat(20_000) });
  expect([long.statusCode, long.json()]).toEqual([413, { error: expect.stringMatching(/binary/) }]);
  const wide = await small.infer(rows);
  expect([wide.statusCode, wide.json()]).toEqual([400, { error: expect.stringMatching(/binary/) }]);
  expect((await small.infer({ ...rows, parameters: { binary_data_output: true } })).statusCode).toBe(200);
  expect((await small.infer(requestOf(makeInputs(31, 1)))).statusCode).toBe(200);
  await small.app.close();
});

describe("bad binary tensors", () => {
  const post = (tensor, bytes, headers = {}) => {
    const json = Buffer.from(JSON.stringify({ inputs: [{ ...tensor, data: undefined }, ...(tensor.more ?? [])] }));
    const body = Buffer.concat([json, bytes]);
    return infer(body, { "inference-header-content-length": String(json.length), ...headers });
  };
  const tensor = { ...good(), parameters: { binary_data_size: 24 } };

  it.each([
    ["too few bytes", { ...tensor, parameters: { binary_data_size: 20 } }, 20],
    ["too many bytes", { ...tensor, parameters: { binary_data_size: 28 } }, 28],
    ["fewer bytes than promised", tensor, 20],
    ["more bytes than promised", tensor, 28],
    ["BYTES", { ...tensor, datatype: "BYTES" }, 24],
    ["a size beyond the body", { ...tensor, parameters: { binary_data_size: 2 ** 40 } }, 24],
  ])("%s", async (_, header, size) => {
    const response = await post(header, Buffer.alloc(size));
    expect(response.statusCode, response.body).toBe(400);
    expect(response.json()).toEqual({ error: expect.any(String) });
  });

  it("bytes of a mask that are neither 0 nor 1", async () => {
    const header = { name: "mask", datatype: "BOOL", shape: [1, 2], parameters: { binary_data_size: 2 } };
    for (const [byte, status] of [
      [1, 200],
      [2, 400],
    ]) {
      const json = Buffer.from(JSON.stringify({ inputs: [good(), header] }));
      const body = Buffer.concat([json, Buffer.of(byte, 0)]);
      const response = await infer(body, { "inference-header-content-length": String(json.length) });
      expect(response.statusCode, response.body).toBe(status);
    }
  });

  it.each(["0x10", "1e1", " ", "-0", "1.0", "10, 10", "999999999999999999999"])(
    "a header length of %s",
    async (length) => {
      const response = await infer(inputs(), { "inference-header-content-length": length });
      expect(response.statusCode, response.body).toBe(400);
      expect(response.json()).toEqual({ error: expect.stringMatching(/Inference-Header-Content-Length/) });
    },
  );

  it("text that is no UTF-8", async () => {
    const response = await infer(
      Buffer.concat([Buffer.from('{"id":"'), Buffer.of(0xff), Buffer.from('","inputs":[]}')]),
    );
    expect([response.statusCode, response.json()]).toEqual([400, { error: expect.stringMatching(/UTF-8/) }]);
  });
});

/** Reproducible integers below a limit. */
function makeDice(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

it("3,000 mutated requests are answered by 200 or 400, in the protocol's form", async () => {
  const dice = makeDice(7);
  const whole = { id: "a", ...mask({}), outputs: [{ name: "output", parameters: { binary_data: false } }] };
  const pieces = [
    "null",
    "true",
    "-1",
    "1e400",
    "1.5",
    '"constructor"',
    "{}",
    "[]",
    "[[",
    "]",
    ",",
    '"',
    "\\",
    "3000",
    "\u0000",
  ];
  const statuses = new Set();
  for (let round = 0; round < 3000; round++) {
    let text = JSON.stringify(whole);
    for (let times = 1 + dice(3); times > 0; times--) {
      // A value or a single character is replaced, so that most of what comes out is still JSON.
      const values = [...text.matchAll(/"[^"]*"|[\d.]+|true|false|\[[^[\]]*\]/g)];
      const value = values[dice(values.length)];
      const at = dice(4) > 0 && value !== undefined ? value.index : dice(text.length);
      const length = at === value?.index ? value[0].length : 1;
      text = text.slice(0, at) + pieces[dice(pieces.length)] + text.slice(at + length);
    }
    const response = await infer(Buffer.from(text));
    statuses.add(response.statusCode);
    expect([200, 400], `round ${round}: ${text} gave ${response.body}`).toContain(response.statusCode);
    if (response.statusCode === 400) expect(response.json()).toEqual({ error: expect.any(String) });
  }
  expect([...statuses].sort()).toEqual([200, 400]);
});

describe("good requests at the edges", () => {
  const outputOf = async (body) => {
    const response = await infer(body);
    expect(response.statusCode, response.body).toBe(200);
    return response.json().outputs[0];
  };
  const expected = (data, shape, args) => Array.from(gru.call({ data: Float32Array.from(data), shape }, args).data);

  it.each([
    ["INT8", [-128, 127, 0, 1, 2, 3]],
    ["UINT8", [0, 255, 0, 1, 2, 3]],
    ["INT16", [-32768, 32767, 0, 1, 2, 3]],
    ["UINT16", [0, 65535, 0, 1, 2, 3]],
    ["INT32", [-(2 ** 31), 2 ** 31 - 1, 0, 1, 2, 3]],
    ["UINT32", [0, 2 ** 32 - 1, 0, 1, 2, 3]],
    ["FP32", [3.4e38, -3.4e38, 1e-45, -0, 2, 3]],
    ["FP64", [1e-300, 0.1, 0, 1, 2, 3]],
  ])("the ends of %s", async (datatype, data) => {
    expect((await outputOf(inputs({ datatype, data }))).data).toEqual(expected(data, [1, 2, 3]));
  });

  it.each(["INT64", "UINT64", "INT32", "UINT8"])("lengths of %s", async (datatype) => {
    const { data } = makeInputs(1, 2);
    expect((await outputOf(lengths(datatype, 1))).data).toEqual(expected(data, [1, 2, 3], { lengths: [1] }));
  });

  it("no rows, flat and nested; an empty list of outputs; parameters that nobody knows", async () => {
    const none = { name: "output", datatype: "FP32", shape: [0, 32], data: [] };
    expect(await outputOf({ ...inputs({ shape: [0, 2, 3], data: [] }), outputs: [] })).toEqual(none);
    expect((await outputOf({ ...inputs({ parameters: { a: 1 } }), parameters: { sequence_id: "a" } })).shape).toEqual([
      1, 32,
    ]);
  });

  it.each([
    ["FP16", "float16", 0x3c00],
    ["BF16", "bfloat16", 0x3f80],
  ])("%s as binary data", async (datatype, dtype, one) => {
    const data = Uint16Array.of(one, 0, 0, 0, one, 0);
    const header = { ...good(), datatype, data: undefined, parameters: { binary_data_size: 12 } };
    const json = Buffer.from(JSON.stringify({ inputs: [header] }));
    const response = await infer(Buffer.concat([json, Buffer.from(data.buffer)]), {
      "inference-header-content-length": String(json.length),
    });
    expect(response.statusCode, response.body).toBe(200);
    expect(response.json().outputs[0].data).toEqual(Array.from(gru.call({ data, shape: [1, 2, 3], dtype }).data));
  });

  it("results that JSON cannot express are 422, and come as binary data", async () => {
    const header = (more) => ({
      inputs: [{ ...good(), data: undefined, parameters: { binary_data_size: 24 } }],
      ...more,
    });
    const ask = (more) => {
      const json = Buffer.from(JSON.stringify(header(more)));
      const bytes = Buffer.from(Float32Array.of(Number.NaN, 0, 0, 0, 0, 0).buffer);
      return infer(Buffer.concat([json, bytes]), { "inference-header-content-length": String(json.length) });
    };
    const refused = await ask({});
    expect([refused.statusCode, refused.json()]).toEqual([422, { error: expect.stringMatching(/NaN.*binary/) }]);
    const given = await ask({ parameters: { binary_data_output: true } });
    expect(given.statusCode).toBe(200);
    const bytes = given.rawPayload.subarray(Number(given.headers["inference-header-content-length"]));
    expect(new Float32Array(new Uint8Array(bytes).buffer).every(Number.isNaN)).toBe(true);
  });
});

describe("everything else is in the protocol's form, too", () => {
  const ask = async (options) => {
    const response = await app.inject(options);
    return [response.statusCode, response.json(), response.headers];
  };
  const form = { error: expect.stringMatching(/./) };

  it.each(["/%zz", "/v2/models/%zz/infer", "/v2/models/%/ready", "/%c0%af"])("the URL %s", async (url) => {
    expect((await ask({ url })).slice(0, 2)).toEqual([400, form]);
  });

  it.each([
    "/",
    "/v1/models",
    "/v2/models",
    "/v2/models/weather/none",
    "/v2/models/__proto__",
    "/v2/models/constructor/ready",
  ])("the route %s", async (url) => {
    expect((await ask({ url })).slice(0, 2)).toEqual([404, form]);
  });

  it("a name that is too long", async () => {
    const [status, body] = await ask({ url: `/v2/models/${"a".repeat(5000)}` });
    expect([status >= 400 && status < 500, body]).toEqual([true, form]);
  });

  it.each([
    ["GET", "/v2/models/weather/infer", "POST"],
    ["DELETE", "/v2/models/weather/infer", "POST"],
    ["PUT", "/v2/models/weather/versions/1/infer", "POST"],
    ["POST", "/v2/health/live", "GET, HEAD"],
    ["POST", "/v2/models/weather", "GET, HEAD"],
    ["OPTIONS", "/v2", "GET, HEAD"],
    ["PATCH", "/metrics", "GET, HEAD"],
  ])("%s %s", async (method, url, allow) => {
    const [status, body, headers] = await ask({ method, url });
    expect([status, body, headers.allow]).toEqual([405, form, allow]);
  });

  it.each([
    [{ "content-type": "text/html" }, 415],
    [{ "content-type": "multipart/form-data; boundary=a" }, 415],
    [{ "content-type": "image/png" }, 415],
    [{ "content-type": "nonsense" }, 415],
    [{ "content-type": "application/json; charset=utf-16" }, 415],
    [{ "content-encoding": "gzip" }, 415],
    [{ "content-encoding": "br" }, 415],
    [{ "content-type": "application/json; charset=UTF-8" }, 200],
    [{ "content-type": "application/x-www-form-urlencoded" }, 200],
    [{ "content-type": "application/octet-stream", "content-encoding": "identity" }, 200],
  ])("the headers %j", async (headers, status) => {
    const response = await infer(inputs(), headers);
    expect(response.statusCode, response.body).toBe(status);
    if (status !== 200) expect(response.json()).toEqual(form);
  });
});
