// A double of the addon on a machine with a GPU: the real addon, whose CUDA side is made up. What carries the `cudnn` flag
// is computed by the CPU's kernels, with made-up numbers for gradients; the CPU path is the real one. `double` steers it and tells what it was asked.
const { resolve } = require("node:path");

const real = require(process.env.CUDNN_GRU_REAL_ADDON || resolve(__dirname, "../../build/Release/cudnn_gru.node"));

const CUDNN_FLAGS = 8 | 16;

const double = {
  /** The answers of cudnnRuntime, by "device dtype". */
  verdicts: {},
  /** Every question to cudnnRuntime. */
  asked: [],
  /** Flags of every call, forward included. */
  flags: [],
  /** Inputs and output of every call, forward included. */
  arrays: [],
  /** Descriptions of every native layer. */
  descriptions: [],
  /** Arguments of every backward call: copies of dOutput and dState. */
  upstream: [],
  /** Passes with made-up gradients that are not disposed. */
  living: 0,
  /** Thrown by the next call, forward or backward with the cudnn flag. */
  failure: null,
  info: null,
  ...JSON.parse(process.env.CUDNN_GRU_ADDON_DOUBLE ?? "{}"),
};

let GRUError;

function fail() {
  const { failure } = double;
  double.failure = null;
  if (failure) throw new GRUError(failure[0], failure[1]);
}

class Pass {
  constructor() {
    this.alive = true;
    double.living += 1;
  }

  backward(dOutput, dState, ...gradients) {
    fail();
    double.upstream.push([dOutput?.slice() ?? null, dState?.slice() ?? null]);
    gradients.forEach((gradient, index) => {
      gradient?.fill(index + 1);
    });
  }

  async backwardAsync(_token, ...args) {
    await new Promise((settle) => setTimeout(settle, 5));
    this.backward(...args);
    return [0, 0];
  }

  dispose() {
    if (this.alive) double.living -= 1;
    this.alive = false;
  }

  memoryUsage() {
    return this.alive ? 1000 : 0;
  }
}

function onCpu(args, at) {
  double.flags.push(args[at]);
  double.arrays.push([args[at - 10], args[at - 9]]);
  if (args[at] & CUDNN_FLAGS) fail();
  const copy = [...args];
  copy[at] = args[at] & ~CUDNN_FLAGS;
  return copy;
}

class NativeGru {
  constructor(description) {
    double.descriptions.push(description);
    this.gru = new real.NativeGru(description);
  }

  setWeights(...args) {
    this.gru.setWeights(...args);
  }

  call(...args) {
    this.gru.call(...onCpu(args, 10));
  }

  async callAsync(...args) {
    return this.gru.callAsync(...onCpu(args, 11));
  }

  forward(...args) {
    const copy = onCpu(args, 10);
    if ((args[10] & CUDNN_FLAGS) === 0) return this.gru.forward(...copy);
    this.gru.call(...copy);
    return new Pass();
  }

  async forwardAsync(...args) {
    const copy = onCpu(args, 11);
    if ((args[11] & CUDNN_FLAGS) === 0) return this.gru.forwardAsync(...copy);
    const times = await this.gru.callAsync(...copy);
    return [new Pass(), ...times];
  }

  bindStep(...args) {
    return this.gru.bindStep(...args);
  }

  memoryUsage() {
    return this.gru.memoryUsage();
  }

  dispose() {
    this.gru.dispose();
  }
}

module.exports = {
  ...real,
  double,
  NativeGru,
  initialize(errorClass) {
    GRUError = errorClass;
    real.initialize(errorClass);
  },
  cudnnInfo() {
    if (double.info.message) throw double.info;
    return double.info;
  },
  cudnnRuntime(device, dtype) {
    double.asked.push(`${device} ${dtype}`);
    return double.verdicts[`${device} ${dtype}`] ?? { met: true, detail: "It works", final: true };
  },
  memoryUsage: () => ({ device: 0, pinned: 0, ...real.memoryUsage() }),
};
