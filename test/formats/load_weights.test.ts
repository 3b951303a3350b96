// GRU.loadWeights accepts some files and refuses others, and a refused file changes nothing.
import { GRU } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { h5Fixture } from "./h5_files.js";
import { counting, makeGroups, writeHdf5 } from "./hdf5_writer.js";
import { changedFile, fixture, modelFile, partsOf } from "./keras_files.js";

/** Holds the GRUs "gru_1" (2 features, 2 units) and "gru" (2 features, 3 units, no bias). */
const TWO = h5Fixture("keras_two_grus.weights.h5");
/** Holds the GRU "encoder": 2 features, 3 units. */
const ONE = h5Fixture("keras_sequential.weights.h5");

const snapshot = (gru: GRU) => gru.getWeights().map(({ shape, data }) => [shape, Array.from(data)]);

/** Returns the error of loading, after checking that `gru` has not changed. */
async function refusal(gru: GRU, ...args: Parameters<GRU["loadWeights"]>): Promise<Error & { code: string }> {
  const before = snapshot(gru);
  const error = await gru.loadWeights(...args).then(
    () => expect.unreachable("it should have been refused"),
    (reason) => reason,
  );
  expect(error).toMatchObject({ name: "GRUError" });
  expect(snapshot(gru)).toEqual(before);
  return error;
}

describe("a layer that is not built", () => {
  it("is built by the weights", async () => {
    const gru = new GRU(3);
    await gru.loadWeights(ONE, { layer: "encoder" });
    expect(gru.built).toBe(true);
    expect(gru.kernel.shape).toEqual([2, 9]);
  });

  it("stays so when the file does not fit", async () => {
    const gru = new GRU(4);
    await refusal(gru, ONE);
    expect(gru.built).toBe(false);
    gru.build([null, null, 7]);
  });
});

describe("which layer", () => {
  it("the only one may go without a name", async () => {
    const named = new GRU(3);
    await named.loadWeights(ONE, { layer: "encoder" });
    const unnamed = new GRU(3);
    await unnamed.loadWeights(ONE);
    await unnamed.loadWeights(ONE, {});
    await unnamed.loadWeights(ONE, null);
    expect(snapshot(unnamed)).toEqual(snapshot(named));
  });

  it("by Keras's name before the container's", async () => {
    const gru = new GRU(2);
    await gru.loadWeights(TWO, { layer: "gru_1" });
    await gru.loadWeights(TWO, { layer: "layers/gru" });
    await expect(gru.loadWeights(TWO, { layer: "layers/gru_1" })).rejects.toMatchObject({ code: "ERR_SHAPE" });
  });

  it("one of several has to be named, and the message lists them", async () => {
    const error = await refusal(new GRU(2), TWO);
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toContain('has 2: "layers/gru" (gru_1), "layers/gru_1" (gru)) for `layer` but received none');
  });

  it("another name is refused, and the message lists them", async () => {
    const error = await refusal(new GRU(2), TWO, { layer: "encoder" });
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toContain('("layers/gru" (gru_1), "layers/gru_1" (gru)) for `layer` but received "encoder"');
  });

  it.each([
    ["keras_nested.weights.h5", "inner/gru"],
    ["keras_nested.weights.h5", "layers/functional/layers/gru_1"],
    ["tf_keras_nested.weights.h5", "functional/gru_1"],
    ["tf_keras_nested_weights.h5", "inner/gru"],
    ["tf_keras_nested.keras", "inner/gru"],
    ["keras_nested.h5", "inner/gru"],
  ])("%s: %s", async (file, layer) => {
    const gru = new GRU(3);
    await gru.loadWeights(h5Fixture(file), { layer });
    expect(gru.kernel.shape).toEqual([4, 9]);
  });

  it.each(["forward_layer", "bidirectional/forward_layer", "both_ways/forward_walker", "forward_walker"])(
    "half of a Bidirectional as %s",
    async (layer) => {
      const wanted = new GRU(3);
      const path = h5Fixture("keras_bidirectional.weights.h5");
      await wanted.loadWeights(path, { layer: "layers/bidirectional/forward_layer" });
      const gru = new GRU(3);
      await gru.loadWeights(path, { layer });
      expect(snapshot(gru)).toEqual(snapshot(wanted));
    },
  );
});

