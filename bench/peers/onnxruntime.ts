import type { Contender, ContenderSource, Task } from "../contender.js";
import { importPackage, packageVersion } from "../packages.js";
import { joined, type Problem, swapLeadingAxes } from "../problem.js";
import { onnxModel } from "./onnx_model.js";

/** The part of onnxruntime-node's interface that is used here. */
interface OnnxRuntime {
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: "float32", data: Float32Array, dims: number[]) => object;
}

interface Session {
  run(feeds: { x: object }): Promise<{ y: { data: Float32Array } }>;
  release(): Promise<void>;
}

class OnnxRuntimeNode implements Contender {
  readonly name = "onnxruntime-node";
  readonly version = packageVersion("onnxruntime-node");
  readonly role = "peer";
  readonly resetAfter = true;
  readonly #ort: OnnxRuntime;
  readonly #threads: number;

  constructor(ort: OnnxRuntime, threads: number) {
    this.#ort = ort;
    this.#threads = threads;
  }

  declines(): null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    const { batch, timesteps, features, units } = problem.shape;
    const { directions } = problem.form;
    const session = await this.#ort.InferenceSession.create(await onnxModel(problem), {
      executionProviders: ["cpu"],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
    });
    const timeMajor = swapLeadingAxes(problem.inputs, batch, timesteps, features);
    const feeds = { x: new this.#ort.Tensor("float32", timeMajor, [timesteps, batch, features]) };
    const { y } = await session.run(feeds);
    return {
      // From (timesteps, directions, batch, units), in which the directions of one timestep are apart.
      output: swapLeadingAxes(
        swapInner(y.data, timesteps, directions, batch, units),
        timesteps,
        batch,
        directions * units,
      ),
      async time(calls) {
        const start = process.hrtime.bigint();
        for (let i = 0; i < calls; i++) await session.run(feeds);
        return Number(process.hrtime.bigint() - start);
      },
      close: () => session.release(),
    };
  }

  close(): void {}
}

/** The second and third axes of (a, b, c, d) swapped. */
function swapInner(data: Float32Array, ...[a, b, c, d]: [number, number, number, number]): Float32Array {
  const size = b * c * d;
  return joined(Array.from({ length: a }, (_, i) => swapLeadingAxes(data.subarray(i * size, (i + 1) * size), b, c, d)));
}

/** onnxruntime-node on the CPU, from Node.js; its only call is asynchronous, and awaiting it is counted. */
export const onnxruntime: ContenderSource = {
  name: "onnxruntime",
  async open(threads) {
    const { default: ort } = await importPackage<{ default: OnnxRuntime }>("onnxruntime-node");
    return new OnnxRuntimeNode(ort, threads);
  },
};
