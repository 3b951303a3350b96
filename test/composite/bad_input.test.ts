// Bad arguments are refused by name, and change nothing.
import {
  Bidirectional,
  type BidirectionalArguments,
  GRU,
  GRUStack,
  type StackLayer,
  type Tensor,
  tensor,
} from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, expectError, expectRejection, random } from "../layers/support.js";
import { listOf } from "./by_hand.js";
import { built as builtFor, stateOf } from "./layers.js";

const [B, T, F, U] = [3, 4, 3, 5] as const;
const built = (layer: Bidirectional | GRUStack) => builtFor(layer, F);
const sequences = { return_sequences: true, use_cudnn: false } as const;

describe("the constructor of a Bidirectional", () => {
  const make = (layer: unknown, args?: unknown) => () =>
    new Bidirectional(layer as GRU, args as BidirectionalArguments);

  it.each([
    ["no layer", undefined, undefined, /`layer`/],
    ["units", 4, undefined, /GRU layer for `layer` but received 4/],
    ["a Bidirectional", new Bidirectional(new GRU(2)), undefined, /GRU layer for `layer`/],
    ["a stack", new GRUStack([new GRU(2)]), undefined, /GRU layer for `layer`/],
    ["an object with a prototype alone", Object.create(GRU.prototype), undefined, /`Bidirectional`/],
    ["a number of options", new GRU(2), 3, /object of arguments after `layer`/],
    ["a second layer without its name", new GRU(2), new GRU(2, { go_backwards: true }), /\{ backward_layer \}/],
    ["a misspelled merge mode", new GRU(2), { merge_mode: "concta" }, /`merge_mode`.*Did you mean "concat"/],
    ["another name of a merge mode", new GRU(2), { merge_mode: "average" }, /Did you mean "ave"/],
    ["the merge mode of another language", new GRU(2), { merge_mode: "None" }, /without quotes/],
    ["a merge mode of another kind", new GRU(2), { merge_mode: 3 }, /`merge_mode`/],
    ["a misspelled argument", new GRU(2), { mergeMode: "sum" }, /Did you mean "merge_mode"/],
    [
      "an argument of the layer",
      new GRU(2),
      { return_sequences: true },
      /unknown argument `return_sequences`\. Pass it to the layer inside: new Bidirectional\(new GRU\(units, \{ return_sequences: … \}\)\)/,
    ],
    [
      "a misspelled argument of the layer",
      new GRU(2),
      { returnSequence: true },
      /`returnSequence`\. Pass it to.*\{ return_sequences: … \}/,
    ],
    ["the layer's units", new GRU(2), { units: 3 }, /`units`\. Pass it to.*new Bidirectional\(new GRU\(units\)\)/],
    [
      "a layer that goes backwards alone",
      new GRU(2, { go_backwards: true }),
      {},
      /`layer`.*go_backwards: true.*backward_layer/,
    ],
    ["a backward layer that is none", new GRU(2), { backward_layer: {} }, /`backward_layer`/],
    ["a wrapper as backward layer", new GRU(2), { backward_layer: new Bidirectional(new GRU(2)) }, /`backward_layer`/],
    ["the same direction twice", new GRU(2), { backward_layer: new GRU(2) }, /go_backwards: true, unlike/],
    [
      "other return_sequences",
      new GRU(2),
      { backward_layer: new GRU(2, { go_backwards: true, return_sequences: true }) },
      /`backward_layer`.*return_sequences: true/,
    ],
    [
      "other return_state",
      new GRU(2, { return_state: true }),
      { backward_layer: new GRU(2, { go_backwards: true }) },
      /return_state: true, like/,
    ],
    [
      "other stateful",
      new GRU(2),
      { backward_layer: new GRU(2, { go_backwards: true, stateful: true }) },
      /stateful: false/,
    ],
    [
      "other units to add",
      new GRU(2),
      { merge_mode: "sum", backward_layer: new GRU(3, { go_backwards: true }) },
      /2 and 3 units for `merge_mode`/,
    ],
    ["a name with a slash", new GRU(2), { name: "a/b" }, /`name`/],
    ["too few weights", new GRU(2), { weights: [new Float32Array(18)] }, /6 weights.*1 of them/],
    ["weights that are no list", new GRU(2), { weights: 3 }, /`weights`/],
    ["an endless list of weights", new GRU(2), { weights: new Array(2 ** 32 - 1) }, /at most 6 weights/],
  ])("%s", (_, layer, args, message) => {
    expectError(make(layer, args), "ERR_ARGUMENT", message);
  });

  it("an unknown dtype", () => {
    expectError(make(new GRU(2), { dtype: "float23" }), "ERR_DTYPE");
  });

  it("a disposed backward layer", () => {
    const backward_layer = new GRU(2, { go_backwards: true });
    backward_layer.dispose();
    expectError(make(new GRU(2), { backward_layer }), "ERR_DISPOSED");
  });

  it("leaves a backward layer that does not fit as it was", () => {
    const flags = { return_sequences: true, go_backwards: true, use_cudnn: "auto" } as const;
    const backward_layer = new GRU(2, flags);
    const before = backward_layer.getConfig();
    const weights = [new Float32Array(18), new Float32Array(12), new Float32Array(12), new Float32Array(1)];
    const layer = new GRU(2, { return_sequences: true, use_cudnn: false });
    expectError(make(layer, { backward_layer, weights }), "ERR_ARGUMENT");
    expect(backward_layer.getConfig()).toEqual(before);
    expect(backward_layer.built).toBe(false);
    const both = new Bidirectional(layer, { backward_layer });
    expect(both.backward_layer).toBe(backward_layer);
    expect(backward_layer.getConfig().zero_output_for_mask).toBe(true);
    expectError(make(layer, { backward_layer, weights }), "ERR_ARGUMENT");
    both.build([null, null, F]);
    expect(backward_layer.kernel?.path).toBe(`${both.name}/${backward_layer.name}/gru_cell/kernel`);
  });
});

