// Reports a layer's effects on the device once it is warm, and the memory that is left after the layer.
import { isDeepStrictEqual } from "node:util";
import { configure, GRU, memoryUsage } from "cudnn-gru";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface SteadyReport {
  /** Calls to cuDNN and the driver of one warm call, of one with an initial state, of one with other lengths, and of one warm forward and backward. */
  call: Record<string, number>;
  withState: Record<string, number>;
  lengths: Record<string, number>;
  /** How a warm call and a warm asynchronous one waited. */
  waits: { call: Record<string, number>; callAsync: Record<string, number> };
  training: Record<string, number>;
  /** `memoryUsage()` and bytes living on the doubles after 10 calls and after 1,010. */
  warm: Footprint;
  later: Footprint;
  /** Results of 24 calls in flight that differ from those of a call alone. */
  wrongInFlight: number;
  /** Device memory after 40 shapes in turn, against what the largest alone took. */
  manyShapes: { bytes: number; largest: number };
  /** After every layer and pass is disposed. */
  disposed: Footprint;
  /** Whether TF32 changes float32 results, and leaves float64 alone. */
  tf32: { float32: number; float64: number };
}

interface Footprint {
  device: number;
  pinned: number;
  living: Record<string, number>;
}

const control = Control.own();

function footprint(): Footprint {
  const living: Record<string, number> = {};
  for (const [name, value] of control.counters()) if (name.startsWith("live.") && value !== 0) living[name] = value;
  const { device, pinned } = memoryUsage();
  return { device, pinned, living };
}

async function callsOf(act: () => unknown): Promise<Record<string, number>> {
  return Object.fromEntries(await control.growth("calls.", act));
}

function layer(units = 5, dtype: "float32" | "float64" = "float32"): GRU {
  const gru = new GRU(units, { use_cudnn: true, return_sequences: true, dtype });
  setNumbers(gru, 3, 5);
  return gru;
}

const gru = layer();
const inputs = numbers([4, 6, 3], 2);
const lengths = Int32Array.of(6, 2, 4, 1);
function train(): void {
  const pass = gru.forward(inputs, { lengths });
  pass.backward({ output: pass.output });
  pass.dispose();
}
for (let i = 0; i < 10; i++) gru.call(inputs, { lengths });
const call = await callsOf(() => gru.call(inputs, { lengths }));
const initial_state = numbers([4, 5], 4);
for (let i = 0; i < 3; i++) gru.call(inputs, { lengths, initial_state });
const withState = await callsOf(() => gru.call(inputs, { lengths, initial_state }));
await gru.callAsync(inputs, { lengths });
const waitsOf = async (act: () => unknown) => Object.fromEntries(await control.growth("waits.", act));
const waits = {
  call: await waitsOf(() => gru.call(inputs, { lengths })),
  callAsync: await waitsOf(() => gru.callAsync(inputs, { lengths })),
};
const otherLengths = await callsOf(() => gru.call(inputs, { lengths: Int32Array.of(6, 3, 4, 1) }));
for (let i = 0; i < 10; i++) train();
const training = await callsOf(train);
for (let i = 0; i < 10; i++) gru.call(inputs, { lengths });
const warm = footprint();
for (let i = 0; i < 1000; i++) gru.call(inputs, { lengths });
const later = footprint();

const batches = Array.from({ length: 24 }, (_, i) => numbers([4, 6, 3], 100 + i));
const alone = batches.map((one) => gru.call(one, { lengths }));
const together = await Promise.all(batches.map((one) => gru.callAsync(one, { lengths })));
const wrongInFlight = together.filter((one, i) => !isDeepStrictEqual(one, alone[i])).length;

const largest = layer();
largest.call(numbers([40, 40, 3], 1));
const bytesOfLargest = memoryUsage().device;
for (let i = 1; i <= 40; i++) largest.call(numbers([i, 41 - i, 3], 1));
const manyShapes = { bytes: memoryUsage().device, largest: bytesOfLargest };
largest.dispose();
gru.dispose();
const disposed = footprint();

function distance(dtype: "float32" | "float64"): number {
  const one = layer(8, dtype);
  const values = numbers([2, 20, 3], 9, 1, dtype);
  configure({ allow_tf32: false });
  const exact = one.call(values);
  configure({ allow_tf32: true });
  const rounded = one.call(values);
  configure({ allow_tf32: false });
  one.dispose();
  const [before, after] = [exact, rounded].map((result) => Array.from(listed(result)[0]?.data as Float32Array));
  return Math.max(...(before ?? []).map((value, i) => Math.abs(value - (after?.[i] as number))));
}
const tf32 = { float32: distance("float32"), float64: distance("float64") };

const report: SteadyReport = {
  call,
  withState,
  waits,
  lengths: otherLengths,
  training,
  warm,
  later,
  wrongInFlight,
  manyShapes,
  disposed,
  tf32,
};
process.stdout.write(JSON.stringify(report));
