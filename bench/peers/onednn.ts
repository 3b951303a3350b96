import { createHash } from "node:crypto";
import { ChildContender, LineChild } from "../child.js";
import { compile } from "../compile.js";
import type { ContenderSource } from "../contender.js";
import { findOnednn } from "../onednn_library.js";

/** oneDNN's `lbr_gru` from C++, with its states, inputs and weights in one type. */
function onednnIn(dtype: "float32" | "bfloat16", title: string): ContenderSource {
  return {
    name: "onednn",
    async open(threads) {
      const { prefix, version, flags } = findOnednn();
      const installation = createHash("sha256").update(prefix).digest("hex").slice(0, 8);
      const program = compile("onednn_gru", {
        flags: ["-fopenmp", ...flags],
        // A program for each installation, since compile() keeps one that is newer than its sources.
        output: `onednn_gru-${version}-${installation}`,
        library: { header: "dnnl.hpp", link: "dnnl", debian: "libdnnl-dev" },
      });
      const child = await LineChild.start(program, [String(threads), dtype], { OMP_NUM_THREADS: String(threads) });
      return new ChildContender(title, child);
    },
  };
}

/** oneDNN in float32. */
export const onednn = onednnIn("float32", "oneDNN lbr_gru");

/** oneDNN in bfloat16, on CPUs for which it has that. */
export const onednnBfloat16 = onednnIn("bfloat16", "oneDNN lbr_gru, bfloat16");