describe("weights in the constructor of a Bidirectional", () => {
  it("build it: the first half are the forward layer's, the second the backward layer's", () => {
    const weights = [
      random([F, 3 * U], 1),
      random([U, 3 * U], 2),
      random([2, 3 * U], 3),
      random([F, 3 * U], 4),
      random([U, 3 * U], 5),
      random([2, 3 * U], 6),
    ];
    const both = new Bidirectional(new GRU(U), { weights, name: "w" });
    expect(both.getWeights()).toEqual(weights);
    expect(both.weights.map(({ path }) => path)).toContain(`w/${both.backward_layer.name}/gru_cell/bias`);
    const bare = new Bidirectional(new GRU(U), { weights: weights.map(({ data }) => data) });
    expect(bare.getWeights()).toEqual(weights);
    expect(new Bidirectional(new GRU(U), { weights: [] }).built).toBe(false);
  });

  it("go to halves with other numbers of weights", () => {
    const backward_layer = new GRU(U, { go_backwards: true, use_bias: false });
    const weights = [random([F, 15]), random([U, 15]), random([2, 15]), random([F, 15], 8), random([U, 15], 9)];
    const both = new Bidirectional(new GRU(U), { backward_layer, weights });
    expect(backward_layer.getWeights()).toEqual(weights.slice(3));
    expect(both.getWeights()).toEqual(weights);
  });
});

