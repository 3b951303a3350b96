import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRecord } from "../../bench/read_record.js";
import { requireWritable } from "../../bench/require_writable.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bench-files-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("readRecord refuses", () => {
  it.each([
    ["what is not JSON", "# Notes", "it cannot be read: "],
    ["what is no object", "null", "received null"],
    ["another format", '{ "format": 3 }', "received format 3"],
    ["a record without its runs", '{ "format": 2 }', "received format 2"],
  ])("%s", (_, text, message) => {
    const path = join(folder, "record.json");
    writeFileSync(path, text);
    expect(() => readRecord(path)).toThrow(RangeError);
    expect(() => readRecord(path)).toThrow(message);
  });

  it.each(["missing.json", "."])("%s, which is no file", (name) => {
    expect(() => readRecord(join(folder, name))).toThrow(RangeError);
  });
});

describe("requireWritable", () => {
  it("makes the folder of a file, and not the file", () => {
    requireWritable(join(folder, "a/b/record.json"));
    expect(readdirSync(join(folder, "a/b"))).toEqual([]);
  });

  it("leaves a file as it is", () => {
    const path = join(folder, "record.json");
    writeFileSync(path, "before");
    requireWritable(path);
    expect(readFileSync(path, "utf8")).toBe("before");
  });

  it("refuses a folder, and a path below a file", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => requireWritable(folder)).toThrow(RangeError);
    expect(() => requireWritable(join(folder, "file/record.json"))).toThrow(RangeError);
  });
});
