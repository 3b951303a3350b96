// What must work wherever the package is installed: the tests of the package run it in this Node.js, and those of the platforms
// in Node.js of other systems.
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { goldenModels, type ModelTensor } from "../golden/models/models.js";
import { type Application, forward, root } from "./application.js";

function testForward({ runInApp }: Application): void {
  test("import and require give the same class and the same forward result, from the prebuilt binary", () => {
    const imported = runInApp("esm.mjs", `import { GRU, tensor } from "cudnn-gru";${forward}`);
    const required = runInApp("cjs.cjs", `const { GRU, tensor } = require("cudnn-gru");${forward}`);
    const same = runInApp(
      "same.mjs",
      `import { createRequire } from "node:module"; import { GRU } from "cudnn-gru";
       const loaded = createRequire(import.meta.url)("cudnn-gru").GRU;
       console.log(JSON.stringify(loaded === GRU));`,
    );
    expect(imported).toMatchObject({ shape: [32, 4] });
    expect((imported as { data: number[] }).data.some((value) => Math.abs(value) > 1e-3)).toBe(true);
    expect(required).toEqual(imported);
    expect(same).toBe(true);
  });
}

function testTraining({ runInApp }: Application): void {
  test("training works from the bundle: an update, a checkpoint and back, weights for Keras", () => {
    const trained = runInApp(
      "training.mjs",
      `import { GRU, optimizers, saveModelWeights, tensor } from "cudnn-gru";
       const gru = new GRU(2);
       const inputs = tensor(new Float32Array(6).fill(0.5), [1, 3, 2]);
       const step = (adam) => {
         const pass = gru.forward(inputs, { training: true });
         adam.apply(pass.backward({ output: pass.output }).weights, gru.trainable_weights);
       };
       const [one, two] = [new optimizers.Adam(), optimizers.get("adam")];
       step(one);
       await one.save("adam.safetensors");
       two.build(gru.trainable_weights);
       await two.load("adam.safetensors");
       step(two);
       await saveModelWeights("model.weights.h5", [gru]);
       await gru.loadWeights("model.weights.h5");
       console.log(JSON.stringify([one.iterations, two.iterations, two.variables.length]));`,
    );
    expect(trained).toEqual([1, 2, 6]);
  });
}

function testFiles({ app, runFile, runInApp }: Application): void {
  test("its bundles read files, in their own thread too, and its command line works", () => {
    copyFileSync(join(root, "examples/weather/model.keras"), join(app, "model.keras"));
    const units = runInApp(
      "files.mjs",
      `import { GRU } from "cudnn-gru";
       const gru = await GRU.fromKeras("model.keras");
       console.log(JSON.stringify([gru.getConfig().units, gru.weights.length]));`,
    );
    expect(units).toEqual([expect.any(Number), 3]);
    const report = runFile("node_modules/cudnn-gru/dist/cli/main.js", ["doctor", "--json"]);
    expect(report).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), backend: {} });
  });

  test("the numbers of a user's first program are right", () => {
    copyFileSync(join(root, "scripts/release/try_package.mjs"), join(app, "try_package.mjs"));
    // The program itself compares its numbers with the formula of a GRU.
    expect(runFile("try_package.mjs")).toEqual({
      called: expect.closeTo(-0.0412, 4),
      units: 32,
      isa: expect.any(String),
    });
  });

  test("package.json can be required", () => {
    const source = 'console.log(JSON.stringify(require("cudnn-gru/package.json").name));';
    expect(runInApp("manifest.cjs", source)).toBe("cudnn-gru");
  });
}

function testModels({ app, runInApp }: Application): void {
  test("a whole model of Keras predicts what Keras computed", () => {
    const [golden] = goldenModels("gru");
    const [call] = golden?.calls ?? [];
    const [inputs, outputs] = [call?.inputs, call?.outputs] as [ModelTensor, ModelTensor];
    writeFileSync(join(app, `golden.${golden?.format}`), golden?.bytes as Uint8Array);
    writeFileSync(join(app, "inputs.json"), JSON.stringify({ ...inputs, data: Array.from(inputs.data) }));
    const found = runInApp(
      "models.mjs",
      `import { readFileSync } from "node:fs";
       import { loadKerasModel } from "cudnn-gru/models";
       const { shape, data, dtype } = JSON.parse(readFileSync("inputs.json", "utf8"));
       const model = await loadKerasModel("golden.${golden?.format}");
       const output = model.predict({ shape, dtype, data: new Float32Array(data) });
       console.log(JSON.stringify({ shape: output.shape, data: Array.from(output.data) }));`,
    ) as { shape: number[]; data: number[] };
    expect(found.shape).toEqual(outputs.shape);
    expect(found.data).toHaveLength(outputs.data.length);
    const scale = Math.max(1, ...Array.from(outputs.data, Math.abs));
    const worst = Math.max(...found.data.map((value, at) => Math.abs(value - (outputs.data[at] as number))));
    expect(worst / scale).toBeLessThanOrEqual(1e-5);
  });
}

/** Declares the tests of a package that is installed in an application. */
export function testInstalled(application: Application): void {
  testForward(application);
  testTraining(application);
  testFiles(application);
  testModels(application);
}
