import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOUBLES, reportOf, titled, withoutDoubles } from "./doubles.js";
import type { InfoReport } from "./programs/info.js";

const root = mkdtempSync(join(tmpdir(), "cudnn-gru-found-"));
afterAll(() => rmSync(root, { recursive: true }));

const WHEEL = "site-packages/nvidia/cudnn/lib";

/** Puts the doubles of cuDNN into a folder; real files, since the search follows links. */
function install(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(join(DOUBLES, "cudnn"))) {
    copyFileSync(join(DOUBLES, "cudnn", file), join(folder, file));
  }
  return folder;
}

/** A program that fails: the search must start none. */
function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\necho started >&2\nexit 1\n");
  chmodSync(path, 0o755);
  return path;
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/**
 * Returns the libraries that a process finds when its PATH begins with these folders and no variable names an
 * environment.
 */
async function search(folders: string[], env: Record<string, string | undefined> = {}): Promise<InfoReport["info"]> {
  const { info } = await reportOf<InfoReport>("info", {
    env: {
      PATH: [...folders, process.env.PATH].join(delimiter),
      HOME: join(root, "home"),
      VIRTUAL_ENV: undefined,
      CONDA_PREFIX: undefined,
      CUDNN_GRU_CUDNN_PATH: undefined,
      ...env,
    },
  });
  return info;
}

describe.skipIf(withoutDoubles)(titled("cuDNN in the Python that PATH names", withoutDoubles), () => {
  const installation = join(root, "installation");
  const venv = join(root, "venv");
  const system = join(root, "venv-with-system-packages");
  const conda = join(root, "conda");
  const libraries = join(root, "conda-libraries");
  const empty = join(root, "empty");

  beforeAll(() => {
    program(join(installation, "bin/python3.12"));
    link("python3.12", join(installation, "bin/python3"));
    install(join(installation, "lib/python3.12", WHEEL));
    for (const [prefix, setting] of [
      [venv, "false"],
      [system, "True"],
      [empty, "false"],
    ] as const) {
      link(join(installation, "bin/python3"), join(prefix, "bin/python3"));
      writeFileSync(
        join(prefix, "pyvenv.cfg"),
        `home = ${join(installation, "bin")}\ninclude-system-site-packages = ${setting}\n`,
      );
      mkdirSync(join(prefix, "lib/python3.12/site-packages"), { recursive: true });
    }
    install(join(venv, "lib/python3.12", WHEEL));
    program(join(conda, "bin/python3.11"));
    link("python3.11", join(conda, "bin/python3"));
    install(join(conda, "lib/python3.11", WHEEL));
    program(join(libraries, "bin/python"));
    install(join(libraries, "lib"));
  });

  it.each([
    ["a virtual environment, not where its link leads", [venv], join(venv, "lib/python3.12", WHEEL), "python3"],
    [
      "the installation below, where pyvenv.cfg includes it",
      [system],
      join(installation, "lib/python3.12", WHEEL),
      "python3",
    ],
    ["an installation", [installation], join(installation, "lib/python3.12", WHEEL), "python3"],
    ["conda's site-packages", [conda], join(conda, "lib/python3.11", WHEEL), "python3"],
    ["the first python3", [conda, venv], join(conda, "lib/python3.11", WHEEL), "python3"],
    ["python, and conda's libraries", [libraries], join(libraries, "lib"), "python"],
  ])("%s", async (_name, prefixes, folder, name) => {
    const { cudnn } = await search(prefixes.map((prefix) => join(prefix, "bin")));
    expect(cudnn.path).toBe(join(folder, "libcudnn_adv.so.9"));
    const opened = cudnn.tried.find((line) => line.startsWith(`${folder}/libcudnn_adv.so.9: opened`));
    expect(opened).toContain(`(${name} in PATH`);
  });

  it("a link to an installation elsewhere", async () => {
    const bin = join(root, "links");
    link(join(installation, "bin/python3.12"), join(bin, "python3"));
    const { cudnn } = await search([bin]);
    expect(cudnn.path).toBe(join(installation, "lib/python3.12", WHEEL, "libcudnn_adv.so.9"));
  });

  it("says of an environment without cuDNN that it was looked at, and does not look below it", async () => {
    const { cudnn } = await search([join(empty, "bin")]);
    const line = `${empty}/lib/python3*/${WHEEL}/libcudnn_adv.so.9: no such file (python3 in PATH)`;
    expect(cudnn.tried).toContain(line);
    expect(cudnn.tried.join("\n")).not.toContain(installation);
  });

  it("what a variable names comes first, and CUDNN_GRU_CUDNN_PATH is all", async () => {
    const venvFirst = await search([join(conda, "bin")], { VIRTUAL_ENV: venv });
    expect(venvFirst.cudnn.path).toBe(join(venv, "lib/python3.12", WHEEL, "libcudnn_adv.so.9"));
    expect(venvFirst.cudnn.tried[0]).toContain("(VIRTUAL_ENV)");
    const named = await search([join(conda, "bin")], { CUDNN_GRU_CUDNN_PATH: empty });
    expect(named.cudnn.available).toBe(false);
    expect(named.cudnn.reason).toContain(`${empty}, which CUDNN_GRU_CUDNN_PATH names`);
    expect(named.cudnn.tried).toEqual(
      ["", "/lib", "/lib64"].map((part) => `${empty}${part}/libcudnn_adv.so.9: no such file (CUDNN_GRU_CUDNN_PATH)`),
    );
  });

  it("folders of PATH that are not absolute, and files that cannot be started, are passed over", async () => {
    const broken = join(root, "broken/bin");
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, "python3"), "");
    link("nowhere", join(root, "dangling/bin/python3"));
    mkdirSync(join(root, "folder/bin/python3"), { recursive: true });
    const bins = ["broken", "dangling", "folder"].map((name) => join(root, name, "bin"));
    const { cudnn } = await search(["", ".", ...bins, join(venv, "bin")]);
    expect(cudnn.path).toBe(join(venv, "lib/python3.12", WHEEL, "libcudnn_adv.so.9"));
  });
});
