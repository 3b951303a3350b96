import { constraints, type GRUArguments, initializers } from "cudnn-gru";
import type { Random } from "../random.js";

const ACTIVATIONS = [
  "tanh",
  "sigmoid",
  "relu",
  "gelu",
  "softmax",
  "hard_sigmoid",
  "linear",
  "log_softmax",
  "sparsemax",
  "softplus",
];
const DTYPES = ["float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"];
const REGULARIZERS = [
  null,
  "l1",
  "l2",
  { class_name: "L1L2", config: { l1: 0.01, l2: 0.02 } },
  "orthogonal_regularizer",
];
const CONSTRAINTS = [null, "max_norm", "non_neg", "unit_norm"];

/** The side effect of a user's function when it is called; `null` for none. */
export interface Mood {
  act: (() => unknown) | null;
}

/** A user's constraint with the side effect of its mood. */
export class Moody extends constraints.Constraint {
  static mood: Mood = { act: null };
  override apply(): void {
    Moody.mood.act?.();
  }
}

function custom(mood: Mood): GRUArguments["activation"] {
  return {
    name: "halve",
    forward(x, out) {
      for (let at = 0; at < x.length; at++) out[at] = (x[at] as number) / 2;
      return mood.act?.() as undefined;
    },
    backward(_x, _y, dy, dx) {
      for (let at = 0; at < dy.length; at++) dx[at] = (dy[at] as number) / 2;
      mood.act?.();
    },
  };
}

/** A layer's arguments. They are the same for both twins, except for the mood of the user's functions. */
export interface LayerPlan {
  units: number;
  features: number;
  args: GRUArguments;
  hasCustom: boolean;
  withMood(mood: Mood): GRUArguments;
}

/** Any options that are valid together. */
export function layerPlan(random: Random): LayerPlan {
  const dropout = random.once(3);
  const args: GRUArguments = {
    dtype: random.weighted([
      [4, "float32"],
      [1, random.one(DTYPES)],
    ]),
    use_bias: !random.once(5),
    reset_after: !random.once(3),
    return_sequences: random.once(2),
    return_state: random.once(2),
    go_backwards: random.once(3),
    stateful: random.once(3),
    zero_output_for_mask: random.once(3),
    unroll: random.once(6),
    dropout: dropout ? random.one([0.3, 0.5, 1]) : 0,
    recurrent_dropout: dropout && random.once(2) ? 0.4 : 0,
    seed: random.below(1000),
    // A layer that builds itself in a call must get its twin's weights.
    kernel_initializer: new initializers.GlorotUniform({ seed: 1 + random.below(1000) }),
    recurrent_initializer: new initializers.RandomNormal({ seed: 1 + random.below(1000) }),
    trainable: !random.once(8),
    autocast: !random.once(8),
  };
  if (random.once(3)) args.activation = random.one(ACTIVATIONS);
  if (random.once(4)) args.recurrent_activation = random.one(ACTIVATIONS);
  if (random.once(4)) args.kernel_regularizer = random.one(REGULARIZERS) as string;
  if (random.once(6)) args.recurrent_regularizer = random.one(REGULARIZERS) as string;
  if (random.once(4)) args.activity_regularizer = random.one(["l1", "l2", null]);
  if (random.once(4)) args.kernel_constraint = random.one([...CONSTRAINTS, new Moody()]);
  if (random.once(6)) args.bias_constraint = random.one(CONSTRAINTS);
  if (random.once(20)) args.use_cudnn = random.once(2);
  if (random.once(8)) args.implementation = random.one([1, 2]);
  const where = random.one(["activation", "recurrent_activation"] as const);
  const hasCustom = random.once(12);
  return {
    units: random.weighted([
      [6, 1 + random.below(6)],
      [1, random.one([8, 16, 17, 33])],
    ]),
    features: random.weighted([
      [8, 1 + random.below(5)],
      [1, 0],
    ]),
    args,
    hasCustom,
    withMood: (mood) => (hasCustom ? { ...args, [where]: custom(mood) } : args),
  };
}
