// How late the event loop runs while eight large asynchronous calls are in flight, against an idle one:
//
//   npm run build && node --import ./scripts/typescript/register.mjs bench/event_loop.ts [seconds for each line]
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { backendInfo, GRU, type GRUArguments, tensor } from "../dist/index.js";
import { describeMachine, load } from "./machine.js";
import { readEventLoopSeconds } from "./program_arguments.js";

const CALLS = 8;
const BATCH = 64;
const TIMESTEPS = 200;
const FEATURES = 128;
const UNITS = 512;
const RESOLUTION = 1;
const COUNT = BATCH * TIMESTEPS * FEATURES;

interface Scenario {
  about: string;
  args?: GRUArguments;
  /** Makes the arguments of one call. */
  call?: (gru: GRU, lane: number) => Promise<unknown>;
}

const inputs = new Float32Array(COUNT).map((_, i) => Math.sin(i));
const shape = [BATCH, TIMESTEPS, FEATURES];
const outs = Array.from({ length: CALLS }, () => new Float32Array(BATCH * TIMESTEPS * UNITS));

const scenarios: Scenario[] = [
  { about: "idle" },
  { about: "last outputs, inputs copied", call: (gru) => gru.callAsync(tensor(inputs, shape)) },
  {
    about: "last outputs, inputs transferred",
    call: (gru) => gru.callAsync(tensor(new Float32Array(COUNT), shape), { transfer: true }),
  },
  {
    about: "all outputs (26 MB a call)",
    args: { return_sequences: true },
    call: (gru) => gru.callAsync(tensor(inputs, shape)),
  },
  {
    about: "all outputs, copied to `out` on this thread",
    args: { return_sequences: true },
    call: (gru, lane) => gru.callAsync(tensor(inputs, shape), { out: outs[lane] as Float32Array }),
  },
];

async function measure({ about, args, call }: Scenario, seconds: number): Promise<string> {
  const gru = new GRU(UNITS, { seed: 1, ...args });
  gru.build([null, null, FEATURES]);
  await gru.warmUp({ batch: BATCH, timesteps: TIMESTEPS });
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  const end = performance.now() + 1000 * seconds;
  let ended = 0;
  delay.enable();
  if (call === undefined) {
    await sleep(1000 * seconds);
  } else {
    const lane = async (_: unknown, index: number) => {
      while (performance.now() < end) {
        await call(gru, index);
        ended += 1;
      }
    };
    await Promise.all(Array.from({ length: CALLS }, lane));
  }
  delay.disable();
  gru.dispose();
  // The histogram holds the time between two timers: the delay is what exceeds their interval.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION).toFixed(2);
  const cells = [50, 99, 99.9].map((percentile) => late(delay.percentile(percentile)));
  return `| ${about} | ${ended} | ${cells.join(" | ")} | ${late(delay.max)} |`;
}

const seconds = readEventLoopSeconds(process.argv.slice(2));
const { cpu, usableCpus, isa, os, node } = describeMachine();
console.log(`${cpu}, ${usableCpus} CPUs, ${isa}, ${backendInfo().cpu.threads} threads, ${os}, Node ${node}`);
console.log(`${CALLS} calls in flight, ${BATCH}×${TIMESTEPS}×${FEATURES}→${UNITS} float32, ${seconds} s a line`);
console.log(`load average at the start: ${load().toFixed(2)}\n`);
console.log("| milliseconds late | calls | p50 | p99 | p99.9 | max |\n| --- | ---: | ---: | ---: | ---: | ---: |");
for (const scenario of scenarios) console.log(await measure(scenario, seconds));
