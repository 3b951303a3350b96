import { Worker } from "node:worker_threads";

/** Memory that another thread writes to all the time while `scribbling`: flags, small and huge integers, odd floats. */
export const SCRIBBLED = new SharedArrayBuffer(2 ** 16);

const control = new Int32Array(new SharedArrayBuffer(4));

const PROGRAM = `
  const { workerData } = require("node:worker_threads");
  const control = new Int32Array(workerData.control);
  const words = new Int32Array(workerData.memory);
  const values = [0, 1, 2, 3, 5, -1, 0x7fffffff, -0x80000000, 0x3f800000, 0x7fc00000, 0x01010101, 0x00000100];
  for (let turn = 0; ; turn = (turn + 1) % 1000003) {
    Atomics.wait(control, 0, 0);
    for (let at = 0; at < words.length; at++) words[at] = values[(turn + at * 7) % values.length];
  }`;

let started = false;

/** Starts or stops the writing. */
export function scribble(on: boolean): void {
  if (on && !started) {
    started = true;
    new Worker(PROGRAM, { eval: true, workerData: { control: control.buffer, memory: SCRIBBLED } }).unref();
  }
  if (!started) return;
  Atomics.store(control, 0, on ? 1 : 0);
  if (on) Atomics.notify(control, 0);
}
