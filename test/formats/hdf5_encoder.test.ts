// encodeHdf5: the HDF5 library reads every file that it writes.
import type { Dataset, File, Group } from "h5wasm";
import { expect, it } from "vitest";
import { encodeHdf5, type Hdf5Dataset, type Hdf5Group } from "../../dist/formats/hdf5/writer.js";
import { encodeKerasWeights } from "../../dist/formats/keras_files/keras_weights.js";

/** Encodes `parts`, opens the file with the library, and passes it to `use`. */
async function reread<T>(parts: Uint8Array[], use: (file: File) => T): Promise<T> {
  const h5 = await import("h5wasm");
  await h5.ready;
  h5.FS?.writeFile("/encoded.h5", Buffer.concat(parts));
  const file = new h5.File("/encoded.h5", "r");
  try {
    return use(file);
  } finally {
    file.close();
    h5.FS?.unlink("/encoded.h5");
  }
}

const float32 = (shape: number[], ...values: number[]): Hdf5Dataset => {
  return { shape, dtype: "float32", data: Float32Array.from(values) };
};

it.each([0, 1, 8, 9, 16, 17, 100, 256, 257, 3000])("a group of %i members", async (count) => {
  const members = Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, float32([1], index)]));
  const names = Object.keys(members);
  await reread(encodeHdf5({ members }), (file) => {
    expect(file.keys().sort()).toEqual(names.sort());
    for (const name of names)
      expect(Array.from((file.get(name) as Dataset).value as Float32Array)).toEqual([Number(name.slice(1))]);
    expect(file.get("none")).toBeNull();
  });
});

it("small groups beside a large one", async () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`m${index}`, { members: {} }]));
  await reread(
    encodeHdf5({ members: { many: { members: many }, few: { members: { only: float32([1], 4) } } } }),
    (file) => {
      expect((file.get("many") as Group).keys()).toHaveLength(300);
      expect(Array.from((file.get("few/only") as Dataset).value as Float32Array)).toEqual([4]);
    },
  );
});

it("shapes, dtypes and texts of every kind", async () => {
  const root: Hdf5Group = {
    texts: { name: "größe", empty: "", long: "x".repeat(6000) },
    members: {
      scalar: float32([], 7),
      empty: float32([0, 4]),
      cube: { ...float32([2, 1, 3], 1, 2, 3, 4, 5, 6), texts: { name: "cube" } },
      double: { shape: [2], dtype: "float64", data: Float64Array.of(Math.PI, -0) },
      half: { shape: [3], dtype: "float16", data: Uint16Array.of(0x3c00, 0x7c00, 1), texts: { name: "half" } },
      brain: { shape: [1], dtype: "bfloat16", data: Uint16Array.of(0x3f80), texts: { dtype: "bfloat16" } },
      größe: { members: { inner: { members: {}, texts: { name: "inner" } } } },
    },
  };
  await reread(encodeHdf5(root), (file) => {
    const dataset = (name: string) => file.get(name) as Dataset;
    expect(file.attrs.name?.value).toBe("größe");
    expect(file.attrs.empty?.value).toBe("");
    expect(file.attrs.long?.value).toBe("x".repeat(6000));
    expect([dataset("scalar").shape, dataset("scalar").value]).toEqual([[], 7]);
    expect(dataset("empty").shape).toEqual([0, 4]);
    expect([dataset("cube").shape, Array.from(dataset("cube").value as Float32Array)]).toEqual([
      [2, 1, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(dataset("cube").attrs.name?.value).toBe("cube");
    expect(Array.from(dataset("double").value as Float64Array)).toEqual([Math.PI, -0]);
    expect(dataset("half").metadata).toMatchObject({ type: 1, size: 2, littleEndian: true });
    expect(dataset("half").attrs.name?.value).toBe("half");
    expect(dataset("brain").metadata).toMatchObject({ type: 5, size: 2 });
    expect(dataset("brain").attrs.dtype?.value).toBe("bfloat16");
    expect((file.get("größe/inner") as Group).attrs.name?.value).toBe("inner");
  });
});

it("layers of one class are numbered in the model's order, whatever their names", async () => {
  const weights = [{ shape: [1], dtype: "float32" as const, data: Float32Array.of(1) }];
  const layers = (["gru", "dense", "gru", "dense"] as const).map((kind, index) => ({
    kind,
    name: `n${index}`,
    weights,
  }));
  await reread(encodeKerasWeights(layers), (file) => {
    expect((file.get("layers") as Group).keys().sort()).toEqual(["dense", "dense_1", "gru", "gru_1"]);
    for (const [group, name] of [
      ["gru", "n0"],
      ["dense", "n1"],
      ["gru_1", "n2"],
      ["dense_1", "n3"],
    ] as const) {
      const at = `layers/${group}`;
      expect((file.get(`${at}/vars`) as Group).attrs.name?.value).toBe(name);
      const cell = group.startsWith("gru") ? `${at}/cell/vars` : `${at}/vars`;
      expect((file.get(cell) as Group).keys()).toEqual(["0"]);
    }
  });
});
