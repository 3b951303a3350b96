// The part of `node:worker_threads` that the package's file readers need, on this thread: see register.mjs. Each worker has an
// instance of this module, by its query.
import { EventEmitter } from "node:events";
import { readers } from "./readers.mjs";

/** One end of a channel; messages come later, as between threads. */
class End extends EventEmitter {
  other = null;
  closed = false;

  postMessage(message) {
    readers.leave();
    setImmediate(() => {
      if (this.closed || this.other.closed) return;
      if (this.other.isInside) readers.enter();
      this.other.emit("message", message);
    });
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }
}

/** A worker whose module runs here. */
export class Worker extends End {
  isInside = false;

  constructor(url, { workerData }) {
    super();
    const port = Object.assign(new End(), { isInside: true, other: this });
    this.other = port;
    const module = new URL(url);
    module.search = `?worker=${readers.start({ port, workerData })}`;
    this.loaded = import(module.href).catch((error) => this.emit("error", error));
  }

  postMessage(message) {
    // A message to a thread waits until the thread listens.
    this.loaded.then(() => super.postMessage(message));
  }

  async terminate() {
    this.closed = true;
    readers.leave();
    readers.end();
    return 0;
  }
}

const mine = readers.startedWith(new URL(import.meta.url).search);

/** Inside a worker: its end of the channel, and what it was given. */
export const parentPort = mine?.port ?? null;
export const workerData = mine?.workerData ?? null;
export const isMainThread = mine === undefined;
