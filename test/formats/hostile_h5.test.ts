// Legacy .h5 and .weights.h5 files that are unusual or hostile: the right weights, or a GRUError.
import { readFileSync } from "node:fs";
import type { File, Group } from "h5wasm";
import { describe, expect, it } from "vitest";
import { readGruWeights, readKerasGru } from "../../dist/formats/index.js";
import { MAX_WEIGHTS_BYTES } from "../../dist/formats/limits.js";
import { h5Fixture } from "./h5_files.js";
import { counting, makeGroups, writeHdf5 } from "./hdf5_writer.js";
import { modelFile } from "./keras_files.js";
import { expectRefused } from "./refused.js";

const NAMES = ["g/kernel:0", "g/recurrent_kernel:0", "g/bias:0"];
const SHAPES = [[2, 9], [3, 9], [9]];

interface Legacy {
  config?: unknown;
  version?: string;
  names?: string[];
  shapes?: number[][];
  change?: (file: File, layer: Group) => void;
}

const gruEntry = (config = {}) => ({ class_name: "GRU", config: { name: "g", units: 3, ...config } });
const sequential = (...layers: unknown[]) => ({ class_name: "Sequential", config: { name: "model", layers } });

/** A whole-model file of Keras 2 with the GRU "g", whose recurrent activation is hard_sigmoid. */
async function legacyFile(options: Legacy = {}): Promise<string> {
  const { config = sequential(gruEntry()), version = "2.2.4", names = NAMES, shapes = SHAPES, change } = options;
  const bytes = await writeHdf5((file) => {
    file.create_attribute("model_config", typeof config === "string" ? config : JSON.stringify(config));
    file.create_attribute("keras_version", version);
    const weights = file.create_group("model_weights");
    weights.create_attribute("layer_names", ["g"]);
    const layer = weights.create_group("g");
    layer.create_attribute("weight_names", names);
    for (const [index, name] of names.entries()) {
      const shape = shapes[index] ?? [1];
      const inner = makeGroups(file, ["model_weights/g", ...name.split("/").slice(0, -1)].join("/"));
      inner.create_dataset({ name: name.split("/").at(-1)!, data: counting(shape), shape });
    }
    change?.(file, layer);
  });
  return modelFile(bytes, ".h5");
}

/** A file of weights in the layout of Keras 3, with `fill` on top of the GRU in layers/gru. */
async function weightsFile(fill: (file: File) => void = () => {}): Promise<string> {
  const bytes = await writeHdf5((file) => {
    addCell(file, "layers/gru/cell/vars");
    fill(file);
  });
  return modelFile(bytes, ".weights.h5");
}

