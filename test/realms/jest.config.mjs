import { fileURLToPath } from "node:url";

/** ES modules as they stand: Jest's own transform is for CommonJS. */
export default {
  rootDir: fileURLToPath(new URL("../..", import.meta.url)),
  // The GPU bundle is a copy of the package, and Jest would not know which of the two is meant.
  modulePathIgnorePatterns: ["<rootDir>/gpu-bundle/"],
  testMatch: ["<rootDir>/test/realms/*.jest.mjs"],
  transform: {},
  testEnvironment: "node",
};
