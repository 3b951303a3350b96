// Reports which calls are replayed as CUDA graphs, and whether their results are those of plain calls.
import { isDeepStrictEqual } from "node:util";
import { GRU, GRUStack, type Tensor } from "cudnn-gru";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface GraphsReport {
  /** `runtime` of `explain()`. */
  detail: string;
  /** What each of six calls did, by the calls to cuDNN and to the driver's graphs. */
  calls: Record<string, number>[];
  /** The same of five training steps. */
  steps: Record<string, number>[];
  /** The same of a call after new weights, four times in turn; of calls with other lengths; of a stack. */
  weights: Record<string, number>[];
  lengths: Record<string, number>[];
  stack: Record<string, number>[];
  /** The same of the fifth call of 5,000 timesteps, and of 65,540. */
  long: Record<string, number>[];
  /** The cases, of those above, whose results are not bit for bit those of the first call, or of a new layer. */
  wrong: string[];
  /** Results of 120 calls in flight that differ from those of a call alone. */
  wrongInFlight: number;
  /** Executable graphs that live after 60 shapes, and after everything was disposed. */
  living: { many: number; disposed: number };
}

const control = Control.own();
const WATCHED = /^calls\.(cudnnRNN|cuGraph|cuStream.*Capture)/;

async function watched(act: () => unknown): Promise<Record<string, number>> {
  const grown = await control.growth("", act);
  const named = [...grown].filter(([name]) => WATCHED.test(name));
  return Object.fromEntries(named.map(([name, count]) => [name.replace("calls.", ""), count]));
}

function layer(units = 5): GRU {
  const gru = new GRU(units, { use_cudnn: true, return_sequences: true, return_state: true });
  setNumbers(gru, 3, 5);
  return gru;
}

const gru = layer();
const inputs = numbers([4, 6, 3], 2);
const lengths = [6, 2, 4, 1];
const wrong: string[] = [];
const values = (tensors: Tensor[]) => tensors.map(({ data }) => Array.from(data as Float32Array));

/** Watches `count` runs of `act`, whose results must be those of `expected`, or of the first run. */
async function series(name: string, count: number, act: () => Tensor[], expected?: Tensor[]) {
  const found: Record<string, number>[] = [];
  let first = expected && values(expected);
  for (let i = 0; i < count; i++) {
    let result: Tensor[] = [];
    found.push(
      await watched(() => {
        result = act();
      }),
    );
    first ??= values(result);
    if (!isDeepStrictEqual(values(result), first)) wrong.push(`${name} ${i}`);
  }
  return found;
}

function train(): Tensor[] {
  const pass = gru.forward(inputs, { lengths });
  const found = pass.backward({ output: pass.output, state: pass.state });
  const all = [pass.output, pass.state, found.inputs, found.initial_state, ...found.weights];
  pass.dispose();
  return all;
}

const detail = gru.explain().requirements.find(({ id }) => id === "runtime")?.detail ?? "";
const calls = await series("call", 6, () => listed(gru.call(inputs, { lengths })));
const steps = await series("step", 5, train);

const weights: Record<string, number>[] = [];
for (let i = 0; i < 8; i++) {
  setNumbers(gru, 3, 50 + i);
  const other = new GRU(5, { use_cudnn: true, return_sequences: true, return_state: true });
  setNumbers(other, 3, 50 + i);
  const expected = listed(other.call(inputs, { lengths }));
  other.dispose();
  weights.push(...(await series(`weights ${i}`, 1, () => listed(gru.call(inputs, { lengths })), expected)));
}
setNumbers(gru, 3, 5);

const otherLengths: Record<string, number>[] = [];
for (const some of [lengths, [6, 3, 4, 1], lengths, [6, 3, 4, 1]]) {
  const other = layer();
  const expected = listed(other.call(inputs, { lengths: some }));
  other.dispose();
  otherLengths.push(
    ...(await series(`lengths ${some}`, 3, () => listed(gru.call(inputs, { lengths: some })), expected)),
  );
}

const stacked = new GRUStack([1, 2].map(() => new GRU(5, { use_cudnn: true, return_sequences: true })));
stacked.build([null, null, 3]);
const stack = await series("stack", 5, () => [stacked.call(inputs, { lengths }) as Tensor].flat());
stacked.dispose();

const long: Record<string, number>[] = [];
for (const timesteps of [5_000, 65_540]) {
  const narrow = new GRU(1, { use_cudnn: true });
  setNumbers(narrow, 1, 9);
  const run = () => listed(narrow.call(numbers([5, timesteps, 1], 4), { lengths: [timesteps, 9, 8, 7, 6] }));
  long.push(...(await series(`long ${timesteps}`, 5, run)).slice(-1));
  narrow.dispose();
}

// Before calls in flight, which have cuDNN handles of their own: the number of graphs is bounded for each handle.
for (let timesteps = 1; timesteps <= 60; timesteps++) {
  const shape = numbers([2, timesteps, 3], 3);
  const some = [timesteps, 1];
  for (let i = 0; i < 4; i++) gru.call(shape, { lengths: some });
}
const living = { many: control.counters().get("live.graph_execs") ?? 0, disposed: 0 };

const batches = Array.from({ length: 120 }, (_, i) => numbers([4, 6, 3], 100 + i));
const alone = batches.map((one) => values(listed(gru.call(one, { lengths }))));
const together = await Promise.all(batches.map((one) => gru.callAsync(one, { lengths })));
const wrongInFlight = together.filter((one, i) => !isDeepStrictEqual(values(listed(one)), alone[i])).length;

gru.dispose();
living.disposed = control.counters().get("live.graph_execs") ?? 0;

const report: GraphsReport = {
  detail,
  calls,
  steps,
  weights,
  lengths: otherLengths,
  stack,
  long,
  wrong,
  wrongInFlight,
  living,
};
process.stdout.write(JSON.stringify(report));
