import { describe, expect, it } from "vitest";
import { runChild } from "./support.js";

/*
 * The caller keeps memory and changes it while it is read. A failure here would end the process, so each case is a
 * program of its own, which prints "right" when its numbers are right.
 */

const same = `
  const equal = (a, b) => a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
  const same = (found, wanted) => { if (!equal([...found], [...wanted])) throw new Error("other numbers"); };
  const filled = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
`;

/** A class whose copies lie in memory that its owner can take back. */
const species = `
  const kept = [];
  class Sly extends Float32Array {
    static get [Symbol.species]() {
      return function (n) {
        const made = new Float32Array(new ArrayBuffer(n * 4, { maxByteLength: n * 4 }));
        kept.push(made);
        return made;
      };
    }
  }
  const takeBack = () => { for (const array of kept) { array.fill(1e9); array.buffer.resize(0); } };
`;

/** Of another realm: \`instanceof\` knows nothing of them. */
const realm = `
  import { createContext, runInContext } from "node:vm";
  const foreign = (text) => runInContext(text, context);
  const context = createContext({});
`;

async function expectRight(program: string): Promise<void> {
  const { code, signal, stdout, stderr } = await runChild(same + program);
  expect({ code, signal, stdout }, stderr.slice(-2000)).toEqual({ code: 0, signal: null, stdout: "right" });
}

describe("a subclass that decides what its copies are made of", () => {
  it("does not have the memory of an asynchronous call", async () => {
    await expectRight(`
      ${species}
      const gru = built(32, 64, { return_sequences: true });
      const shape = [8, 4000, 64];
      const plain = filled(8 * 4000 * 64);
      const { data: wanted } = gru.call({ data: plain, shape });
      const running = gru.callAsync({ data: new Sly(plain), shape });
      const passing = gru.forwardAsync({ data: new Sly(plain), shape });
      await new Promise((resolve) => setImmediate(resolve));
      takeBack();
      same((await running).data, wanted);
      same((await passing).output.data, wanted);
      console.log("right");
    `);
  });

  it("nor that of a call whose custom activation takes it back", async () => {
    await expectRight(`
      ${species}
      let act = () => {};
      const activation = {
        name: "twice",
        forward(x, out) { act(); for (let i = 0; i < x.length; i++) out[i] = 2 * x[i]; },
        backward(x, y, dy, dx) { for (let i = 0; i < x.length; i++) dx[i] = 2 * dy[i]; },
      };
      const gru = built(4, 512, { activation, return_sequences: true });
      const shape = [2, 8000, 512];
      const plain = filled(2 * 8000 * 512);
      const wanted = [...gru.call({ data: plain, shape }).data];
      act = takeBack;
      same(gru.call({ data: new Sly(plain), shape }).data, wanted);
      same(gru.forward({ data: new Sly(plain), shape }).output.data, wanted);
      console.log("right");
    `);
  });
});

/** A worker that writes to \`shared\` without a pause until it is terminated. */
const writer = `
  import { Worker } from "node:worker_threads";
  const write = async (shared, code) => {
    const worker = new Worker(
      "const { workerData, parentPort } = require('node:worker_threads');" +
        "parentPort.postMessage(0);" + code,
      { eval: true, execArgv: [], workerData: shared },
    );
    await new Promise((resolve) => worker.once("message", resolve));
    return worker;
  };
`;

describe("memory that another thread writes to", () => {
  const flip = `"const a = new Uint8Array(workerData); for (;;) { a.fill(1); a.fill(0); }"`;
  const passes = (data: string, argument: string) => `
    const gru = built(8, 3, { return_sequences: true });
    const shape = [64, 40, 3];
    const inputs = { data: filled(64 * 40 * 3), shape };
    for (let i = 0; i < 400; i++) {
      ${data}
      try {
        const pass = gru.forward(inputs, { ${argument} });
        pass.backward({ output: pass.output });
      } catch (error) {
        if (error.code !== "ERR_ARGUMENT") throw error;
      }
    }
    await worker.terminate();
    console.log("right");
  `;

  it("as a mask of another realm", async () => {
    await expectRight(`
      ${realm} ${writer}
      const shared = foreign("new SharedArrayBuffer(64 * 40)");
      const worker = await write(shared, ${flip});
      ${passes("const mask = { data: new Uint8Array(shared), shape: [64, 40] };", "mask")}
    `);
  });

  it("as a mask that says its memory is another's", async () => {
    await expectRight(`
      ${writer}
      class Sly extends Uint8Array { get buffer() { return new ArrayBuffer(this.length); } }
      const shared = new SharedArrayBuffer(64 * 40);
      const worker = await write(shared, ${flip});
      ${passes("const mask = { data: new Sly(shared), shape: [64, 40] };", "mask")}
    `);
  });
});

