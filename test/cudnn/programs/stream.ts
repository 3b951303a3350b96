// Runs a stream on the cuDNN path, and counts the calls that its steps make to the device.
import { GRU } from "cudnn-gru";
import { relativeError } from "../../golden/reader.js";
import { Control } from "../control.js";
import { numbers, setNumbers } from "./layers.js";

export interface StreamReport {
  /** Of the outputs of all steps, and of the last state, against `call` with the whole sequence. */
  error: number;
  /** Whether `out` received the same values as the stream's own tensor. */
  same: boolean;
  /** Whether `step` wrote the same values to the stream's output, and a block of all frames too. */
  sameByStep: boolean;
  blockError: number;
  /** Calls to cuDNN and the driver of a warm step, and of a warm block. */
  step: Record<string, number>;
  block: Record<string, number>;
  /** The same with `use_cudnn: "auto"`. */
  auto: Record<string, number>;
  /** The code of a step that the device fails, and whether the stream then goes on where it was. */
  code: string | null;
  recovered: boolean;
}

const control = Control.own();
const [batch, timesteps, features] = [3, 5, 2];
const options = { use_cudnn: true, return_sequences: true, return_state: true } as const;

function layer(use_cudnn: true | "auto"): GRU<true> {
  const gru = new GRU(4, { ...options, use_cudnn });
  setNumbers(gru, features, 5);
  return gru;
}

const gru = layer(true);
const inputs = numbers([batch, timesteps, features], 2);
const frames = Array.from({ length: timesteps }, (_, t) =>
  Float32Array.from({ length: batch * features }, (_, i) => {
    const [b, f] = [Math.floor(i / features), i % features];
    return inputs.data[(b * timesteps + t) * features + f] as number;
  }),
);
const [whole, last] = gru.call(inputs);
const stream = gru.stream({ batch });
const outputs = frames.map((frame) => stream.push(frame).data.slice());
const expected = frames.map((_, t) =>
  Float32Array.from(
    { length: batch * 4 },
    (_, i) => whole.data[(Math.floor(i / 4) * timesteps + t) * 4 + (i % 4)] as number,
  ),
);
const error = Math.max(
  ...outputs.map((output, t) => relativeError(output, expected[t] as Float32Array)),
  relativeError(stream.state.data, last.data),
);

stream.reset();
const out = new Float32Array(batch * 4);
const same = frames.every((frame, t) => stream.push(frame, out).join() === outputs[t]?.join());
const frame = frames[0] as Float32Array;
const step = Object.fromEntries(await control.growth("calls.", () => stream.push(frame)));
stream.reset();
const sameByStep = frames.every((values, t) => {
  stream.input.set(values);
  stream.step();
  return stream.output.join() === outputs[t]?.join();
});
stream.reset();
const blockError = relativeError(stream.push(inputs).data, whole.data);
const block = Object.fromEntries(await control.growth("calls.", () => stream.push(inputs)));
const cpu = layer("auto").stream({ batch });
const auto = Object.fromEntries(await control.growth("calls.", () => cpu.push(frame)));

const state = stream.state;
let code: string | null = null;
control.fail("cudnnRNNForward 1 1 5000");
try {
  stream.push(frame);
} catch (caught) {
  code = (caught as { code: string }).code;
}
control.fail("");
const recovered =
  stream.state.data.join() === state.data.join() &&
  stream.push(frame).data.join() === gru.stream({ batch, initial_state: state }).push(frame).data.join();
process.stdout.write(
  JSON.stringify({ error, same, sameByStep, blockError, step, block, auto, code, recovered } satisfies StreamReport),
);
