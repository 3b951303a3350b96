// Runs golden cases on the addon that CUDNN_GRU_ADDON names, forward and backward, with nothing but Node.js:
//   node test/platforms/golden.mjs <result file> [every]
// `every` 10 takes each tenth case. The result file says how many cases ran, and which failed.
import { writeFileSync } from "node:fs";
import { backendInfo, GRU, tensor } from "cudnn-gru";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { goldenCases, TOLERANCE } from "../gpu/golden.mjs";
import { backwardError, forwardError } from "../gpu/golden_errors.mjs";
import { valuesOf } from "../gpu/support.mjs";

const [, , file, every = "1"] = process.argv;

/** Makes the layer use the dropout masks that Keras drew for a call. Those of 16 bits are float32 for the kernels. */
function prepare(gru, golden, call) {
  const maskOf = (entry) => {
    if (!entry) return null;
    const { data } = golden.read(entry);
    return data instanceof Uint16Array ? Float32Array.from(valuesOf(golden.read(entry))) : data;
  };
  injectDropoutMasks(gru, { input: maskOf(call.input_dropout), recurrent: maskOf(call.recurrent_dropout) });
}

const options = { use_cudnn: false, prepare };
const cases = [...goldenCases()].filter((_, at) => at % Number(every) === 0);
const failed = [];
let gradients = 0;
for (const golden of cases) {
  const limit = TOLERANCE[golden.arguments.dtype ?? "float32"];
  const errors = [await forwardError(golden, options)];
  if (golden.gradients) {
    gradients += 1;
    errors.push(await backwardError(golden, options));
  }
  if (!errors.every((error) => error <= limit)) failed.push(`${golden.name}: ${errors.join(", ")}`);
}

// A team of threads too, which small cases do not wake.
const gru = new GRU(96, { seed: 1 });
const inputs = tensor(
  new Float32Array(64 * 20 * 40).map((_, i) => Math.sin(i)),
  [64, 20, 40],
);
const [one, other] = [gru.call(inputs), await gru.callAsync(inputs)];
if (!one.data.every((value, at) => value === other.data[at])) failed.push("call and callAsync differ");

const { cpu, cudnn } = backendInfo();
writeFileSync(file, JSON.stringify({ cases: cases.length, gradients, failed, cpu, cudnn: cudnn.reason ?? null }));
