import type { GRU, GRUStream } from "../../dist/index.js";
import { CALL_FLAGS } from "../../dist/native/contract.js";
import { native } from "../../dist/native/load.js";
import type { Contender, Task } from "../contender.js";
import type { Problem } from "../problem.js";
import { isStreaming, type Shape } from "../shapes.js";
import { makeInputs, makeLayer, timeCalls } from "./cudnn_gru.js";

/** Our layer called in another way than `CudnnGru` does; only where calls are single steps. */
abstract class StreamingWay implements Contender {
  abstract readonly name: string;
  readonly version = "";
  readonly role = "way";
  readonly resetAfter = true;

  declines(shape: Shape): string | null {
    return isStreaming(shape) ? null : "";
  }

  abstract prepare(problem: Problem): Promise<Task>;

  close(): void {}
}

/** The layer keeps its state from call to call. */
class Stateful extends StreamingWay {
  readonly name = "cudnn-gru, stateful";

  async prepare(problem: Problem): Promise<Task> {
    const gru = makeLayer(problem, { stateful: true, return_sequences: true, return_state: false }) as GRU<false>;
    const inputs = makeInputs(problem);
    return {
      output: gru.call(inputs).data as Float32Array,
      time: async (calls) => timeCalls(() => gru.call(inputs), calls),
      close: () => gru.dispose(),
    };
  }
}

/** The caller carries the state, and lends the arrays for the results. */
class CarriedByCaller extends StreamingWay {
  readonly name = "cudnn-gru, initial_state and out";

  async prepare(problem: Problem): Promise<Task> {
    const { batch, units } = problem.shape;
    const gru = makeLayer(problem, { return_state: true }) as GRU<true>;
    const inputs = makeInputs(problem);
    const tensors = () => ({ data: new Float32Array(batch * units), shape: [batch, units] });
    let [state, next] = [tensors(), tensors()];
    const output = tensors();
    const call = () => {
      gru.call(inputs, { initial_state: state, out: [output, next] });
      [state, next] = [next, state];
    };
    call();
    return {
      output: output.data.slice(),
      time: async (calls) => timeCalls(call, calls),
      close: () => gru.dispose(),
    };
  }
}

/** The stepper, with results in its own tensor. */
class Stream extends StreamingWay {
  readonly name = "cudnn-gru, stream";

  async prepare(problem: Problem): Promise<Task> {
    const gru = makeLayer(problem, { return_state: false });
    const stream = gru.stream({ batch: problem.shape.batch });
    const output = stream.push(problem.inputs).data.slice() as Float32Array;
    return {
      output,
      time: async (calls) => timeCalls(() => stream.push(problem.inputs), calls),
      close: () => gru.dispose(),
    };
  }
}

/** The stepper on its own arrays, without arguments. The caller fills `input` and reads `output`. */
class Step extends StreamingWay {
  readonly name = "cudnn-gru, stream.step";

  async prepare(problem: Problem): Promise<Task> {
    const gru = makeLayer(problem, { return_state: false });
    const stream = gru.stream({ batch: problem.shape.batch });
    const { input, output } = stream as GRUStream<"float32">;
    input.set(problem.inputs);
    stream.step();
    return {
      output: output.slice(),
      time: async (calls) => timeCalls(() => stream.step(), calls),
      close: () => gru.dispose(),
    };
  }
}

/** The stepper with 128 frames at a time. A call is one frame of such a block. */
class Block extends StreamingWay {
  readonly name = "cudnn-gru, stream, a frame of 128";

  async prepare(problem: Problem): Promise<Task> {
    const { batch, features, units } = problem.shape;
    const frames = 128;
    const gru = makeLayer(problem, { return_state: false });
    const stream = gru.stream({ batch });
    const block = { data: new Float32Array(batch * frames * features), shape: [batch, frames, features] };
    for (let at = 0; at < block.data.length; at += problem.inputs.length) block.data.set(problem.inputs, at);
    const out = new Float32Array(batch * frames * units);
    stream.push(block, out);
    return {
      output: out.slice(0, batch * units),
      time: async (calls) => {
        const blocks = Math.ceil(calls / frames);
        return (timeCalls(() => stream.push(block, out), blocks) * calls) / (blocks * frames);
      },
      close: () => gru.dispose(),
    };
  }
}

/** The addon's own function on arrays made once: no checks and no results in TypeScript. */
class AddonAlone extends StreamingWay {
  readonly name = "addon's call alone";

  async prepare(problem: Problem): Promise<Task> {
    const { batch, timesteps, features, units } = problem.shape;
    const { NativeGru } = native();
    const gru = new NativeGru({
      dtype: "float32",
      features,
      units,
      resetAfter: true,
      activation: { name: "tanh", parameters: [] },
      recurrentActivation: { name: "sigmoid", parameters: [] },
      stateRounding: null,
      cudaDevice: 0,
    });
    gru.setWeights(problem.kernel, problem.recurrentKernel, problem.bias);
    const output = new Float32Array(batch * timesteps * units);
    const state = new Float32Array(batch * units);
    const flags = CALL_FLAGS.returnSequences;
    const call = () => gru.call(problem.inputs, output, state, null, null, null, null, null, batch, timesteps, flags);
    call();
    return {
      output: output.slice(),
      time: async (calls) => timeCalls(call, calls),
      close: () => gru.dispose(),
    };
  }
}

/** The ways to make a streaming step with our package. */
export const streamingWays: readonly Contender[] = [
  new Stateful(),
  new CarriedByCaller(),
  new Stream(),
  new Step(),
  new Block(),
  new AddonAlone(),
];
