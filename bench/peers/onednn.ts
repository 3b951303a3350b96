import { ChildContender, LineChild } from "../child.js";
import { compile } from "../compile.js";
import type { ContenderSource } from "../contender.js";

/** oneDNN's `lbr_gru` from C++, where its headers and library are installed (Debian: libdnnl-dev). */
export const onednn: ContenderSource = {
  name: "onednn",
  async open(threads) {
    const program = compile("onednn_gru", {
      flags: ["-fopenmp", "-ldnnl"],
      library: { header: "dnnl.hpp", link: "dnnl", debian: "libdnnl-dev" },
    });
    return new ChildContender(
      "oneDNN lbr_gru",
      await LineChild.start(program, [String(threads)], { OMP_NUM_THREADS: String(threads) }),
    );
  },
};
