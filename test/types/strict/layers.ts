// projects.test.ts compiles this file in strict projects, and nobody runs it. It uses the types of layers as applications do.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type Batcher,
  type CallEvent,
  createBatcher,
  type DtypeName,
  type FloatArray,
  GRU,
  type GRUArguments,
  type GRUConfig,
  type GRUGradients,
  type GRUPass,
  type GRUStream,
  type Tensor,
  tensor,
  Variable,
} from "cudnn-gru";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

declare const inputs: Tensor<Float32Array>;
declare const flag: boolean;
declare const text: string;
declare const anything: Record<string, unknown>;

/** The data of results follows the dtype. */
export async function dtypes(): Promise<void> {
  const gru = new GRU(4);
  same<typeof gru, GRU<false, "float32">>(true);
  const data: Float32Array = gru.call(inputs).data;
  const later: Float32Array = (await gru.callAsync(inputs)).data;
  const double = new GRU({ units: 4, dtype: "float64", return_state: true });
  same<typeof double, GRU<true, "float64">>(true);
  const [output, state] = double.call(inputs);
  const both: Float64Array[] = [output.data, state.data];
  const half: Uint16Array = new GRU(4, { dtype: "bfloat16" }).call(inputs).data;
  const mixed = new GRU(4, { dtype: "mixed_float16", stateful: true });
  const bits: Uint16Array = mixed.call(inputs).data;
  const [kernel] = mixed.getWeights();
  same<typeof kernel, Tensor<Float32Array> | undefined>(true);
  same<typeof mixed.dtype, "float32">(true);
  same<typeof mixed.compute_dtype, "float16">(true);
  const carried: Float32Array | undefined = mixed.states?.[0].data;
  const initial: Float64Array = double.getInitialState(1)[0].data;
  const weight: Float32Array = gru.kernel.value.data;
  const bias: Float64Array | undefined = double.bias?.value.data;
  const own: Float64Array = new Variable([1], { dtype: "float64" }).value.data;
  // @ts-expect-error float64 layers give Float64Array
  const wrong: Float32Array = double.call(inputs)[0].data;
  // @ts-expect-error a layer of any dtype gives no Float32Array for sure
  const unsure: Float32Array = (gru as GRU<false>).call(inputs).data;
  void [data, later, both, half, bits, carried, initial, weight, bias, own, wrong, unsure];
}

/** Streams, passes and batchers know their layer's dtype. */
export async function parts(): Promise<void> {
  const gru = new GRU(4, { dtype: "float64" });
  const stream = gru.stream();
  same<typeof stream, GRUStream<"float64">>(true);
  const step: Float64Array = stream.push([[1, 2]]).data;
  const state: Float64Array = stream.state.data;
  const frame: Float64Array = stream.input;
  const half: Uint16Array = new GRU(4, { dtype: "float16" }).stream().output;
  const pass = gru.forward(inputs);
  same<typeof pass, GRUPass<"float64">>(true);
  const sum: number = pass.output.data.reduce((total, value) => total + value, 0);
  const gradients = await pass.backwardAsync({ output: pass.output });
  same<typeof gradients, GRUGradients<"float64">>(true);
  const first: Float64Array | undefined = gradients.weights[0]?.data;
  const batcher = createBatcher(gru, { maxBatch: 8, maxDelayMs: undefined, maxQueue: undefined });
  same<typeof batcher, Batcher<false, "float64">>(true);
  const data: Float64Array = (await batcher.callAsync(inputs, { signal: undefined, lengths: undefined })).data;
  void [step, state, frame, half, sum, first, data];
}

/** Data of a dtype that is not known can be reduced all the same, and be narrowed. */
export function unions(gru: GRU<false>, pass: GRUPass): void {
  same<GRUPass, GRUPass<DtypeName>>(true);
  const { data } = gru.call(inputs);
  const sum: number = data.reduce((total, value) => total + value, 0);
  const largest: number = pass.output.data.reduce((most, value) => Math.max(most, value));
  const words: string = tensor([1, 2]).data.reduceRight((line, value, index) => `${line} ${index}:${value}`, "");
  const doubled = data.map((value) => 2 * value);
  data.forEach((value, index) => {
    void [value, index];
  });
  const found: number | undefined = data.find((value) => value > 0);
  const kept: number = data.filter((value) => value > 0).length + data.slice(1).length + data.subarray(1).length;
  if (data instanceof Float32Array) {
    const narrowed: Float32Array = data;
    void narrowed;
  }
  const array: FloatArray = new Float64Array(3);
  // @ts-expect-error no such array
  const integers: FloatArray = new Int32Array(3);
  void [sum, largest, words, doubled, found, kept, array, integers];
}

