"""Cases of golden models: a Keras model with weights of its own, and the calls that are made on it."""

import zlib
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np

CASES = []


@dataclass
class Case:
    """One model. `build` makes it; `calls` has the inputs of each call, in the structure that `predict` takes."""

    name: str
    build: Callable[[], Any]
    calls: list
    dtype: str = "float32"
    format: str = "keras"
    # Sets the states to zeros before the calls with these numbers.
    resets: tuple = ()
    # Does something to the model after its weights were set.
    prepare: Callable[[Any], None] | None = None
    # Changes the file before it is stored, to write another format: the JSON of a `.keras` file, or the path of an `.h5` file.
    edit: Callable[..., None] | None = None
    # Whether Keras can read the file back; otherwise the model that was saved makes the predictions.
    readable: bool = True
    scale: float = 0.5
    arguments: dict = field(default_factory=dict)

    @property
    def group(self):
        return self.name.split("/")[0]


def case(name, build, *calls, **options):
    """Adds a case."""
    if any(one.name == name for one in CASES):
        raise ValueError(f"two cases are called {name}")
    CASES.append(Case(name, build, list(calls), **options))


def seed_of(text):
    """A seed that depends on `text` alone."""
    return zlib.crc32(text.encode()) & 0xFFFFFFFF


def floats(*shape, seed=1, scale=1.0, dtype="float32"):
    """Numbers in [-scale, scale)."""
    return (np.random.default_rng(seed).uniform(-scale, scale, shape)).astype(dtype)


def ints(*shape, below, seed=1, dtype="int32"):
    """Integers in [0, below)."""
    return np.random.default_rng(seed).integers(0, below, shape).astype(dtype)


def tokens(rows, steps, below, lengths, seed=1):
    """Integers in [1, below), and zeros behind each row's length."""
    values = np.random.default_rng(seed).integers(1, below, (rows, steps)).astype("int32")
    for row, length in enumerate(lengths):
        values[row, length:] = 0
    return values


def truths(*shape, seed=1):
    """Truths, about two thirds of them true, the first of each row among them."""
    values = np.random.default_rng(seed).uniform(0, 1, shape) < 0.67
    values[:, 0] = True
    return values
