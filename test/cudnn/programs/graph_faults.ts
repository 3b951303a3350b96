// Reports what happens when the driver or cuDNN fails while a call is captured or replayed as a CUDA graph.
import { isDeepStrictEqual } from "node:util";
import { GRU, type GRUError } from "cudnn-gru";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

/** The outcome of a fault that strikes once, in the third call, which is captured, or in the fourth, which is replayed. */
export interface GraphFault {
  fault: string;
  /** The codes of the errors that calls and training steps threw, if any. */
  codes: string[];
  /** Calls and steps, from the fault on, whose results are not those of the first call or step. */
  wrong: number;
  /** How many of ten later calls, and of ten later steps, were replayed. */
  replays: { calls: number; steps: number };
  /** Graphs that live after the layer was disposed. */
  left: number;
}

const control = Control.own();
const inputs = numbers([4, 6, 3], 2);
const lengths = [6, 2, 4, 1];
// Each fault meets layers of another size, because a refusal counts for one set of descriptors.
let units = 3;

const values = (tensors: { data: unknown }[]) => tensors.map(({ data }) => Array.from(data as Float32Array));

function callOf(gru: GRU): number[][] {
  return values(listed(gru.call(inputs, { lengths })));
}

function stepOf(gru: GRU): number[][] {
  const pass = gru.forward(inputs, { lengths });
  const found = pass.backward({ output: pass.output });
  const all = values([pass.output, pass.state, found.inputs, found.initial_state, ...found.weights]);
  pass.dispose();
  return all;
}

async function strike(fault: string, before: number): Promise<GraphFault> {
  const result: GraphFault = { fault, codes: [], wrong: 0, replays: { calls: 0, steps: 0 }, left: 0 };
  units += 1;
  const gru = new GRU(units, { use_cudnn: true, return_sequences: true, return_state: true });
  setNumbers(gru, 3, 5);
  for (const [kind, act] of [
    ["calls", callOf],
    ["steps", stepOf],
  ] as const) {
    const expected = act(gru);
    for (let i = 1; i < before; i++) act(gru);
    control.fail(fault);
    for (let i = 0; i < 14; i++) {
      const grown = await control.growth("calls.cuGraphLaunch", () => {
        try {
          if (!isDeepStrictEqual(act(gru), expected)) result.wrong++;
        } catch (error) {
          result.codes.push((error as GRUError).code);
        }
      });
      if (i === 0) control.fail("");
      if (i >= 4 && grown.size > 0) result.replays[kind]++;
    }
  }
  gru.dispose();
  result.left = control.counters().get("live.graph_execs") ?? 0;
  return result;
}

const report: GraphFault[] = [];
for (const name of ["cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags"])
  for (const status of [900, 2]) report.push(await strike(`${name} 1 1 ${status}`, 2));
report.push(await strike("cudnnRNNForward 1 1 5000", 2));
for (const status of [900, 2]) report.push(await strike(`cuGraphLaunch 1 1 ${status}`, 3));
report.push(await strike("cuGraphDestroy 1 1 900", 2));
process.stdout.write(JSON.stringify(report));
