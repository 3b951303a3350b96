// Reading a model from programs started in other ways.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { fixture } from "./keras_files.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const reader = JSON.stringify(new URL("../../dist/formats/index.js", import.meta.url));
const program = `const { readKerasGru } = await import(${reader});
  console.log((await readKerasGru(${JSON.stringify(fixture("sequential.keras"))})).path);`;

const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }).trim();

describe("node", () => {
  it.each([
    ["--input-type=module", "-e"],
    ["--expose-gc", "--input-type", "module", "-e"],
    ["--max-old-space-size=200", "--input-type=module", "-e"],
  ])("%s %s", (...options) => {
    expect(node(...options, program)).toBe("encoder");
  });

  it("a CommonJS script with options of its own, which ends by itself", () => {
    expect(node("--expose-gc", "--no-warnings", "-e", `(async () => { ${program} })()`)).toBe("encoder");
  });

  it("a program whose event loop stays free", () => {
    const counting = `let ticks = 0; const timer = setInterval(() => { ticks += 1; }, 1);
      ${program}
      clearInterval(timer); console.log(ticks > 10);`;
    expect(node("--input-type=module", "-e", counting)).toBe("encoder\ntrue");
  });

  it("several readers at once", () => {
    const several = `const { readKerasGru } = await import(${reader});
      const all = await Promise.all(["first", "second", "first"].map((layer) =>
        readKerasGru(${JSON.stringify(fixture("two_grus.keras"))}, { layer })));
      console.log(all.map(({ path }) => path).join());`;
    expect(node("--input-type=module", "-e", several)).toBe("first,second,first");
  });
});

describe("a runtime in which the HDF5 library cannot work is not taken for a damaged file:", () => {
  const failing = `const { readKerasGru } = await import(${reader});
    const error = await readKerasGru(${JSON.stringify(fixture("sequential.keras"))}).catch((error) => error);
    console.log(error.code, error.message);`;

  it.each([
    ["without WebAssembly", "--jitless", "WebAssembly is not defined"],
    ["without memory for it", "--wasm-max-mem-pages=16", "Out of memory"],
    ["without a limit for its memory", "--frozen-intrinsics", "cannot be read safely in this runtime"],
  ])("%s (%s)", (_, option, reason) => {
    const printed = node("--no-warnings", option, "-e", `(async () => { ${failing} })()`);
    expect(printed).toMatch(/^ERR_UNSUPPORTED /);
    expect(printed).toContain(reason);
  });
});

describe("a process ends", () => {
  const reading = `
    const { readKerasGru } = await import(${reader});
    const read = () => readKerasGru(${JSON.stringify(fixture("sequential.keras"))});
    const forever = async () => { for (;;) await read(); };
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));`;

  it("by itself while a thread waits for the next file", () => {
    // The thread would be ended after ten seconds.
    const options = { cwd: root, encoding: "utf8" } as const;
    const measure = `await read(); const start = performance.now();
      process.on("exit", () => console.log(performance.now() - start < 5000));`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", `${reading} ${measure}`], options);
    expect(ended).toMatchObject({ status: 0, stdout: "true\n", stderr: "" });
  });

  it.each([
    ["at once", ""],
    ["before the thread has started", "await sleep(20);"],
    ["while the library starts", "await sleep(80);"],
    ["after a file", "await read();"],
    ["while it reads the next file", "await read(); read(); await sleep(5);"],
    ["while several threads read", "read(); read(); read(); await sleep(150);"],
  ])("with process.exit %s", (_, when) => {
    const program = `${reading} forever(); ${when} process.exit(3);`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: root, encoding: "utf8" });
    expect(ended).toMatchObject({ status: 3, signal: null, stdout: "", stderr: "" });
  });

  it("after threads of its own that read, and that end or are ended at any time", () => {
    const inThread = `import("node:worker_threads").then(async ({ parentPort, workerData }) => { ${reading}
      await read(); parentPort.postMessage("read"); if (workerData) await forever(); });`;
    const program = `import { Worker } from "node:worker_threads"; import { once } from "node:events";
      const start = (workerData) => new Worker(${JSON.stringify(inThread)}, { eval: true, workerData });
      console.log((await once(start(false), "exit")).join());
      for (const ms of [0, 5, 10, 20, 40]) {
        const thread = start(true);
        await once(thread, "message");
        await new Promise((resolve) => setTimeout(resolve, ms));
        console.log(await thread.terminate());
      }`;
    expect(node("--input-type=module", "-e", program)).toBe("0\n1\n1\n1\n1\n1");
  });
});

it("files are read with an h5wasm of another form, each on a thread of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-h5wasm-"));
  try {
    cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
    const packages = join(folder, "node_modules");
    mkdirSync(join(packages, "h5wasm/dist/esm"), { recursive: true });
    for (const name of ["yauzl", "pend"]) symlinkSync(join(root, "node_modules", name), join(packages, name));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(packages, "h5wasm/package.json"), '{ "type": "module", "exports": "./index.js" }');
    const real = pathToFileURL(join(root, "node_modules/h5wasm/dist/esm/hdf5_hl.js"));
    writeFileSync(join(packages, "h5wasm/index.js"), `export * from ${JSON.stringify(real)};`);
    const entry = JSON.stringify(pathToFileURL(join(folder, "dist/formats/index.js")));
    const twice = `let threads = 0; process.on("worker", () => { threads += 1; });
      const { readKerasGru } = await import(${entry});
      for (const layer of ["first", "second"]) {
        console.log((await readKerasGru(${JSON.stringify(fixture("two_grus.keras"))}, { layer })).path);
      }
      console.log(threads);`;
    const text = "hdf5_util.js says binaryDecode('\\x00asm\\x01') in another way";
    for (const form of [undefined, "", text, "binaryDecode('", "binaryDecode('abc')"]) {
      if (form !== undefined) writeFileSync(join(packages, "h5wasm/dist/esm/hdf5_util.js"), form);
      expect(node("--input-type=module", "-e", twice)).toBe("first\nsecond\n2");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