it("native code copies and checks lengths itself", async () => {
  await expectRight(`
    import { createRequire } from "node:module";
    const addon = createRequire(process.cwd() + "/package.json")(process.env.CUDNN_GRU_ADDON || "./build/Release/cudnn_gru.node");
    addon.initialize(GRUError);
    const plain = { name: "tanh", parameters: [] };
    const gru = new addon.NativeGru({ dtype: "float32", features: 1, units: 1, resetAfter: true, activation: plain,
      recurrentActivation: { name: "sigmoid", parameters: [] }, stateRounding: null, cudaDevice: 0 });
    gru.setWeights(new Float32Array(3), new Float32Array(3), new Float32Array(6));
    const call = (lengths) => {
      try {
        gru.call(new Float32Array(6), new Float32Array(2), new Float32Array(2), null, null, lengths, null, null, 2, 3, 0, null);
        return "computed";
      } catch (error) { return error.code; }
    };
    same([call(Int32Array.of(3, 0)), call(Int32Array.of(3, 4)), call(Int32Array.of(-1, 3)), call(Int32Array.of(1))],
      ["computed", "ERR_ARGUMENT", "ERR_ARGUMENT", "ERR_SHAPE"]);
    console.log("right");
  `);
});

describe("strided data that repeats one element", () => {
  it("is not written out before its shape is judged", async () => {
    await expectRight(`
      import { optimizers, Variable, createBatcher } from "cudnn-gru";
      const gru = built(4, 3, { return_state: true, stateful: true });
      const free = built(4, 3, { return_state: true });
      const x = tensor(new Float32Array(6), [1, 2, 3]);
      const huge = (shape) => ({ data: new Float32Array(3), shape, strides: shape.map(() => 0) });
      const many = 2 ** 28;
      const pass = free.forward(x);
      const stream = free.stream();
      const variable = new Variable({ data: new Float32Array(3), shape: [3] });
      const adam = new optimizers.Adam();
      const batcher = createBatcher(free, { maxBatch: 2 });
      const nested = [new Proxy([1], { get: (target, key) => (key === "length" ? many : target[0]) })];
      const refused = [
        () => free.call(huge([1, 2, many])),
        () => free.call(x, { mask: huge([1, many]) }),
        () => free.call(x, { initial_state: huge([1, many]) }),
        () => free.call(x, { initial_state: nested }),
        () => free.call(x, { out: [huge([1, many]), new Float32Array(4)] }),
        () => free.call(x, { mask: { data: new Uint8Array(2), shape: [1, 2] }, initial_state: huge([many, 4]) }),
        () => free.forward(huge([1, 2, many])),
        () => free.explain({ inputs: huge([1, 2, many]), mask: huge([many, 2]) }),
        () => pass.backward({ output: huge([1, many]) }),
        () => pass.backward({ output: new Float32Array(4), state: huge([1, many]) }),
        () => free.setWeights([huge([3, 12]), huge([4, 12]), huge([2, many])]),
        () => free.kernel.assign(huge([3, many])),
        () => gru.resetState(huge([many, 5])),
        () => stream.push(huge([1, many])),
        () => stream.push(new Float32Array(3), huge([1, many])),
        () => stream.reset(huge([1, many])),
        () => free.stream({ initial_state: huge([1, many]) }),
        () => adam.apply([huge([many])], [variable]),
        () => new Variable(huge([many]), { shape: [3] }),
        () => new GRU(2 ** 20).call(huge([1, 2, 2 ** 30])),
      ];
      const rejected = [
        () => free.callAsync(huge([1, 2, many])),
        () => free.callAsync(x, { initial_state: huge([1, many]), transfer: true }),
        () => free.forwardAsync(huge([1, 2, many])),
        () => pass.backwardAsync({ state: huge([1, many]) }),
        () => batcher.callAsync(huge([1, 2, many])),
      ];
      const before = process.resourceUsage().maxRSS;
      const found = [];
      for (const action of refused) {
        try { action(); found.push("took it"); } catch (error) { found.push(error.code ?? String(error)); }
      }
      for (const action of rejected) found.push(await action().then(() => "took it", (error) => error.code ?? String(error)));
      const codes = new Set(found);
      codes.delete("ERR_OUT_OF_MEMORY");
      same(codes, ["ERR_SHAPE"]);
      const megabytes = (process.resourceUsage().maxRSS - before) / 1024;
      if (megabytes > 200) throw new Error("took " + megabytes + " MB to refuse them");
      console.log("right");
    `);
  });
});
