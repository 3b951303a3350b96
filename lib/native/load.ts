import { createRequire } from "node:module";
import { isAbsolute } from "node:path";
import { GRUError } from "../errors/gru_error.js";
import { expected, expectedText } from "../errors/messages.js";
import { packageRoot } from "../package_root.js";
import type { NativeBinding } from "./binding.js";
import { requireContract } from "./contract.js";

const require = createRequire(import.meta.url);

/** The variable that names another binary; none where the runtime (Deno) does not let anybody read it. */
function override(): string | undefined {
  try {
    return process.env.CUDNN_GRU_ADDON;
  } catch {
    return undefined;
  }
}

/** Where the addon may lie, best first. Throws `ERR_NATIVE_LOAD` for a variable that names a file of the working directory. */
function candidates(): string[] {
  const given = override();
  if (given) {
    if (isAbsolute(given)) return [given];
    throw expected("ERR_NATIVE_LOAD", "CUDNN_GRU_ADDON", "an absolute path", given, {
      remedy: "The environment variable may not name a file of the working directory.",
    });
  }
  return [
    `${packageRoot}build/Release/cudnn_gru.node`,
    `${packageRoot}build-cmake/Release/cudnn_gru.node`,
    `${packageRoot}prebuilds/${process.platform}-${process.arch}/cudnn_gru.node`,
  ];
}

function load(): NativeBinding {
  const failures: string[] = [];
  for (const path of candidates()) {
    try {
      const binding = require(path) as NativeBinding;
      requireContract(binding.contract, path);
      binding.initialize(GRUError);
      return binding;
    } catch (error) {
      // A code of ours means that the binary loaded and then refused its environment (CUDNN_GRU_ISA, say).
      if (error instanceof GRUError) throw error;
      failures.push(`  ${path}: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  throw expectedText(
    "ERR_NATIVE_LOAD",
    "cudnn-gru",
    "a native addon",
    `none that could be loaded on ${process.platform}-${process.arch}, Node ${process.version}`,
    {
      remedy:
        `Tried:\n${failures.join("\n")}\n` +
        'In a clone, "npm test" builds it. From an installed package, "npx cudnn-gru build" builds it with CMake and a ' +
        "C++17 compiler. CUDNN_GRU_ADDON names a binary to load instead.",
    },
  );
}

let binding: NativeBinding | undefined;

/** The addon, loaded at first use. Throws `ERR_NATIVE_LOAD` with every path tried. */
export function native(): NativeBinding {
  binding ??= load();
  return binding;
}
