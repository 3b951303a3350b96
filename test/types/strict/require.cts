// Compiled in strict projects by projects.test.ts, never run: the types where an application requires the package.
import { GRU, type Tensor, tensor } from "cudnn-gru";

import cudnnGru = require("cudnn-gru");

const output: Tensor<Float32Array> = new GRU(4).call(tensor(new Float32Array(6), [1, 3, 2]));
const layer: cudnnGru.GRU<true, "float64"> = new cudnnGru.GRU(4, { return_state: true, dtype: "float64" });
// @ts-expect-error camelCase
new cudnnGru.GRU(4, { returnState: true });
// @ts-expect-error a tensor is no list
const [state] = new cudnnGru.GRU(4).call(output);
export = { output, layer, state };
