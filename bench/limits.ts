import { LineChild } from "./child.js";
import { compile } from "./compile.js";
import type { Sampler } from "./rounds.js";

/** Names of the limits' samplers. */
export const FMA = "limit: fma";
export const READ = "limit: read";

/** The type of the numbers that a workload multiplies. */
export type ElementType = "float32" | "bfloat16";

/** The greatest speed of this machine, which `bench/native/limits.cc` measures between the contenders' samples. */
export class Limits {
  readonly #child: LineChild;

  private constructor(child: LineChild) {
    this.#child = child;
  }

  /** Rejects with `Unavailable` where there is no compiler. */
  static async open(threads: number): Promise<Limits> {
    return new Limits(await LineChild.start(compile("limits"), [String(threads)]));
  }

  /** Operations a second of products of this type, and bytes a second when `bytes` are read over and over. */
  samplers(type: ElementType, bytes: number, sampleMs: number): Sampler[] {
    const ask = async (line: string) => Number(await this.#child.request(line));
    return [
      { name: FMA, sample: () => ask(`${type === "float32" ? "fma" : type} ${sampleMs}`) },
      { name: READ, sample: () => ask(`read ${bytes} ${sampleMs}`) },
    ];
  }

  close(): void {
    this.#child.close();
  }
}
