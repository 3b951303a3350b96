"""What a case is, and the tensors every case needs."""

import zlib
from dataclasses import dataclass, field

import numpy as np
from golden_format import Stored, Uniform

DTYPES = ("float32", "float64")
SIXTEEN_BITS = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
VARIABLE_DTYPES = {"mixed_float16": "float32", "mixed_bfloat16": "float32"}


def variable_dtype(policy):
    """The dtype of the weights of a layer with this dtype policy."""
    return VARIABLE_DTYPES.get(policy, policy)


def compute_dtype(policy):
    """The dtype of the results of a layer with this dtype policy."""
    return policy.removeprefix("mixed_")


@dataclass
class Call:
    """One call of the layer. Tensors are `Uniform` or `Stored`."""

    inputs: object
    mask: object = None
    initial_state: object = None
    training: bool | None = None
    reset_before: bool = False


@dataclass
class Case:
    name: str
    arguments: dict
    calls: list
    weights: list
    dtypes: tuple = DTYPES
    # Of inputs, initial states; None means that of the weights.
    given_dtype: str | None = None
    gradients: bool = False
    upstream: list = field(default_factory=list)


def seed_of(name, part):
    """A seed that depends on the case alone, so that a new case moves no other."""
    return zlib.crc32(f"{name}/{part}".encode())


def weights_of(name, arguments, features, gain=1.0, bias=0.4):
    """Random weights of a size at which the gates neither vanish nor saturate."""
    units = arguments["units"]
    kernel = gain * 1.2 / max(1, features) ** 0.5
    recurrent = 1.2 / units**0.5
    weights = [
        Uniform((features, 3 * units), seed_of(name, "kernel"), kernel),
        Uniform((units, 3 * units), seed_of(name, "recurrent_kernel"), recurrent),
    ]
    if arguments.get("use_bias", True):
        shape = (2, 3 * units) if arguments.get("reset_after", True) else (3 * units,)
        weights.append(Uniform(shape, seed_of(name, "bias"), bias))
    return weights


def case(name, arguments, shape, mask=None, state=False, training=None, scale=1.5, **options):
    """A case with random inputs of (batch, timesteps, features) and one call.

    `mask`: a boolean array; `state`: give an initial state; `inputs`: values instead of random ones;
    `gain`, `bias`: as in `weights_of`; the rest goes to `Case`.
    """
    batch, _, features = shape
    gain, bias = options.pop("gain", 1.0), options.pop("bias", 0.4)
    inputs = options.pop("inputs", None)
    weights = options.pop("weights", None) or weights_of(name, arguments, features, gain, bias)
    if inputs is None:
        inputs = Uniform(shape, seed_of(name, "inputs"), scale)
    call = Call(
        inputs=inputs,
        mask=None if mask is None else Stored(mask, None if mask.dtype != np.bool_ else "uint8"),
        initial_state=state_of(name, batch, arguments["units"]) if state is True else (state or None),
        training=training,
    )
    result = Case(name, arguments, [call], weights, **options)
    if result.gradients:
        units, returned = arguments["units"], []
        returned.append((batch, shape[1], units) if arguments.get("return_sequences") else (batch, units))
        if arguments.get("return_state"):
            returned.append((batch, units))
        result.upstream = [Uniform(s, seed_of(name, f"upstream{i}"), 1.0) for i, s in enumerate(returned)]
    return result


def state_of(name, batch, units):
    return Uniform((batch, units), seed_of(name, "initial_state"), 0.8)


def masks(batch, timesteps):
    """Every kind of mask, as name → boolean (batch, timesteps). Needs batch >= 3 and timesteps >= 5."""
    steps = np.arange(timesteps)
    lengths = np.array([timesteps - (2 * row) % (timesteps - 1) for row in range(batch)])
    right = steps < lengths[:, None]
    holes = np.ones((batch, timesteps), bool)
    holes[0, 2] = holes[1, 0] = holes[1, 3:5] = holes[2, -1] = holes[2, 1] = False
    random = np.random.default_rng(7).random((batch, timesteps)) < 0.5
    one_empty = right.copy()
    one_empty[1] = False
    return {
        "right": right,
        "left": right[:, ::-1].copy(),
        "holes": holes,
        "random": random,
        "one_row_empty": one_empty,
        "all_false": np.zeros((batch, timesteps), bool),
        "all_true": np.ones((batch, timesteps), bool),
    }
