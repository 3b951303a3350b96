// The safetensors reader and writer: round trips, and files that the reader refuses.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsTensor,
} from "../../dist/formats/safetensors/safetensors.js";
import { readSafetensors, writeSafetensors } from "../../dist/formats/safetensors/safetensors_file.js";

const folder = mkdtempSync(join(tmpdir(), "cudnn-gru-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = (parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** A file with this header, as text or as a value for JSON, and this many bytes after it. */
function file(header: unknown, size = 0): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return whole([length, text, Buffer.alloc(size, 7)]);
}

const all: [string, SafetensorsTensor][] = [
  ["bool", { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ["u8", { dtype: "U8", shape: [2, 1], data: Uint8Array.of(255, 1) }],
  ["i8", { dtype: "I8", shape: [1], data: Int8Array.of(-128) }],
  ["i16", { dtype: "I16", shape: [1], data: Int16Array.of(-2) }],
  ["u16", { dtype: "U16", shape: [1], data: Uint16Array.of(65535) }],
  ["f16", { dtype: "F16", shape: [1, 3], data: Uint16Array.of(0x3c00, 0x7c00, 1) }],
  ["bf16", { dtype: "BF16", shape: [1], data: Uint16Array.of(0x3f80) }],
  ["i32", { dtype: "I32", shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ["u32", { dtype: "U32", shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
  ["f32", { dtype: "F32", shape: [2, 2], data: Float32Array.of(-0, Number.NaN, Infinity, 1e-45) }],
  ["i64", { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["u64", { dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ["f64", { dtype: "F64", shape: [1], data: Float64Array.of(Math.PI) }],
  ["empty", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
  ["__proto__", { dtype: "F32", shape: [1], data: Float32Array.of(5) }],
  ["7", { dtype: "F32", shape: [1], data: Float32Array.of(6) }],
  ['a "name"\n\u{1F600}', { dtype: "F32", shape: [1], data: Float32Array.of(7) }],
];

it("copies a tensor when it is asked for, not the whole file", () => {
  const { tensors } = decodeSafetensors(whole(encodeSafetensors(all)));
  const { data } = tensors.get("f64")!;
  expect(data).toEqual(Float64Array.of(Math.PI));
  data[0] = 0;
  expect(tensors.get("f64")!.data).toEqual(Float64Array.of(Math.PI));
});

describe("what is written is read again", () => {
  const texts: [string, string][] = [
    ["format", "x"],
    ["__proto__", "{}"],
  ];

  it("from a Buffer too, whose memory is a part of a pool", () => {
    const bytes = Buffer.concat(encodeSafetensors(all));
    expect(bytes.buffer.byteLength).toBeGreaterThan(bytes.length);
    expect(new Map([...decodeSafetensors(bytes).tensors].sort())).toEqual(new Map([...all].sort()));
  });

  it("every dtype, odd names, empty tensors and metadata", () => {
    const { tensors, metadata } = decodeSafetensors(whole(encodeSafetensors(all, texts)));
    expect(new Map([...tensors].sort())).toEqual(new Map([...all].sort()));
    expect([...metadata]).toEqual(texts);
  });

  it("in the same bytes each time, every tensor at a multiple of its element's size", () => {
    const bytes = whole(encodeSafetensors(all, texts));
    expect(whole(encodeSafetensors(all, texts))).toEqual(bytes);
    const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
    expect(start % 8).toBe(0);
    for (const [name, { data }] of all) {
      const entry = Object.getOwnPropertyDescriptor(header, name)?.value;
      expect(entry.data_offsets[0] % data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  it("nothing at all", () => {
    expect(decodeSafetensors(whole(encodeSafetensors([])))).toEqual({ tensors: new Map(), metadata: new Map() });
  });

  it("views of larger buffers, and bytes at odd places", () => {
    const data = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
    const bytes = whole(encodeSafetensors([["a", { dtype: "F32", shape: [2], data }]]));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSafetensors(shifted.subarray(1)).tensors.get("a")?.data).toEqual(Float32Array.of(1, 2));
  });

  it("by way of a file", async () => {
    const path = join(folder, "a.safetensors");
    await writeSafetensors(path, all, texts);
    expect((await readSafetensors(path)).tensors.get("f64")?.data).toEqual(Float64Array.of(Math.PI));
  });
});

describe("mistakes of the caller's are TypeErrors:", () => {
  const data = new Float32Array(2);
  it.each<[string, [string, SafetensorsTensor][]]>([
    ["another array", [["a", { dtype: "F64", shape: [2], data: data as never }]]],
    ["another length", [["a", { dtype: "F32", shape: [3], data }]]],
    [
      "a name twice",
      [
        ["a", { dtype: "F32", shape: [2], data }],
        ["a", { dtype: "F32", shape: [2], data }],
      ],
    ],
    ["the metadata's name", [["__metadata__", { dtype: "F32", shape: [2], data }]]],
  ])("%s", (_, tensors) => {
    expect(() => encodeSafetensors(tensors)).toThrow(TypeError);
  });
});

describe("what is refused", () => {
  const entry = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  const a = (change: object, size = 4) => file({ a: { ...entry, ...change } }, size);
  const huge = Buffer.alloc(20, "{");
  huge.writeBigUInt64LE(2n ** 63n);

  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "expected a safetensors file but found 0 bytes"],
    ["less than a length", new Uint8Array(7), "found 7 bytes"],
    ["a header of 2^63 bytes", huge, "header of at most 12 bytes"],
    ["a header longer than the file", file(`{"a`).subarray(0, 10), "header of at most 2 bytes but found 3"],
    ["a header of nothing", file(""), "begins with {"],
    ["a list", file("[]"), "begins with {"],
    ["JSON that is cut", file('{"a":'), "expected JSON in the header"],
    ["text after the JSON", file("{} x"), "expected JSON in the header"],
    [
      "what is no UTF-8",
      whole([file("{   ").subarray(0, 9), Buffer.of(0xff, 0xff, 0xff)]),
      "expected JSON in the header",
    ],
    ["nesting", file(`{"a":${"[".repeat(9999)}${"]".repeat(9999)}}`), "levels deep"],
    ["a tensor twice", file(`{"a":${JSON.stringify(entry)},"\\u0061" : ${JSON.stringify(entry)}}`, 4), '"a" once'],
    ["a key twice", file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), '"dtype" once'],
    ["metadata that are no table", file({ __metadata__: [] }), "a table of texts"],
    ["metadata that are no texts", file({ __metadata__: { a: 1 } }), "a text for a of __metadata__"],
    ["a tensor that is no table", file({ a: null }), 'data_offsets of tensor "a"'],
    ["a tensor without a shape", file({ a: { dtype: "F32", data_offsets: [0, 4] } }, 4), 'data_offsets of tensor "a"'],
    ["a tensor with another key", a({ more: 1 }), 'data_offsets of tensor "a"'],
    ["an unknown dtype", a({ dtype: "F8_E4M3" }), "a dtype of F64, F32, F16, BF16, "],
    ["a dtype of every object's", a({ dtype: "constructor" }), 'but found "constructor"'],
    ["a negative size", a({ shape: [-1] }), "expected sizes in the shape"],
    ["half a size", a({ shape: [0.5] }), "expected sizes in the shape"],
    ["a shape that is a number", a({ shape: 1 }), "expected sizes in the shape"],
    ["a size as text", a({ shape: ["1"] }), "expected sizes in the shape"],
    ["sizes whose product overflows", a({ shape: [2 ** 31, 2 ** 31, 2 ** 31] }), "expected tensor"],
    ["the same, and a zero", a({ shape: [2 ** 31, 2 ** 31, 0], data_offsets: [0, 0] }, 0), "expected tensor"],
    ["one place", a({ data_offsets: [0] }), "two places"],
    ["negative places", a({ data_offsets: [-4, 0] }), "two places"],
    ["places backwards", a({ data_offsets: [4, 0] }), "to have 4 bytes but found -4"],
    ["more bytes than the shape", a({ data_offsets: [0, 8] }, 8), "to have 4 bytes but found 8"],
    ["places beyond the end", a({}, 3), "expected 4 bytes after the header but found 3"],
    ["bytes that are nobody's", a({}, 5), "expected 4 bytes after the header but found 5"],
    ["a gap before", a({ data_offsets: [4, 8] }, 8), 'tensor "a" to begin at 0 but found 4'],
    [
      "a gap between",
      file({ a: entry, b: { ...entry, data_offsets: [8, 12] } }, 12),
      'tensor "b" to begin at 4 but found 8',
    ],
    [
      "an overlap",
      file({ a: entry, b: { ...entry, data_offsets: [2, 6] } }, 6),
      'tensor "b" to begin at 4 but found 2',
    ],
    ["the same place", file({ a: entry, b: entry }, 4), 'tensor "b" to begin at 4 but found 0'],
  ])("%s", async (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: "ERR_FILE_FORMAT" }));
    expect(() => decodeSafetensors(bytes)).toThrow(message);
    const path = join(folder, "hostile.safetensors");
    writeFileSync(path, bytes);
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining(
        `Expected a readable safetensors file for \`source\` but received ${JSON.stringify(path)}: expected`,
      ),
    });
  });

  it("a file that is not there", async () => {
    await expect(readSafetensors(join(folder, "none"))).rejects.toMatchObject({
      code: "ERR_ARGUMENT",
      message: expect.stringContaining("Expected the path of a safetensors file for `source`"),
    });
  });

  it("whatever byte is changed, nothing else than ERR_FILE_FORMAT is thrown", () => {
    const bytes = whole(encodeSafetensors(all, [["key", "text"]]));
    for (let at = 0; at < bytes.length; at += 1) {
      for (const value of [0, 0x22, 0x7b, 0xff]) {
        const changed = bytes.slice();
        changed[at] = value;
        try {
          decodeSafetensors(changed);
        } catch (error) {
          expect(error).toMatchObject({ name: "GRUError", code: "ERR_FILE_FORMAT" });
        }
      }
    }
  });
});
