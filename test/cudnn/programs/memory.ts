// Calls on a device that is nearly too small for them.
import { GRU, type GRUArguments, type GRUError, memoryUsage, type Tensor } from "cudnn-gru";
import { relativeError } from "../../golden/reader.js";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface MemoryReport {
  /** Allocations of warm training steps, each of which needs more than an eighth of the device. */
  warm: Record<string, number>;
  /** Bytes held after many small calls, against those right after a large one. */
  held: { large: number; later: number };
  /** A call whose 2,000 timesteps do not fit at once: launches, error against the CPU path; of an asynchronous one. */
  short: { launches: number; error: number; asyncError: number };
  /** The same as a training step. */
  training: string | null;
  /** Whether a call that fits works after that. */
  after: number;
  /** Two chunks of one shape with other lengths: descriptors set by a warm call, and the error. */
  chunks: { set: number; error: number };
}

const control = Control.own();

function pair(units: number, features: number, options: GRUArguments = {}): [GRU, GRU] {
  const on = (use_cudnn: boolean) => {
    const gru = new GRU(units, { return_sequences: true, return_state: true, ...options, use_cudnn } as GRUArguments);
    setNumbers(gru, features, 5);
    return gru;
  };
  return [on(true), on(false)];
}

function worst(found: Tensor[], expected: Tensor[]): number {
  const errors = found.map(({ data }, i) => relativeError(data as Float32Array, expected[i]?.data as Float32Array));
  return Math.min(Math.max(...errors), Number.MAX_VALUE);
}

async function warmSteps(): Promise<Pick<MemoryReport, "warm" | "held">> {
  const [gru] = pair(8, 4);
  const inputs = numbers([8, 60, 4], 3);
  const train = () => {
    const pass = gru.forward(inputs);
    pass.backward({ output: pass.output });
    pass.dispose();
  };
  for (let i = 0; i < 3; i++) train();
  const warm = await control.growth("calls.", () => {
    for (let i = 0; i < 3; i++) train();
  });
  const large = memoryUsage().device;
  const small = numbers([1, 2, 4], 3);
  for (let i = 0; i < 40; i++) gru.call(small);
  const later = memoryUsage().device;
  gru.dispose();
  return {
    warm: Object.fromEntries([...warm].filter(([name]) => /^cuMem(Alloc|Free)/.test(name))),
    held: { large, later },
  };
}

async function shorterChunks(): Promise<Pick<MemoryReport, "short" | "training" | "after">> {
  const [cudnn, cpu] = pair(8, 4);
  const inputs = numbers([8, 2000, 4], 3);
  const call = {
    lengths: Int32Array.from({ length: 8 }, (_, row) => 2000 - 150 * row),
    initial_state: numbers([8, 8], 4),
  };
  const expected = listed(cpu.call(inputs, call));
  let error = 0;
  const launched = await control.growth("calls.cudnnRNNForward", () => {
    error = worst(listed(cudnn.call(inputs, call)), expected);
  });
  const asyncError = worst(listed(await cudnn.callAsync(inputs, call)), expected);
  let training: string | null = null;
  try {
    cudnn.forward(inputs, call);
  } catch (caught) {
    training = (caught as GRUError).code;
  }
  const small = numbers([2, 5, 4], 3);
  const after = worst(listed(cudnn.call(small)), listed(cpu.call(small)));
  return { short: { launches: launched.get("") ?? 0, error, asyncError }, training, after };
}

async function equalChunks(): Promise<MemoryReport["chunks"]> {
  const steps = 2 * 65_535;
  const [cudnn, cpu] = pair(1, 1, { return_sequences: false });
  const inputs = numbers([2, steps, 1], 3);
  const call = { lengths: Int32Array.of(steps, 100_000) };
  const expected = listed(cpu.call(inputs, call));
  cudnn.call(inputs, call);
  let error = 0;
  const set = await control.growth("calls.cudnnSetRNNDataDescriptor", () => {
    error = worst(listed(cudnn.call(inputs, call)), expected);
  });
  return { set: set.get("") ?? 0, error };
}

const [part] = process.argv.slice(2);
new GRU(4, { use_cudnn: true }).explain();
const report =
  part === "warm" ? await warmSteps() : part === "short" ? await shorterChunks() : { chunks: await equalChunks() };
process.stdout.write(JSON.stringify(report));
