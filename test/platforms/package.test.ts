// The packed package, installed in an empty folder, in Node.js of other systems and processors, under emulators.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newApplication } from "../package/application.js";
import { testInstalled } from "../package/installed.js";
import { binaryOf, nodeRunner, skipReason } from "./runners.mjs";

const TARGETS = ["linux-arm64", "win32-x64"];
const packing = newApplication();
let tarball: string;

beforeAll(() => {
  if (!TARGETS.every(skipReason)) tarball = packing.pack();
});

afterAll(() => rmSync(packing.folder, { recursive: true, force: true }));

describe.each(TARGETS)("the package on %s", (target) => {
  const reason = skipReason(target);
  if (reason) {
    test(`computes (skipped: ${reason})`, ({ skip }) => skip(reason));
    return;
  }
  const application = newApplication(nodeRunner(target));
  const { app, folder, bareEnvironment, npm } = application;

  beforeAll(() => {
    npm(["install", "--ignore-scripts", "--omit=dev", tarball], bareEnvironment(), app);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("has the binary that is tested", () => {
    const installed = join(app, "node_modules/cudnn-gru/prebuilds", target, "cudnn_gru.node");
    expect(readFileSync(installed).equals(readFileSync(binaryOf(target)))).toBe(true);
  });

  testInstalled(application);
});
