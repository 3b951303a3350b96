import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { backendInfo, configure, type Tensor, tensor } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { relativeError } from "../golden/reader.js";
import { directionError, type Scalar } from "./differences.js";
import {
  type Configuration,
  callOf,
  configurationOf,
  everythingOf,
  layerOfConfiguration,
  run,
} from "./random_configurations.js";

const CONFIGURATIONS = 150;
const TOLERANCE = { float32: 1e-5, float64: 1e-12 } as const;
const DTYPES = ["float32", "float64"] as const;
type Everything = Record<string, number[]>;

const summaries: string[] = [];

/** The worst relative error over all tensors, which must be the same ones. */
function distance(found: Everything, wanted: Everything): number {
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  return Math.max(...Object.entries(wanted).map(([name, values]) => relativeError(found[name] as number[], values)));
}

function name({ args, shape, units, mask, lengths }: Configuration): string {
  return JSON.stringify({ args, shape, units, mask, lengths });
}

/** `check` on every random configuration of both dtypes. */
function each(check: (configuration: Configuration, dtype: keyof typeof TOLERANCE) => void): void {
  for (const dtype of DTYPES) {
    for (let seed = 0; seed < CONFIGURATIONS; seed++) check(configurationOf(seed, dtype), dtype);
  }
}

/** Gradients alone. */
function gradientsIn(everything: Everything): Everything {
  const { output, state, losses, ...gradients } = everything;
  return gradients;
}

describe("random configurations", () => {
  it("are of every kind", () => {
    const all = Array.from({ length: CONFIGURATIONS }, (_, seed) => configurationOf(seed, "float64"));
    for (const key of [
      "reset_after",
      "use_bias",
      "return_sequences",
      "go_backwards",
      "zero_output_for_mask",
    ] as const) {
      expect(new Set(all.map(({ args }) => args[key])).size).toBe(2);
    }
    expect(new Set(all.map(({ args }) => args.activation)).size).toBe(10);
    expect(all.filter(({ mask }) => mask?.some((row) => !row.includes(true))).length).toBeGreaterThan(5);
    expect(all.filter(({ lengths }) => lengths !== null).length).toBeGreaterThan(20);
    expect(
      all.filter(({ args }) => args.dropout && args.recurrent_dropout && args.implementation === 1).length,
    ).toBeGreaterThan(3);
  });

  it("the gradient is the slope in a random direction, in float64", () => {
    let worst = 0;
    for (let seed = 0; seed < CONFIGURATIONS; seed++) {
      const configuration = configurationOf(seed, "float64");
      const { inputs, args, upstream } = callOf({ ...configuration, initialState: true });
      const { initial_state: state, ...rest } = args;
      const scalar = {
        gru: layerOfConfiguration(configuration),
        inputs,
        args: rest,
        state,
        upstream: { output: upstream.output.data, state: upstream.state.data },
      } as Scalar;
      const error = directionError(scalar, seed);
      worst = Math.max(worst, error);
      expect(error, name(configuration)).toBeLessThan(1e-8);
    }
    summaries.push(`slopes of ${CONFIGURATIONS} configurations: worst relative error ${worst.toExponential(2)}`);
  });

  it("forward gives what call gives, to the bit", () => {
    each((configuration) => {
      const gru = layerOfConfiguration(configuration);
      const { inputs, args } = callOf(configuration);
      const result = gru.call(inputs, args);
      const { losses } = gru;
      const pass = gru.forward(inputs, args);
      const results = Array.isArray(result) ? result : [result];
      expect([pass.output, pass.state].slice(0, results.length), name(configuration)).toEqual(results);
      expect(pass.losses).toEqual(losses);
      pass.dispose();
    });
  });

  it("the same to the bit on any number of threads, and asynchronously", async () => {
    const { threads } = backendInfo().cpu;
    try {
      for (const dtype of DTYPES) {
        for (let seed = 0; seed < 60; seed++) {
          const configuration = configurationOf(seed, dtype);
          configure({ threads: 1 });
          const wanted = run(configuration);
          configure({ threads: 3 });
          expect(run(configuration), name(configuration)).toEqual(wanted);
          const { inputs, args, upstream } = callOf(configuration);
          const pass = await layerOfConfiguration(configuration).forwardAsync(inputs, args);
          expect(everythingOf(pass, await pass.backwardAsync(upstream)), name(configuration)).toEqual(wanted);
        }
      }
    } finally {
      configure({ threads });
    }
  });

  it("linear in what comes from above", () => {
    each((configuration, dtype) => {
      // A regularizer's gradient does not scale with the upstream gradients.
      const plain = { kernel_regularizer: null, recurrent_regularizer: null, activity_regularizer: null };
      const gru = layerOfConfiguration({ ...configuration, args: { ...configuration.args, ...plain } });
      const { inputs, args, upstream } = callOf(configuration);
      const scaled = (tensor_: Tensor, factor: number) =>
        tensor(
          Float64Array.from(tensor_.data as Float64Array, (value) => value * factor),
          tensor_.shape,
        );
      const gradients = (output: number, state: number) => {
        const pass = gru.forward(inputs, args);
        const given = { output: scaled(upstream.output, output), state: scaled(upstream.state, state) };
        return gradientsIn(everythingOf(pass, pass.backward(given)));
      };
      const [first, second, both] = [gradients(1, 0), gradients(0, 1), gradients(2, -3)];
      for (const [key, values] of Object.entries(both)) {
        const wanted = values.map((_, i) => 2 * (first[key]?.[i] as number) - 3 * (second[key]?.[i] as number));
        expect(relativeError(values, wanted), `${key}: ${name(configuration)}`).toBeLessThan(4 * TOLERANCE[dtype]);
      }
    });
  });

  it("row for row: a batch's gradients are those of its rows, and the weights' are their sum", () => {
    for (let seed = 0; seed < CONFIGURATIONS; seed++) {
      const drawn = configurationOf(seed, "float64");
      const plain = {
        activity_regularizer: null,
        kernel_regularizer: null,
        recurrent_regularizer: null,
        dropout: 0,
        recurrent_dropout: 0,
      };
      const configuration = { ...drawn, args: { ...drawn.args, ...plain } };
      const { mask, lengths, units } = configuration;
      const [batch, timesteps, features] = configuration.shape;
      const whole = run(configuration);
      const gru = layerOfConfiguration(configuration);
      const { inputs, args, upstream } = callOf(configuration);
      const sum: Everything = {};
      for (let row = 0; row < batch; row++) {
        const part = (values: ArrayLike<number>) => {
          const width = values.length / batch;
          return Float64Array.from(values).subarray(row * width, (row + 1) * width);
        };
        const initial = args.initial_state as Tensor | undefined;
        const given = {
          ...args,
          ...(mask === null ? {} : { mask: [mask[row] as boolean[]] }),
          ...(lengths === null ? {} : { lengths: [lengths[row] as number] }),
          ...(initial === undefined ? {} : { initial_state: part(initial.data as Float64Array) }),
        };
        const pass = gru.forward(tensor(part(inputs.data), [1, timesteps, features]), given);
        const found = everythingOf(
          pass,
          pass.backward({ output: part(upstream.output.data), state: part(upstream.state.data) }),
        );
        for (const key of ["output", "state", "inputs", "initial_state"]) {
          expect(relativeError(found[key] as number[], part(whole[key] as number[])), name(configuration)).toBeLessThan(
            1e-13,
          );
        }
        for (const [key, values] of Object.entries(found)) {
          if (key.startsWith("weight")) sum[key] = values.map((value, i) => value + (sum[key]?.[i] ?? 0));
        }
      }
      for (const [key, values] of Object.entries(sum)) {
        expect(relativeError(whole[key] as number[], values), `${key}: ${name(configuration)} ${units}`).toBeLessThan(
          1e-12,
        );
      }
    }
  });

  it("masked inputs have no say and no gradient", () => {
    each((configuration, dtype) => {
      const { mask, lengths, shape } = configuration;
      if (mask === null && lengths === null) return;
      const [batch, timesteps, features] = shape;
      const gru = layerOfConfiguration(configuration);
      const { inputs, args, upstream } = callOf(configuration);
      const masked = (row: number, t: number) => (mask === null ? t >= (lengths?.[row] as number) : !mask[row]?.[t]);
      const spoiled = inputs.data.slice();
      for (let row = 0; row < batch; row++) {
        for (let t = 0; t < timesteps; t++) {
          const at = (row * timesteps + t) * features;
          if (masked(row, t)) spoiled.fill(Number.NaN, at, at + features);
        }
      }
      const pass = gru.forward(tensor(spoiled, [...shape]), args);
      const found = everythingOf(pass, pass.backward(upstream));
      expect(distance(found, run(configuration)), `${dtype}: ${name(configuration)}`).toBe(0);
      spoiled.forEach((value, i) => {
        if (Number.isNaN(value)) expect(found.inputs?.[i]).toBe(0);
      });
    });
  });
});

