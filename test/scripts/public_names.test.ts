// The check that every public name has a comment, on declarations written here.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uncommentedNames } from "../../scripts/public_names/uncommented.mjs";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cudnn-gru-names-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The problems of a package of these files, of which `index` is the entry. */
function problemsOf(files: Readonly<Record<string, string>>): string[] {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.d.ts`), text);
  return uncommentedNames([join(folder, "index.d.ts")]);
}

describe("a public name without a comment is found", () => {
  it.each([
    ["a function", "export declare function f(): void;", "f"],
    ["an overload", "/** F. */\nexport declare function f(): void;\nexport declare function f(x: 1): void;", "f"],
    ["a variable", "export declare const f: 1;", "f"],
    ["a type", "export type F = 1;", "F"],
    ["a class", "export declare class F {}", "F"],
    ["a field", "/** F. */\nexport declare class F { x: number; }", "F.x"],
    ["a method", "/** F. */\nexport declare class F { x(): void; }", "F.x"],
    ["a static method", "/** F. */\nexport declare class F { static x(): void; }", "F.x"],
    ["a protected method", "/** F. */\nexport declare class F { protected x(): void; }", "F.x"],
    ["a getter", "/** F. */\nexport declare class F { get x(): number; set x(value: number); }", "F.x"],
    ["a constructor", "/** F. */\nexport declare class F { constructor(x: 1); }", "F.constructor"],
    ["a property", "/** F. */\nexport interface F { x: number; }", "F.x"],
    ["a nested property", "/** F. */\nexport interface F { \n/** X. */ x: { y: number }; }", "F.x.y"],
    ["a property of a union", "/** F. */\nexport type F = { x: 1 } | null;", "F.x"],
    ["a property of an argument", "/** F. */\nexport declare function f(a: { x: 1 }): void;", "f.x"],
    ["a comment of tags only", "/** @deprecated */\nexport declare const f: 1;", "f"],
    ["a comment that is no docstring", "// F.\nexport declare const f: 1;", "f"],
  ])("%s", (_, text, name) => {
    expect(problemsOf({ index: text })).toEqual([`index.d.ts: ${name}`]);
  });

  it("behind an export from another file", () => {
    const files = { index: 'export { a as b } from "./a.js";', a: "export declare const a: 1;" };
    expect(problemsOf(files)).toEqual(["a.d.ts: b"]);
  });

  it("in a namespace, which needs a comment too", () => {
    const files = { index: 'export * as space from "./a.js";', a: "export declare const a: 1;" };
    expect(problemsOf(files)).toEqual(["a.d.ts: space.a", "index.d.ts: space"]);
  });

  it("in a type that is not exported but named by one that is", () => {
    const index = 'import type { A } from "./a.js";\n/** F. */\nexport declare const f: A;';
    const a = "/** A. */\nexport interface A extends Base {}\ninterface Base { x: number; }\ninterface Unused { y: 1 }";
    expect(problemsOf({ index, a })).toEqual(["a.d.ts: Base", "a.d.ts: Base.x"]);
  });
});

describe("nothing is found", () => {
  it.each([
    ["where all is commented", "/** F. */\nexport interface F { \n/** X. */ x: number; }"],
    ["in private members", "/** F. */\nexport declare class F { #x; private y; private constructor(); }"],
    ["in a setter beside its getter", "/** F. */\nexport declare class F { \n/** X. */ get x(): 1; set x(value: 1); }"],
    ["in types of others", "/** F. */\nexport declare const f: Map<string, Promise<number>>;"],
    [
      "in a member whose comment is that of the base's base",
      "/** A. */\nexport declare class A { \n/** X. */ x(): void; }\n/** B. */\nexport declare class B extends A { x(): void; }\n" +
        "/** C. */\nexport declare class C extends B { x(): void; }",
    ],
    [
      "in a member whose comment is that of an interface",
      "/** A. */\nexport interface A { \n/** X. */ x(): void; }\n/** B. */\nexport declare class B implements A { x(): void; }",
    ],
  ])("%s", (_, text) => {
    expect(problemsOf({ index: text })).toEqual([]);
  });
});
