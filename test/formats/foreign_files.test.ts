// Files that are not Keras 3 .keras files: the error names the expected and the actual content.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readKerasGru } from "../../dist/formats/index.js";
import { changedFile, entriesOf, fixture, modelFile, partsOf } from "./keras_files.js";
import { writeZip } from "./zip_writer.js";

async function refusal(path: string): Promise<Error & { code: string }> {
  const error = await readKerasGru(path).then(
    () => expect.unreachable("it should have been refused"),
    (reason) => reason,
  );
  expect(error).toMatchObject({ name: "GRUError", message: expect.stringContaining(JSON.stringify(path)) });
  return error;
}

const bytes = (hex: string) => Buffer.from(hex, "hex");

describe("no such file", () => {
  it("a missing path", async () => {
    const path = join(tmpdir(), "cudnn-gru-no-such-model.keras");
    const error = await refusal(path);
    expect(error).toMatchObject({ code: "ERR_ARGUMENT", cause: { code: "ENOENT" } });
    expect(error.message).toBe(
      `Expected the path of a Keras model file for \`source\` but received ${JSON.stringify(path)} (ENOENT).`,
    );
  });

  it("a directory", async () => {
    expect(await refusal(tmpdir())).toMatchObject({ code: "ERR_ARGUMENT" });
  });

  it.skipIf(process.platform === "win32")("a FIFO, without waiting for a writer", async () => {
    const path = modelFile(Buffer.alloc(0)).replace(".keras", "_fifo.keras");
    execFileSync("mkfifo", [path]);
    expect(await refusal(path)).toMatchObject({ code: "ERR_ARGUMENT" });
  });
});

describe("other kinds of file", () => {
  it.each([
    ["an empty file", ""],
    ["a PNG image", "89504e470d0a1a0a0000000d49484452"],
    ["a PDF document", Buffer.from("%PDF-1.7\n").toString("hex")],
    ["a gzip archive", "1f8b0800000000000003"],
    ["a NumPy array file", Buffer.from("\u0093NUMPY\x01\x00", "latin1").toString("hex")],
    ["a file of unknown kind (its first bytes are 01020304)", "01020304"],
  ])("%s", async (description, hex) => {
    const error = await refusal(modelFile(bytes(hex)));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain(
      `expected a zip archive (.keras), an HDF5 file (.h5) or a safetensors file but found ${description}`,
    );
  });

  it("a zip archive of something else", async () => {
    const error = await refusal(modelFile(writeZip([{ name: "readme.txt", data: Buffer.from("hello") }])));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain('expected a zip archive with config.json but found these entries: "readme.txt"');
  });

  it("an empty zip archive", async () => {
    const error = await refusal(modelFile(writeZip([])));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("but found these entries: none");
  });

  it("a .keras file of a Keras to come", async () => {
    const error = await refusal(await changedFile("sequential.keras", { metadata: { keras_version: "4.0.0" } }));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("expected a file of Keras 2 or 3 but found one of Keras 4.0.0");
  });

  it.each([[{}], [null], [{ keras_version: 3 }], [{ keras_version: "latest" }]])("metadata %j", async (metadata) => {
    const error = await refusal(await changedFile("sequential.keras", { metadata }));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("expected keras_version in metadata.json");
  });

  it.each([
    ["model.weights.npz", "weights as a NumPy archive"],
    ["model.weights.json", "weights in several shards"],
    ["weights.bin", 'these entries: "metadata.json", "config.json", "weights.bin"'],
  ])("weights in %s", async (name, found) => {
    const entries = entriesOf(await partsOf("sequential.keras"));
    entries[2]!.name = name;
    const error = await refusal(modelFile(writeZip(entries)));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain(`expected its weights in one HDF5 file (model.weights.h5) but found ${found}`);
  });

  it.each([
    ["text", Buffer.from("not JSON")],
    ["half of it", Buffer.from('{"module": "keras", "class_')],
    ["bytes that are no UTF-8", bytes("7b22ff223a317d")],
    ["nothing", Buffer.alloc(0)],
  ])("config.json with %s", async (_, data) => {
    const entries = entriesOf(await partsOf("sequential.keras"));
    entries[1]!.data = data;
    const error = await refusal(modelFile(writeZip(entries)));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("expected JSON in config.json");
  });

  it("config.json nested so deeply that walking it would overflow the stack", async () => {
    const entries = entriesOf(await partsOf("sequential.keras"));
    entries[1]!.data = Buffer.from(`${'{"config":'.repeat(200_000)}1${"}".repeat(200_000)}`);
    const error = await refusal(modelFile(writeZip(entries)));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("512 levels deep");
  });

  it("weights that are no HDF5 file", async () => {
    const weights = new Uint8Array(readFileSync(fixture("sequential.keras")));
    const error = await refusal(await changedFile("sequential.keras", { weights }));
    expect(error.code).toBe("ERR_FILE_FORMAT");
    expect(error.message).toContain("expected an HDF5 file but found a damaged one");
  });
});

it("a re-zipped, deflated archive with other files in it is read", async () => {
  const entries = entriesOf(await partsOf("sequential.keras")).map((entry) => ({ ...entry, deflate: true }));
  const extra = { name: "assets/vocabulary.txt", data: Buffer.from("word\n") };
  const { weights } = await readKerasGru(modelFile(writeZip([extra, ...entries])));
  const original = await readKerasGru(fixture("sequential.keras"));
  expect(weights).toEqual(original.weights);
});
