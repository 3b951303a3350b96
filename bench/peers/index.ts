import type { ContenderSource } from "../contender.js";
import { eigen } from "./eigen.js";
import { emptyCall } from "./empty_call.js";
import { kernel } from "./kernel.js";
import { onednn, onednnBfloat16 } from "./onednn.js";
import { onnxruntime } from "./onnxruntime.js";
import { keras, pytorch } from "./python.js";
import { tfjs } from "./tfjs.js";

/** Other libraries, in the order of the tables. */
export const PEERS: readonly ContenderSource[] = [onnxruntime, onednn, eigen, pytorch, keras, tfjs];

/** The libraries that compute several GRUs in one call. */
export const STACK_PEERS: readonly ContenderSource[] = [onnxruntime, onednn, pytorch];

/** The libraries that compute a GRU in bfloat16. */
export const SIXTEEN_BIT_PEERS: readonly ContenderSource[] = [onednnBfloat16];

/** Our own computation without what is around it, and what is around it without the computation: always measured. */
export const PARTS_OF_OURS: readonly ContenderSource[] = [kernel, emptyCall];
