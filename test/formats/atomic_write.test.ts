// writeAtomically: the whole file or nothing, and nothing left beside it.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { writeAtomically } from "../../dist/formats/atomic_write.js";

const root = mkdtempSync(join(tmpdir(), "cudnn-gru-atomic-"));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const parts = [Buffer.from("first "), Buffer.alloc(0), Buffer.from("second")];

it("writes the parts one after the other, and leaves nothing beside them", async () => {
  await writeAtomically(join(folder, "a"), parts);
  expect(readFileSync(join(folder, "a"), "utf8")).toBe("first second");
  expect(readdirSync(folder)).toEqual(["a"]);
});

it("replaces a file by another one, which has its permissions", async () => {
  const path = join(folder, "a");
  writeFileSync(path, "old and longer than the new one");
  chmodSync(path, 0o640);
  const before = statSync(path).ino;
  await writeAtomically(path, parts);
  expect(readFileSync(path, "utf8")).toBe("first second");
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(statSync(path).ino).not.toBe(before);
  expect(readdirSync(folder)).toEqual(["a"]);
});

it("a symbolic link stays one, and what it names is replaced", async () => {
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "inner/real"), "old");
  symlinkSync("inner/real", join(folder, "link"));
  await writeAtomically(join(folder, "link"), parts);
  expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, "inner/real"), "utf8")).toBe("first second");
  expect(readdirSync(join(folder, "inner"))).toEqual(["real"]);
});

it("a name as long as the system allows has room for the other file", async () => {
  const path = join(folder, "n".repeat(255));
  await writeAtomically(path, parts);
  expect(statSync(path).size).toBe(12);
});

it("writes at the same time leave one of the contents, whole", async () => {
  const path = join(folder, "a");
  const contents = Array.from({ length: 8 }, (_, index) => Buffer.alloc(100_000, index));
  await Promise.all(contents.map((content) => writeAtomically(path, [content])));
  expect(contents.some((content) => content.equals(readFileSync(path)))).toBe(true);
  expect(readdirSync(folder)).toEqual(["a"]);
});

describe("what cannot be written is ERR_ARGUMENT, and leaves everything as it was:", () => {
  const refused = async (path: string, reason: string) => {
    const before = readdirSync(folder);
    const error = await writeAtomically(path, parts).then(
      () => expect.unreachable("it should have been refused"),
      (caught) => caught,
    );
    expect(error).toMatchObject({ name: "GRUError", code: "ERR_ARGUMENT" });
    expect(error.message).toBe(
      `Expected the path of a file that can be written for \`path\` but received ${JSON.stringify(path)} (${reason}).`,
    );
    expect(error.cause).toBeInstanceOf(Error);
    expect(readdirSync(folder)).toEqual(before);
  };

  it("a folder that does not exist", () => refused(join(folder, "none/a"), "ENOENT"));

  it("a directory, also through a link or by a name that ends in a slash", async () => {
    mkdirSync(join(folder, "inner"));
    symlinkSync("inner", join(folder, "link"));
    await refused(join(folder, "inner"), "EISDIR");
    await refused(join(folder, "link"), "EISDIR");
    for (const path of [`${folder}/inner/`, `${folder}/inner/.`, `${folder}/none/`, "."]) {
      await refused(path, "not a file name");
    }
  });

  it("a file taken for a folder", async () => {
    writeFileSync(join(folder, "file"), "old");
    await refused(join(folder, "file/a"), "ENOTDIR");
  });

  it.skipIf(process.platform === "win32")("a device", () => refused("/dev/null", "not a regular file"));

  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("a folder without permission", async () => {
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o500);
    await refused(join(folder, "closed/a"), "EACCES");
    expect(readdirSync(join(folder, "closed"))).toEqual([]);
  });

  // A shell's limit on the size of files stands for a full disk: writes fail halfway.
  it.skipIf(process.platform !== "linux")("no room: the old file is whole, and the other one gone", () => {
    const path = join(folder, "a");
    writeFileSync(path, "old");
    const program = `
      process.on("SIGXFSZ", () => {});
      const { writeAtomically } = await import(${JSON.stringify(new URL("../../dist/formats/atomic_write.js", import.meta.url))});
      const error = await writeAtomically(${JSON.stringify(path)}, [new Uint8Array(3e6)]).catch((caught) => caught);
      console.log(error.code, error.message);`;
    const shell = `ulimit -f 1024; exec "$0" --input-type=module -e "$1"`;
    const { stdout } = spawnSync("bash", ["-c", shell, process.execPath, program], { encoding: "utf8" });
    expect(stdout).toMatch(/^ERR_ARGUMENT Expected the path .* \(EFBIG\)\.\n$/);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
  });
});

const modulePath = JSON.stringify(new URL("../../dist/formats/atomic_write.js", import.meta.url));

