import { type Explanation, explainProperties, readExplain } from "../../backend/explain.js";
import { halfFeatures } from "./build.js";
import { builtFeatures, type Composite } from "./composite.js";
import { type OneCudnnCall, oneCudnnCall } from "./one_cudnn_call.js";

/** The path that one GRU of several takes, and the reasons for it. */
export interface LayerExplanation extends Explanation {
  /** The name of the GRU; that of a Bidirectional's half comes after the name of the Bidirectional: `both/forward_gru`. */
  readonly name: string;
}

/** The paths that a call of several layers takes, and the reasons for them. */
export interface CompositeExplanation {
  /** `"cudnn"` when every GRU takes that path, `"cpu"` when none does, and `"mixed"` otherwise. */
  readonly path: "cudnn" | "cpu" | "mixed";
  /** One explanation for each GRU: layers in order, forward before backward. */
  readonly layers: readonly LayerExplanation[];
  /** Whether one cuDNN call computes all of them, and why not. Otherwise each layer is computed by itself. */
  readonly one_cudnn_call: OneCudnnCall;
}

/** Returns the paths that a call with these arguments takes. Throws the errors of `explainCall`. */
export function explainComposite(composite: Composite, args: unknown): CompositeExplanation {
  const call = readExplain(builtFeatures(composite), args);
  const features = call.features === null ? null : halfFeatures(composite, call.features);
  const layers: LayerExplanation[] = [];
  for (const { name, halves } of composite.stages) {
    for (const half of halves) {
      const own = { ...call, features: features?.[layers.length] ?? null };
      layers.push({
        name: halves.length === 1 ? half.name : `${name}/${half.name}`,
        ...explainProperties(half.options, own),
      });
    }
  }
  const onCudnn = layers.map(({ path }) => path === "cudnn");
  return {
    path: onCudnn.every((is) => is) ? "cudnn" : onCudnn.some((is) => is) ? "mixed" : "cpu",
    layers,
    one_cudnn_call: oneCudnnCall(composite, call, onCudnn),
  };
}
