// Questions that documents and other projects leave open about cuDNN's GRU, answered on this device as far as calls of the layer can
// answer it. docs/cudnn-notes.md has the questions with their numbers.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, it } from "node:test";
import { fileURLToPath } from "node:url";
import { backendInfo, configure } from "cudnn-gru";
import { relativeError, TOLERANCE } from "./golden.mjs";
import { layer, onBoth, onGpu, random, record, sameBits, skipReason, valuesOf } from "./support.mjs";

const skip = skipReason();

onGpu("questions", skip, () => {
  after(() => configure({ allow_tf32: false }));

  it("Q1 what runs: versions, devices, dtypes", () => {
    const { cuda, cudnn } = backendInfo();
    const dtypes = Object.fromEntries(
      ["float32", "float64", "float16", "bfloat16"].map((each) => [each, skipReason(each)]),
    );
    record("Q1 versions", { cuda, cudnn: { version: cudnn.version, path: cudnn.path }, unavailable: dtypes });
  });

  it("Q2 TF32: off by default, and how much it costs when allowed", () => {
    const shape = [32, 100, 128];
    const exact = layer(256, 128, { dtype: "float64", use_cudnn: false }).call(random(shape, "float64"));
    const gru = layer(256, 128, { use_cudnn: true });
    const errors = [false, true].map((allow_tf32) => {
      configure({ allow_tf32 });
      return relativeError(gru.call(random(shape)).data, exact.data);
    });
    configure({ allow_tf32: false });
    record("Q2 TF32", { off: errors[0], on: errors[1] });
    assert.ok(errors[0] <= TOLERANCE.float32, `${errors[0]}`);
  });

  it("Q3 padding: NaN in padded inputs and in their upstream gradients spoils nothing", () => {
    const gru = layer(9, 5, { use_cudnn: true, return_sequences: true, zero_output_for_mask: true });
    const lengths = [6, 2, 0];
    const clean = random([3, 6, 5]);
    const dirty = random([3, 6, 5]);
    const output = random([3, 6, 9], "float32", 4);
    const dirtyOutput = random([3, 6, 9], "float32", 4);
    lengths.forEach((length, row) => {
      dirty.data.fill(Number.NaN, (row * 6 + length) * 5, (row + 1) * 6 * 5);
      dirtyOutput.data.fill(Number.NaN, (row * 6 + length) * 9, (row + 1) * 6 * 9);
    });
    const pass = gru.forward(clean, { lengths });
    const other = gru.forward(dirty, { lengths });
    const forward = sameBits(pass.output, other.output) && sameBits(pass.state, other.state);
    const grads = pass.backward({ output });
    const others = other.backward({ output: dirtyOutput });
    const weights = grads.weights.every((weight, index) => sameBits(weight, others.weights[index]));
    const padded = lengths.every((length, row) =>
      others.inputs.data.subarray((row * 6 + length) * 5, (row + 1) * 6 * 5).every((value) => value === 0),
    );
    record("Q3 padding", { forward, weights, paddedInputGradientsAreZero: padded });
    assert.ok(forward && weights && padded);
  });

  it("Q4 rows of length 0, some and all, forward and backward", () => {
    const gru = layer(9, 5, { use_cudnn: true, return_sequences: true });
    const initial_state = random([3, 9], "float32", 6);
    const found = {};
    for (const [name, lengths] of [
      ["some", [0, 6, 0]],
      ["all", [0, 0, 0]],
    ]) {
      const pass = gru.forward(random([3, 6, 5]), { lengths, initial_state });
      const state = random([3, 9], "float32", 7);
      const grads = pass.backward({ state });
      found[name] = lengths.every((length, row) => {
        if (length > 0) return true;
        const of = (tensor) => Buffer.from(tensor.data.slice(row * 9, row * 9 + 9).buffer);
        return of(pass.state).equals(of(initial_state)) && of(grads.initial_state).equals(of(state));
      });
    }
    record("Q4 empty rows", found);
    assert.deepEqual(found, { some: true, all: true });
  });

  it("Q5 whether the bits of a row depend on its batch (they may)", () => {
    const gru = layer(64, 32, { use_cudnn: true });
    const inputs = random([64, 20, 32]);
    const whole = gru.call(inputs);
    const same = [1, 2, 7, 16, 33].map((batch) => {
      const part = gru.call({ data: inputs.data.slice(0, batch * 20 * 32), shape: [batch, 20, 32] });
      return [batch, Buffer.from(part.data.buffer).equals(Buffer.from(whole.data.slice(0, batch * 64).buffer))];
    });
    record("Q5 rows alike in batches of", Object.fromEntries(same));
  });

  it("Q6 odd sizes: units and features that are no multiples of 4, base addresses that are not aligned", () => {
    let worst = 0;
    for (const units of [1, 2, 3, 5, 6, 7, 13, 127]) {
      const [gpu, cpu] = onBoth(units, units + 2);
      const all = random([4, 9, units + 2]);
      const shifted = new Float32Array(all.data.length + 1).subarray(1);
      shifted.set(all.data);
      const inputs = { data: shifted, shape: all.shape };
      worst = Math.max(worst, relativeError(gpu.call(inputs).data, cpu.call(inputs).data));
      const grads = gpu.forward(inputs).backward({ output: random([4, units], "float32", 3) });
      assert.ok(
        grads.weights.every(({ data }) => data.every(Number.isFinite)),
        `${units} units`,
      );
    }
    record("Q6 odd sizes", worst);
    assert.ok(worst <= TOLERANCE.float32);
  });

  for (const dtype of ["float32", "float16"]) {
    it(`Q7 large batches, ${dtype}: 6,464 and 10,240 rows, forward and backward`, { skip: skipReason(dtype) }, () => {
      const found = {};
      for (const batch of [6464, 10240]) {
        const [gpu, cpu] = onBoth(32, 16, { dtype });
        const inputs = random([batch, 4, 16], dtype);
        const pass = gpu.forward(inputs);
        found[batch] = relativeError(valuesOf(pass.output), valuesOf(cpu.call(inputs)));
        const grads = pass.backward({ output: random([batch, 32], dtype, 2) });
        assert.ok(grads.weights.every((weight) => valuesOf(weight).every(Number.isFinite)));
        assert.ok(found[batch] <= TOLERANCE[dtype], `${batch}: ${found[batch]}`);
      }
      record(`Q7 large batches ${dtype}`, found);
    });
  }

  it("Q8 batch sizes, lengths and layers in turn: nothing of one call is left in the next", () => {
    const [gpu, cpu] = onBoth(24, 12, { return_sequences: true });
    let worst = 0;
    for (let i = 0; i < 200; i++) {
      const batch = 1 + ((i * 7) % 13);
      const timesteps = 1 + ((i * 5) % 11);
      const inputs = random([batch, timesteps, 12], "float32", i);
      const lengths = i % 3 === 0 ? undefined : Array.from({ length: batch }, (_, row) => (row * i) % (timesteps + 1));
      worst = Math.max(worst, relativeError(gpu.call(inputs, { lengths }).data, cpu.call(inputs, { lengths }).data));
    }
    record("Q8 calls in turn", worst);
    assert.ok(worst <= TOLERANCE.float32);
  });

  it("Q10 how exact the algorithm for small layers is, beside the standard one", () => {
    const found = {};
    for (const units of [8, 64, 128, 192]) {
      const shape = [2, 100, 32];
      const exact = layer(units, 32, { dtype: "float64", use_cudnn: false }).call(random(shape, "float64"));
      const gru = layer(units, 32, { use_cudnn: true });
      // Row 0 is the same in both calls. Only rows of equal length are for the algorithm for small layers.
      const [small, standard] = [undefined, [100, 99]].map((lengths) =>
        relativeError(gru.call(random(shape), { lengths }).data.subarray(0, units), exact.data.subarray(0, units)),
      );
      found[units] = { small, standard };
    }
    record("Q10 exactness", found);
    assert.ok(Object.values(found).every(({ small, standard }) => small <= TOLERANCE.float32 && standard <= 1e-6));
  });

  it("Q9 what is said where libcublasLt is missing", { skip: skip || noCopy() }, () => {
    const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-"));
    try {
      // The parts that a GRU needs, by the names under which they look for each other; the others are hundreds of
      // megabytes more.
      const from = dirname(backendInfo().cudnn.path);
      for (const part of ["adv", "ops", "graph"]) {
        copyFileSync(join(from, `libcudnn_${part}.so.9`), join(folder, `libcudnn_${part}.so.9`));
      }
      const doctor = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
      const env = { ...process.env, CUDNN_GRU_CUDNN_PATH: folder };
      for (const key of ["LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX"]) delete env[key];
      const child = spawnSync(process.execPath, [doctor, "doctor", "--json"], {
        env,
        encoding: "utf8",
        timeout: 120_000,
      });
      const { cudnn } = JSON.parse(child.stdout || "{}").backend ?? {};
      const runtime = JSON.parse(child.stdout || "{}").runtime?.[0];
      // The system may have one; then there is nothing to learn.
      record("Q9 without cublasLt", { status: child.status, signal: child.signal, reason: cudnn?.reason, runtime });
      assert.equal(child.signal, null);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Why cuDNN's libraries cannot be copied for Q9. */
function noCopy() {
  return backendInfo().cudnn.path ? false : "cuDNN's path is not known";
}
