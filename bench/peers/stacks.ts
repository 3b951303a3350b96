import { Bidirectional, configure, GRU, GRUStack, type Tensor } from "../../dist/index.js";
import type { Contender, Role, Task } from "../contender.js";
import { BIDIRECTIONAL, type Form, shapesOfGrus } from "../forms.js";
import type { GruWeights, Problem } from "../problem.js";
import { CudnnGru, makeInputs, makeLayer, timeCalls } from "./cudnn_gru.js";

const ARGUMENTS = { return_sequences: true, return_state: false, use_cudnn: false } as const;

function makeStack({ shape: { features, units }, form, grus }: Problem): Bidirectional | GRUStack {
  const layerOf = () => {
    const gru = new GRU(units, ARGUMENTS);
    return form.directions === 2 ? new Bidirectional(gru) : gru;
  };
  const layers = Array.from({ length: form.layers }, layerOf);
  const [first] = layers;
  const stack = layers.length === 1 && first instanceof Bidirectional ? first : new GRUStack(layers);
  stack.build([null, null, features]);
  stack.setWeights(grus.flatMap(({ kernel, recurrentKernel, bias }) => [kernel, recurrentKernel, bias]));
  return stack;
}

const dataOf = (result: unknown) => (result as Tensor).data as Float32Array;

/** Returns the output of our Bidirectional or stack for a problem. */
export function computeStack(problem: Problem): Float32Array {
  const stack = makeStack(problem);
  try {
    return dataOf(stack.call(makeInputs(problem)));
  } finally {
    stack.dispose();
  }
}

/** Prepares calls of our Bidirectional or GRUStack, which write to `out` or return a new array each time. */
function prepareStack(problem: Problem, results: "out" | "new"): Task {
  const stack = makeStack(problem);
  const inputs = makeInputs(problem);
  const output = dataOf(stack.call(inputs));
  const args = results === "out" ? { out: new Float32Array(output.length) } : undefined;
  return {
    output,
    time: async (calls) => timeCalls(() => stack.call(inputs, args), calls),
    close: () => stack.dispose(),
  };
}

/** Our Bidirectional or GRUStack, synchronous. It writes to `out`, as the layers called one by one do. */
export class CudnnGruStack extends CudnnGru {
  override async prepare(problem: Problem): Promise<Task> {
    return prepareStack(problem, "out");
  }
}

/** The same with a new output array for each call, as other libraries have it. */
class WithNewOutput implements Contender {
  readonly name = "cudnn-gru, new output";
  readonly role: Role = "apart";
  readonly version = "";
  readonly resetAfter = true;

  declines(): null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    return prepareStack(problem, "new");
  }

  close(): void {}
}

/** The GRUs of a stack, or the first of them, called one by one. Merging two directions would come on top, and is not timed. */
class LayersApart implements Contender {
  readonly name: string;
  readonly role: Role = "apart";
  readonly version = "";
  readonly resetAfter = true;
  readonly #which: "all" | "first";
  readonly #threads: { all: number; own: number };

  constructor(name: string, which: "all" | "first", threads: { all: number; own: number }) {
    this.name = name;
    this.#which = which;
    this.#threads = threads;
  }

  declines(): null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    const { shape, form, grus } = problem;
    const shapes = shapesOfGrus(shape, form);
    const layers = grus.map(
      (weights: GruWeights, index) =>
        makeLayer(
          { ...problem, ...weights, shape: shapes[index] as Problem["shape"] },
          {
            ...ARGUMENTS,
            go_backwards: index % form.directions === 1,
          },
        ) as GRU<false>,
    );
    const inputs = makeInputs(problem);
    const first = layers[0] as GRU<false>;
    const outs = layers.map((layer, index) => {
      const { batch, timesteps, units } = shapes[index] as Problem["shape"];
      return { layer, out: { out: new Float32Array(batch * timesteps * units) } };
    });
    const all = () => callAll(outs, form, inputs);
    const call = this.#which === "all" ? all : () => first.call(inputs, outs[0]?.out);
    return {
      output: this.#which === "all" ? joined(all(), problem) : null,
      time: async (calls) => {
        const { all: usual, own } = this.#threads;
        if (own !== usual) configure({ threads: own });
        try {
          return timeCalls(call, calls);
        } finally {
          if (own !== usual) configure({ threads: usual });
        }
      },
      close: () => {
        for (const layer of layers) layer.dispose();
      },
    };
  }

  close(): void {}
}

/** Calls the GRUs of one layer with the same inputs, and those of the next with what they return. */
function callAll(
  layers: readonly { layer: GRU<false>; out: { out: Float32Array } }[],
  { directions }: Form,
  inputs: Tensor,
): Tensor[] {
  if (directions === 2) return layers.map(({ layer, out }) => layer.call(inputs, out));
  return [layers.reduce<Tensor>((values, { layer, out }) => layer.call(values, out), inputs)];
}

/** The outputs of both directions at each timestep, one after the other. The backward one starts with the last timestep. */
function joined(outputs: readonly Tensor[], { shape: { batch, timesteps, units } }: Problem): Float32Array {
  const [forward, backward] = outputs.map(dataOf) as [Float32Array, Float32Array?];
  if (backward === undefined) return forward;
  const merged = new Float32Array(2 * forward.length);
  for (let row = 0; row < batch; row++) {
    for (let step = 0; step < timesteps; step++) {
      const to = 2 * (row * timesteps + step) * units;
      const [there, back] = [row * timesteps + step, row * timesteps + timesteps - 1 - step];
      merged.set(forward.subarray(there * units, (there + 1) * units), to);
      merged.set(backward.subarray(back * units, (back + 1) * units), to + units);
    }
  }
  return merged;
}

/** What our stack is compared with beside other libraries: its own GRUs, and for several threads also on one of them. */
export function layersApart(form: Form, threads: number): Contender[] {
  const apart: Contender[] = [
    new WithNewOutput(),
    new LayersApart("one by one", "all", { all: threads, own: threads }),
  ];
  const single = { all: threads, own: 1 };
  if (threads > 1) apart.push(new LayersApart("one by one, one thread", "all", single));
  if (form === BIDIRECTIONAL) apart.push(new LayersApart("one direction, one thread", "first", single));
  return apart;
}
