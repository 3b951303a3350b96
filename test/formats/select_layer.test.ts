// `layer` names one GRU of a model, and the error message if it does not.
import { describe, expect, it } from "vitest";
import { readKerasGru } from "../../dist/formats/index.js";
import { changedFile, fixture, partsOf } from "./keras_files.js";

async function refusal(file: string, layer?: unknown): Promise<Error & { code: string }> {
  return readKerasGru(fixture(file), { layer } as { layer?: string }).then(
    () => expect.unreachable("it should have been refused"),
    (error) => error,
  );
}

const pathOf = async (file: string, layer: string) => (await readKerasGru(fixture(file), { layer })).path;

describe("a layer is named by", () => {
  it.each([
    ["two_grus.keras", "second", "second"],
    ["bidirectional.keras", "both_ways/forward_layer", "both_ways/forward_layer"],
    ["bidirectional.keras", "both_ways/backward_walker", "both_ways/backward_layer"],
    ["bidirectional.keras", "backward_layer", "both_ways/backward_layer"],
    ["time_distributed.keras", "each/layer/reader", "each/inner/reader"],
    ["time_distributed.keras", "reader", "each/inner/reader"],
    ["nested.keras", "middle/deep/gru", "middle/deep/gru"],
  ])("%s: %s", async (file, layer, path) => {
    expect(await pathOf(file, layer)).toBe(path);
  });

  it("an outer layer wins over a nested one of the same name", async () => {
    expect(await pathOf("nested.keras", "gru")).toBe("gru");
  });
});

describe("errors name what there is", () => {
  it("none given, several GRUs", async () => {
    const error = await refusal("two_grus.keras");
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toMatch(/^Expected the name of one GRU layer \(".*two_grus\.keras" has 2:.*for `layer`/);
    expect(error.message).toContain('"first", "second"');
    expect(error.message).toMatch(/but received none\. Pass \{ layer: "first" \}, for example\.$/);
  });

  it("an unknown name", async () => {
    const error = await refusal("two_grus.keras", "third");
    expect(error.code).toBe("ERR_ARGUMENT");
    expect(error.message).toContain('"first", "second"');
    expect(error.message).toMatch(/for `layer` but received "third"\.$/);
  });

  it("the name of another kind of layer", async () => {
    expect((await refusal("two_grus.keras", "embed")).message).toMatch(/but received "embed" \(a Dense layer\)\.$/);
    expect((await refusal("bidirectional.keras", "both_ways")).message).toContain("(a Bidirectional layer)");
  });

  it("a name that fits several", async () => {
    const { config } = await partsOf("nested.keras");
    config.config.layers = config.config.layers.filter(
      ({ class_name }: { class_name: string }) => class_name !== "GRU",
    );
    config.config.layers.push(structuredClone(config.config.layers.at(-2)));
    config.config.layers.at(-1).config.name = "again";
    config.config.layers.at(-1).name = "again";
    const path = await changedFile("nested.keras", { config });
    const error = await readKerasGru(path, { layer: "gru" }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ERR_ARGUMENT" });
    expect((error as Error).message).toMatch(/"gru", which fits "middle\/deep\/gru", "again\/deep\/gru"\.$/);
  });

  it("a model that does not describe its layers", async () => {
    const path = await changedFile("sequential.keras", {
      config: { module: null, class_name: "MyModel", config: { trainable: true }, registered_name: "MyModel" },
    });
    await expect(readKerasGru(path)).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining("lists no layers"),
    });
  });
});

describe("bad arguments", () => {
  it.each([[3], [""], [null], [["first"]], [{}]])("layer: %j", async (layer) => {
    const error = await refusal("two_grus.keras", layer);
    expect(error).toMatchObject({ name: "GRUError", code: "ERR_ARGUMENT" });
    expect(error.message).toContain("for `layer`");
  });

  it.each([[3], [""], [null], [undefined], ["a\0b"]])("path: %j", async (path) => {
    await expect(readKerasGru(path as string)).rejects.toMatchObject({
      name: "GRUError",
      code: "ERR_ARGUMENT",
      message: expect.stringContaining("for `source`"),
    });
  });
});
