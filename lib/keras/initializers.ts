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

/** All initializers by their names. */
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

/** The initializer that Keras uses for `None`: Glorot uniform, which the config again contains as `None`. */
class DefaultInitializer extends GlorotUniform {
  override serialize(): null {
    return null;
  }
}

/**
 * Returns the initializer that `value` stands for: a Keras name, a serialized object, an instance, or `null`. `null`
 * means Keras's default for weights (Glorot uniform) and stays `null` in the config. Throws `ERR_ARGUMENT`, naming
 * `argument`.
 */
export function getInitializer(value: unknown, argument: string): Initializer {
  return INITIALIZERS.get(value, argument) ?? new DefaultInitializer();
}