/** Saves to `path` in a process that is killed when the first piece is on its way. */
function killedSave(path: string) {
  const program = `
    const { writeAtomically } = await import(${modulePath});
    const parts = { *[Symbol.iterator]() { yield new Uint8Array(1e6); process.kill(process.pid, "SIGKILL"); yield new Uint8Array(1); } };
    await writeAtomically(${JSON.stringify(path)}, parts);`;
  const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program]);
  expect(signal).toBe("SIGKILL");
}

const temporaryFiles = () => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

it("a process that is killed halfway leaves the old file whole", () => {
  const path = join(folder, "a");
  writeFileSync(path, "old");
  killedSave(path);
  expect(readFileSync(path, "utf8")).toBe("old");
});

describe("what killed processes left", () => {
  it("is removed when the same path is saved again, and no other file is", async () => {
    const path = join(folder, "a");
    killedSave(path);
    killedSave(path);
    killedSave(join(folder, "b"));
    const ofA = temporaryFiles()[0];
    // The second save to "a" removed what the first one left.
    expect(temporaryFiles()).toHaveLength(2);
    const others = [".0123456789abcdef.tmp", "a.tmp", `${ofA}.tmp`, `x${ofA}`, ".cudnn-gru-a.tmp"];
    for (const name of others) writeFileSync(join(folder, name), "somebody else's");
    await writeAtomically(path, parts);
    const left = temporaryFiles().filter((name) => !others.includes(name));
    expect(left).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(others));
    await writeAtomically(join(folder, "b"), parts);
    expect(temporaryFiles().sort()).toEqual(others.sort());
  });

  it("is removed beside the file that a link leads to", async () => {
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "inner/real"), "old");
    symlinkSync("inner/real", join(folder, "link"));
    killedSave(join(folder, "link"));
    expect(readdirSync(join(folder, "inner"))).toHaveLength(2);
    await writeAtomically(join(folder, "inner/real"), parts);
    expect(readdirSync(join(folder, "inner"))).toEqual(["real"]);
  });

  it("stays where its process is running, or runs on another machine, or is no regular file", async () => {
    const path = join(folder, "a");
    killedSave(path);
    const dead = temporaryFiles()[0] as string;
    const [, target, place, pid, started] = /^\.cudnn-gru-(\w{16})-(\w{16})-(\d+)-(\d+)-\w{16}\.tmp$/.exec(
      dead,
    ) as RegExpExecArray;
    const own = await readOwnStart();
    const name = (...middle: unknown[]) => `.cudnn-gru-${middle.join("-")}-0123456789abcdef.tmp`;
    const kept = [
      name(target, place, process.pid, own),
      name(target, place, process.pid, 0),
      name(target, "0123456789abcdef", pid, started),
    ];
    for (const each of kept) writeFileSync(join(folder, each), "");
    symlinkSync("nowhere", join(folder, name(target, place, pid, started)));
    kept.push(name(target, place, pid, started));
    await writeAtomically(path, parts);
    expect(temporaryFiles().sort()).toEqual(kept.sort());
  });

  it.skipIf(process.platform !== "linux")("is removed where another process has the same id now", async () => {
    const path = join(folder, "a");
    killedSave(path);
    const [, target, place] = /^\.cudnn-gru-(\w+)-(\w+)-/.exec(temporaryFiles()[0] as string) as RegExpExecArray;
    writeFileSync(join(folder, `.cudnn-gru-${target}-${place}-${process.pid}-1-0123456789abcdef.tmp`), "");
    await writeAtomically(path, parts);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  /** Returns the start time that this process puts into its names. */
  async function readOwnStart(): Promise<string> {
    const other = mkdtempSync(join(root, "own-"));
    const watched = watch(other);
    const seen = new Promise<string>((settle) => {
      watched.on("change", (_event, file) => {
        const started = /-(\d+)-\w{16}\.tmp$/.exec(String(file))?.[1];
        if (started) settle(started);
      });
    });
    await writeAtomically(join(other, "a"), parts);
    const started = await seen;
    watched.close();
    return started;
  }
});

it.skipIf(process.getuid?.() !== 0)("root passes on the owner and the group of the file that it replaces", async () => {
  const path = join(folder, "a");
  writeFileSync(path, "old");
  chownSync(path, 1234, 2345);
  chmodSync(path, 0o640);
  await writeAtomically(path, parts);
  const { uid, gid, mode } = statSync(path);
  expect([uid, gid, mode & 0o777]).toEqual([1234, 2345, 0o640]);
});

it.skipIf(process.getuid?.() !== 0)("others keep their own file, and the group where they belong to it", () => {
  const path = join(folder, "a");
  for (const place of [root, folder]) chmodSync(place, 0o777);
  writeFileSync(path, "old");
  chownSync(path, 1234, 2345);
  chmodSync(path, 0o664);
  // Reads the package before it gives up root's rights.
  const program = `
    const { writeAtomically } = await import(${modulePath});
    process.setgroups([2345]); process.setgid(1111); process.setuid(1111);
    await writeAtomically(${JSON.stringify(path)}, [new Uint8Array(3)]);`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { uid, gid, mode, size } = statSync(path);
  expect([uid, gid, mode & 0o777, size]).toEqual([1111, 2345, 0o664, 3]);
});
