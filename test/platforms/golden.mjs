// Runs golden cases on the addon that CUDNN_GRU_ADDON names, with nothing but Node.js: GRUs, Bidirectionals and stacks, forward
// and backward, and whole models.
//   node test/platforms/golden.mjs <result file> [every]
// `every` 10 takes each tenth case. The result file says how many cases ran, and which failed.
import { writeFileSync } from "node:fs";
import { backendInfo, GRU, tensor } from "cudnn-gru";
import { injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { GRADIENT_TOLERANCE, goldenCases, TOLERANCE } from "../gpu/golden.mjs";
import { backwardError, forwardError } from "../gpu/golden_errors.mjs";
import { drawsDropout, goldenWrappers, wrapperBackwardError, wrapperForwardError } from "../gpu/golden_wrappers.mjs";
import { valuesOf } from "../gpu/support.mjs";
import { goldenModels, modelError, modelTolerance } from "./golden_models.mjs";

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
const failed = [];

function note({ name }, error, limit) {
  if (!(error <= limit)) failed.push(`${name}: ${error}`);
}

/** Each so manieth of the cases of a kind, which runs `run`. Returns their number, and how many of them have gradients. */
async function runEach(all, run) {
  const cases = [...all].filter((_, at) => at % Number(every) === 0);
  for (const golden of cases) await run(golden);
  return { cases: cases.length, gradients: cases.filter(({ gradients }) => gradients).length };
}

const layers = await runEach(goldenCases(), async (golden) => {
  const limit = TOLERANCE[golden.arguments.dtype ?? "float32"];
  note(golden, await forwardError(golden, options), limit);
  if (golden.gradients) note(golden, await backwardError(golden, options), limit);
});
const wrappers = await runEach(
  [...goldenWrappers()].filter((golden) => !drawsDropout(golden)),
  async (golden) => {
    note(golden, await wrapperForwardError(golden), TOLERANCE[golden.tolerance]);
    if (golden.gradients) note(golden, await wrapperBackwardError(golden), GRADIENT_TOLERANCE[golden.tolerance]);
  },
);
const models = await runEach(goldenModels(), async (golden) => {
  note(golden, await modelError(golden), modelTolerance(golden));
});

// A team of threads too, which small cases do not wake.
const gru = new GRU(96, { seed: 1 });
const inputs = tensor(
  new Float32Array(64 * 20 * 40).map((_, i) => Math.sin(i)),
  [64, 20, 40],
);
const [one, other] = [gru.call(inputs), await gru.callAsync(inputs)];
if (!one.data.every((value, at) => value === other.data[at])) failed.push("call and callAsync differ");

const { cpu, cudnn } = backendInfo();
writeFileSync(file, JSON.stringify({ layers, wrappers, models, failed, cpu, cudnn: cudnn.reason ?? null }));
