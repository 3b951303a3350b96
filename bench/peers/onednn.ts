import { ChildContender, LineChild } from "../child.js";
import { compile } from "../compile.js";
import { type ContenderSource, Unavailable } from "../contender.js";

/** oneDNN's `lbr_gru` from C++, where its headers and library are installed (Debian: libdnnl-dev). */
export const onednn: ContenderSource = {
  name: "onednn",
  async open(threads) {
    const program = compileOrExplain();
    return new ChildContender(
      "oneDNN lbr_gru",
      await LineChild.start(program, [String(threads)], { OMP_NUM_THREADS: String(threads) }),
    );
  },
};

function compileOrExplain(): string {
  try {
    return compile("onednn_gru", { flags: ["-fopenmp", "-ldnnl"] });
  } catch (error) {
    if (error instanceof Unavailable && /dnnl\.hpp/.test(error.message)) {
      throw new Unavailable("dnnl.hpp was not found (Debian and Ubuntu have it in libdnnl-dev)");
    }
    throw error;
  }
}
