import { channel } from "node:diagnostics_channel";
import { type CallEvent, configure, GRU, type GRUArguments, tensor } from "cudnn-gru";
import { afterEach, describe, expect, it } from "vitest";
import { expectError, expectRejection, layer, random } from "../layers/support.js";
import { double } from "./double.js";

const CUDNN = 8;
const TF32 = 16;
const inputs = random([2, 3, 4]);
const leftPadded = [
  [false, true, true],
  [true, true, true],
];

// Verdicts hold for the life of a process, so that each device here stands for one story.
double.verdicts = {
  "1 float32": { met: false, detail: "The driver is too old for this cuDNN", final: true },
  "2 float32": { met: true, detail: "It works", final: true },
  "2 float64": { met: false, detail: "No float64 there.", final: true },
};

afterEach(() => configure({ allow_tf32: false }));

describe("use_cudnn", () => {
  it('"auto": eligible calls run by cuDNN, on the layer\'s device', async () => {
    const gru = layer(4, 4, { cuda_device: 2 });
    const expected = layer(4, 4, { use_cudnn: false }).call(inputs);
    double.flags = [];
    expect(gru.call(inputs)).toEqual(expected);
    expect(await gru.callAsync(inputs)).toEqual(expected);
    expect(double.flags.map((flags) => flags & CUDNN)).toEqual([CUDNN, CUDNN]);
    expect(double.descriptions[0]?.cudaDevice).toBe(2);
    expect(gru.explain({ inputs })).toMatchObject({ path: "cudnn" });
  });

  it('"auto": the CPU where the runtime does not work, in that dtype', () => {
    const gru = layer(4, 4, { cuda_device: 2, dtype: "float64" });
    gru.call(inputs);
    gru.call(inputs);
    expect(double.flags).toEqual([0, 0]);
    expect(gru.explain().requirements.at(-1)).toEqual({ id: "runtime", met: false, detail: "No float64 there." });
    expect(gru.explain().path).toBe("cpu");
  });

  it("true: an eligible call runs by cuDNN; else every unmet requirement is listed, and the runtime not tried", async () => {
    const gru = layer(4, 4, { use_cudnn: true, cuda_device: 3 });
    const error = expectError(() => gru.call(inputs, { mask: leftPadded }), "ERR_CUDNN_NOT_ELIGIBLE", /\n {2}mask: /);
    expect(error.message).not.toContain("runtime");
    await expectRejection(() => gru.callAsync(inputs, { mask: leftPadded }), "ERR_CUDNN_NOT_ELIGIBLE");
    expect(double.asked).toEqual([]);
    gru.call(inputs);
    expect(double.asked).toEqual(["3 float32"]);
    expect(double.flags).toEqual([CUDNN]);
  });

  it("true: ERR_CUDNN_UNAVAILABLE with the reason, as one sentence", async () => {
    const gru = layer(4, 4, { use_cudnn: true, cuda_device: 1 });
    expectError(() => gru.call(inputs), "ERR_CUDNN_UNAVAILABLE", "The driver is too old for this cuDNN. Use");
    await expectRejection(() => gru.callAsync(inputs), "ERR_CUDNN_UNAVAILABLE", "too old");
    await expectRejection(() => gru.warmUp({ batch: 2, timesteps: 3 }), "ERR_CUDNN_UNAVAILABLE", "too old");
    expect(double.flags).toEqual([]);
  });

  it("false: never cuDNN, and calls do not ask for it", () => {
    const gru = layer(4, 4, { use_cudnn: false, cuda_device: 4 });
    gru.call(inputs);
    expect([double.flags, double.asked]).toEqual([[0], []]);
    expect(gru.explain()).toMatchObject({ path: "cpu" });
    expect(gru.explain().requirements.every(({ met }) => met)).toBe(true);
  });
});

describe("what is asked of CUDA", () => {
  it.each([
    { activation: "relu" },
    { recurrent_activation: "hard_sigmoid" },
    { unroll: true },
    { use_bias: false },
    { reset_after: false },
  ] as GRUArguments[])("nothing for a layer that cuDNN cannot compute: %j", async (args) => {
    const gru = layer(4, 4, { ...args, cuda_device: 5 });
    gru.call(inputs);
    await gru.callAsync(inputs);
    await gru.warmUp({ batch: 1, timesteps: 1 });
    expect([double.asked, double.flags.some((flags) => flags & CUDNN)]).toEqual([[], false]);
  });

  it("nothing for calls that cuDNN cannot compute, nor when layers are made and built", () => {
    const gru = layer(4, 4, { cuda_device: 6, dropout: 0.5 });
    gru.call(inputs, { training: true });
    gru.call(inputs, { mask: leftPadded });
    gru.call(tensor(new Float32Array(0), [0, 3, 4]));
    expect([double.asked, double.flags]).toEqual([[], [0, 0, 0]]);
    gru.call(inputs, {
      mask: [
        [true, true, false],
        [false, false, false],
      ],
    });
    expect([double.asked, double.flags.at(-1)]).toEqual([["6 float32"], CUDNN]);
  });

  it("once for each device and dtype", () => {
    for (let i = 0; i < 3; i++) layer(4, 4, { cuda_device: 7 }).call(inputs);
    layer(4, 4, { cuda_device: 7, dtype: "float64" }).call(inputs);
    expect(double.asked).toEqual(["7 float32", "7 float64"]);
  });
});