describe("the constructor of a stack", () => {
  const make = (layers: unknown, args?: object) => () => new GRUStack(layers as StackLayer[], args);
  const once = new GRU(U, sequences);
  const shared = new GRU(U, { ...sequences, go_backwards: true });

  it.each([
    ["no list", new GRU(2), undefined, /`layers`/],
    ["an empty list", [], undefined, /at least one layer/],
    ["a hole", [new GRU(2, sequences), undefined, new GRU(2)], undefined, /`layers\[1\]`/],
    ["an endless list", new Array(2 ** 32 - 1), undefined, /`layers\[0\]`/],
    ["another layer", [new GRU(2, sequences), {}], undefined, /`layers\[1\]`/],
    ["a stack", [new GRUStack([new GRU(2)])], undefined, /Spread its layers/],
    [
      "no return_sequences",
      [new GRU(2, { name: "inner" }), new GRU(2)],
      undefined,
      /"inner" with return_sequences: false/,
    ],
    [
      "a state inside",
      [new GRU(2, { ...sequences, return_state: true }), new GRU(2)],
      undefined,
      /return_state to the stack/,
    ],
    ["a state at the end", [new GRU(2, { return_state: true })], undefined, /return_state to the stack/],
    [
      "two outputs inside",
      [new Bidirectional(new GRU(2, sequences), { merge_mode: null, name: "two" }), new GRU(2)],
      undefined,
      /"two" with merge_mode: null/,
    ],
    ["a GRU twice", [once, once], undefined, /"gru[_\d]*" twice/],
    ["a backward layer twice", [new Bidirectional(once, { backward_layer: shared }), shared], undefined, /twice/],
    ["a misspelled argument", [new GRU(2)], { returnState: true }, /Did you mean "return_state"/],
    ["a bad argument", [new GRU(2)], { return_state: 1 }, /`return_state`/],
    ["a layer beside the list", [new GRU(2, sequences)], new GRU(2), /all layers into the array/],
  ])("%s", (_, layers, args, message) => {
    expectError(make(layers, args), "ERR_ARGUMENT", message);
  });

  it("layers that are built for other features", () => {
    const first = new GRU(U, sequences);
    const second = new GRU(2, { name: "second" });
    second.build([null, null, U + 1]);
    expectError(make([first, second]), "ERR_SHAPE", /`layers\[1\]`.*"second"/);
    const later = new GRU(2);
    const stack = new GRUStack([first, later]);
    later.build([null, null, U + 1]);
    expectError(() => stack.call(random([B, T, F])), "ERR_SHAPE", /`layers\[1\]`/);
    expectError(() => stack.build([null, null, F]), "ERR_SHAPE");
    expect(first.built).toBe(false);
  });

  it("a layer that would have to convert, and may not", () => {
    const layers = [new GRU(2, { ...sequences, dtype: "float16" }), new GRU(2, { autocast: false })];
    expectError(make(layers), "ERR_DTYPE", /autocast/);
  });
});

const subjects: Record<string, () => Bidirectional | GRUStack> = {
  Bidirectional: () => built(new Bidirectional(new GRU(U, { ...sequences, return_state: true }))),
  GRUStack: () =>
    built(new GRUStack([new GRU(U, sequences), new GRU(4, { use_cudnn: false })], { return_state: true })),
};

