import { join } from "node:path";
import { LineChild } from "../child.js";
import { root } from "../compile.js";
import { findPython } from "../peers/python.js";
import type { ModelContender } from "./model.js";

/** Opens Keras in a process of its own. Rejects with `Unavailable`. */
export async function openKeras(threads: number): Promise<ModelContender> {
  const count = String(threads);
  const python = findPython(["keras", "tensorflow", "numpy"]);
  const child = await LineChild.start(python, [join(root, "bench/models/keras_peer.py"), count], {
    OMP_NUM_THREADS: count,
  });
  return {
    name: "Keras",
    version: child.greeting,
    declines: () => null,
    async prepare({ model, folder, batch }) {
      await child.request(`prepare ${batch} ${folder} ${model.file}`);
      // What Keras predicts is what the others are compared with.
      return {
        outputs: null,
        time: async (calls) => Number(await child.request(`time ${calls}`)),
        close() {},
      };
    },
    close: () => child.close(),
  };
}
