// npm run fuzz: hostile calls and hostile files from a seed. See docs/reliability.md.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Findings } from "./findings.js";
import { supervise } from "./supervisor.js";

const ADDON = fileURLToPath(new URL("../../build-cmake/asan/Release/cudnn_gru.node", import.meta.url));
const TARGETS = ["api", "files"] as const;

const HELP = `npm run fuzz -- [options]
  --seconds N    for how long, all targets together (default 60)
  --target NAME  api or files (default both)
  --seed N       the seed (default: a new one, which is printed)
  --case K       this case alone
  --cases N      at most so many cases for each target
  --asan         the addon with AddressSanitizer and UndefinedBehaviorSanitizer, for the API`;

function wholeNumber(value: string | undefined, option: string, fallback: number): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`Expected a whole number for --${option} but received ${value}`);
}

/** Returns the environment for a process that loads an addon with sanitizers into a Node.js without them. */
function sanitizerEnvironment(): Record<string, string> {
  const library = spawnSync("g++", ["-print-file-name=libasan.so"], { encoding: "utf8" }).stdout.trim();
  return {
    CUDNN_GRU_ADDON: ADDON,
    LD_PRELOAD: library,
    // Memory that Node.js itself never frees is not a leak of the addon. The API's cases run no WebAssembly, whose
    // faults V8 would catch.
    ASAN_OPTIONS:
      "detect_leaks=0:allow_user_segv_handler=0:handle_sigbus=1:allocator_may_return_null=1:quarantine_size_mb=64",
    UBSAN_OPTIONS: "print_stacktrace=1",
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      target: { type: "string" },
      seed: { type: "string" },
      case: { type: "string" },
      cases: { type: "string" },
      asan: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const chosen = TARGETS.filter((name) => values.target === undefined || values.target === name);
  if (chosen.length === 0) throw new Error(`Expected api or files for --target but received ${values.target}`);
  const seed = wholeNumber(values.seed, "seed", Math.floor(Math.random() * 2 ** 31));
  const seconds = wholeNumber(values.seconds, "seconds", 60) / chosen.length;
  const one = values.case !== undefined;
  const findings = new Findings();
  console.log(`fuzz: seed ${seed}`);
  for (const target of chosen) {
    const start = Date.now();
    const asan = values.asan && target === "api";
    const ran = await supervise(
      {
        target,
        seed,
        firstCase: wholeNumber(values.case, "case", 0),
        cases: one ? 1 : wholeNumber(values.cases, "cases", Number.MAX_SAFE_INTEGER / 2),
        seconds: one || values.cases !== undefined ? Math.max(seconds, 3600) : seconds,
        environment: {
          CUDNN_GRU_DISABLE_CUDA: "1",
          ...(asan ? sanitizerEnvironment() : {}),
        },
        verbose: one,
        patience: asan ? 60 : target === "files" ? 20 : 30,
      },
      findings,
    );
    const took = ((Date.now() - start) / 1000).toFixed(0);
    const unit = target === "api" ? "calls" : "files";
    console.log(
      `fuzz: ${target}${asan ? " under ASan and UBSan" : ""}: ${ran.count} ${unit} in ${ran.cases} cases, ${ran.processes} processes, ${took} s`,
    );
    const outcomes = Object.entries(ran.outcomes).sort(([, one], [, other]) => other - one);
    console.log(`  ${outcomes.map(([name, times]) => `${name}: ${times}`).join(", ")}`);
  }
  for (const line of findings.lines()) console.log(`  ${line}`);
  console.log(
    `fuzz: seed ${seed}, ${findings.size === 0 ? "no findings" : `${findings.size} findings, in test/fuzz/findings/`}`,
  );
  if (findings.size > 0) process.exitCode = 1;
}

main().catch((error: Error) => {
  console.error(`fuzz: ${error.message}`);
  process.exitCode = 2;
});
