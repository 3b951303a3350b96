// Reports the bytes that calls move between host and device, the number of copies, and that neither pieces nor threads
// change a bit.
import { isDeepStrictEqual } from "node:util";
import { configure, GRU, type GRUArguments, type Tensor } from "cudnn-gru";
import { relativeError } from "../../golden/reader.js";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface TransfersReport {
  /** Copies each way and waits of a call with 9 MB of inputs and of outputs; of its training step. */
  large: Record<string, number>;
  training: Record<string, number>;
  /** Whether the two, and a layer of many weights, give the same with 4 threads as with 1; against the CPU path. */
  same: boolean;
  error: number;
  /** Bytes to and from the device of a call of 1,000 timesteps with lengths up to 50, and what these rows hold. */
  padded: { toDevice: number; toHost: number; inputs: number; outputs: number; error: number };
}

const control = Control.own();

function layer(units: number, features: number, options: GRUArguments): GRU {
  const gru = new GRU(units, { return_sequences: true, return_state: true, ...options });
  setNumbers(gru, features, 5);
  return gru;
}

async function driverCalls(act: () => unknown): Promise<Record<string, number>> {
  const all = await control.growth("calls.", act);
  return Object.fromEntries([...all].filter(([name]) => /^cu(Memcpy|Event|StreamSync)/.test(name)));
}

function worst(found: Tensor[], expected: Tensor[]): number {
  const errors = found.map(({ data }, i) => relativeError(data as Float32Array, expected[i]?.data as Float32Array));
  return Math.min(Math.max(...errors), Number.MAX_VALUE);
}

function step(gru: GRU, inputs: Tensor, lengths: Int32Array): Tensor[] {
  const pass = gru.forward(inputs, { lengths });
  const found = pass.backward({ output: pass.output, state: pass.state });
  pass.dispose();
  return [pass.output, pass.state, found.inputs, found.initial_state, ...found.weights];
}

const [batch, timesteps] = [200, 700];
const inputs = numbers([batch, timesteps, 16], 3);
// Padding to the longest row is moved too; the doubles are quicker with few valid steps.
const lengths = Int32Array.from({ length: batch }, (_, row) => (row === 7 ? timesteps : 20 + ((row * 37) % 50)));
const wide = numbers([2, 3, 40], 7);
const wideLengths = Int32Array.of(3, 2);

function results(use_cudnn: boolean): Tensor[] {
  const gru = layer(16, 16, { use_cudnn });
  const many = layer(256, 40, { use_cudnn });
  const found = [...listed(gru.call(inputs, { lengths })), ...step(gru, inputs, lengths)];
  found.push(...step(many, wide, wideLengths));
  for (const one of [gru, many]) one.dispose();
  return found;
}

configure({ threads: 1 });
const alone = results(true);
configure({ threads: 4 });
const together = results(true);
const expected = results(false);

const gru = layer(16, 16, { use_cudnn: true });
gru.call(inputs, { lengths });
step(gru, inputs, lengths);
const large = await driverCalls(() => gru.call(inputs, { lengths }));
const training = await driverCalls(() => step(gru, inputs, lengths));
gru.dispose();

const short = numbers([8, 1000, 4], 2);
const shortLengths = Int32Array.from({ length: 8 }, (_, row) => 50 - row);
const [cudnn, cpu] = [layer(5, 4, { use_cudnn: true }), layer(5, 4, { use_cudnn: false })];
const right = listed(cpu.call(short, { lengths: shortLengths }));
cudnn.call(short, { lengths: shortLengths });
let error = 0;
const copies = await control.growth("copies.", () => {
  error = worst(listed(cudnn.call(short, { lengths: shortLengths })), right);
});
const report: TransfersReport = {
  large,
  training,
  same: isDeepStrictEqual(together, alone),
  error: worst(together, expected),
  padded: {
    toDevice: copies.get("to_device_bytes") ?? 0,
    toHost: copies.get("to_host_bytes") ?? 0,
    inputs: 8 * 50 * 4 * 4,
    outputs: 8 * 50 * 5 * 4,
    error,
  },
};
process.stdout.write(JSON.stringify(report));
