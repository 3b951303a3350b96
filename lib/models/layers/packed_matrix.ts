import type { DTypePolicy } from "../../keras/dtype_policy.js";
import type { NativeArray } from "../../native/arrays.js";
import type { NativeDtype } from "../../native/binding.js";
import { native } from "../../native/load.js";
import type { NativeMatrix } from "../../native/program_values.js";

/** Returns the type in which the kernels compute for layers of this policy. */
export function kernelDtype({ computeDtype }: DTypePolicy): NativeDtype {
  return computeDtype === "float64" ? "float64" : "float32";
}

/** The matrix of a layer in the form of the kernels, which is made at the first use and shared by all programs. */
export class PackedMatrix {
  readonly #make: () => { kernel: NativeArray; bias: NativeArray | null; depth: number; columns: number };
  readonly #policy: DTypePolicy;
  #matrix: NativeMatrix | null = null;

  constructor(
    policy: DTypePolicy,
    make: () => { kernel: NativeArray; bias: NativeArray | null; depth: number; columns: number },
  ) {
    this.#policy = policy;
    this.#make = make;
  }

  /** The matrix. */
  get native(): NativeMatrix {
    if (this.#matrix === null) {
      this.#matrix = new (native().NativeMatrix)({ dtype: kernelDtype(this.#policy), ...this.#make() });
    }
    return this.#matrix;
  }

  /** Frees the matrix, after the programs that use it. */
  dispose(): void {
    this.#matrix = null;
  }
}
