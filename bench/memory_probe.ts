// memory_probe.ts B T F U THREADS: the native memory of one layer of this shape in a process of its own, as JSON. Run by
// memory.ts.
import { configure, type GRU, memoryUsage } from "../dist/index.js";
import { makeInputs, makeLayer } from "./peers/cudnn_gru.js";
import { makeProblem } from "./problem.js";

const [batch, timesteps, features, units, threads] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
configure({ threads });
const problem = makeProblem({ batch, timesteps, features, units });
const gru = makeLayer(problem, { return_sequences: true, return_state: false }) as GRU<false>;
const inputs = makeInputs(problem);
gru.call(inputs);
const { weights: packed, scratch } = memoryUsage();
for (let i = 0; i < 5; i++) gru.call(inputs);
const after = memoryUsage();
console.log(JSON.stringify({ packed, scratch, growth: after.weights + after.scratch - packed - scratch }));
