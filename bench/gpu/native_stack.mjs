// A stack of GRUs as the addon computes it in one call (NativeStack), for the benchmark and for test/gpu. Plain JavaScript.
import { CALL_FLAGS, setStackHalf, stackBackwardArguments, stackCallArguments } from "../../dist/native/contract.js";
import { native } from "../../dist/native/load.js";

const HALVES = ["float16", "bfloat16"];

/** The number of elements of each weight: kernel, recurrent kernel and bias. */
function weightSizes(features, units) {
  return [features * 3 * units, units * 3 * units, 6 * units];
}

/** The features that each GRU reads. The forward half of a layer comes first. */
export function featuresOf({ features, units, layers, directions }) {
  return Array.from({ length: layers * directions }, (_, at) => (at < directions ? features : directions * units));
}

/** The sizes of all weights, one GRU after the other. */
export function stackWeightSizes(shape) {
  return featuresOf(shape).flatMap((features) => weightSizes(features, shape.units));
}

/** Layers of equal units with one direction or two, which are merged by concat, but for the last layer's `merge`. */
export class NativeLayers {
  #grus;
  #stack;

  /** `weights` has the arrays of all GRUs, in the order of `stackWeightSizes`. */
  constructor({ merge = "concat", returnSequences = true, dtype = "float32", path = "cudnn", ...shape }, weights) {
    const { layers, directions, units } = shape;
    this.shape = shape;
    this.bidirectional = directions === 2;
    this.merge = this.bidirectional ? merge : null;
    this.returnSequences = returnSequences;
    this.dtype = dtype;
    this.path = path;
    this.Float = dtype === "float64" ? Float64Array : Float32Array;
    this.#grus = featuresOf(shape).map((features, at) => {
      const gru = new (native().NativeGru)({
        dtype: dtype === "float64" ? "float64" : "float32",
        features,
        units,
        resetAfter: true,
        activation: { name: "tanh", parameters: [] },
        recurrentActivation: { name: "sigmoid", parameters: [] },
        stateRounding: HALVES.includes(dtype) ? dtype : null,
        cudaDevice: 0,
      });
      gru.setWeights(...weights.slice(3 * at, 3 * at + 3).map((values) => this.Float.from(values)));
      return gru;
    });
    const inner = this.bidirectional ? "concat" : null;
    const merges = Array.from({ length: layers }, (_, at) => (at === layers - 1 ? this.merge : inner));
    this.#stack = new (native().NativeStack)(merges, this.#grus);
  }

  /** New arrays for the results of one call. `Output` is the type of the outputs, which may be bits in inference. */
  results({ batch, timesteps }, Output = this.Float) {
    const { units, directions } = this.shape;
    const rows = batch * (this.returnSequences ? timesteps : 1);
    return {
      output: new Output(rows * units * (this.merge === "concat" ? directions : 1)),
      secondOutput: this.merge === "separate" ? new Output(rows * units) : null,
      states: this.#grus.map(() => new this.Float(batch * units)),
    };
  }

  #arguments({ inputs, lengths = null, batch, timesteps, initialStates, zeroOutput = false, tf32 = false }, results) {
    const { returnSequences, cudnn, goBackwards, zeroOutputForMask, allowTf32 } = CALL_FLAGS;
    const { output, secondOutput, states } = results;
    const flags = (this.returnSequences ? returnSequences : 0) | (tf32 ? allowTf32 : 0);
    const args = stackCallArguments(
      { inputs, output, secondOutput, mask: null, lengths, batch, timesteps, flags },
      states.length,
    );
    states.forEach((state, at) => {
      setStackHalf(args, at, {
        state,
        initialState: initialStates?.[at] ?? null,
        inputDropout: null,
        recurrentDropout: null,
        halfFlags:
          (this.path === "cudnn" ? cudnn : 0) |
          (this.bidirectional && at % 2 === 1 ? goBackwards : 0) |
          (zeroOutput ? zeroOutputForMask : 0),
      });
    });
    return args;
  }

  /** Computes a call into `results`. */
  call(call, results) {
    this.#stack.call(...this.#arguments(call, results));
    return results;
  }

  /** Computes a call into `results` and returns what its gradients need. */
  forward(call, results) {
    return this.#stack.forward(...this.#arguments(call, results));
  }

  /** Computes all gradients of a pass in new arrays: of the inputs, and then of each GRU's initial state and weights. */
  backward(pass, { batch, timesteps }, { output = null, secondOutput = null, states = [] }) {
    const made = (length) => {
      const array = new this.Float(length);
      gradients.push(array);
      return array;
    };
    const gradients = [];
    const { units, features } = this.shape;
    const dInputs = made(batch * timesteps * features);
    const halves = featuresOf(this.shape).map((own, at) => ({
      dState: states[at] ?? null,
      dInitialState: made(batch * units),
      dKernel: made(own * 3 * units),
      dRecurrentKernel: made(units * 3 * units),
      dBias: made(6 * units),
    }));
    pass.backward(...stackBackwardArguments({ dOutput: output, dSecondOutput: secondOutput, dInputs }, halves));
    return gradients;
  }

  dispose() {
    this.#stack.dispose();
    for (const gru of this.#grus) gru.dispose();
  }
}
