// node --import ./scripts/typescript/register.mjs program.ts: runs TypeScript sources as they stand, on every Node.js
// we support (20 cannot strip types itself).
import * as nodeModule from "node:module";
import * as hooks from "./hooks.mjs";

if (nodeModule.registerHooks) nodeModule.registerHooks(hooks);
else nodeModule.register("./hooks.mjs", import.meta.url);
