// encodeKerasArchive: the zip archives that it writes. The tests of cudnn-gru/tfjs open such files in real Keras.
import { Buffer } from "node:buffer";
import { buffer } from "node:stream/consumers";
import type { Dataset, Group } from "h5wasm";
import { describe, expect, it } from "vitest";
import { fromBufferPromise } from "yauzl";
import { encodeKerasArchive } from "../../dist/formats/keras_files/archive_writer.js";
import { encodeZip } from "../../dist/formats/zip_writer.js";

/** Reads all members of an archive with the zip library, in the archive's order. */
async function unzipped(parts: readonly Uint8Array[]) {
  const zip = await fromBufferPromise(Buffer.concat(parts));
  const members: { name: string; data: Buffer; date: Date }[] = [];
  for await (const entry of zip.eachEntry()) {
    const data = await buffer(await zip.openReadStreamPromise(entry));
    members.push({ name: entry.fileName, data, date: entry.getLastModDate() });
  }
  return members;
}

const DATE = new Date(2026, 10, 26, 12, 34, 56);

describe("encodeZip", () => {
  it("stores members in parts, empty ones and large ones too, with their CRC-32 and their date", async () => {
    const large = Uint8Array.from({ length: 3_000_001 }, (_, index) => index * 7);
    const members = [
      { name: "empty", parts: [] },
      { name: "a/b.txt", parts: [Buffer.from("one "), Buffer.from(""), Buffer.from("two")] },
      { name: "large", parts: [large.subarray(0, 1_500_000), large.subarray(1_500_000)] },
    ];
    const read = await unzipped(await encodeZip(members, DATE));
    expect(read.map(({ name }) => name)).toEqual(["empty", "a/b.txt", "large"]);
    expect(read.map(({ date }) => date.getTime())).toEqual([DATE, DATE, DATE].map(Number));
    expect(read[0]?.data).toHaveLength(0);
    expect(read[1]?.data.toString()).toBe("one two");
    expect(Buffer.compare(read[2]?.data as Buffer, large)).toBe(0);
  });

  it("refuses what does not fit into an archive of this kind", async () => {
    // The parts share one array, so that the test needs little memory.
    const part = new Uint8Array(2 ** 30);
    await expect(encodeZip([{ name: "huge", parts: [part, part, part, part] }], DATE)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED",
      message: expect.stringContaining("4.0 GiB"),
    });
  });
});

it("a .keras file has its three members, with the model's variables in their groups", async () => {
  const weight = (...values: number[]) => ({
    shape: [values.length],
    dtype: "float32" as const,
    data: Float32Array.from(values),
  });
  const config = { module: "keras", class_name: "Sequential", config: { name: "größe" }, registered_name: null };
  const groups = [
    { path: "layers/gru/cell", name: "gru_cell", weights: [weight(1), weight(2)] },
    { path: "layers/gru", name: "encoder", weights: [] },
    { path: "", name: "größe", weights: [] },
  ];
  const read = await unzipped(await encodeKerasArchive({ config, groups }, DATE));
  const [metadata, model, weights] = read.map(({ data }) => data) as [Buffer, Buffer, Buffer];
  expect(read.map(({ name }) => name)).toEqual(["metadata.json", "config.json", "model.weights.h5"]);
  expect(JSON.parse(metadata.toString())).toEqual({
    keras_version: expect.stringMatching(/^3\./),
    date_saved: expect.stringMatching(/^2026-11-2\d@\d\d:34:56$/),
  });
  expect(JSON.parse(model.toString())).toEqual(config);

  const h5 = await import("h5wasm");
  await h5.ready;
  h5.FS?.writeFile("/archive.h5", weights);
  const file = new h5.File("/archive.h5", "r");
  expect(file.paths().sort()).toEqual(
    ["layers", "layers/gru", "layers/gru/cell", "layers/gru/cell/vars", "layers/gru/cell/vars/0"].concat([
      "layers/gru/cell/vars/1",
      "layers/gru/vars",
      "vars",
    ]),
  );
  expect(Array.from((file.get("layers/gru/cell/vars/1") as Dataset).value as Float32Array)).toEqual([2]);
  expect((file.get("layers/gru/vars") as Group).attrs.name?.value).toBe("encoder");
  file.close();
});
