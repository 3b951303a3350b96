import { readFileSync } from "node:fs";
import { GRU, type GRUArgumentsWithUnits } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { expectError, layer, random } from "./support.js";

interface Fixture {
  layers: { arguments: GRUArgumentsWithUnits; config: Record<string, unknown> }[];
  invalid: { arguments: GRUArgumentsWithUnits; error: string }[];
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/configs.json", import.meta.url), "utf8")) as Fixture;

const supported = fixture.layers;

describe("getConfig", () => {
  it("has something to compare with", () => {
    expect(supported.length).toBeGreaterThan(100);
    expect(fixture.invalid.length).toBeGreaterThan(10);
  });

  it.each(supported.map((one) => [JSON.stringify(one.arguments), one] as const))("is Keras's: %s", (_name, one) => {
    const gru = new GRU(one.arguments);
    const config = gru.getConfig();
    // Default names count up within a process.
    const wanted = "name" in one.arguments ? one.config : { ...one.config, name: gru.name };
    expect(config).toEqual(wanted);
    expect(Object.keys(config)).toEqual(Object.keys(one.config));
    expect(JSON.parse(JSON.stringify(config))).toEqual(wanted);
  });

  it.each(supported.map((one) => [JSON.stringify(one.arguments), one] as const))("travels back: %s", (_name, one) => {
    expect(GRU.fromConfig(one.config).getConfig()).toEqual(one.config);
  });

  it.each(fixture.invalid.map((one) => [JSON.stringify(one.arguments), one] as const))(
    "Keras refuses it, and so does this: %s",
    (_name, one) => {
      expect(() => new GRU(one.arguments)).toThrow();
    },
  );

  it("has nothing of what Keras's config has not", () => {
    const gru = new GRU(4, { use_cudnn: false, implementation: 1, autocast: false, input_dim: 3, cuda_device: 1 });
    const keys = Object.keys(gru.getConfig());
    for (const key of ["use_cudnn", "implementation", "autocast", "input_dim", "input_shape", "cuda_device"]) {
      expect(keys).not.toContain(key);
    }
  });
});

describe("fromConfig", () => {
  it("takes extra arguments, which win", () => {
    const config = new GRU(4, { name: "first", dropout: 0.5 }).getConfig();
    const gru = GRU.fromConfig(config, { use_cudnn: true, name: "second", dtype: "float64" });
    expect(gru.getConfig()).toMatchObject({ name: "second", dropout: 0.5 });
    expect(gru.dtype).toBe("float64");
    expectError(() => gru.call(random([1, 2, 3])), "ERR_CUDNN_UNAVAILABLE");
  });

  it("leaves the config as it was", () => {
    const config = new GRU(4).getConfig();
    const before = JSON.stringify(config);
    GRU.fromConfig(config, { units: 5 });
    expect(JSON.stringify(config)).toBe(before);
  });

  it("refuses unknown keys and other kinds of values", () => {
    expectError(() => GRU.fromConfig({ ...new GRU(4).getConfig(), time_majr: 1 }), "ERR_ARGUMENT", /time_majr/);
    expectError(() => GRU.fromConfig(new GRU(4).getConfig(), { unitz: 3 } as never), "ERR_ARGUMENT", /units/);
    for (const bad of [null, undefined, "gru", 4, []]) {
      expectError(() => GRU.fromConfig(bad as never), "ERR_ARGUMENT", /`config`/);
    }
    expectError(() => GRU.fromConfig(new GRU(4).getConfig(), 3 as never), "ERR_ARGUMENT", /`extra`/);
  });
});

describe("shapes and masks", () => {
  it("computeOutputShape", () => {
    expect(new GRU(4).computeOutputShape([2, 3, 5])).toEqual([2, 4]);
    expect(new GRU(4, { return_sequences: true }).computeOutputShape([null, null, 5])).toEqual([null, null, 4]);
    const both = new GRU(4, { return_sequences: true, return_state: true });
    expect(both.computeOutputShape([2, null, 5])).toEqual([
      [2, null, 4],
      [2, 4],
    ]);
    expectError(() => both.computeOutputShape([2, 5]), "ERR_SHAPE");
  });

  it("computeMask", () => {
    const mask = [[true, false]];
    expect(new GRU(4).computeMask(mask)).toBeNull();
    expect(new GRU(4, { return_sequences: true }).computeMask(mask)).toBe(mask);
    expect(new GRU(4, { return_state: true }).computeMask(mask)).toEqual([null, null]);
    expect(new GRU(4, { return_state: true, return_sequences: true }).computeMask(mask)).toEqual([mask, null]);
    expect(new GRU(4, { return_sequences: true }).computeMask(null)).toBeNull();
  });

  it("getInitialState", () => {
    const [state] = layer(4, 3, { dtype: "float64" }).getInitialState(2);
    expect([state.shape, state.dtype, [...state.data]]).toEqual([[2, 4], "float64", new Array(8).fill(0)]);
    for (const bad of [-1, 1.5, "2", null, 2 ** 31]) {
      expectError(() => new GRU(4).getInitialState(bad as never), "ERR_ARGUMENT", /`batch`/);
    }
  });
});
