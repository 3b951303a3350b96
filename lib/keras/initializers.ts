import { Constant, Identity, Ones, Zeros } from "./constant_initializers.js";
import { Initializer } from "./initializer.js";
import {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  Orthogonal,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  VarianceScaling,
} from "./random_initializers.js";
import { Vocabulary } from "./serialization.js";

export { Initializer };

/** All of them by their names. */
export const INITIALIZERS = new Vocabulary<Initializer>(
  "an initializer",
  Initializer,
  [
    Zeros,
    Ones,
    Constant,
    Identity,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    Orthogonal,
  ],
  {
    zero: "Zeros",
    one: "Ones",
    normal: "RandomNormal",
    uniform: "RandomUniform",
    IdentityInitializer: "Identity",
    OrthogonalInitializer: "Orthogonal",
  },
  {
    STFT: "It makes the kernels of a Fourier transform, not those of a GRU.",
    STFTInitializer: "It makes the kernels of a Fourier transform, not those of a GRU.",
    stft: "It makes the kernels of a Fourier transform, not those of a GRU.",
    Initializer: "That is the base class, which makes no values.",
    initializer: "That is the base class, which makes no values.",
  },
);

/** What Keras does where the initializer is `None`: Glorot uniform, and `None` again in the config. */
class DefaultInitializer extends GlorotUniform {
  override serialize(): null {
    return null;
  }
}

/**
 * The initializer that `value` stands for: a Keras name, a serialized object, an instance, or `null`, which is Keras's
 * default for weights (Glorot uniform) and stays `null` in the config. Throws `ERR_ARGUMENT`, naming `argument`.
 */
export function getInitializer(value: unknown, argument: string): Initializer {
  return INITIALIZERS.get(value, argument) ?? new DefaultInitializer();
}
