import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Contender, type Role, type Task, Unavailable } from "./contender.js";
import { Exchange, type Problem } from "./problem.js";

/** A child process that answers each line of its standard input with one line, `ok ...` or `error ...`. */
export class LineChild {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";

  /** The greeting that the process wrote when it was ready. */
  greeting = "";

  private constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process;
    this.#lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    // A child that is gone is noticed where its answer is awaited.
    process.stdin.on("error", () => {});
    process.on("error", (error) => {
      this.#stderr += error.message;
    });
  }

  /** Starts a program and waits for its greeting. Rejects with `Unavailable` when there is none. */
  static async start(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<LineChild> {
    const child = new LineChild(spawn(command, args, { env: { ...process.env, ...env } }));
    try {
      child.greeting = await child.#answer();
    } catch (error) {
      throw new Unavailable((error as Error).message);
    }
    return child;
  }

  /** Sends a line; what stands after `ok` in the answer. Rejects with what stands after `error`. */
  request(line: string): Promise<string> {
    this.#process.stdin.write(`${line}\n`);
    return this.#answer();
  }

  close(): void {
    this.#process.stdin.end();
  }

  async #answer(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`it ended: ${this.#stderr.trim().split("\n").at(-1) || "no message"}`);
    const [, status, rest] = /^(ok|error) ?(.*)$/.exec(value) ?? [];
    if (status === "ok") return rest ?? "";
    throw new Error(status === "error" ? rest : `unexpected answer: ${value}`);
  }
}

/**
 * A contender in a child process. Its requests are `prepare B T F U layers directions folder` (reads `problem.f32` in the
 * folder, writes `output.f32`; see `Exchange`) and `time N` (nanoseconds for N calls); its greeting is its version.
 */
export class ChildContender implements Contender {
  readonly name: string;
  readonly resetAfter = true;
  readonly role: Role;
  readonly #child: LineChild;

  constructor(name: string, child: LineChild, role: Role = "peer") {
    this.name = name;
    this.role = role;
    this.#child = child;
  }

  get version(): string {
    return this.#child.greeting;
  }

  declines(): null {
    return null;
  }

  async prepare(problem: Problem): Promise<Task> {
    const { batch, timesteps, features, units } = problem.shape;
    const { layers, directions } = problem.form;
    const sizes = [batch, timesteps, features, units, layers, directions].join(" ");
    const exchange = new Exchange();
    try {
      exchange.write(problem);
      await this.#child.request(`prepare ${sizes} ${exchange.folder}`);
      const output = exchange.read();
      return { output, time: async (calls) => Number(await this.#child.request(`time ${calls}`)), close: () => {} };
    } finally {
      exchange.close();
    }
  }

  close(): void {
    this.#child.close();
  }
}
