import { join } from "node:path";
import { initializers } from "../../dist/index.js";
import { LineChild } from "../child.js";
import { root } from "../compile.js";
import type { Role, Task } from "../contender.js";
import { Exchange } from "../problem.js";
import { ourVersion, timeCalls } from "./cudnn_gru.js";
import { findPython } from "./python.js";

/** Something that makes random orthogonal matrices of (units, 3 * units), as a recurrent kernel starts. */
export interface OrthogonalMaker {
  readonly name: string;
  readonly version: string;
  readonly role: Role;
  /** A task whose calls each make a new matrix of float32. */
  prepare(units: number): Promise<Task>;
  close(): void;
}

/** How to get one; `open` rejects with `Unavailable` where this machine does not have it. */
export interface OrthogonalSource {
  readonly name: string;
  open(threads: number): Promise<OrthogonalMaker>;
}

/** Our initializer, into a new array each time. */
export class OurOrthogonal implements OrthogonalMaker {
  readonly name = "cudnn-gru";
  readonly role = "ours";
  readonly version = ourVersion();

  async prepare(units: number): Promise<Task> {
    const initializer = new initializers.Orthogonal({ seed: 1 });
    const make = () => {
      const matrix = new Float32Array(units * 3 * units);
      initializer.fill(matrix, [units, 3 * units]);
      return matrix;
    };
    return { output: make(), time: async (calls) => timeCalls(make, calls), close: () => {} };
  }

  close(): void {}
}

class PythonOrthogonal implements OrthogonalMaker {
  readonly name: string;
  readonly role = "peer";
  readonly #child: LineChild;

  constructor(name: string, child: LineChild) {
    this.name = name;
    this.#child = child;
  }

  get version(): string {
    return this.#child.greeting;
  }

  async prepare(units: number): Promise<Task> {
    const exchange = new Exchange();
    try {
      await this.#child.request(`prepare ${units} ${exchange.folder}`);
      const time = async (calls: number) => Number(await this.#child.request(`time ${calls}`));
      return { output: exchange.read(), time, close: () => {} };
    } finally {
      exchange.close();
    }
  }

  close(): void {
    this.#child.close();
  }
}

function pythonOrthogonal(name: string, title: string, modules: readonly string[]): OrthogonalSource {
  return {
    name,
    async open(threads) {
      const count = String(threads);
      const variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"];
      const program = [join(root, "bench/python/orthogonal.py"), name, count];
      const env = Object.fromEntries(variables.map((variable) => [variable, count]));
      return new PythonOrthogonal(title, await LineChild.start(findPython(modules), program, env));
    },
  };
}

/** Other libraries that make orthogonal matrices, in the order of the tables. */
export const ORTHOGONAL_PEERS: readonly OrthogonalSource[] = [
  pythonOrthogonal("numpy", "NumPy", ["numpy"]),
  pythonOrthogonal("pytorch", "PyTorch", ["torch", "numpy"]),
  pythonOrthogonal("keras", "Keras", ["keras", "tensorflow", "numpy"]),
];
