// Times the stages of calls, and counts the calls to the driver that this costs.
import { GRU, type GRUError } from "cudnn-gru";
import type { NativeCudnnTimings } from "../../../dist/native/binding.js";
import { native } from "../../../dist/native/load.js";
import { Control } from "../control.js";
import { numbers, setNumbers } from "./layers.js";

export interface TimingsReport {
  /** Calls to events of a warm call with timing off, of the first two with timing on, one of which fails, and of a later one. */
  events: { off: Record<string, number>; first: Record<string, number>; later: Record<string, number> };
  /** Of nothing; of 5 calls; of a call in two chunks; of a forward and a backward; after timing was turned off. */
  nothing: NativeCudnnTimings;
  calls: NativeCudnnTimings;
  chunks: NativeCudnnTimings;
  training: NativeCudnnTimings;
  off: NativeCudnnTimings;
  /** How long the 5 calls took, by the clock of JavaScript, in milliseconds. */
  elapsed: number;
  /** The effect of a failing event on a call, whether `out` was written, and whether the next call works. */
  faults: { name: string; code: string | null; written: boolean; recovered: boolean }[];
  /** Whether results are the same, bit for bit, with timing on. */
  same: boolean;
}

const control = Control.own();
const { cudnnTimings } = native();

const gru = new GRU(5, { use_cudnn: true, return_sequences: true });
setNumbers(gru, 3, 5);
const inputs = numbers([4, 6, 3], 2);
// Rows of different lengths are computed by the standard algorithm, which is captured as a CUDA graph.
const call = () => gru.call(inputs, { lengths: [6, 5, 4, 3] });

async function eventsOf(act: () => unknown): Promise<Record<string, number>> {
  return Object.fromEntries([...(await control.growth("calls.", act))].filter(([name]) => name.startsWith("cuEvent")));
}

/** A call in which the first call of an event function fails, and the one after it. */
function fail(name: string): TimingsReport["faults"][number] {
  const out = new Float32Array(4 * 6 * 5);
  let code: string | null = null;
  control.fail(`${name} 1 1 999`);
  try {
    gru.call(inputs, { out, lengths: [6, 5, 4, 3] });
  } catch (error) {
    code = (error as GRUError).code;
  }
  control.fail("");
  const written = out.some((value) => value !== 0);
  return { name, code, written, recovered: call().data.join() === expected.data.join() };
}

for (let i = 0; i < 3; i++) call();
const expected = call();
const events = { off: await eventsOf(call), first: {}, later: {} };
cudnnTimings(true);
const nothing = cudnnTimings(true);
const faults: TimingsReport["faults"] = [];
events.first = await eventsOf(() => faults.push(fail("cuEventCreate")));
events.later = await eventsOf(call);
const same = Buffer.from(call().data.buffer).equals(Buffer.from(expected.data.buffer));

faults.push(fail("cuEventRecord"), fail("cuEventElapsedTime"));

cudnnTimings(true);
const start = performance.now();
for (let i = 0; i < 5; i++) call();
const elapsed = performance.now() - start;
const calls = cudnnTimings(true);

const long = new GRU(1, { use_cudnn: true });
setNumbers(long, 1, 9);
long.call(numbers([1, 65_540, 1], 4));
const chunks = cudnnTimings(true);
long.dispose();

gru.forward(inputs).backward({ output: expected });
const training = cudnnTimings(false);
call();
const off = cudnnTimings(true);

gru.dispose();
process.stdout.write(
  JSON.stringify({ events, nothing, calls, chunks, training, off, elapsed, faults, same } satisfies TimingsReport),
);
