// The thread that reads HDF5 files: how long it is kept, what ends it, and that one file cannot change how the next is read.
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { Bidirectional, GRU, GRUStack } from "cudnn-gru";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { libraryCode } from "../../dist/formats/hdf5/library_code.js";
import { readHdf5Variables, withHdf5, withHdf5Thread } from "../../dist/formats/hdf5/open_hdf5.js";
import { KEPT_THREAD_MS, MAX_HDF5_THREADS, MAX_KEPT_BYTES } from "../../dist/formats/limits.js";
import { h5Fixture } from "./h5_files.js";
import { fixture } from "./keras_files.js";

const ONE = h5Fixture("keras_sequential.weights.h5");
const OTHER = h5Fixture("keras_nested.weights.h5");
const bytesOf = (path: string) => new Uint8Array(readFileSync(path));
const shapesOf = (path: string) =>
  withHdf5(bytesOf(path), async (file) => {
    const outline = await file.outline();
    if (outline.kind !== "weights") throw new Error("the file has a config");
    return outline.cells.map(({ variables }) => variables.map(({ shape }) => shape));
  });

/** The threads of the test, in the order of their start, and the orders that they got. */
let threads: Map<Worker, string[]>;
/** Resolves when a thread that has got an order has ended. */
const endOf = (thread: Worker) => new Promise<void>((resolve) => thread.once("exit", () => resolve()));
const orders = () => [...threads.values()];

beforeEach(() => {
  threads = new Map();
  const { postMessage } = Worker.prototype;
  vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, ...args) {
    threads.set(this, [...(threads.get(this) ?? []), args[0].order]);
    return postMessage.apply(this, args);
  });
});

afterEach(async () => {
  vi.useRealTimers();
  // An error ends the thread that the test has left, so that the next test starts with none.
  await readHdf5Variables(bytesOf(ONE), { group: "none", named: { group: "none", name: "" }, variables: [] }).catch(
    () => {},
  );
  vi.restoreAllMocks();
});

const READ_TWO = ["start", "prepare", "take", "answer", "close", "prepare", "take", "answer", "close"];

it("the library's code is taken out of the h5wasm that is installed", async () => {
  // If this fails after an update of h5wasm, files are still read, but each on a thread of its own that imports h5wasm.
  expect(await libraryCode()).toMatchObject({
    module: expect.anything(),
    glue: expect.stringMatching(/^async function/),
  });
});

describe("a thread is kept after a file", () => {
  it("and reads the next one with a fresh instance of the library", async () => {
    const one = await shapesOf(ONE);
    const other = await shapesOf(OTHER);
    expect(other).not.toEqual(one);
    expect(await shapesOf(ONE)).toEqual(one);
    expect(orders()).toEqual([[...READ_TWO, "prepare", "take", "answer", "close"]]);
  });

  it("until it has waited for a while", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await shapesOf(ONE);
    const [first] = threads.keys();
    const ended = endOf(first!);
    vi.advanceTimersByTime(KEPT_THREAD_MS - 1);
    await shapesOf(ONE);
    expect(orders()).toEqual([READ_TWO]);
    vi.advanceTimersByTime(KEPT_THREAD_MS);
    await ended;
    await shapesOf(ONE);
    expect(threads.size).toBe(2);
  });

  it("when it was not asked anything, or its caller threw", async () => {
    await withHdf5Thread(async () => {});
    await expect(withHdf5Thread(() => Promise.reject(new Error("of the caller")))).rejects.toThrow("of the caller");
    await shapesOf(ONE);
    expect(orders()).toEqual([["start", "prepare", "close", "prepare", "close", "prepare", "take", "answer", "close"]]);
  });

  it("when the file has no such layer", async () => {
    await expect(GRU.fromKeras(fixture("two_grus.keras"), { layer: "third" })).rejects.toThrow("third");
    await GRU.fromKeras(fixture("two_grus.keras"), { layer: "first" });
    expect(threads.size).toBe(1);
  });

  it("but only one, of several that read at once", async () => {
    const all = await Promise.all([ONE, OTHER, ONE].map(shapesOf));
    expect(all[2]).toEqual(all[0]);
    expect(threads.size).toBe(3);
    expect(orders().filter((given) => given.at(-1) === "close")).toHaveLength(1);
  });
});

