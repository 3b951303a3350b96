// Makes every call to cuDNN and the driver in the life of a layer fail, one after the other, and prints the outcomes.
import { isDeepStrictEqual } from "node:util";
import { GRU, type GRUError, memoryUsage, type Tensor } from "cudnn-gru";
import { Control } from "../control.js";
import { listed, numbers, setNumbers } from "./layers.js";

export interface FaultsReport {
  /** One entry for each injected fault: the function that failed, and the outcome of the call. */
  faults: Fault[];
  /** Counters of living objects that were not what they were before, with the fault. */
  leaks: string[];
}

export interface Fault {
  scenario: string;
  /** `function#call`, with the status given. */
  fault: string;
  /** How many faults the doubles did inject. */
  injected: number;
  /** The error's code; null where the call went well all the same. */
  code: string | null;
  message: string;
  isGRUError: boolean;
  /** Whether the same layer then computed the same results as without a fault. */
  recovered: boolean;
}

/** Functions that may fail without harm to a call. The objects that they free are counted. */
const FREEING = /Destroy|Free|Release|cuGetError|VersionCheck|GetVersion|^kernel$/;

const control = Control.own();
const inputs = numbers([3, 4, 2], 3);
const options = { return_sequences: true, return_state: true, use_cudnn: true } as const;
const call = { lengths: Int32Array.of(4, 0, 2) };

type Scenario = (gru: GRU) => Promise<Tensor[]>;

const scenarios: Record<string, Scenario> = {
  call: async (gru) => listed(gru.call(inputs, call)),
  callAsync: async (gru) => listed(await gru.callAsync(inputs, call)),
  backward: async (gru) => {
    const pass = gru.forward(inputs, call);
    try {
      const { inputs: dx, initial_state, weights } = pass.backward({ output: pass.output, state: pass.state });
      return [pass.output, dx, initial_state, ...weights];
    } finally {
      pass.dispose();
    }
  },
  backwardAsync: async (gru) => {
    const pass = await gru.forwardAsync(inputs, call);
    try {
      const found = await pass.backwardAsync({ output: pass.output, state: pass.state });
      return [pass.output, found.inputs, found.initial_state, ...found.weights];
    } finally {
      pass.dispose();
    }
  },
};

/** The status that the function would return. */
function statusFor(name: string): number {
  if (/^cuMemAlloc/.test(name)) return 2;
  return name.startsWith("cudnn") ? 5000 : 999;
}

function living(): Map<string, number> {
  return new Map([...control.counters()].filter(([name]) => name.startsWith("live.")));
}

function newLayer(): GRU {
  const gru = new GRU(5, options);
  setNumbers(gru, 2, 11);
  return gru;
}

async function inject(name: string, scenario: Scenario, faults: string, expected: Tensor[]): Promise<Fault> {
  const gru = newLayer();
  const before = control.counters().get("faults.injected") ?? 0;
  const found: Fault = {
    scenario: name,
    fault: faults,
    injected: 0,
    code: null,
    message: "",
    isGRUError: true,
    recovered: false,
  };
  control.fail(faults);
  try {
    if (!isDeepStrictEqual(await scenario(gru), expected)) found.message = "the result is wrong";
  } catch (error) {
    const { code, message, name: kind } = error as GRUError;
    Object.assign(found, { code, message, isGRUError: kind === "GRUError" });
  }
  control.fail("");
  found.injected = (control.counters().get("faults.injected") ?? 0) - before;
  found.recovered = isDeepStrictEqual(await scenario(gru), expected);
  gru.dispose();
  return found;
}

const report: FaultsReport = { faults: [], leaks: [] };
for (const [name, scenario] of Object.entries(scenarios)) {
  let expected: Tensor[] = [];
  // The first layer brings up what stays for good: context, handle, stream.
  for (let round = 0; round < 2; round++) {
    const gru = newLayer();
    expected = await scenario(gru);
    gru.dispose();
  }
  const before = living();
  const calls = await control.growth("calls.", async () => {
    const gru = newLayer();
    await scenario(gru);
    gru.dispose();
  });
  for (const [name_, count] of calls) {
    if (FREEING.test(name_)) continue;
    for (let nth = 1; nth <= count; nth++) {
      const faults = [`${name_} ${nth} 1 ${statusFor(name_)}`];
      // Memory is asked for again after the caches are freed; so it fails for good too.
      if (/^cuMemAlloc/.test(name_)) faults.push(`${name_} ${nth} 1000 2`);
      for (const one of faults) {
        report.faults.push(await inject(name, scenario, one, expected));
        const after = living();
        if (!isDeepStrictEqual(after, before))
          report.leaks.push(
            `${name}, ${one}: ${[...after].filter(([key, value]) => before.get(key) !== value).join(" ")}`,
          );
      }
    }
  }
  if (memoryUsage().device !== 0 || memoryUsage().pinned !== 0) report.leaks.push(`${name}: memoryUsage()`);
}
process.stdout.write(JSON.stringify(report));
