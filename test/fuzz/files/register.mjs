// Readers of files start a thread for each HDF5 file, which takes longer than reading it. Here their worker threads are
// modules of this thread (in_process_worker.mjs), so that thousands of files can be read in a minute.
import * as nodeModule from "node:module";
import * as hooks from "./hooks.mjs";

if (nodeModule.registerHooks) nodeModule.registerHooks(hooks);
else nodeModule.register("./hooks.mjs", import.meta.url);
