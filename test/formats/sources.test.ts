// Files as paths, as file: URLs and as bytes, wherever one is read.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { GRU, optimizers } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { h5Fixture } from "./h5_files.js";
import { fixture } from "./keras_files.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KERAS = fixture("sequential.keras");
const WHOLE = h5Fixture("keras_sequential.h5");
const WEIGHTS = h5Fixture("keras_sequential.weights.h5");

/** The bytes of a file in every kind of array that may hold them. */
function forms(path: string): [string, Uint8Array][] {
  const bytes = readFileSync(path);
  const plain = Uint8Array.from(bytes);
  const shared = new Uint8Array(new SharedArrayBuffer(plain.length));
  shared.set(plain);
  const inside = new Uint8Array(plain.length + 20);
  inside.set(plain, 13);
  const foreign: Uint8Array = runInNewContext("new Uint8Array(length)", { length: plain.length });
  foreign.set(plain);
  class Lying extends Uint8Array {
    override get length() {
      return 8;
    }
    override get byteLength() {
      return 8;
    }
    override slice(): never {
      throw new Error("not to be asked");
    }
  }
  return [
    ["a Buffer", bytes],
    ["a Uint8Array", plain],
    ["a view with an offset", inside.subarray(13, 13 + plain.length)],
    ["shared memory", shared],
    ["memory of another realm", foreign],
    ["a subclass that lies about its length", Lying.from(plain)],
  ];
}

const dataOf = (gru: GRU) => gru.getWeights().map(({ data }) => data);

describe.each([
  ["fromKeras of a .keras file", KERAS, (source) => GRU.fromKeras(source)],
  ["fromKeras of an .h5 file", WHOLE, (source) => GRU.fromKeras(source)],
  ["loadWeights of a .weights.h5 file", WEIGHTS, loaded],
  ["loadWeights of a .keras file", KERAS, loaded],
] as [string, string, (source: string | URL | Uint8Array) => Promise<GRU>][])("%s", (_, path, read) => {
  it("reads its file: URL, and the URL's text", async () => {
    const expected = dataOf(await read(path));
    expect(dataOf(await read(pathToFileURL(path)))).toEqual(expected);
    expect(dataOf(await read(pathToFileURL(path).href))).toEqual(expected);
  });

  it("reads its bytes in whatever memory they are", async () => {
    const expected = dataOf(await read(path));
    for (const [kind, bytes] of forms(path)) expect(dataOf(await read(bytes)), kind).toEqual(expected);
  });
});

async function loaded(source: string | URL | Uint8Array): Promise<GRU> {
  const gru = new GRU(3);
  await gru.loadWeights(source);
  return gru;
}

it("bytes that are written to, or transferred, after the call change nothing", async () => {
  const expected = dataOf(await GRU.fromKeras(KERAS));
  const written = Uint8Array.from(readFileSync(KERAS));
  const transferred = Uint8Array.from(readFileSync(WEIGHTS));
  const reading = [GRU.fromKeras(written), loaded(transferred)] as const;
  written.fill(0);
  structuredClone(null, { transfer: [transferred.buffer] });
  const [model, weights] = await Promise.all(reading);
  expect(dataOf(model)).toEqual(expected);
  expect(dataOf(weights)).toEqual(dataOf(await loaded(WEIGHTS)));
  expect(transferred.length).toBe(0);
});

it("the caller's bytes stay the caller's", async () => {
  const bytes = Uint8Array.from(readFileSync(WHOLE));
  await GRU.fromKeras(bytes);
  expect(Buffer.compare(bytes, readFileSync(WHOLE))).toBe(0);
});

it("a safetensors file's bytes and URL", async () => {
  const gru = await GRU.fromKeras(KERAS);
  const path = join(folder, "gru.safetensors");
  await gru.saveWeights(path);
  for (const [kind, bytes] of forms(path)) {
    expect(dataOf(await GRU.fromKeras(bytes)), kind).toEqual(dataOf(gru));
    expect(dataOf(await loaded(bytes)), kind).toEqual(dataOf(gru));
  }
  expect(dataOf(await loaded(pathToFileURL(path)))).toEqual(dataOf(gru));
});

it("an optimizer's state from bytes and URLs", async () => {
  const gru = await GRU.fromKeras(KERAS);
  const adam = new optimizers.Adam({ learning_rate: 0.125 });
  adam.build(gru.trainable_weights);
  adam.apply(gru.trainable_weights.map(({ value }) => value));
  const path = join(folder, "adam.safetensors");
  await adam.save(path);
  for (const source of [...forms(path).map(([, bytes]) => bytes), pathToFileURL(path), pathToFileURL(path).href]) {
    const other = new optimizers.Adam({ learning_rate: 0.5 });
    other.build(gru.trainable_weights);
    await other.load(source);
    expect(other.iterations).toBe(1);
    expect(other.learning_rate).toBe(0.125);
    expect(other.variables.map(({ value }) => value.data)).toEqual(adam.variables.map(({ value }) => value.data));
  }
});

describe("what is no file is refused, and says what to pass", () => {
  const detached = Uint8Array.from(readFileSync(KERAS));
  structuredClone(null, { transfer: [detached.buffer] });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  it.each<[string, unknown, string]>([
    ["an ArrayBuffer", readFileSync(KERAS).buffer, "but received an ArrayBuffer: pass new Uint8Array(it)."],
    ["other typed arrays", new Uint16Array(8), "but received Uint16Array"],
    ["detached bytes", detached, "but received bytes whose buffer is detached."],
    ["a Proxy of bytes", new Proxy(readFileSync(KERAS), {}), "but received a Proxy."],
    ["a revoked Proxy", revoked.proxy, "but received a Proxy."],
    ["a URL of the web", new URL("https://keras.io/model.keras"), "The URL must be of scheme file"],
    [
      "an object that throws when asked",
      {
        get href() {
          throw new Error("no");
        },
      },
      "but received ",
    ],
    ["nothing", undefined, "but received undefined."],
    ["null", null, "but received null."],
    ["a number", 7, "but received 7."],
    ["an empty path", "", 'but received "".'],
    ["a path with a zero in it", "a\0b", "but received "],
  ])("%s", async (_, source, message) => {
    const adam = new optimizers.Adam();
    const readers = [
      () => GRU.fromKeras(source as string),
      () => loaded(source as string),
      () => adam.load(source as string),
    ];
    for (const read of readers) {
      const error = await read().then(
        () => expect.unreachable("it should have been refused"),
        (reason) => reason,
      );
      expect(error).toMatchObject({ name: "GRUError", code: "ERR_ARGUMENT" });
      expect(error.message).toMatch(/^Expected the path, file: URL or bytes of a .* for `source` /);
      expect(error.message).toContain(message);
    }
  });

  it("empty bytes, and bytes of something else, are named as bytes", async () => {
    await expect(GRU.fromKeras(new Uint8Array(0))).rejects.toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining("for `source` but received 0 bytes: expected a zip archive"),
    });
    await expect(GRU.fromKeras(Buffer.from("%PDF-1.7"))).rejects.toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining("but received 8 bytes: expected a zip archive"),
    });
  });
});
