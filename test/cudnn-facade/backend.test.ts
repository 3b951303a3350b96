import { backendInfo, memoryUsage } from "cudnn-gru";
import { expect, it } from "vitest";
import { double } from "./double.js";

const device = { index: 0, name: "A device", computeCapability: "9.0", totalMemory: 2 ** 37 };
const tried = ["/a/libcudnn_adv.so.9: no such file", "/b/libcudnn_adv.so.9: loaded"];

it("backendInfo tells what the addon found; there is a reason only where something is missing", () => {
  double.info = {
    cuda: { available: true, reason: null, driver: "13.0", devices: [device] },
    cudnn: { available: false, reason: "No cuDNN 9.", version: null, path: null, tried },
  };
  const { cuda, cudnn } = backendInfo();
  expect(cuda).toStrictEqual({ available: true, driver: "13.0", devices: [device] });
  expect(cudnn).toStrictEqual({
    available: false,
    reason: "No cuDNN 9.",
    version: null,
    path: null,
    tried,
    allow_tf32: false,
  });
  expect(double.asked).toEqual([]);
});

it("backendInfo never throws", () => {
  double.info = new Error("A broken addon.");
  expect(backendInfo()).toMatchObject({
    cpu: { available: true },
    cuda: { available: false, reason: "A broken addon.", devices: [] },
    cudnn: { available: false, reason: "A broken addon.", tried: [] },
  });
});

it("memoryUsage counts devices and pinned memory", () => {
  expect(memoryUsage()).toMatchObject({ device: 0, pinned: 0 });
});