function addCell(file: File, group: string, shapes: readonly number[][] = [...SHAPES.slice(0, 2), [2, 9]]): void {
  const vars = makeGroups(file, group);
  for (const [index, shape] of shapes.entries()) {
    vars.create_dataset({ name: String(index), data: counting(shape), shape });
  }
}
describe("layouts of old writers", () => {
  it("names split over several attributes", async () => {
    const path = await legacyFile({
      change: (file, layer) => {
        layer.delete_attribute("weight_names");
        layer.create_attribute("weight_names0", NAMES.slice(0, 2));
        layer.create_attribute("weight_names1", NAMES.slice(2));
        const weights = file.get("model_weights") as Group;
        weights.delete_attribute("layer_names");
        weights.create_attribute("layer_names0", ["g"]);
      },
    });
    const { weights } = await readKerasGru(path);
    expect(weights.map(({ data }) => data)).toEqual(SHAPES.map(counting));
  });

  it("a Sequential whose config is the list of its layers", async () => {
    const { config, path } = await readKerasGru(
      await legacyFile({ config: { class_name: "Sequential", config: [gruEntry()] } }),
    );
    expect(path).toBe("g");
    expect(config).toMatchObject({ units: 3, recurrent_activation: "keras2_hard_sigmoid", reset_after: false });
  });

  it("the same file of Keras 3 has Keras 3's defaults", async () => {
    const shapes = [...SHAPES.slice(0, 2), [2, 9]];
    const { config } = await readKerasGru(await legacyFile({ version: "3.1.0", shapes }));
    expect(config).toEqual({ name: "g", units: 3 });
  });

  it("arrays are taken in their order, whatever their names", async () => {
    const { weights } = await readKerasGru(await legacyFile({ names: ["a/x:0", "a/y:0", "a/b:0"] }));
    expect(weights.map(({ data }) => data)).toEqual(SHAPES.map(counting));
  });

  it("a custom class is no GRU", async () => {
    const config = sequential({ class_name: "package>GRU", config: { name: "g", units: 3 } });
    await expectRefused(
      readKerasGru(await legacyFile({ config })),
      /whose layers are: "g \(package>GRU\)"/,
      "ERR_ARGUMENT",
    );
  });

  it("nine arrays of Keras 1 that are not what the config says", async () => {
    const names = ["W_z", "U_z", "b_z", "W_r", "U_r", "b_r", "W_h", "U_h", "b_h"].map((name) => `g_${name}:0`);
    const shapes = names.map((_, index) => [[2, 3], [3, 3], [3]][index % 3]!);
    const old = (units: unknown) => sequential({ class_name: "GRU", config: { name: "g", output_dim: units } });
    const nine = (units: unknown) => legacyFile({ names, shapes, version: "1.2.2", config: old(units) });
    const { config, weights } = await readKerasGru(await nine(3));
    expect(config).toMatchObject({ units: 3, reset_after: false });
    expect(weights.map(({ shape }) => shape)).toEqual(SHAPES);
    await expectRefused(readKerasGru(await nine(4)), /the z of kernel/);
    await expectRefused(readKerasGru(await nine("3")), /positive integer for units/);
    await expectRefused(readKerasGru(await nine(null)), /positive integer for units/);
    const short = { names: names.slice(0, 6), shapes: shapes.slice(0, 6), version: "1.2.2", config: old(3) };
    await expectRefused(readKerasGru(await legacyFile(short)), /expected 1 GRU layers in layer "g" but found 0/);
  });

  it("nine arrays that are no GRU's", async () => {
    const bytes = await writeHdf5((file) => {
      file.create_attribute("layer_names", ["old"]);
      const layer = file.create_group("old");
      const names = Array.from({ length: 9 }, (_, index) => `old_${index}`);
      layer.create_attribute("weight_names", names);
      for (const name of names) layer.create_dataset({ name, data: counting([3, 3]), shape: [3, 3] });
    });
    await expectRefused(readGruWeights(modelFile(bytes, ".h5")), /none of whose weights/, "ERR_ARGUMENT");
  });

  it("a layer whose own name has a backslash", async () => {
    const bytes = await writeHdf5((file) => {
      file.create_attribute("layer_names", ["a\\b"]);
      const layer = file.create_group("a\\b");
      const names = ["kernel:0", "recurrent_kernel:0", "bias:0"];
      layer.create_attribute("weight_names", names);
      for (const [index, name] of names.entries()) {
        layer.create_dataset({ name, data: counting(SHAPES[index]!), shape: SHAPES[index]! });
      }
    });
    const { weights, path } = await readGruWeights(modelFile(bytes, ".h5"));
    expect(path).toBe("a\\b");
    expect(weights.map(({ data }) => data)).toEqual(SHAPES.map(counting));
  });

  it("time_major", async () => {
    const config = sequential(gruEntry({ time_major: true }));
    await expectRefused(readKerasGru(await legacyFile({ config })), /time_major=True/, "ERR_UNSUPPORTED");
  });

  it("Keras 2.12's name of a model's layers", async () => {
    const { path } = await readGruWeights(
      modelFile(
        await writeHdf5((file) => addCell(file, "_layer_checkpoint_dependencies/gru/cell/vars")),
        ".weights.h5",
      ),
      { layer: "gru" },
    );
    expect(path).toBe("_layer_checkpoint_dependencies/gru");
  });
});

describe("whole-model files that contradict themselves", () => {
  it.each<[string, Legacy, RegExp]>([
    [
      "no layer_names",
      { change: (file) => (file.get("model_weights") as Group).delete_attribute("layer_names") },
      /layer_names in model_weights/,
    ],
    [
      "no weight_names",
      { change: (_, layer) => layer.delete_attribute("weight_names") },
      /expected weight_names of layer "g"/,
    ],
    [
      "names that are numbers",
      {
        change: (_, layer) => {
          layer.delete_attribute("weight_names");
          layer.create_attribute("weight_names", Int32Array.of(1, 2, 3));
        },
      },
      /expected weight_names of layer "g"/,
    ],
    [
      "a layer that is not there",
      {
        change: (file) => {
          const weights = file.get("model_weights") as Group;
          weights.delete_attribute("layer_names");
          weights.create_attribute("layer_names", ["g", "gone"]);
        },
      },
      /expected a group for layer "gone"/,
    ],
    [
      "an array that is not there",
      {
        change: (_, layer) => {
          layer.delete_attribute("weight_names");
          layer.create_attribute("weight_names", [...NAMES.slice(0, 2), "g/bias:1"]);
        },
      },
      /expected an array g\/bias:1/,
    ],
    [
      "a path out of its group",
      {
        change: (_, layer) => {
          layer.delete_attribute("weight_names");
          layer.create_attribute("weight_names", ["../g/kernel:0", "/etc/passwd"]);
        },
      },
      /expected an array \.\.\/g\/kernel:0/,
    ],
    [
      "a layer of the config without arrays",
      { config: sequential({ ...gruEntry({ name: "other" }) }) },
      /expected the arrays of layer "other" but found none/,
    ],
    [
      "other units",
      { config: sequential(gruEntry({ units: 4 })) },
      /expected kernel .* of shape \(any, 12\) but found \(2, 9\)/,
    ],
    ["units that are no number", { config: sequential(gruEntry({ units: "3" })) }, /positive integer for units/],
    [
      "no bias",
      { config: sequential(gruEntry({ use_bias: false })) },
      /expected 2 arrays \(kernel, recurrent_kernel\) of layer g but found 3/,
    ],
    [
      "another bias",
      { config: sequential(gruEntry({ reset_after: true })) },
      /expected bias .* of shape \(2, 9\) but found \(9,\)/,
    ],
    [
      "arrays of an LSTM",
      { shapes: [[2, 12], [3, 12], [12]] },
      /expected 1 GRU layers in layer "g" but found 0 in its arrays/,
    ],
    ["a config that is no JSON", { config: "not JSON" }, /expected JSON in model_config/],
    ["half a config", { config: '{"class_name": "Seq' }, /expected JSON in model_config/],
    ["a config of something else", { config: [1] }, /expected a serialised model/],
    [
      "a config nested too deeply",
      { config: `${'{"config":'.repeat(60_000)}1${"}".repeat(60_000)}` },
      /512 levels deep/,
    ],
  ])("%s", async (_, options, message) => {
    await expectRefused(readKerasGru(await legacyFile(options)), message);
  });
});