describe("every set of kernels gives the reference's gradients", () => {
  const ROOT = fileURLToPath(new URL("../../", import.meta.url));
  const results = async (isa: string): Promise<Map<string, Everything>> => {
    const args = [
      "--import",
      "./scripts/typescript/register.mjs",
      "test/layers/programs/gradients.ts",
      `${CONFIGURATIONS}`,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, CUDNN_GRU_ISA: isa },
      maxBuffer: 1 << 28,
    });
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, number, Everything]);
    return new Map(lines.map(([dtype, seed, everything]) => [`${dtype} ${seed}`, everything]));
  };
  const reference = results("reference");

  it.each(backendInfo().cpu.isas.filter((isa) => isa !== "reference"))("%s", async (isa) => {
    const found = await results(isa);
    const wanted = await reference;
    expect(wanted.size).toBe(2 * CONFIGURATIONS);
    for (const dtype of DTYPES) {
      let worst = 0;
      for (let seed = 0; seed < CONFIGURATIONS; seed++) {
        const key = `${dtype} ${seed}`;
        const error = distance(found.get(key) as Everything, wanted.get(key) as Everything);
        worst = Math.max(worst, error);
        expect(error, name(configurationOf(seed, dtype))).toBeLessThanOrEqual(TOLERANCE[dtype]);
      }
      summaries.push(`${isa} against the reference, ${dtype}: worst relative error ${worst.toExponential(2)}`);
    }
  });
});

afterAll(() => {
  for (const summary of summaries) console.log(summary);
});
