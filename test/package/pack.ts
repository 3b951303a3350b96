// Packs the package once for all tests of the tarball, before they start.
import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { newApplication } from "./application.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The path of the packed package. */
    tarball: string;
  }
}

/** Packs, and returns the function that removes the tarball. vitest calls both. */
export default function setup(project: TestProject): () => void {
  const { folder, pack } = newApplication();
  project.provide("tarball", pack());
  return () => rmSync(folder, { recursive: true, force: true });
}
