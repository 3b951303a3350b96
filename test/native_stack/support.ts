// A stack as the addon computes it: driven with NativeStack in one call, and with its NativeGru objects one by one.
import type { NativeArray, NativeGru, NativeMerge, NativePass } from "../../dist/native/binding.js";
import {
  backwardArguments,
  CALL_FLAGS,
  callArguments,
  setStackHalf,
  stackBackwardArguments,
  stackCallArguments,
} from "../../dist/native/contract.js";
import { native } from "../../dist/native/load.js";
import { numbers } from "../layers/support.js";

export interface LayerShape {
  units: [number] | [number, number];
  merge: NativeMerge;
}

export interface StackShape {
  batch: number;
  timesteps: number;
  features: number;
  layers: LayerShape[];
  returnSequences?: boolean;
  float64?: boolean;
  mask?: boolean;
  lengths?: boolean;
  dropout?: boolean;
}

interface Half {
  gru: NativeGru;
  features: number;
  units: number;
  flags: number;
  initialState: NativeArray;
  inputDropout: NativeArray | null;
  recurrentDropout: NativeArray | null;
}

/** The gradients of a whole stack: of the inputs, and of every GRU's initial state and weights. */
type Gradients = NativeArray[];

/** The layers of one shape, with weights, and the arrays of one call. */
export class StackUnderTest {
  readonly halves: Half[] = [];
  readonly inputs: NativeArray;
  readonly mask: Uint8Array | null;
  readonly lengths: Int32Array | null;
  readonly #sequences: number;

  constructor(readonly shape: StackShape) {
    const { batch: B, timesteps: T, features } = shape;
    this.inputs = this.array(numbers(B * T * features, 3));
    this.mask = shape.mask ? Uint8Array.from(numbers(B * T, 5), (value) => Number(value > -0.3)) : null;
    this.lengths = shape.lengths ? Int32Array.from({ length: B }, (_, row) => row % (T + 1)) : null;
    this.#sequences = shape.returnSequences === false ? 0 : CALL_FLAGS.returnSequences;
    let width = features;
    for (const layer of shape.layers) {
      const first = this.halves.length;
      for (const [half, units] of layer.units.entries()) this.halves.push(this.#half(width, units, half));
      width = this.halves[first]?.units ?? 0;
      if (layer.merge === "concat") width += layer.units[1] ?? 0;
    }
  }

  #half(features: number, units: number, half: number): Half {
    const { batch: B, float64, dropout } = this.shape;
    const seed = 10 * this.halves.length;
    const gru = new (native().NativeGru)({
      dtype: float64 ? "float64" : "float32",
      features,
      units,
      resetAfter: true,
      activation: { name: "tanh", parameters: [] },
      recurrentActivation: { name: "sigmoid", parameters: [] },
      stateRounding: null,
      cudaDevice: 0,
    });
    const scale = 1 / Math.sqrt(units);
    const weights = (length: number, at: number) => this.array(numbers(length, at)).map((value) => value * scale);
    gru.setWeights(
      weights(features * 3 * units, seed + 1),
      weights(units * 3 * units, seed + 2),
      weights(6 * units, seed + 3),
    );
    const keep = (length: number, at: number) =>
      dropout ? this.array(numbers(length, at)).map((value) => (value > 0.4 ? 0 : 1.25)) : null;
    return {
      gru,
      features,
      units,
      flags: half === 0 ? 0 : CALL_FLAGS.goBackwards | CALL_FLAGS.zeroOutputForMask,
      initialState: this.array(numbers(B * units, seed + 4)),
      inputDropout: keep(B * features, seed + 5),
      recurrentDropout: keep(3 * B * units, seed + 6),
    };
  }

  array(values: ArrayLike<number>): NativeArray {
    return this.shape.float64 ? Float64Array.from(values) : Float32Array.from(values);
  }
  empty(length: number): NativeArray {
    return this.array(new Float32Array(length).fill(-77));
  }

  get stack() {
    return new (native().NativeStack)(
      this.shape.layers.map(({ merge }) => merge),
      this.halves.map(({ gru }) => gru),
    );
  }

  /** The elements of a step of the last layer's outputs. */
  get widths(): [number, number] {
    const { units, merge } = this.shape.layers.at(-1) as LayerShape;
    const second = units[1] ?? 0;
    return [units[0] + (merge === "concat" ? second : 0), merge === "separate" ? second : 0];
  }

