import { fileURLToPath } from "node:url";

/** ES modules as they stand: Jest's own transform is for CommonJS. */
export default {
  rootDir: fileURLToPath(new URL("../..", import.meta.url)),
  testMatch: ["<rootDir>/test/realms/*.jest.mjs"],
  transform: {},
  testEnvironment: "node",
};