describe.each(Object.entries(subjects))("a call of a %s", (_, make) => {
  const inputs = random([B, T, F]);
  const state = random([B, U]);

  it.each([
    ["inputs of another width", random([B, T, F + 1]), {}, "ERR_SHAPE", /`inputs`/],
    ["inputs of two dimensions", random([B, T]), {}, "ERR_SHAPE", /`inputs`/],
    ["no timesteps", tensor(new Float32Array(0), [B, 0, F]), {}, "ERR_SHAPE", /timestep/],
    ["an unknown argument", inputs, { masks: null }, "ERR_ARGUMENT", /Did you mean "mask"/],
    ["one state alone", inputs, { initial_state: state }, "ERR_ARGUMENT", /list of 2 states.*`initial_state`/],
    ["one state in a list", inputs, { initial_state: [state] }, "ERR_ARGUMENT", /a list of 1/],
    ["three states", inputs, { initial_state: [state, state, state] }, "ERR_ARGUMENT", /a list of 3/],
    [
      "a state of another size",
      inputs,
      { initial_state: [random([B, U]), random([B, 9])] },
      "ERR_SHAPE",
      /`initial_state\[1\]`/,
    ],
    ["a hole among the states", inputs, { initial_state: [state, undefined] }, "ERR_ARGUMENT", /`initial_state\[1\]`/],
    ["a mask of another shape", inputs, { mask: [[true]] }, "ERR_SHAPE", /`mask`/],
    ["lengths that are too long", inputs, { lengths: [9, 1, 1] }, "ERR_ARGUMENT", /`lengths\[0\]`/],
    ["a mask and lengths", inputs, { mask: random([B, T]), lengths: [1, 1, 1] }, "ERR_ARGUMENT", /not both/],
    ["training as a number", inputs, { training: 1 }, "ERR_ARGUMENT", /`training`/],
    ["one array for all results", inputs, { out: new Float32Array(B * T * U) }, "ERR_ARGUMENT", /3 tensors.*`out`/],
  ] as const)("%s", async (_name, given, args, code, message) => {
    const layer = make();
    const before = stateOf(layer);
    expectError(() => layer.call(given, args as never), code, message);
    await expectRejection(() => layer.callAsync(given, args as never), code, message);
    if (!("out" in args)) {
      expectError(() => layer.forward(given, args as never), code, message);
      await expectRejection(() => layer.forwardAsync(given, args as never), code, message);
    }
    expect(stateOf(layer)).toEqual(before);
  });

  it("results in common memory", () => {
    const layer = make();
    const results = listOf(layer.call(inputs));
    const memory = new Float32Array(Math.max(...results.map(({ data }) => data.length)));
    const out = results.map(({ shape }) => memory.subarray(0, count(shape)));
    expectError(() => layer.call(inputs, { out }), "ERR_ARGUMENT", /common memory/);
    expect(memory.every((value) => value === 0)).toBe(true);
  });

  it("an array that a later argument detaches", () => {
    const layer = make();
    const own = new Float32Array(inputs.data);
    const trap = [[{ valueOf: () => 1 }]];
    const row = Array.from({ length: U }, () => 0);
    Object.defineProperty(row, 0, {
      get() {
        structuredClone(own.buffer, { transfer: [own.buffer] });
        return 0;
      },
    });
    const states = [Array.from({ length: B }, () => row), Array.from({ length: B }, () => row.map(() => 0))];
    expectError(() => layer.call(tensor(own, [B, T, F]), { initial_state: states as never }), "ERR_ARGUMENT");
    expect(trap).toHaveLength(1);
  });

  it("weights of the wrong number or shape set none", () => {
    const layer = make();
    const before = stateOf(layer);
    const weights = layer.getWeights();
    expectError(() => layer.setWeights(weights.slice(1)), "ERR_ARGUMENT", /6 weights.*5 of them/);
    expectError(() => layer.setWeights([...weights.slice(0, 5), random([1])]), "ERR_SHAPE", /`weights\[5\]`/);
    expectError(() => layer.setWeights(3 as never), "ERR_ARGUMENT");
    expect(stateOf(layer)).toEqual(before);
  });

  it("a stream, and says why", () => {
    expectError(() => make().stream(), "ERR_UNSUPPORTED", /`stream`/);
  });

  it("a gradient that a later one detaches, by its name", () => {
    const pass = make().forward(inputs);
    const own = new Float32Array(B * U);
    const rows = (pass.states[1] as Tensor).toArray() as number[][];
    let reads = 0;
    const get = () => {
      reads += 1;
      // The first time, only the shape is read.
      if (reads === 2) structuredClone(own.buffer, { transfer: [own.buffer] });
      return 0;
    };
    Object.defineProperty(rows[0] as number[], 0, { get });
    expectError(() => pass.backward({ states: [own, rows] }), "ERR_ARGUMENT", /`states\[0\]`.*detached/);
  });

  it("upstream gradients that do not fit, after which backward can be called again", () => {
    const pass = make().forward(inputs);
    const wanted = make().forward(inputs).backward();
    expectError(() => pass.backward({ states: [state] }), "ERR_ARGUMENT", /list of 2.*`states`/);
    expectError(() => pass.backward({ state } as never), "ERR_ARGUMENT", /Did you mean "states"/);
    expectError(() => pass.backward({ output: random([1]) }), "ERR_SHAPE", /`output`/);
    expectError(() => pass.backward({ losses: Number.NaN }), "ERR_ARGUMENT", /`losses`/);
    expect(pass.backward()).toEqual(wanted);
    expectError(() => pass.backward(), "ERR_STATE");
    const other = make().forward(inputs);
    other.dispose();
    expectError(() => other.backward(), "ERR_DISPOSED");
  });
});