/** An argument that is only known at run time makes the result a union. */
export function unknowns(args: GRUArguments): void {
  same<GRU, GRU<boolean, DtypeName>>(true);
  same<ReturnType<typeof unknown>, GRU>(true);
  function unknown() {
    return new GRU(4, args);
  }
  const dtype = new GRU(4, { dtype: text, return_state: flag });
  same<typeof dtype, GRU>(true);
  const policy = new GRU(4, { dtype: { class_name: "DTypePolicy", config: { name: "float64" } } });
  const either: GRU<false> = policy;
  const accepted: GRU[] = [dtype, new GRU(1), new GRU(1, { return_state: true, dtype: "float64" }), either];
  // @ts-expect-error calls of any layer may give a list
  dtype.call(inputs).shape;
  void accepted;
}

/** Files: one tensor, unless `return_state` is passed. */
export async function files(): Promise<void> {
  const shape: number[] = (await GRU.fromKeras("model.keras")).call(inputs).shape;
  same<Awaited<ReturnType<typeof plain>>, GRU<false>>(true);
  async function plain() {
    return GRU.fromKeras("model.keras", { layer: undefined, return_sequences: true });
  }
  const [output, state] = (await GRU.fromKeras("model.keras", { return_state: true, dtype: "float32" })).call(inputs);
  const data: Float32Array[] = [output.data, state.data];
  const either = (await GRU.fromKeras("model.keras", { return_state: flag })).call(inputs);
  same<typeof either, ReturnType<GRU["call"]>>(true);
  // @ts-expect-error one tensor is no list
  const [first] = (await GRU.fromKeras("model.keras")).call(inputs);
  // @ts-expect-error of any dtype
  const unsure: Float32Array = (await GRU.fromKeras("model.keras")).call(inputs).data;
  // @ts-expect-error it is a promise
  GRU.fromKeras("model.keras").call(inputs);
  void [shape, data, first, unsure];
}

/** Configs: of a layer, of anything, with `extra`. */
export function configs(plain: GRUConfig): void {
  const copy = GRU.fromConfig(new GRU(4, { dtype: "float64" }).getConfig());
  same<typeof copy, GRU<false, "float64">>(true);
  const pair = GRU.fromConfig(new GRU(4, { return_state: true }).getConfig(), { use_cudnn: false });
  same<typeof pair, GRU<true, "float32">>(true);
  const extra = GRU.fromConfig(new GRU(4).getConfig(), { return_state: true, dtype: "float64" });
  same<typeof extra, GRU<true, "float64">>(true);
  const unknown = GRU.fromConfig(plain);
  same<typeof unknown, GRU>(true);
  const record = GRU.fromConfig(anything);
  same<typeof record, GRU>(true);
  const chosen = GRU.fromConfig(anything, { return_state: false });
  same<typeof chosen, GRU<false>>(true);
  GRU.fromConfig({ units: 4, dtype: { module: "keras", class_name: "DTypePolicy", config: { name: "float32" } } });
  // @ts-expect-error misspelled
  GRU.fromConfig(plain, { customObjects: {} });
}

/** The events of the diagnostics channel are typed; those of other channels are Node's. */
export function events(): void {
  const listener = ({ layer, queued }: CallEvent): void => void [layer, queued];
  subscribe("cudnn-gru:call", listener);
  subscribe("cudnn-gru:call", ({ layer, batch, queued, error }, name) => {
    const words: string = layer;
    const rows: number = batch;
    const waited: number | null = queued;
    void [words, rows, waited, error, name];
  });
  const taken: boolean = unsubscribe("cudnn-gru:call", listener);
  // @ts-expect-error no such key
  subscribe("cudnn-gru:call", ({ duration }) => void duration);
  // @ts-expect-error not this package's channel
  subscribe("another:channel", ({ layer }) => void layer);
  void taken;
}

/** Disposal by `using` needs nothing of the application's `lib`. */
export function disposal(): void {
  const dispose: () => void = new GRU(4)[Symbol.dispose];
  void dispose;
}