describe("no more than some threads read at once,", () => {
  const readMany = (...paths: string[]) => Promise.allSettled(paths.map(shapesOf));

  it("and files that come then wait for one of them", async () => {
    let most = 0;
    const alive = setInterval(() => {
      most = Math.max(most, [...threads.keys()].filter(({ threadId }) => threadId > 0).length);
    }, 1);
    const all = await readMany(...new Array<string>(4 * MAX_HDF5_THREADS).fill(ONE));
    clearInterval(alive);
    expect(all.map(({ status }) => status)).toEqual(all.map(() => "fulfilled"));
    expect(most).toBeLessThanOrEqual(MAX_HDF5_THREADS);
    expect(threads.size).toBeLessThan(4 * MAX_HDF5_THREADS);
  });

  it("and damaged files give their places away", async () => {
    const damaged = h5Fixture("../keras/sequential.keras");
    const all = await readMany(...new Array<string>(2 * MAX_HDF5_THREADS).fill(damaged), ONE);
    expect(all.map(({ status }) => status)).toEqual([...all.slice(1).map(() => "rejected"), "fulfilled"]);
  });
});

describe("a thread is ended, and the next file read on another one,", () => {
  const expectTwo = async (first: Promise<unknown>, message: string | RegExp) => {
    await expect(first).rejects.toThrow(message);
    const [thread] = threads.keys();
    // `terminate` of a thread that has ended returns no exit code.
    expect(await thread!.terminate()).toBeUndefined();
    const before = orders()[0]!;
    expect(before).not.toContain("close");
    await shapesOf(ONE);
    expect(threads.size).toBe(2);
    expect(orders()[0]).toEqual(before);
  };

  it("after a damaged file", async () => {
    await expectTwo(shapesOf(h5Fixture("../keras/sequential.keras")), /first bytes are not those of one/);
  });

  it("after a layer that the file does not have", async () => {
    const request = { group: "layers/x", named: { group: "layers/x", name: "x" }, variables: [] };
    await expectTwo(readHdf5Variables(bytesOf(ONE), request), /found no such group/);
  });

  it("after the time limit", async () => {
    const request = { group: "g", named: { group: "g", name: "n" }, variables: [] };
    await expectTwo(readHdf5Variables(bytesOf(ONE), request, 1), "readable within 0.001 s");
  });

  it("when its caller leaves without waiting for the answer", async () => {
    const leave = withHdf5(bytesOf(ONE), (file) => {
      file.outline().catch(() => {});
      return Promise.reject(new Error("of the caller"));
    });
    await expectTwo(leave, "of the caller");
  });

  it("when it ends by itself while it reads", async () => {
    const read = withHdf5(bytesOf(ONE), async (file) => {
      const answer = file.outline();
      const [thread] = threads.keys();
      await thread!.terminate();
      return answer;
    });
    await expectTwo(read, "ended without a result");
  });

  it("after a file of which it holds much memory", async () => {
    const large = new Uint8Array(MAX_KEPT_BYTES);
    large.set(bytesOf(ONE));
    const outline = await withHdf5(large, (file) => file.outline());
    expect(outline.kind).toBe("weights");
    await shapesOf(ONE);
    expect(orders()).toEqual([
      ["start", "prepare", "take", "answer"],
      ["start", "prepare", "take", "answer", "close"],
    ]);
  });

  it("when it ends by itself while it waits", async () => {
    await shapesOf(ONE);
    const [thread] = threads.keys();
    await thread!.terminate();
    await shapesOf(ONE);
    expect(threads.size).toBe(2);
  });
});

it("a pause of the event loop counts little for the time limit, because an answer may wait behind it", async () => {
  const limits = { deadline: 1000 };
  const outline = await withHdf5(
    bytesOf(ONE),
    (file) => {
      const answer = file.outline();
      // Timers come next, and messages after them.
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * limits.deadline));
      return answer;
    },
    limits,
  );
  expect(outline.kind).toBe("weights");
});

describe("all layers are read in one opening of the file:", () => {
  const opened = () =>
    orders()
      .flat()
      .filter((order) => order === "take").length;
  const STACK = ["both", "middle", "last"];

  it.each([".keras", ".h5"])("those of a Bidirectional in a %s file", async (ending) => {
    await Bidirectional.fromKeras(h5Fixture(`../wrappers/stack${ending}`), { layer: "last" });
    expect(opened()).toBe(1);
  });

  it.each([".keras", ".h5", ".weights.h5"])("those of a stack in a %s file", async (ending) => {
    const stack = await GRUStack.fromKeras(h5Fixture("../wrappers/stack.keras"), { layers: STACK });
    const before = opened();
    await stack.loadWeights(h5Fixture(`../wrappers/stack${ending}`), ending === ".weights.h5" ? {} : { layers: STACK });
    expect(opened() - before).toBe(1);
  });
});
