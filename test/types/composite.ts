// The type check compiles this file, and nobody runs it. It shows which code the public types of wrappers allow and refuse.
import {
  Bidirectional,
  type CompositePass,
  createBatcher,
  type FloatArray,
  GRU,
  GRUStack,
  type MergeMode,
  type ResultTensor,
  type StackLayer,
  type Tensor,
  type TensorLike,
} from "cudnn-gru";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}
type Result = Tensor<Float32Array>;

declare const inputs: TensorLike;

/** The result's type follows `return_state` of the layer and the merge mode. */
export async function results(): Promise<void> {
  const one = new Bidirectional(new GRU(4));
  const output = one.call(inputs);
  same<typeof one, Bidirectional<false, "concat", "float32", "float32">>(true);
  same<typeof output, Result>(true);
  same<Awaited<ReturnType<typeof one.callAsync>>, Result>(true);
  // @ts-expect-error a tensor cannot be destructured
  const [a] = one.call(inputs);

  const [forward, backward] = new Bidirectional(new GRU(4), { merge_mode: null }).call(inputs);
  same<typeof forward, Result>(true);
  same<typeof backward, Result>(true);

  const stateful = new Bidirectional(new GRU(4, { return_state: true, dtype: "float64" }), { merge_mode: "ave" });
  const [whole, first, second] = stateful.call(inputs);
  same<typeof whole, Result>(true);
  same<typeof first, Tensor<Float64Array>>(true);
  same<typeof second, Tensor<Float64Array>>(true);

  const all = new Bidirectional({ layer: new GRU(4, { return_state: true }), merge_mode: null }).call(inputs);
  same<(typeof all)["length"], 4>(true);
  return void [a];
}

/** Halves must return the same, and may have other dtypes. */
export function halves(): void {
  const backward_layer = new GRU(4, { go_backwards: true, dtype: "float64" });
  const both = new Bidirectional(new GRU(4), { backward_layer });
  same<typeof both, Bidirectional<false, "concat", "float32", "float32" | "float64">>(true);
  // @ts-expect-error the halves differ in return_state
  new Bidirectional(new GRU(4), { backward_layer: new GRU(4, { return_state: true }) });
  // @ts-expect-error there is no such merge mode
  new Bidirectional(new GRU(4), { merge_mode: "average" });
  // @ts-expect-error only a GRU can be wrapped
  new Bidirectional(both);
}

/** A stack's results follow its last layer and its own `return_state`. */
export function stacks(): void {
  const inner = new GRU(4, { return_sequences: true });
  const output = new GRUStack([inner, new GRU(4, { dtype: "float64" })]).call(inputs);
  same<typeof output, Tensor<Float64Array>>(true);
  const [last, ...states] = new GRUStack([inner, new Bidirectional(new GRU(3))], { return_state: true }).call(inputs);
  same<typeof last, Result>(true);
  same<typeof states, ResultTensor[]>(true);
  const [a, b] = new GRUStack([inner, new Bidirectional(new GRU(3), { merge_mode: null })]).call(inputs);
  same<typeof a, Result>(true);
  same<typeof b, Result>(true);
  // @ts-expect-error a stack does not go into another one
  new GRUStack([new GRUStack([inner])]);
}

/** Functions may take every wrapper, and every layer of a stack. */
export function anyOf(both: Bidirectional, layer: StackLayer): void {
  const result = both.call(inputs);
  if (!Array.isArray(result)) same<typeof result, Tensor<FloatArray>>(true);
  same<(typeof both)["merge_mode"], MergeMode>(true);
  anyOf(new Bidirectional(new GRU(4)), new GRU(2));
  anyOf(new Bidirectional(new GRU(4, { return_state: true }), { merge_mode: null }), both);
  return void layer;
}

/** Passes, shapes, masks, configs and batchers have the types of the layer. */
export async function others(): Promise<void> {
  const both = new Bidirectional(new GRU(4, { return_state: true }));
  const pass = both.forward(inputs);
  same<typeof pass, CompositePass<Result, "float32">>(true);
  same<typeof pass.output, Result>(true);
  pass.backward({ output: pass.output, states: [pass.states[0], null] }).initial_state.map(({ data }) => data);
  const shapes = both.computeOutputShape([1, 2, 3]);
  same<(typeof shapes)["length"], 3>(true);
  const [mask] = both.computeMask([[true]]);
  same<typeof mask, boolean[][] | null>(true);
  const again = Bidirectional.fromConfig(both.getConfig());
  same<typeof again, typeof both>(true);
  const changed = Bidirectional.fromConfig(both.getConfig(), { return_state: false, merge_mode: null });
  same<typeof changed, Bidirectional<false, null, "float32", "float32">>(true);
  const read = await Bidirectional.fromKeras("model.keras");
  same<ReturnType<typeof read.call>, ResultTensor>(true);
  const stack = await GRUStack.fromKeras("model.keras", { layers: ["a"], return_state: true });
  const [output] = stack.call(inputs);
  same<typeof output, ResultTensor>(true);
  const [batched] = await createBatcher(both, { maxBatch: 4 }).callAsync(inputs, { initial_state: [output, output] });
  same<typeof batched, Result>(true);
  // @ts-expect-error a stream of a Bidirectional returns nothing
  both.stream().push(inputs);
}
