import type { ContenderSource } from "../contender.js";
import { kernel } from "./kernel.js";
import { onednn } from "./onednn.js";
import { onnxruntime } from "./onnxruntime.js";
import { keras, pytorch } from "./python.js";
import { tfjs } from "./tfjs.js";
import { pytorchTraining } from "./training.js";

/** Other libraries, in the order of the tables. */
export const PEERS: readonly ContenderSource[] = [onnxruntime, onednn, pytorch, keras, tfjs];

/** Those that compute gradients. */
export const TRAINING_PEERS: readonly ContenderSource[] = [pytorchTraining];

/** Our own kernel without what is around it; not a peer, always measured. */
export const KERNEL: ContenderSource = kernel;
