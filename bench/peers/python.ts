import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ChildContender, LineChild } from "../child.js";
import { root } from "../compile.js";
import { type ContenderSource, Unavailable } from "../contender.js";

/** The repository's virtual environment first, then the system's Python. */
const PYTHONS = [join(root, ".venv/bin/python"), "python3"];

/** A Python that has all these modules. Throws `Unavailable` where there is none. */
export function findPython(modules: readonly string[]): string {
  const script = `import sys, importlib.util as u; sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))`;
  const found = PYTHONS.find((python) => spawnSync(python, ["-c", script, ...modules]).status === 0);
  if (found === undefined) throw new Unavailable(`neither .venv/bin/python nor python3 has ${modules.join(" and ")}`);
  return found;
}

/** A library called from Python: `program` in bench/python, run by a Python that has `modules`. */
export function pythonPeer(name: string, title: string, program: string, modules: readonly string[]): ContenderSource {
  return {
    name,
    async open(threads) {
      const count = String(threads);
      const child = await LineChild.start(findPython(modules), [join(root, "bench/python", program), count], {
        OMP_NUM_THREADS: count,
        MKL_NUM_THREADS: count,
      });
      return new ChildContender(title, child);
    },
  };
}

/** `torch.nn.GRU` in inference mode, called from Python. */
export const pytorch = pythonPeer("pytorch", "PyTorch", "torch_gru.py", ["torch", "numpy"]);

/** `keras.layers.GRU` in a `tf.function`, called from Python. */
export const keras = pythonPeer("keras", "Keras", "keras_gru.py", ["keras", "tensorflow", "numpy"]);
