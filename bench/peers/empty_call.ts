import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compile } from "../compile.js";
import type { Contender, ContenderSource, Task } from "../contender.js";
import type { Problem } from "../problem.js";
import { isStreaming, type Shape } from "../shapes.js";
import { timeCalls } from "./cudnn_gru.js";

const require = createRequire(import.meta.url);

/** A call into an addon that takes nothing, does nothing and returns nothing. Streaming only. */
class EmptyCall implements Contender {
  readonly name = "an empty Node-API call";
  readonly version = "";
  readonly role = "way";
  readonly resetAfter = true;
  readonly #nothing: () => void;

  constructor(nothing: () => void) {
    this.#nothing = nothing;
  }

  declines(shape: Shape): string | null {
    return isStreaming(shape) ? null : "";
  }

  async prepare(_: Problem): Promise<Task> {
    return { output: null, time: async (calls) => timeCalls(this.#nothing, calls), close: () => {} };
  }

  close(): void {}
}

export const emptyCall: ContenderSource = {
  name: "empty call",
  async open() {
    // The headers come with cmake-js; Node.js itself has what they declare.
    const headers = join(dirname(require.resolve("node-api-headers/package.json")), "include");
    const addon = compile("empty_call", { flags: ["-shared", "-fPIC", `-I${headers}`], output: "empty_call.node" });
    return new EmptyCall((require(addon) as { nothing: () => void }).nothing);
  },
};
