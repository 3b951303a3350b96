import { describe, expect, it } from "vitest";
import { runChild } from "./support.js";

describe("a relative path in the environment loads nothing of the working directory", () => {
  it.each(["cudnn_gru.node", "./build/Release/cudnn_gru.node"])("CUDNN_GRU_ADDON=%s", async (path) => {
    const program = `
      try { built(1, 1); } catch (error) { console.log(error.code, error.message); }
      console.log(backendInfo().cpu.available, backendInfo().cpu.reason);
    `;
    const { code, stdout } = await runChild(program, { env: { CUDNN_GRU_ADDON: path } });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ERR_NATIVE_LOAD .*absolute path.*\nfalse .*absolute/)]);
  });

  it.each([".", "lib", "lib/libcudnn_adv.so.9"])("CUDNN_GRU_CUDNN_PATH=%s", async (path) => {
    const program = `
      const { cudnn } = backendInfo();
      console.log(JSON.stringify({ reason: cudnn.reason, tried: cudnn.tried }));
      try { built(1, 1, { use_cudnn: true }).call(tensor(new Float32Array(1), [1, 1, 1])); } catch (error) { console.log(error.code); }
    `;
    const env = { CUDNN_GRU_CUDNN_PATH: path, CUDNN_GRU_DISABLE_CUDA: "" };
    const { code, stdout } = await runChild(program, { env });
    const [printed, refused] = stdout.split("\n");
    expect([code, refused]).toEqual([0, "ERR_CUDNN_UNAVAILABLE"]);
    const { reason, tried } = JSON.parse(printed as string);
    expect(reason).toMatch(/absolute path.*CUDNN_GRU_CUDNN_PATH/);
    expect(reason).toContain(JSON.stringify(path));
    expect(tried).toEqual([]);
  });
});

it("an environment that nobody may read is as good as none", async () => {
  const { code, stdout, stderr } = await runChild(`
    const refuse = () => { throw Object.assign(new Error("Requires env access"), { name: "NotCapable" }); };
    const get = (env, key) => (String(key).startsWith("CUDNN_GRU") ? refuse() : env[key]);
    Object.defineProperty(process, "env", { value: new Proxy(process.env, { get }) });
    process.constrainedMemory = refuse;
    const gru = built(2, 1);
    console.log(backendInfo().cpu.available, gru.call(tensor(new Float32Array(1), [1, 1, 1])).shape.join());
  `);
  expect([code, stdout], stderr).toEqual([0, "true 1,2"]);
});
