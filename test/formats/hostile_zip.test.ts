// Damaged and hostile zip archives: either the right weights or a GRUError, and never much memory.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GRUError } from "../../dist/errors/gru_error.js";
import { readKerasGru } from "../../dist/formats/index.js";
import { MAX_WEIGHTS_BYTES } from "../../dist/formats/limits.js";
import { entriesOf, fixture, modelFile, partsOf, withKerasArchive } from "./keras_files.js";
import { seededIntegers } from "./random.js";
import { writeZip, type ZipEntry } from "./zip_writer.js";

const FILE = "sequential.keras";
const original = readFileSync(fixture(FILE));

async function refusal(path: string): Promise<Error & { code: string }> {
  return readKerasGru(path).then(
    () => expect.unreachable("it should have been refused"),
    (reason) => reason,
  );
}

/** Everything this file's archive holds, read without the HDF5 part. */
async function contents(path: string): Promise<string> {
  return withKerasArchive(path, async ({ config, readWeights }) =>
    JSON.stringify([config, Buffer.from(await readWeights()).toString("base64")]),
  );
}

/** The original contents or a GRUError about the file; anything else fails. */
async function expectSafe(bytes: Uint8Array, genuine: string): Promise<"read" | "refused"> {
  try {
    expect(await contents(modelFile(bytes))).toBe(genuine);
    return "read";
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    expect(error.code).toMatch(/^ERR_(FILE_FORMAT|UNSUPPORTED)$/);
    return "refused";
  }
}

async function withWeights(change: Partial<ZipEntry>): Promise<string> {
  const entries = entriesOf(await partsOf(FILE));
  entries[2] = { ...entries[2]!, ...change };
  return modelFile(writeZip(entries));
}

describe("damage", () => {
  it("a file cut off anywhere is refused", async () => {
    const genuine = await contents(fixture(FILE));
    for (let length = 0; length < original.length; length += 97) {
      expect(await expectSafe(original.subarray(0, length), genuine)).toBe("refused");
    }
  });

  it("a flipped bit in the weights is refused", async () => {
    const genuine = await contents(fixture(FILE));
    const start = original.indexOf(Buffer.from("\x89HDF\r\n\x1a\n", "latin1"));
    const end = original.indexOf(Buffer.from("PK\x01\x02", "latin1"));
    for (let position = start; position < end; position += 101) {
      const bytes = Buffer.from(original);
      bytes[position]! ^= 1 << (position % 8);
      expect(await expectSafe(bytes, genuine)).toBe("refused");
    }
  });

  it("300 random changes never give other contents", async () => {
    const random = seededIntegers(20_261_122);
    const genuine = await contents(fixture(FILE));
    const directory = original.indexOf(Buffer.from("PK\x01\x02", "latin1"));
    const outcomes = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(original);
      // The directory is a small part of the file, but it decides which bytes are read as which file.
      const from = round % 2 === 0 ? 0 : directory;
      for (let change = random(4); change >= 0; change -= 1) {
        bytes[from + random(bytes.length - from)] = round % 3 === 0 ? 0xff : random(256);
      }
      outcomes.add(await expectSafe(bytes, genuine));
    }
    expect([...outcomes].sort()).toEqual(["read", "refused"]);
  });

  it("says that the checksum is wrong", async () => {
    const error = await refusal(await withWeights({ lie: { crc: 0x12345678 } }));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toMatch(/expected model\.weights\.h5 with CRC-32 12345678 but found [0-9a-f]{8}/);
  });
});

describe("lies about sizes", () => {
  it.each([
    ["more than the limit", { size: MAX_WEIGHTS_BYTES + 1 }, true, "to have at most 2.0 GiB but found 2.0 GiB"],
    ["a bomb", { size: 2 ** 30 }, true, "to be compressed at most 64-fold but found"],
    ["more than the data", { size: 60_000 }, true, "expected 60000 bytes of model.weights.h5 but found"],
    ["less than the data", { size: 100 }, true, "as deflated data of 100 bytes but found it damaged"],
    [
      "beyond the end of the file",
      { size: 2 ** 30, compressedSize: 2 ** 30 },
      false,
      "file data overflows file bounds",
    ],
    ["stored, yet of two sizes", { size: 2 ** 30 }, false, "size mismatch for stored file"],
  ])("%s", async (_, lie, deflate, message) => {
    const error = await refusal(await withWeights({ deflate, lie }));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain(message);
  });

  it("a real bomb is refused before it is inflated", async () => {
    const bomb = await withWeights({ data: new Uint8Array(256 * 2 ** 20), deflate: true });
    const before = process.memoryUsage().arrayBuffers;
    const error = await refusal(bomb);
    expect(error.message).toContain("compressed at most 64-fold");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
  });

  it("config.json may not be huge", async () => {
    const entries = entriesOf(await partsOf(FILE));
    entries[1] = { ...entries[1]!, deflate: true, lie: { size: 2 ** 28 } };
    const error = await refusal(modelFile(writeZip(entries)));
    expect(error.message).toContain("expected config.json to have at most 8.0 MiB but found 256.0 MiB");
  });
});

describe("other tricks", () => {
  it("two entries of one name", async () => {
    const entries = entriesOf(await partsOf(FILE));
    const error = await refusal(modelFile(writeZip([...entries, entries[1]!])));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain('it has two entries "config.json"');
  });

  it("an encrypted entry", async () => {
    const error = await refusal(await withWeights({ deflate: true, lie: { flags: 1 } }));
    expect(error.message).toContain("expected model.weights.h5 without encryption but found it encrypted");
  });

  it("another compression method", async () => {
    const error = await refusal(await withWeights({ lie: { method: 14 } }));
    expect(error.message).toContain("expected model.weights.h5 stored or deflated but found compression method 14");
  });

  it("very many entries", async () => {
    const entries = Array.from({ length: 65_535 }, (_, index) => ({ name: `${index}`, data: new Uint8Array() }));
    const error = await refusal(modelFile(writeZip(entries)));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("and 65515 more");
  });
});