describe("files whose config names no layers", () => {
  it("a subclassed model's weights lie under its attributes", async () => {
    const path = fixture("subclassed.keras");
    const gru = new GRU(3);
    await gru.loadWeights(path, { layer: "encoder" });
    expect(gru.kernel.shape).toEqual([2, 9]);
    await expect(GRU.fromKeras(path)).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining("a subclassed model? Make the layer with new GRU(units, ...)"),
    });
  });

  it("weights of other layers only", async () => {
    const bytes = await writeHdf5((file) => {
      makeGroups(file, "layers/dense/vars").create_dataset({ name: "0", data: counting([2, 3]), shape: [2, 3] });
    });
    const error = await refusal(new GRU(3), modelFile(bytes, ".weights.h5"));
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toContain("none of whose weights have the shapes of a GRU's");
  });

  it("weights in several shards", async () => {
    const index = Buffer.from('{"metadata": {"total_size": 540.0}, "weight_map": {}}');
    const error = await refusal(new GRU(3), modelFile(index, ".weights.json"));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("a JSON text (weights in several shards: save them in one file)");
  });
});

describe("shapes that do not fit", () => {
  const built = (features: number, units: number, args = {}) => {
    const gru = new GRU(units, args);
    gru.build([null, null, features]);
    return gru;
  };

  it.each([
    ["units", built(2, 4), "[2, 12], [4, 12], [2, 12]", "[2, 9], [3, 9], [2, 9]"],
    ["features", built(5, 3), "[5, 9], [3, 9], [2, 9]", "[2, 9], [3, 9], [2, 9]"],
    ["bias", built(2, 3, { use_bias: false }), "[2, 9], [3, 9] ", "[2, 9], [3, 9], [2, 9]"],
    ["reset_after", built(2, 3, { reset_after: false }), "[2, 9], [3, 9], [9]", "[2, 9], [3, 9], [2, 9]"],
  ])("%s", async (_, gru, expected, found) => {
    const error = await refusal(gru, ONE);
    expect(error.code).toBe("ERR_SHAPE");
    expect(error.message).toContain(`Expected weights of shapes ${expected}`);
    expect(error.message).toContain(`but received ${found} in layer "layers/gru" of ${JSON.stringify(ONE)}`);
  });

  it("by the layer's arguments before it is built", async () => {
    const gru = new GRU(3, { reset_after: false });
    const error = await refusal(gru, ONE);
    expect(error.code).toBe("ERR_SHAPE");
    expect(error.message).toContain("[2, 9], [3, 9], [9] (those of this layer, with reset_after: false)");
    expect(gru.built).toBe(false);
  });
});

it("a config tells how the reset gate is applied, where shapes without a bias do not", async () => {
  const { config } = await partsOf("no_bias.keras");
  const layer = config.config.layers.find((one: { class_name: string }) => one.class_name === "GRU").config;
  const { units } = layer;
  layer.reset_after = false;
  const path = await changedFile("no_bias.keras", { config });
  const error = await refusal(new GRU(units, { use_bias: false }), path);
  expect(error).toMatchObject({ code: "ERR_ARGUMENT", message: expect.stringContaining("reset_after: false)") });
  await new GRU(units, { use_bias: false, reset_after: false }).loadWeights(path);
});

describe("dtypes", () => {
  it("float32 weights for a float64 layer, and the reverse", async () => {
    const wide = new GRU(3, { dtype: "float64" });
    await wide.loadWeights(ONE);
    const narrow = new GRU(3);
    await narrow.loadWeights(ONE);
    expect(Array.from(wide.kernel.value.data)).toEqual(Array.from(narrow.kernel.value.data));
    await narrow.loadWeights(h5Fixture("keras_float64.h5"));
    await wide.loadWeights(h5Fixture("keras_float64.h5"));
    expect(narrow.kernel.value.data).toEqual(Float32Array.from(wide.kernel.value.data as Float64Array));
  });
});

