import { Bidirectional, GRU, GRUStack, type StackLayer, type Tensor } from "cudnn-gru";
import type { Random } from "../random.js";
import { hostile, hostileBare, hostileLengths } from "./hostile.js";
import { layerPlan } from "./layers.js";
import { attempt, codeOf, firstDifference, OwnError, sameResults, type Twins } from "./twins.js";
import { content, plainOf } from "./values.js";

type Wrapper = Bidirectional | GRUStack;

const MERGES = ["concat", "sum", "mul", "ave", null] as const;

/** A Bidirectional, or a stack of one and a GRU, with weights that are the same for the same seed. */
function make(random: Random, args: Record<string, unknown>): () => Wrapper {
  const isStack = random.once(2);
  const merge_mode = random.one(MERGES);
  const return_state = random.once(2);
  return () => {
    // The ordinary values of another dtype must work too.
    const inner = {
      ...args,
      autocast: true,
      seed: 5,
      go_backwards: false,
      return_state: isStack ? false : return_state,
    };
    const gru = (units: number, more: object = {}) => new GRU(units, { ...inner, ...more } as object);
    const layers: StackLayer[] = [];
    if (isStack) layers.push(gru(3, { return_sequences: true }));
    layers.push(new Bidirectional(gru(4), { merge_mode, dtype: args.dtype } as object) as Bidirectional);
    const wrapper = isStack ? new GRUStack(layers, { return_state }) : (layers[0] as Bidirectional);
    wrapper.build([null, null, 3]);
    wrapper.setWeights(wrapper.weights.map(({ shape }, at) => filled(shape, at)));
    return wrapper as Wrapper;
  };
}

function filled(shape: readonly number[], seed: number): Float64Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return Float64Array.from({ length: count }, (_, at) => Math.sin(at * 1.3 + seed) / 2);
}

function snapshotOf(wrapper: Wrapper): unknown[] {
  const { states, losses } = wrapper;
  return [wrapper.getWeights(), states, losses];
}

/**
 * Hostile calls of a Bidirectional or a stack. A failed call changes nothing, and a call that succeeds returns what
 * ordinary values return on a twin.
 */
export async function wrap(twins: Twins): Promise<void> {
  const { one, random } = twins;
  const plan = layerPlan(random);
  if (plan.hasCustom) return;
  const makeOne = make(random, plan.args as Record<string, unknown>);
  const [wrapper, twin] = [makeOne(), makeOne()];
  for (let left = 1 + random.below(4); left > 0; left--) {
    const [batch, timesteps] = [1 + random.below(4), 1 + random.below(5)];
    const given = content(random, [batch, timesteps, 3], "float32");
    const states = wrapper.getInitialState(batch).map(({ shape }) => content(random, shape, "float32"));
    const strange = random.once(2);
    const inputs = hostile(random, given, strange);
    const withStates = random.once(2);
    const bare = states.map((state) => hostileBare(random, state, strange));
    const lengths = random.once(2) ? hostileLengths(random, batch, timesteps, strange) : null;
    const args = {
      ...(withStates ? { initial_state: bare.map(({ value }) => value) } : {}),
      ...(lengths === null ? {} : { lengths: lengths.value }),
    };
    one.step(`a wrapper's call: ${String(wrapper)} with ${inputs.says}, ${JSON.stringify(Object.keys(args))}`);
    one.count();
    const before = snapshotOf(wrapper);
    const asynchronous = random.once(2);
    const outcome = await attempt(() =>
      wrapper[asynchronous ? "callAsync" : "call"](inputs.value as never, args as never),
    );
    if (outcome.ok) {
      checkForm(twins, wrapper, outcome.result, [batch, timesteps]);
      const parts = [inputs, ...(withStates ? bare : []), ...(lengths === null ? [] : [lengths])];
      if (parts.some(({ works }) => !works)) break;
      const plain = { ...args, ...(withStates ? { initial_state: states.map(plainOf) } : {}) };
      const expected = await attempt(() => twin.call(plainOf(given), plain as never));
      if (!expected.ok) one.report(`a wrapper: ok where ordinary values give ${codeOf(expected)}`, String(wrapper));
      else if (!sameResults(outcome.result, expected.result)) {
        one.report("a wrapper: another result", firstDifference(outcome.result, expected.result));
      }
      continue;
    }
    if (!(outcome.error instanceof OwnError)) one.accepts(outcome.error);
    if (!sameResults(snapshotOf(wrapper), before)) one.report("a failed call of a wrapper changed it", String(wrapper));
  }
  wrapper.dispose();
  twin.dispose();
}

/** Checks that results have the shapes that the wrapper announces. */
function checkForm({ one }: Twins, wrapper: Wrapper, result: unknown, [batch, timesteps]: [number, number]): void {
  const wanted = wrapper.computeOutputShape([batch, timesteps, 3]) as unknown;
  const shapes = Array.isArray(result) ? result.map(({ shape }: Tensor) => shape) : (result as Tensor).shape;
  if (JSON.stringify(shapes) !== JSON.stringify(wanted)) {
    one.report("a wrapper: results of other shapes", `${JSON.stringify(shapes)} where ${JSON.stringify(wanted)}`);
  }
}
