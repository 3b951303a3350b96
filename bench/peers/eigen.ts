import { ChildContender, LineChild } from "../child.js";
import { compile } from "../compile.js";
import type { ContenderSource } from "../contender.js";

/** Where distributions put Eigen's headers, which lie in a folder of their own. */
const HEADERS = "/usr/include/eigen3";

/** A GRU written with Eigen in C++, where its headers are installed (Debian: libeigen3-dev). */
export const eigen: ContenderSource = {
  name: "eigen",
  async open(threads) {
    const program = compile("eigen_gru", {
      flags: ["-isystem", HEADERS, "-DNDEBUG", "-fopenmp", "-Wno-maybe-uninitialized"],
      library: { header: "Eigen/Core", debian: "libeigen3-dev" },
    });
    const count = String(threads);
    return new ChildContender("Eigen loop", await LineChild.start(program, [count], { OMP_NUM_THREADS: count }));
  },
};