  /** New arrays for the results of one call, and its arguments. */
  call() {
    const { batch: B, timesteps: T } = this.shape;
    const steps = this.#sequences === 0 ? 1 : T;
    const [width, second] = this.widths;
    const results = {
      output: this.empty(B * steps * width),
      secondOutput: second === 0 ? null : this.empty(B * steps * second),
      states: this.halves.map(({ units }) => this.empty(B * units)),
    };
    const { inputs, mask, lengths } = this;
    const { output, secondOutput } = results;
    const args = stackCallArguments(
      { inputs, output, secondOutput, mask, lengths, batch: B, timesteps: T, flags: this.#sequences },
      this.halves.length,
    );
    this.halves.forEach(({ initialState, inputDropout, recurrentDropout, flags }, at) => {
      const state = results.states[at] as NativeArray;
      setStackHalf(args, at, { state, initialState, inputDropout, recurrentDropout, halfFlags: flags });
    });
    return { results, args };
  }

  /** What `backward` writes, and its arguments. */
  backward(output: NativeArray, secondOutput: NativeArray | null) {
    const upstream = (length: number, seed: number) => this.array(numbers(length, seed));
    const { batch: B } = this.shape;
    const gradients: Gradients = [this.empty(this.inputs.length)];
    const made = (length: number) => {
      const array = this.empty(length);
      gradients.push(array);
      return array;
    };
    const values = {
      dOutput: upstream(output.length, 77),
      dSecondOutput: secondOutput === null ? null : upstream(secondOutput.length, 78),
      dInputs: gradients[0] as NativeArray,
    };
    const halves = this.halves.map(({ features, units }, at) => ({
      dState: upstream(B * units, 80 + at),
      dInitialState: made(B * units),
      dKernel: made(features * 3 * units),
      dRecurrentKernel: made(units * 3 * units),
      dBias: made(6 * units),
    }));
    return { gradients, values, halves, args: stackBackwardArguments(values, halves) };
  }

  /** The results, and the gradients, of the GRUs called one by one, with merges that are written here. */
  oneByOne() {
    const { batch: B, timesteps: T } = this.shape;
    const layers: { passes: NativePass[]; outputs: NativeArray[]; steps: number; layer: LayerShape }[] = [];
    const states: NativeArray[] = [];
    let inputs = this.inputs;
    let at = 0;
    this.shape.layers.forEach((layer, index) => {
      const last = index + 1 === this.shape.layers.length;
      const sequences = last ? this.#sequences : CALL_FLAGS.returnSequences;
      const steps = sequences === 0 ? 1 : T;
      const passes: NativePass[] = [];
      const outputs = layer.units.map((units, half) => {
        const { gru, initialState, inputDropout, recurrentDropout, flags } = this.halves[at++] as Half;
        const output = this.empty(B * steps * units);
        const state = this.empty(B * units);
        states.push(state);
        const { mask, lengths } = this;
        const dropout = { input: inputDropout, recurrent: recurrentDropout };
        const call = { inputs, mask, lengths, batch: B, timesteps: T, flags: flags | sequences, dropout };
        passes.push(gru.forward(...callArguments(call, { output, state, initialState })));
        return half === 0 ? output : this.#reversed(output, steps, units);
      });
      layers.push({ passes, outputs, steps, layer });
      inputs = this.#merged(layer, outputs, B * steps);
    });
    const separate = this.shape.layers.at(-1)?.merge === "separate";
    const secondOutput = separate ? (layers.at(-1)?.outputs[1] ?? null) : null;
    const results = { output: inputs, secondOutput, states };
    return { results, gradients: this.#backwardOneByOne(layers, results) };
  }

  #reversed(output: NativeArray, steps: number, units: number): NativeArray {
    const reversed = output.slice();
    for (let place = 0; place < output.length / units; place++) {
      const row = Math.floor(place / steps);
      const from = (row * steps + steps - 1 - (place % steps)) * units;
      reversed.set(output.subarray(from, from + units), place * units);
    }
    return reversed;
  }

  #merged({ merge, units }: LayerShape, [a, b]: NativeArray[], places: number): NativeArray {
    if (a === undefined) throw new Error("no output");
    if (b === undefined || merge === "separate") return a;
    if (merge !== "concat") {
      return a.map((value, i) => {
        const other = b[i] ?? Number.NaN;
        if (merge === "mul") return value * other;
        return merge === "sum" ? value + other : (value + other) / 2;
      });
    }
    const [first, second] = units as [number, number];
    const merged = this.empty(a.length + b.length);
    for (let place = 0; place < places; place++) {
      merged.set(a.subarray(place * first, (place + 1) * first), place * (first + second));
      merged.set(b.subarray(place * second, (place + 1) * second), place * (first + second) + first);
    }
    return merged;
  }

  #backwardOneByOne(
    layers: { passes: NativePass[]; outputs: NativeArray[]; steps: number; layer: LayerShape }[],
    results: { output: NativeArray; secondOutput: NativeArray | null },
  ): Gradients {
    const { values, halves, gradients } = this.backward(results.output, results.secondOutput);
    let above = values.dOutput;
    let at = this.halves.length;
    for (const { passes, outputs, steps, layer } of layers.toReversed()) {
      at -= passes.length;
      const sums = passes.map((pass, half) => {
        const own = halves[at + half];
        const { features } = this.halves[at + half] as Half;
        if (own === undefined) throw new Error("no half");
        const dInputs = this.empty(this.shape.batch * this.shape.timesteps * features);
        const dOutput = this.#upstreamOf(layer, half, above, values.dSecondOutput, outputs, steps);
        pass.backward(...backwardArguments({ ...own, dOutput, dInputs }));
        return dInputs;
      });
      const [first, second] = sums as [NativeArray, NativeArray | undefined];
      above = second === undefined ? first : first.map((value, i) => value + (second[i] ?? Number.NaN));
    }
    gradients[0] = above;
    return gradients;
  }

  #upstreamOf(
    { merge, units }: LayerShape,
    half: number,
    above: NativeArray,
    second: NativeArray | null,
    outputs: NativeArray[],
    steps: number,
  ): NativeArray {
    const own = units[half] ?? 0;
    const other = outputs[1 - half];
    let given = above;
    if (merge === "concat") {
      const width = units[0] + (units[1] ?? 0);
      const first = half === 0 ? 0 : units[0];
      given = this.empty(this.shape.batch * steps * own).map(
        (_, i) => above[Math.floor(i / own) * width + first + (i % own)] ?? Number.NaN,
      );
    }
    if (merge === "separate" && half === 1) given = second as NativeArray;
    if (merge === "ave") given = above.map((value) => value / 2);
    if (merge === "mul") given = above.map((value, i) => value * (other?.[i] ?? Number.NaN));
    return half === 0 ? given : this.#reversed(given, steps, own);
  }
}

/** The bits of arrays, to compare. */
export const bits = (arrays: readonly (NativeArray | null)[]) =>
  arrays.map((array) =>
    array === null ? null : Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex"),
  );
