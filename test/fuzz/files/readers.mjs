// The state that the workers on this thread share: the data that each was started with, and the HDF5 library with its open files.
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as h5wasm from "h5wasm";

/** Says whether a worker is at work, for supervisor.ts, when this process hangs: "1" or "0". */
const mark = openSync(join(process.env.CUDNN_GRU_FUZZ_FOLDER, "hdf5"), "w");

const started = new Map();
const opened = [];
const names = new Set();
let number = 0;
let entered = null;

export const readers = {
  /** Seconds of CPU time spent in what would be another thread, since this was last set. */
  elsewhere: 0,

  /** Keeps what a worker is started with and returns its number. */
  start(parts) {
    number += 1;
    started.set(`?worker=${number}`, parts);
    return number;
  },

  startedWith(query) {
    return started.get(query);
  },

  /** Loads the HDF5 library, and notes each file that the readers open. */
  async prepare() {
    await h5wasm.ready;
    const { Module } = h5wasm;
    const open = Module.open;
    Module.open = (name, ...rest) => {
      names.add(name);
      const file = open(name, ...rest);
      if (file >= 0n) opened.push(file);
      return file;
    };
  },

  /** From the moment that a worker gets a message to the moment that it answers or is ended. */
  enter() {
    entered = process.cpuUsage();
    writeSync(mark, "1", 0);
  },

  leave() {
    if (entered === null) return;
    const { user, system } = process.cpuUsage(entered);
    this.elsewhere += (user + system) / 1e6;
    entered = null;
    writeSync(mark, "0", 0);
  },

  /**
   * Closes what a worker that has ended left open, and takes the file away: HDF5 knows files that are open by their place in
   * the file system, and would read the old one again where something of it could not be closed.
   */
  end() {
    started.clear();
    for (const file of opened.splice(0)) h5wasm.Module.close_file(file);
    for (const name of names) if (h5wasm.FS.analyzePath(name).exists) h5wasm.FS.unlink(name);
    names.clear();
  },
};
