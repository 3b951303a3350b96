import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "../contender.js";

/** A model of the benchmark as `make_models.py` lists it. */
export interface BenchModel {
  readonly name: string;
  /** The name of its files, without a suffix. */
  readonly file: string;
  readonly parameters: number;
  /** The shape of a row of each input, and the size of the vocabulary for words. */
  readonly inputs: readonly { readonly row: readonly number[]; readonly words: number | null }[];
  /** The shape of a row of each output. */
  readonly outputs: readonly (readonly number[])[];
}

/** A model with the inputs of one batch, and with what Keras predicts for them. */
export interface ModelProblem {
  readonly model: BenchModel;
  readonly folder: string;
  readonly batch: number;
  readonly inputs: readonly (Float32Array | Int32Array)[];
  readonly expected: readonly Float32Array[];
}

/** A model made ready by one contender. */
export interface ModelTask extends Omit<Task, "output"> {
  /** The outputs of a call, in the model's order; null for a contender that computes a model of its own. */
  readonly outputs: readonly Float32Array[] | null;
}

/** Something that computes whole models. */
export interface ModelContender {
  readonly name: string;
  readonly version: string;
  /** The reason why a problem is not run, or null. */
  declines(problem: ModelProblem): string | null;
  prepare(problem: ModelProblem): Promise<ModelTask>;
  close(): void;
}

/** The models that a folder of `make_models.py` has. */
export function readModels(folder: string): BenchModel[] {
  return JSON.parse(readFileSync(join(folder, "models.json"), "utf8")) as BenchModel[];
}

/** Reads the inputs and the expected outputs of a batch. */
export function readProblem(folder: string, model: BenchModel, batch: number): ModelProblem {
  const bytes = (name: string) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${model.file}.${batch}.${name}`));
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  };
  const inputs = model.inputs.map(({ words }, index) =>
    words === null ? new Float32Array(bytes(`x${index}`)) : new Int32Array(bytes(`x${index}`)),
  );
  const expected = model.outputs.map((_, index) => new Float32Array(bytes(`y${index}`)));
  return { model, folder, batch, inputs, expected };
}

/** Times `calls` calls one after the other, in nanoseconds; a call that returns a promise is awaited. */
export async function timeCalls(calls: number, call: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  return Number(process.hrtime.bigint() - start);
}
