import * as api from "cudnn-gru";
import { expect, it } from "vitest";

it("exports what the documentation names, and no more", () => {
  expect(Object.keys(api).sort()).toEqual([
    "Activation",
    "Bidirectional",
    "DTypePolicy",
    "GRU",
    "GRUError",
    "GRUStack",
    "Tensor",
    "Variable",
    "backendInfo",
    "configure",
    "constraints",
    "createBatcher",
    "initializers",
    "memoryUsage",
    "optimizers",
    "regularizers",
    "saveModelWeights",
    "tensor",
  ]);
});

it("names its class as Keras does", () => {
  const gru = new api.GRU(3);
  expect(gru).toBeInstanceOf(api.GRU);
  expect([api.GRU.name, gru.constructor.name]).toEqual(["GRU", "GRU"]);
});