it("16-bit weights for a float32 layer, and the reverse", async () => {
  const bits = h5Fixture("keras_bfloat16.weights.h5");
  const wide = new GRU(3);
  await wide.loadWeights(bits);
  const same = new GRU(3, { dtype: "bfloat16", recurrent_initializer: "glorot_uniform" });
  await same.loadWeights(bits);
  expect(wide.kernel.value.dtype).toBe("float32");
  expect(same.kernel.value.dtype).toBe("bfloat16");
  expect(wide.kernel.value.toArray()).toEqual(same.kernel.value.toArray());
  await same.loadWeights(ONE);
  await wide.loadWeights(ONE);
  const narrowed = (same.kernel.value.toArray() as number[][]).flat();
  (wide.kernel.value.toArray() as number[][]).flat().forEach((value, at) => {
    expect(Math.abs(narrowed[at]! - value)).toBeLessThanOrEqual(2 ** -8 * Math.abs(value));
  });
});

describe("bad arguments reject, never throw", () => {
  it.each([
    ["path", [3], "Expected the path, file: URL or bytes of a Keras model file for `source` but received 3."],
    ["path", [""], 'Expected the path, file: URL or bytes of a Keras model file for `source` but received "".'],
    ["arguments", [ONE, "encoder"], "Expected an object for `arguments of loadWeights`"],
    ["unknown argument", [ONE, { layers: "encoder" }], 'unknown argument `layers`. Did you mean "layer"?'],
    ["layer", [ONE, { layer: 3 }], "Expected the name of a layer for `layer`"],
    ["layer", [ONE, { layer: "" }], "Expected a layer name for `layer`"],
  ])("%s %j", async (_, args, message) => {
    const error = await refusal(new GRU(3), ...(args as Parameters<GRU["loadWeights"]>));
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toContain(message);
  });

  it("no such file", async () => {
    const error = await refusal(new GRU(3), `${ONE}.missing`);
    expect(error).toMatchObject({ code: "ERR_ARGUMENT", message: expect.stringContaining("(ENOENT)") });
  });

  it("a file of another kind", async () => {
    const error = await refusal(new GRU(3), modelFile(Buffer.from("%PDF-1.7\n"), ".weights.h5"));
    expect(error).toMatchObject({ code: "ERR_FILE_FORMAT", message: expect.stringContaining("a PDF document") });
  });

  it("a file without a GRU", async () => {
    const error = await refusal(new GRU(3), fixture("no_gru.keras"));
    expect(error).toMatchObject({ code: "ERR_ARGUMENT", message: expect.stringContaining("memory (LSTM)") });
  });
});

describe("the state of the layer", () => {
  it("disposed before or while the file is read", async () => {
    const gru = new GRU(3);
    const loading = gru.loadWeights(ONE);
    gru.dispose();
    await expect(loading).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    await expect(gru.loadWeights(ONE)).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("built for other features while the file is read", async () => {
    const gru = new GRU(3);
    const loading = gru.loadWeights(ONE);
    gru.build([null, null, 5]);
    const before = snapshot(gru);
    await expect(loading).rejects.toMatchObject({ code: "ERR_SHAPE" });
    expect(snapshot(gru)).toEqual(before);
  });

  it("a call submitted before keeps the weights of its moment", async () => {
    const gru = new GRU(3);
    gru.build([null, null, 2]);
    const inputs = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] };
    const before = gru.call(inputs).toArray();
    const submitted = gru.callAsync(inputs);
    await gru.loadWeights(ONE);
    expect((await submitted).toArray()).toEqual(before);
    expect(gru.call(inputs).toArray()).not.toEqual(before);
  });
});
