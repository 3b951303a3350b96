import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";

// test/doubles/support/control.h fixes this layout.
const FILE_BYTES = 1 << 16;
const GENERATION_OFFSET = 8;
const FAULTS_OFFSET = 16;
const COUNTERS_OFFSET = 8192;
const SLOT_BYTES = 64;
const NAME_BYTES = 56;

/** The file through which a test steers the doubles and reads their counters (test/doubles/README.md, "Control"). */
export class Control {
  readonly path: string;
  #generation = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** A new file, for a process that is yet to be started. */
  static create(path: string): Control {
    writeFileSync(path, Buffer.alloc(FILE_BYTES));
    return new Control(path);
  }

  /** The control file of this process. The doubles that are loaded into the process map the same file. */
  static own(): Control {
    const control = new Control(process.env.CUDNN_GRU_DOUBLE_CONTROL as string);
    control.#generation = control.#read(GENERATION_OFFSET, 4).readUInt32LE();
    return control;
  }

  /** Injects faults in place of those before: lines of `function first count status`, counted from here. */
  fail(faults: string): void {
    this.#write(FAULTS_OFFSET, Buffer.from(`${faults}\0`));
    const generation = Buffer.alloc(4);
    generation.writeUInt32LE(++this.#generation);
    this.#write(GENERATION_OFFSET, generation);
  }

  /** All counters of both doubles, by name. */
  counters(): Map<string, number> {
    const found = new Map<string, number>();
    const table = this.#read(COUNTERS_OFFSET, FILE_BYTES - COUNTERS_OFFSET);
    for (let at = 0; at + SLOT_BYTES <= table.length; at += SLOT_BYTES) {
      const name = table.toString("latin1", at, at + NAME_BYTES).split("\0")[0] as string;
      if (name !== "") found.set(name, (found.get(name) ?? 0) + Number(table.readBigInt64LE(at + NAME_BYTES)));
    }
    return found;
  }

  /** By how much each counter that `prefix` begins grew while `act` ran; those that did not are left out. */
  async growth(prefix: string, act: () => unknown): Promise<Map<string, number>> {
    const before = this.counters();
    await act();
    const grown = new Map<string, number>();
    for (const [name, value] of this.counters()) {
      const difference = value - (before.get(name) ?? 0);
      if (name.startsWith(prefix) && difference !== 0) grown.set(name.slice(prefix.length), difference);
    }
    return grown;
  }

  #read(offset: number, bytes: number): Buffer {
    const file = openSync(this.path, "r");
    try {
      const buffer = Buffer.alloc(bytes);
      readSync(file, buffer, 0, bytes, offset);
      return buffer;
    } finally {
      closeSync(file);
    }
  }

  #write(offset: number, bytes: Buffer): void {
    const file = openSync(this.path, "r+");
    try {
      writeSync(file, bytes, 0, bytes.length, offset);
    } finally {
      closeSync(file);
    }
  }
}
