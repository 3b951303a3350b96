// What the set-up says while it builds.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { filesToCompile, newProgress, positionIn } from "../../scripts/setup/progress.mjs";

describe("the output of builds is understood:", () => {
  it.each([
    ["[3/87] Building CXX object a.o", { file: 3, files: 87 }],
    ["[  4%] Building CXX object a.o", { percent: 4 }],
    ["[100%] Built target cudnn_gru", { percent: 100 }],
    ["  CXX(target) Release/obj.target/cudnn_gru/native/core/half.o", { started: true }],
    ["  AR(target) Release/obj.target/isa_avx2.a", null],
    ["g++ -o Release/a.o ../a.cc", null],
    ["a.cc:3:5: warning: unused", null],
  ])("%s", (line, position) => expect(positionIn(line)).toEqual(position));

  it("make --dry-run", () => {
    const line = "printf '%s\\n' '  CXX(target) Release/a.o'\ng++ -o Release/a.o a.cc\n";
    expect(filesToCompile(`${line}printf '%s\\n' '  AR(target) a.a'\n${line}`)).toBe(2);
    expect(filesToCompile("make: Nothing to be done for 'all'.\n")).toBe(0);
  });
});

/** A progress whose clock stands still, and what it has written. */
function watch({ isTTY = false, files = 0 } = {}) {
  const written: string[] = [];
  let now = 0;
  const progress = newProgress("compiling", {
    files,
    stream: { isTTY, write: (text: string) => written.push(text) },
    clock: () => now,
  });
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { progress, written, pass };
}

const compile = "  CXX(target) Release/a.o";

it("plain output has a line every five seconds, with the files begun of all, also while one file takes long", () => {
  const { progress, written, pass } = watch({ files: 87 });
  for (let second = 1; second <= 12; second += 1) {
    progress.line(compile);
    pass(1000);
  }
  expect(written).toEqual(["compiling: file 6 of 87, 5 s\n", "compiling: file 11 of 87, 10 s\n"]);
  pass(30_000);
  progress.tick();
  progress.tick();
  expect(written.slice(2)).toEqual(["compiling: file 12 of 87, 42 s\n"]);
  expect(progress.end()).toBe(42);
});

it("a quick build prints no line, and one that says nothing of files neither", () => {
  const { progress, written, pass } = watch();
  progress.line(compile);
  pass(2000);
  progress.line("Nothing to be done.");
  progress.end();
  const silent = watch();
  silent.pass(60_000);
  silent.progress.line("Linking");
  silent.progress.tick();
  expect([...written, ...silent.written]).toEqual([]);
});

it("the number of files is left out where it is not known", () => {
  const { progress, written, pass } = watch();
  pass(6000);
  progress.line(compile);
  pass(6000);
  progress.line("[ 12%] Building CXX object a.o");
  pass(6000);
  progress.line("[3/9] Building CXX object a.o");
  expect(written).toEqual(["compiling: file 1, 6 s\n", "compiling: 12 %, 12 s\n", "compiling: file 3 of 9, 18 s\n"]);
});

it("a terminal has one line, which changes in place and is gone at the end", () => {
  const { progress, written, pass } = watch({ isTTY: true, files: 2 });
  progress.line(compile);
  progress.line(compile);
  pass(300);
  progress.line("");
  progress.tick();
  progress.end();
  const clear = "\r\x1b[K";
  expect(written).toEqual([`${clear}compiling: file 1 of 2, 0 s`, `${clear}compiling: file 2 of 2, 0 s`, clear]);
});

describe("a program that is watched", () => {
  const shell = new URL("../../scripts/setup/shell.mjs", import.meta.url);
  const run = (program: string) =>
    spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { runWatched } from ${JSON.stringify(shell)};
         const lines = [];
         const progress = { line: (text) => lines.push(text), tick() {}, end: () => 7 };
         const args = ["-e", ${JSON.stringify(program)}];
         const seconds = await runWatched(process.execPath, args, progress).catch((error) => \`\${error.name} \${error.status}\`);
         console.log(JSON.stringify([seconds, lines]));`,
      ],
      { encoding: "utf8", cwd: fileURLToPath(new URL("../../", import.meta.url)) },
    );

  it("is heard only when it warns or fails", () => {
    const quiet = run("console.log('one'); console.error('two')");
    expect(quiet.stderr).toBe("");
    const [seconds, lines] = JSON.parse(quiet.stdout);
    expect([seconds, lines.sort()]).toEqual([7, ["one", "two"]]);
    expect(run("console.log('a.cc:1: warning: odd')").stderr).toContain("warning: odd");
    const failed = run("console.log('a.cc:1: error: wrong'); process.exitCode = 3");
    expect(failed.stderr).toContain("error: wrong");
    expect(JSON.parse(failed.stdout)[0]).toBe("Error 3");
  });
});

it("standard output is left to the command, also while the set-up runs for it", () => {
  const shell = new URL("../../scripts/setup/shell.mjs", import.meta.url).href;
  const progress = new URL("../../scripts/setup/progress.mjs", import.meta.url).href;
  const program = `
    import { runNode, say } from ${JSON.stringify(shell)};
    import { newProgress } from ${JSON.stringify(progress)};
    say("installing");
    runNode("-e", ["console.log('added 1 package')"], { aside: true });
    let now = 0;
    const shown = newProgress("compiling", { clock: () => (now += 9000) });
    shown.line("[  4%] Building");
    shown.end();
    runNode("-e", ["console.log('the table')"]);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stdout).toBe("the table\n");
  expect(stderr).toMatch(/^cudnn-gru: installing\nadded 1 package\ncompiling: 4 %, \d+ s\n$/);
});
