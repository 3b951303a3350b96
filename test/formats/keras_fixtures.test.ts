// Every .keras file that real Keras wrote for us, read back value for value.
import { describe, expect, it } from "vitest";
import { readKerasGru } from "../../dist/formats/index.js";
import { listLayers } from "../../dist/formats/keras_files/config_tree.js";
import { numbersOf } from "../golden/reader.js";
import { type ExpectedGru, expectedFiles, fixture, fixtureNames, partsOf } from "./keras_files.js";

async function expectGru(file: string, layer: string | undefined, expected: ExpectedGru): Promise<void> {
  const found = await readKerasGru(fixture(file), layer === undefined ? {} : { layer });
  expect(found.config).toEqual(expected.config);
  expect(found.features).toBe(expected.features);
  expect(found.weights.map(({ shape }) => shape)).toEqual(expected.weights.map(({ shape }) => shape));
  for (const [index, weight] of found.weights.entries()) {
    const { dtype, values } = expected.weights[index]!;
    expect(weight.dtype).toBe(dtype);
    // 16-bit ones are bits, of exactly these numbers.
    expect(Array.from(numbersOf(weight))).toEqual(values);
  }
}

it("has an expectation for every file", () => {
  expect(Object.keys(expectedFiles).sort()).toEqual(fixtureNames().sort());
});

describe.each(Object.entries(expectedFiles))("%s", (file, { layers, grus }) => {
  it("lists the layers that Keras has", async () => {
    const listed = listLayers((await partsOf(file)).config).map(({ className, name }) => `${className} ${name}`);
    expect(listed).toEqual(layers.map(([className, path]) => `${className} ${path.split("/").at(-1)}`));
  });

  for (const gru of grus) {
    const path = gru.path.join("/");
    it(`reads ${path}`, () => expectGru(file, path, gru));
  }

  if (grus.length === 1) it("reads its only GRU without a name", () => expectGru(file, undefined, grus[0]!));
  else it("asks for the name of one of its GRUs, or says what else there is", () => expectRefusal(file));
});

async function expectRefusal(file: string): Promise<void> {
  const { layers, grus } = expectedFiles[file]!;
  const error = await readKerasGru(fixture(file)).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "GRUError", code: "ERR_ARGUMENT" });
  const { message } = error as Error;
  if (grus.length > 0) expect(message).toContain(`has ${grus.length}:`);
  else for (const [className, path] of layers) expect(message).toContain(`${path} (${className})`);
}
