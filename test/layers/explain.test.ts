import { GRU, type GRUArguments, type RequirementId, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { checkRequirements } from "../../dist/backend/eligibility.js";
import { expectError, expectRejection, layer, random } from "./support.js";

// The same answers on every machine. The addon, which reads it, is loaded at first use.
process.env.CUDNN_GRU_DISABLE_CUDA = "1";

const IDS: RequirementId[] = [
  "activation",
  "recurrent_activation",
  "dropout",
  "recurrent_dropout",
  "unroll",
  "use_bias",
  "reset_after",
  "mask",
  "eager",
  "limits",
  "runtime",
];

function unmet(gru: GRU, args?: Parameters<GRU["explain"]>[0]): RequirementId[] {
  const { requirements } = gru.explain(args);
  expect(requirements.map(({ id }) => id)).toEqual(IDS);
  for (const { detail } of requirements) expect(detail).toMatch(/\.$/);
  return requirements.filter(({ met }) => !met).map(({ id }) => id);
}

describe("explain", () => {
  it("says that only the runtime is missing for Keras's defaults", () => {
    const gru = new GRU(4);
    expect(unmet(gru)).toEqual(["runtime"]);
    expect(gru.explain().path).toBe("cpu");
    expect(gru.explain().requirements.at(-1)?.detail).toMatch(/CUDNN_GRU_DISABLE_CUDA/);
  });

  it.each([
    [{ activation: "relu" }, "activation"],
    [{ activation: null }, "activation"],
    [{ recurrent_activation: "hard_sigmoid" }, "recurrent_activation"],
    [{ unroll: true }, "unroll"],
    [{ use_bias: false }, "use_bias"],
    [{ reset_after: false }, "reset_after"],
  ] as [GRUArguments, RequirementId][])("%j: %s", (args, id) => {
    expect(unmet(new GRU(4, args))).toEqual([id, "runtime"]);
  });

  it("judges dropout by call", () => {
    const gru = new GRU(4, { dropout: 0.1, recurrent_dropout: 0.1 });
    expect(unmet(gru)).toEqual(["runtime"]);
    expect(unmet(gru, { training: false })).toEqual(["runtime"]);
    expect(unmet(gru, { training: true })).toEqual(["dropout", "recurrent_dropout", "runtime"]);
    expect(unmet(new GRU(4, { dropout: 1 }), { training: true })).toEqual(["dropout", "runtime"]);
  });

  it.each([
    ["none", null, true],
    ["all true", [[true, true, true]], true],
    [
      "right-padded",
      [
        [true, true, false],
        [true, false, false],
      ],
      true,
    ],
    [
      "an empty row",
      [
        [false, false, false],
        [true, true, true],
      ],
      true,
    ],
    [
      "left-padded",
      [
        [true, true, true],
        [false, true, true],
      ],
      false,
    ],
    ["a hole", [[true, false, true]], false],
  ])("judges the mask: %s", (_what, mask, met) => {
    const gru = new GRU(4);
    expect(unmet(gru, { mask: mask as boolean[][] | null })).toEqual(met ? ["runtime"] : ["mask", "runtime"]);
  });

  it("names the row that is not right-padded", () => {
    const { requirements } = new GRU(4).explain({
      mask: tensor([
        [true, true],
        [false, true],
      ]),
    });
    expect(requirements.find(({ id }) => id === "mask")?.detail).toContain("row 1");
  });

  it("takes lengths as right-padded", () => {
    expect(unmet(new GRU(4), { lengths: [2, 0, 1] })).toEqual(["runtime"]);
    const mask = new GRU(4).explain({ lengths: [2, 0, 1] }).requirements.find(({ id }) => id === "mask");
    expect(mask?.detail).toMatch(/as `lengths` are/);
  });

  it("judges the sizes", () => {
    const empty = tensor(new Float32Array(0), [0, 2, 3]);
    expect(unmet(new GRU(4), { inputs: empty })).toEqual(["limits", "runtime"]);
    expect(unmet(layer(4, 0))).toEqual(["limits", "runtime"]);
    expect(unmet(new GRU(4), { inputs: random([1, 2, 3]) })).toEqual(["runtime"]);
  });

  it("builds nothing and computes nothing", () => {
    const gru = new GRU(4);
    gru.explain({ inputs: random([1, 2, 3]) });
    expect(gru.built).toBe(false);
  });

  it("refuses what a call would refuse", () => {
    const gru = layer(4, 3);
    expectError(() => gru.explain({ maks: [] } as never), "ERR_ARGUMENT", /mask/);
    expectError(() => gru.explain({ training: 1 } as never), "ERR_ARGUMENT", /training/);
    expectError(() => gru.explain({ inputs: random([1, 2, 4]) }), "ERR_SHAPE", /inputs/);
    expectError(() => gru.explain({ inputs: random([2, 2, 3]), mask: [[true, true]] }), "ERR_SHAPE", /mask/);
    expectError(() => gru.explain({ mask: [[1, 0]] as never }), "ERR_DTYPE", /mask/);
    expectError(() => gru.explain({ mask: [[true]], lengths: [1] }), "ERR_ARGUMENT", /lengths/);
    expectError(() => gru.explain({ lengths: [-1] }), "ERR_ARGUMENT", /lengths\[0\]/);
    expectError(() => gru.explain("mask" as never), "ERR_ARGUMENT");
  });
});

describe("checkRequirements", () => {
  it("meets every requirement but the runtime, which it does not know", () => {
    const facts = {
      activation: "tanh",
      recurrentActivation: "sigmoid",
      dropout: 0,
      recurrentDropout: 0,
      unroll: false,
      useBias: true,
      resetAfter: true,
      training: true,
      mask: null,
      hasLengths: false,
      batch: 1,
      timesteps: 1,
      features: 1,
      units: 1,
    };
    expect(checkRequirements(facts).every(({ met }) => met)).toBe(true);
    expect(checkRequirements({ ...facts, features: 2 ** 31 }).filter(({ met }) => !met)).toEqual([
      { id: "limits", met: false, detail: "Every size must be in 1..2147483647, and features is 2147483648." },
    ]);
  });
});

describe("use_cudnn", () => {
  const inputs = random([2, 3, 4]);

  it("true: refuses at the call, listing every unmet requirement of the layer and the mask", async () => {
    const gru = new GRU(4, { use_cudnn: true, activation: "relu", use_bias: false, dropout: 0.5 });
    const args = {
      training: true,
      mask: [
        [false, true, true],
        [true, true, true],
      ],
    };
    const error = expectError(() => gru.call(inputs, args), "ERR_CUDNN_NOT_ELIGIBLE");
    for (const id of ["activation:", "use_bias:", "dropout:", "mask:"]) expect(error.message).toContain(`\n  ${id}`);
    for (const id of ["runtime:", "unroll:", "eager:"]) expect(error.message).not.toContain(`\n  ${id}`);
    await expectRejection(() => gru.callAsync(inputs, args), "ERR_CUDNN_NOT_ELIGIBLE");
    expect(gru.built).toBe(false);
  });

  it("true: says why cuDNN is not available when nothing else is missing", async () => {
    const gru = new GRU(4, { use_cudnn: true });
    expectError(() => gru.call(inputs), "ERR_CUDNN_UNAVAILABLE", /CUDNN_GRU_DISABLE_CUDA/);
    await expectRejection(() => gru.callAsync(inputs), "ERR_CUDNN_UNAVAILABLE");
  });

  it('false and "auto" run on the CPU', () => {
    for (const use_cudnn of [false, "auto"] as const) {
      expect(layer(4, 4, { use_cudnn }).call(inputs)).toEqual(layer(4, 4).call(inputs));
    }
  });
});
