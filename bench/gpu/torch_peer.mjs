// PyTorch in a process of its own: one line of JSON a request, one an answer (torch_gru.py).
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export class Torch {
  /** Starts it on "cuda", or for a test of this program on "cpu". Throws, with every Python's reason, where none has it. */
  static async start(device) {
    const program = fileURLToPath(new URL("./torch_gru.py", import.meta.url));
    const venv = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
    const reasons = [];
    const named = process.env.CUDNN_GRU_PYTHON;
    for (const python of named ? [named] : [venv, "python3"]) {
      const torch = new Torch(spawn(python, [program, device], { stdio: ["pipe", "pipe", "inherit"] }));
      const hello = await torch.answer();
      if (hello.ok) return Object.assign(torch, { about: { python, ...hello.ok } });
      reasons.push(`${python}: ${hello.error}`);
      torch.close();
    }
    throw new Error(reasons.join("; "));
  }

  constructor(child) {
    this.child = child;
    this.failed = new Promise((resolve) => {
      child.on("error", ({ message }) => resolve({ error: message }));
      child.on("close", (code, signal) => resolve({ error: `ended with ${code ?? signal}` }));
    });
    child.stdin.on("error", () => {});
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async answer() {
    const line = this.lines.next().then(({ value, done }) => (done ? this.failed : JSON.parse(value)));
    return Promise.race([line, this.failed]);
  }

  async ask(request) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { ok, error } = await this.answer();
    if (error !== undefined) throw new Error(error);
    return ok;
  }

  /** Writes a case's arrays to files of `folder`. Its results come back in the files "forward" and "training". */
  async prepare({ shape, dtype, tf32 = false, layers, directions }, { inputs, upstream, weights, lengths }, folder) {
    for (const [name, arrays] of Object.entries({ inputs: [inputs], upstream: [upstream], weights })) {
      writeFileSync(join(folder, name), Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))));
    }
    await this.ask({ prepare: { ...shape, dtype, tf32, lengths, layers, directions }, folder });
  }

  close() {
    this.child.stdin.end();
  }
}