describe("a runtime that does not work", () => {
  const unmet = { met: false, detail: "The device has no memory left.", final: false };

  it("is asked again where that may change", () => {
    double.verdicts["8 float32"] = unmet;
    const gru = layer(4, 4, { cuda_device: 8 });
    gru.call(inputs);
    gru.call(inputs);
    expect([double.asked.length, double.flags]).toEqual([2, [0, 0]]);
    delete double.verdicts["8 float32"];
    gru.call(inputs);
    // From here on it works, whatever the device says.
    double.verdicts["8 float32"] = unmet;
    gru.call(inputs);
    expect(double.flags).toEqual([0, 0, CUDNN, CUDNN]);
    expect(gru.explain().path).toBe("cudnn");
  });

  it("is not asked again where it cannot", () => {
    double.verdicts["9 float32"] = { ...unmet, final: true };
    for (let i = 0; i < 2; i++) layer(4, 4, { cuda_device: 9 }).call(inputs);
    expect(double.asked).toEqual(["9 float32"]);
  });
});

describe("limits", () => {
  const unmet = (gru: GRU, args = {}) =>
    gru.explain(args).requirements.flatMap(({ id, met, detail }) => (met ? [] : [`${id}: ${detail}`]));

  it("are those of cuDNN's 32-bit sizes and strides", () => {
    expect(unmet(new GRU(46340, { cuda_device: 2 }))).toEqual([]);
    expect(unmet(new GRU(46341, { cuda_device: 2 }))).toEqual([
      "limits: units * units must be at most 2147483647, and is 2147488281.",
    ]);
    expect(unmet(new GRU(4, { cuda_device: 2 }), { inputs: tensor(new Float32Array(0), [0, 2, 3]) })).toEqual([
      "limits: Every size must be in 1..2147483647, and batch is 0.",
    ]);
  });
});

describe("a CUDA failure", () => {
  it("is an error, never a change of path, and the next call works", async () => {
    const gru = layer(4, 4, { cuda_device: 2, stateful: true });
    const first = gru.call(inputs);
    double.failure = ["ERR_CUDA", "An illegal address was read."];
    const states = gru.states;
    expectError(() => gru.call(inputs), "ERR_CUDA", /illegal address/);
    double.failure = ["ERR_CUDNN", "EXECUTION_FAILED"];
    await expectRejection(() => gru.callAsync(inputs), "ERR_CUDNN");
    expect(gru.states).toEqual(states);
    gru.resetState();
    expect(gru.call(inputs)).toEqual(first);
    expect(double.flags.every((flags) => (flags & CUDNN) !== 0)).toBe(true);
  });
});

describe("with the path", () => {
  it("TF32 goes by configure, as it was at submit", async () => {
    const gru = layer(4, 4, { cuda_device: 2 });
    configure({ allow_tf32: true });
    gru.call(inputs);
    const promise = gru.callAsync(inputs);
    configure({ allow_tf32: false });
    await promise;
    gru.call(inputs);
    layer(4, 4, { use_cudnn: false }).call(inputs);
    expect(double.flags).toEqual([CUDNN | TF32, CUDNN | TF32, CUDNN, 0]);
  });

  it("warmUp computes once on the device", async () => {
    await layer(4, 4, { cuda_device: 2, return_sequences: true }).warmUp({ batch: 2, timesteps: 3 });
    expect(double.flags).toEqual([CUDNN]);
  });

  it("the diagnostics channel tells it", () => {
    const events: CallEvent[] = [];
    const listen = (event: unknown) => events.push(event as CallEvent);
    channel("cudnn-gru:call").subscribe(listen);
    layer(4, 4, { cuda_device: 2 }).call(inputs);
    layer(4, 4, { use_cudnn: false }).call(inputs);
    channel("cudnn-gru:call").unsubscribe(listen);
    expect(events.map(({ path }) => path)).toEqual(["cudnn", "cpu"]);
  });
});
