// The results of Keras 3's Bidirectional(GRU) (test/fixtures/make_tfjs_bidirectional.py).
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";
import { relativeError } from "../golden/reader.js";

export interface Plain {
  shape: number[];
  data: number[];
}

export interface Call {
  name: string;
  merge_mode: "concat" | "sum" | "mul" | "ave" | null;
  arguments: { return_sequences?: boolean; return_state?: boolean; stateful?: boolean } & Record<string, unknown>;
  mask: boolean;
  initial_state: boolean;
  steps: number;
  weights: Plain[];
  outputs: Plain[];
}

interface LayerJson {
  class_name: string;
  config: Record<string, unknown>;
}

export interface Model {
  name: string;
  json: { class_name: string; config: { layers: LayerJson[] } };
  weights: (Plain & { name: string })[];
  inputs: Plain;
  outputs: Plain[];
}

interface Fixture {
  inputs: Plain;
  mask: boolean[][];
  states: [Plain, Plain];
  calls: Call[];
  models: Model[];
  training: { inputs: Plain; targets: Plain; before: Plain[]; loss: number; after: Plain[] };
}

export const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/tfjs_bidirectional.json", import.meta.url), "utf8"),
) as Fixture;

const TOLERANCE = 1e-5;

export const tensor = ({ data, shape }: Plain): tf.Tensor => tf.tensor(data, shape, "float32");

/** Shapes and numbers are Keras's. */
export function same(actual: tf.Tensor | tf.Tensor[], expected: readonly Plain[]): void {
  const tensors = [actual].flat();
  expect(tensors.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [index, { data }] of expected.entries()) {
    expect(relativeError((tensors[index] as tf.Tensor).dataSync(), data)).toBeLessThanOrEqual(TOLERANCE);
  }
}
