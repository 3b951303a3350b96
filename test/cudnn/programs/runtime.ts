// Prints the verdict on this process's runtime in one dtype.
import type { NativeCudnnDtype } from "../../../dist/native/binding.js";
import { native } from "../../../dist/native/load.js";
import "../../../dist/index.js";

const [dtype = "float32"] = process.argv.slice(2);
process.stdout.write(JSON.stringify({ runtime: native().cudnnRuntime(0, dtype as NativeCudnnDtype) }));
