import type { Requirement } from "../../backend/eligibility.js";
import { type Explanation, explainProperties } from "../../backend/explain.js";
import type { LayerExplanation } from "../../layers/composite/explain.js";
import type { LayerParts } from "../../layers/layer_parts.js";
import type { RecurrentNote } from "../compile/builder.js";
import type { NamedGru } from "../layers/layer.js";
import type { ModelLayer } from "../layers/model_layer.js";
import { recurrentCalls } from "./describe.js";

export type { LayerExplanation };

/** The paths that the GRUs of a model take, and the reasons for them. */
export interface ModelExplanation {
  /** `"cudnn"` when every GRU takes that path, `"cpu"` when none does, and `"mixed"` otherwise. */
  readonly path: "cudnn" | "cpu" | "mixed";
  /** One explanation for each GRU, in the order of the layers. `name` is the place of the GRU in the model. */
  readonly layers: readonly LayerExplanation[];
}

/** Returns the GRUs of a model in the order of its layers. */
export function namedGrus(model: ModelLayer): NamedGru[] {
  return model.all().flatMap((layer) => layer.grus);
}

/** Returns the paths that the GRUs of a model take in `predict`, in the order of `namedGrus`. */
export function explainModel(model: ModelLayer): ModelExplanation {
  const grus = namedGrus(model);
  const calls = recurrentCalls(model);
  const alone = new Map(grus.map(({ parts }) => [parts, explainAlone(parts, calls)]));
  const layers = grus.map(({ name, parts }) => ({ name, ...together(parts, { grus, calls, alone }) }));
  const onCudnn = layers.filter(({ path }) => path === "cudnn").length;
  const path = onCudnn === 0 ? "cpu" : onCudnn === layers.length ? "cudnn" : "mixed";
  return { path, layers };
}

function explainAlone({ options, weights }: LayerParts, calls: readonly RecurrentNote[]): Explanation {
  const { features } = weights;
  const call = { mask: null, lengths: null, training: false, batch: null, timesteps: null, features };
  const explained = explainProperties(options, call);
  const isMasked = calls.some(({ grus, hasMask }) => hasMask && grus.some((gru) => gru.options === options));
  if (!isMasked) return explained;
  const detail =
    "A mask must be strictly right-padded. The model computes this one as it runs, so the call stays on the CPU.";
  return onCpu(explained, [{ id: "mask", met: false, detail }]);
}

interface All {
  readonly grus: readonly NamedGru[];
  readonly calls: readonly RecurrentNote[];
  readonly alone: ReadonlyMap<LayerParts, Explanation>;
}

/** Layers of one call take one path: what keeps one of them from cuDNN keeps the others from it too. */
function together(parts: LayerParts, { grus, calls, alone }: All): Explanation {
  const own = alone.get(parts) as Explanation;
  if (own.path === "cpu") return own;
  const mates = calls.filter((call) => call.grus.includes(parts)).flatMap((call) => call.grus);
  const mate = grus.find((gru) => mates.includes(gru.parts) && alone.get(gru.parts)?.path === "cpu");
  if (mate === undefined) return own;
  const { requirements } = alone.get(mate.parts) as Explanation;
  const unmet = requirements.filter(({ met }) => !met);
  return onCpu(
    own,
    unmet.map(({ id, detail }) => ({ id, met: false, detail: `It is computed together with ${mate.name}. ${detail}` })),
  );
}

function onCpu({ requirements }: Explanation, unmet: readonly Requirement[]): Explanation {
  return {
    path: "cpu",
    requirements: requirements.map((one) => unmet.find(({ id }) => id === one.id) ?? one),
  };
}
