// Calls in flight: order, aborts, and layers that change or are disposed meanwhile.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Bidirectional, type CallEvent, configure, GRU, GRUStack, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { count, expectError, expectRejection, numbers, random } from "../layers/support.js";

const [B, T, F, U] = [4, 40, 6, 24] as const;
const inputs = random([B, T, F]);
const sequences = { return_sequences: true, use_cudnn: false } as const;

function fill<L extends Bidirectional | GRUStack>(layer: L): L {
  layer.build([null, null, F]);
  layer.setWeights(layer.weights.map(({ shape }, index) => numbers(count(shape), 3 + index)));
  return layer;
}

const bidirectional = (args: object = {}) =>
  fill(new Bidirectional(new GRU(U, { use_cudnn: false, ...args }))) as Bidirectional<false, "concat", "float32">;

function threeLayers(args: object = {}): GRUStack<false, "concat", "float32"> {
  return fill(
    new GRUStack([
      new Bidirectional(new GRU(U, { ...sequences, ...args })),
      new GRU(U, { ...sequences, ...args }),
      new GRU(8, { use_cudnn: false, ...args }),
    ]),
  );
}

describe.each([
  ["Bidirectional", bidirectional],
  ["GRUStack", threeLayers],
] as const)("%s", (_, make) => {
  it("computes with the weights, the inputs and the states of its submission", async () => {
    const layer = make();
    const wanted = layer.call(inputs);
    const own = tensor(new Float32Array(inputs.data), [B, T, F]);
    const promise = layer.callAsync(own);
    own.data.fill(0);
    layer.setWeights(layer.getWeights().map(({ data }) => data.map((value) => -value)));
    expect(await promise).toEqual(wanted);
    expect(layer.call(inputs)).not.toEqual(wanted);
  });

  it("finishes calls that run when it is disposed, and refuses later ones", async () => {
    const layer = make();
    const wanted = layer.call(inputs);
    const promises = [layer.callAsync(inputs), layer.callAsync(inputs)];
    const pass = layer.forward(inputs);
    layer.dispose();
    layer.dispose();
    for (const promise of promises) expect(await promise).toEqual(wanted);
    expect(pass.backward().inputs.shape).toEqual([B, T, F]);
    const named = new RegExp(`\`${layer.name}\``);
    await expectRejection(() => layer.callAsync(inputs), "ERR_DISPOSED", named);
    await expectRejection(() => layer.loadWeights("nowhere.h5"), "ERR_DISPOSED", named);
    const uses: (() => unknown)[] = [
      () => layer.call(inputs),
      () => layer.forward(inputs),
      () => layer.weights,
      () => layer.trainable_weights,
      () => layer.getWeights(),
      () => layer.setWeights([]),
      () => layer.countParams(),
      () => layer.losses,
      () => layer.states,
      () => layer.build([null, null, F]),
    ];
    for (const use of uses) expectError(use, "ERR_DISPOSED", named);
  });

  it("takes over the inputs", async () => {
    const layer = make();
    const wanted = layer.call(inputs);
    const own = tensor(new Float32Array(inputs.data), [B, T, F]);
    const promise = layer.callAsync(own, { transfer: true });
    expect(own.data.length).toBe(0);
    expect(await promise).toEqual(wanted);
    const out = new Float32Array(wanted.data.length);
    const kept = tensor(new Float32Array(inputs.data), [B, T, F]);
    await expectRejection(() => layer.callAsync(kept, { transfer: true, out: [out] as never }), "ERR_ARGUMENT");
    expect(kept.data.length).toBe(B * T * F);
    await layer.callAsync(kept, { transfer: true, out });
    expect([...out]).toEqual([...wanted.data]);
  });

  it("is aborted before and while it runs, and has not changed then", async () => {
    const layer = make({ stateful: true, dropout: 0.4, seed: 5 });
    const twin = make({ stateful: true, dropout: 0.4, seed: 5 });
    const first = layer.call(inputs, { training: true });
    expect(twin.call(inputs, { training: true })).toEqual(first);
    const before = layer.states;
    const reason = new Error("late");
    await expectRejection(() => layer.callAsync(inputs, { signal: AbortSignal.abort(reason) }), "ERR_ABORTED");
    const long = random([64, 400, F]);
    const controller = new AbortController();
    layer.resetState();
    const running = layer.callAsync(long, { training: true, signal: controller.signal });
    const waiting = layer.callAsync(long, { training: true, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 2);
    const settled = await Promise.allSettled([running, waiting]);
    expect(settled.map((one) => one.status)).toEqual(["rejected", "rejected"]);
    for (const promise of [running, waiting]) {
      const error = await expectRejection(() => promise, "ERR_ABORTED");
      expect([error.name, error.cause]).toEqual(["AbortError", reason]);
    }
    layer.resetState(before);
    expect(layer.call(inputs, { training: true })).toEqual(twin.call(inputs, { training: true }));
    expect(layer.states).toEqual(twin.states);
  });

  it("aborts a pass, forward and backward", async () => {
    const layer = make();
    const signal = AbortSignal.abort();
    await expectRejection(() => layer.forwardAsync(inputs, { signal }), "ERR_ABORTED");
    const pass = layer.forward(inputs);
    await expectRejection(() => pass.backwardAsync(null, { signal }), "ERR_ABORTED");
    expect(pass.backward().weights).toHaveLength(layer.weights.length);
    const long = random([64, 200, F]);
    const controller = new AbortController();
    const running = layer.forwardAsync(long, { signal: controller.signal });
    setTimeout(() => controller.abort(), 2);
    await expectRejection(() => running, "ERR_ABORTED");
  });

  it("frees a pass whose backward runs only when it has ended", async () => {
    const pass = make().forward(inputs);
    const wanted = make().forward(inputs).backward();
    const running = pass.backwardAsync();
    pass.dispose();
    expect(await running).toEqual(wanted);
    await expectRejection(() => pass.backwardAsync(), "ERR_DISPOSED");
  });

  it("runs the calls of stateful layers in order", async () => {
    const [layer, twin] = [make({ stateful: true }), make({ stateful: true })];
    const all = Array.from({ length: 4 }, (_item, index) => random([B, T, F], index + 1));
    const wanted = all.map((one) => twin.call(one));
    const promises = all.map((one) => layer.callAsync(one));
    const named = new RegExp(`layer "[a-z_0-9]*gru[_0-9]*" of ${layer.constructor.name} "${layer.name}".*4 pending`);
    expectError(() => layer.call(inputs), "ERR_STATE", named);
    expectError(() => layer.resetState(), "ERR_STATE", named);
    expectError(() => layer.build([null, null, F]), "ERR_STATE", named);
    expect(await Promise.all(promises)).toEqual(wanted);
    expect(layer.states).toEqual(twin.states);
    await expectRejection(() => layer.callAsync(random([B + 1, T, F])), "ERR_SHAPE", /batch size/);
  });

  it("counts as one call, and is one event", async () => {
    const layer = make();
    const events: CallEvent[] = [];
    const listener = (event: CallEvent) => events.push(event);
    subscribe("cudnn-gru:call", listener);
    configure({ maxQueue: 1 });
    try {
      layer.call(inputs);
      const running = layer.callAsync(inputs);
      await expectRejection(() => layer.callAsync(inputs), "ERR_BUSY");
      const result = await running;
      expect(
        events.map(({ layer: name, batch, timesteps, features, path }) => [name, batch, timesteps, features, path]),
      ).toEqual([
        [layer.name, B, T, F, "cpu"],
        [layer.name, B, T, F, "cpu"],
      ]);
      expect(events.map(({ async, units, queued }) => [async, units, typeof queued])).toEqual([
        [false, result.shape.at(-1), "number"],
        [true, result.shape.at(-1), "number"],
      ]);
    } finally {
      configure({ maxQueue: Number.POSITIVE_INFINITY });
      unsubscribe("cudnn-gru:call", listener);
    }
  });

  it("can be warmed up", async () => {
    const layer = make();
    const wanted = make().call(inputs);
    await layer.warmUp({ batch: B, timesteps: T });
    expect(layer.call(inputs)).toEqual(wanted);
    await expectRejection(() => layer.warmUp({ batch: 0, timesteps: 1 }), "ERR_ARGUMENT", /batch/);
  });
});

describe("layers that belong to several", () => {
  it("change for all of them", () => {
    const shared = new GRU(U, { use_cudnn: false });
    const [one, two] = [new GRU(U, sequences), new GRU(U, sequences)];
    const stacks = [one, two].map((first) => fill(new GRUStack([first, shared])));
    for (const stack of stacks) expect((stack.call(inputs) as Tensor).data.some((value) => value !== 0)).toBe(true);
    shared.setWeights(shared.getWeights().map(({ data }) => data.map(() => 0)));
    for (const stack of stacks)
      expect([...(stack.call(inputs) as Tensor<Float32Array>).data]).toEqual(Array(B * U).fill(0));
  });

  it("are disposed for all of them, after the calls in flight", async () => {
    const shared = new GRU(U, { use_cudnn: false });
    const [stack, other] = [1, 2].map(() => fill(new GRUStack([new GRU(U, sequences), shared]))) as [
      GRUStack,
      GRUStack,
    ];
    const wanted = other.call(inputs);
    const promise = other.callAsync(inputs);
    stack.dispose();
    expect(await promise).toEqual(wanted);
    const named = new RegExp(`\`${other.name}\`.*layer "${shared.name}" is disposed`);
    await expectRejection(() => other.callAsync(inputs), "ERR_DISPOSED", named);
    const backward_layer = new GRU(U, { go_backwards: true, use_cudnn: false });
    const both = fill(new Bidirectional(new GRU(U, { use_cudnn: false }), { backward_layer }));
    const running = both.callAsync(inputs);
    backward_layer.dispose();
    expect((await running).shape).toEqual([B, 2 * U]);
    const half = new RegExp(`Bidirectional.*\`${both.name}\`.*layer "${backward_layer.name}" is disposed`);
    expectError(() => both.call(inputs), "ERR_DISPOSED", half);
    expectError(() => both.forward(inputs), "ERR_DISPOSED", half);
  });

  it("are named with the wrapper when reading its arguments disposes of one", () => {
    const backward_layer = new GRU(U, { go_backwards: true, use_cudnn: false });
    const both = fill(new Bidirectional(new GRU(U, { use_cudnn: false }), { backward_layer }));
    const disposing = {
      get mask() {
        backward_layer.dispose();
        return undefined;
      },
    };
    const named = new RegExp(`\`${both.name}\`.*layer "${backward_layer.name}" is disposed`);
    expectError(() => both.call(inputs, disposing), "ERR_DISPOSED", named);
  });

  it("are named together with the wrapper that is used", () => {
    const both = new Bidirectional(new GRU(U, { ...sequences }));
    const stack = fill(new GRUStack([both, new GRU(U)]));
    both.dispose();
    expectError(
      () => stack.call(inputs),
      "ERR_DISPOSED",
      new RegExp(`\`${stack.name}\`.*layer "${both.name}" is disposed`),
    );
    expectError(() => both.call(inputs), "ERR_DISPOSED", new RegExp(`\`${both.name}\``));
    stack.dispose();
    expectError(() => stack.call(inputs), "ERR_DISPOSED", new RegExp(`living GRUStack.*\`${stack.name}\``));
  });

  it("run in one order, from whichever of them the calls come", async () => {
    const shared = new GRU(U, { use_cudnn: false, stateful: true });
    const first = new GRU(U, { ...sequences, stateful: true });
    const stack = fill(new GRUStack([first, shared]));
    const alone = random([B, T, U], 9);
    const twins = fill(
      new GRUStack([new GRU(U, { ...sequences, stateful: true }), new GRU(U, { use_cudnn: false, stateful: true })]),
    );
    const wanted = [
      twins.call(inputs),
      (twins.layers[1] as GRU<false>).call(alone),
      twins.call(inputs),
      (twins.layers[0] as GRU<false>).call(inputs),
      twins.call(inputs),
    ];
    const found = await Promise.all([
      stack.callAsync(inputs),
      shared.callAsync(alone),
      stack.callAsync(inputs),
      first.callAsync(inputs),
      stack.callAsync(inputs),
    ]);
    expect(found).toEqual(wanted);
  });

  it("wait for each other in stacks of opposite order", async () => {
    const flags = { ...sequences, stateful: true } as const;
    const [a, b] = [new GRU(F, flags), new GRU(F, flags)];
    const [forth, back] = [fill(new GRUStack([a, b])), fill(new GRUStack([b, a]))];
    const calls = [forth, back, forth, back];
    const found = await Promise.all(calls.map((stack) => stack.callAsync(inputs)));
    a.resetState();
    b.resetState();
    expect(found).toEqual(calls.map((stack) => stack.call(inputs)));
  });
});