describe("links", () => {
  it("a soft link to the weights", async () => {
    const path = await legacyFile({
      change: (file) => {
        const weights = file.get("model_weights") as Group;
        weights.delete_attribute("layer_names");
        weights.create_attribute("layer_names", ["g", "linked"]);
        weights.create_soft_link("/model_weights/g", "linked");
      },
    });
    await expectRefused(readKerasGru(path), /linked in the file itself but found a soft link/);
  });

  it("an external link in a .weights.h5 file", async () => {
    const path = await weightsFile((file) => {
      makeGroups(file, "layers").create_external_link("/etc/passwd", "/", "gru_1");
    });
    await expectRefused(readGruWeights(path), /layers\/gru_1 in the file itself but found an external link/);
  });

  it("a soft link in a .weights.h5 file", async () => {
    const path = await weightsFile((file) => makeGroups(file, "layers").create_soft_link("/layers/gru", "gru_1"));
    await expectRefused(readGruWeights(path), /layers\/gru_1 in the file itself but found a soft link/);
  });
});

describe("weights-only files of other shapes", () => {
  it("a GRUCell in an RNN is read like a GRU, an LSTM is not", async () => {
    const path = await weightsFile((file) => {
      addCell(file, "layers/rnn/cell/vars");
      addCell(file, "layers/lstm/cell/vars", [[2, 12], [3, 12], [12]]);
      addCell(file, "layers/dense/vars", [[2, 9], [9]]);
    });
    await expectRefused(readGruWeights(path), /has 2: "layers\/gru", "layers\/rnn"\)/, "ERR_ARGUMENT");
  });

  it("no weights of a model", async () => {
    const bytes = await writeHdf5((file) => {
      file.create_dataset({ name: "data", data: counting([4]), shape: [4] });
    });
    await expectRefused(readGruWeights(modelFile(bytes, ".h5")), /an HDF5 file with "data" in it/);
    const empty = await writeHdf5(() => {});
    await expectRefused(readGruWeights(modelFile(empty, ".h5")), /an HDF5 file with nothing in it/);
  });

  it("groups nested too deeply", async () => {
    const path = await weightsFile((file) => {
      let group: Group = file;
      for (let depth = 0; depth < 140; depth += 1) group = group.create_group("g");
    });
    await expectRefused(readGruWeights(path), /nested at most 64 deep/);
  });

  it("vars that are no group, and members that are no arrays", async () => {
    const path = await weightsFile((file) => {
      makeGroups(file, "layers/a").create_dataset({ name: "vars", data: counting([4]), shape: [4] });
      makeGroups(file, "layers/b/vars/0");
      makeGroups(file, "layers/b/vars/1");
      makeGroups(file, "layers/c/vars").create_group("x");
      makeGroups(file, "layers/c/vars").create_group("y");
    });
    expect((await readGruWeights(path)).path).toBe("layers/gru");
  });
});

it.skipIf(process.platform === "win32")("a file beyond the limit is refused before it is read", async () => {
  const { truncateSync } = await import("node:fs");
  const path = modelFile(readFileSync(h5Fixture("keras_sequential.h5")), ".h5");
  truncateSync(path, MAX_WEIGHTS_BYTES + 1);
  await expectRefused(readKerasGru(path), /expected at most 2\.0 GiB but found 2\.0 GiB/);
});

it("many names that all refer to one long text are refused before they are decoded", async () => {
  // See make_hostile_hdf5.py.
  const bytes = readFileSync(new URL("data/repeated_text.h5", import.meta.url));
  await expectRefused(
    readGruWeights(modelFile(bytes, ".h5")),
    /attribute layer_names of \/ to have at most 1\d\.\d KiB but found 404\.0 KiB of it/,
  );
});
