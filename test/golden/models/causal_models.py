"""Causal models, which streams compute frame by frame."""

import numpy as np
from keras import Input, Model, Sequential, layers, ops

from model_case import case, floats, tokens, truths

X = floats(2, 9, 4)
HOLES = X * truths(2, 9)[..., None]
LATE = HOLES.copy()
LATE[0, :3] = 0


def denoiser():
    """The form of RNNoise: three GRUs, of which the later ones also get the inputs and the outputs of the earlier ones."""
    x = Input((None, 6))
    dense = layers.Dense(5, activation="tanh")(x)
    activity = layers.GRU(4, return_sequences=True)(dense)
    noise = layers.GRU(5, activation="relu", return_sequences=True)(layers.Concatenate()([dense, activity, x]))
    gains = layers.GRU(6, return_sequences=True)(layers.Concatenate()([activity, noise, x]))
    return Model(x, [layers.Dense(3, activation="sigmoid", name="gains")(gains), layers.Dense(1, activation="sigmoid", name="voice")(activity)])


def convolutions():
    return Sequential(
        [
            Input((None, 4)),
            layers.Conv1D(6, 3, padding="causal", activation="relu"),
            layers.BatchNormalization(),
            layers.Conv1D(5, 2, padding="causal", dilation_rate=3, groups=1),
            layers.LeakyReLU(),
            layers.Conv1D(4, 1),
            layers.LayerNormalization(),
            layers.GRU(5, return_sequences=True),
            layers.TimeDistributed(layers.Dense(3)),
            layers.Softmax(),
        ]
    )


def classifier():
    """One output for the sequence so far."""
    return Sequential([Input((None, 4)), layers.GRU(5, return_sequences=True), layers.GRU(3), layers.Dense(2, activation="softmax")])


def residual():
    x = Input((None, 4))
    y = layers.GRU(4, return_sequences=True)(x)
    y = x + 0.5 * y
    z = layers.Conv1D(4, 2, padding="causal")(y)
    return Model(x, ops.concatenate([layers.Add()([y, z]), ops.mean(y, axis=-1, keepdims=True)], axis=-1))


def masked(**arguments):
    return lambda: Sequential([Input((None, 4)), layers.Masking(), layers.GRU(5, return_sequences=True, **arguments), layers.Dense(3)])


def masked_last():
    return Sequential([Input((None, 4)), layers.Masking(), layers.GRU(5, return_sequences=True), layers.GRU(3)])


def text():
    return Sequential([Input((None,), dtype="int32"), layers.Embedding(9, 4), layers.RNN([layers.GRUCell(5), layers.GRUCell(3)], return_sequences=True), layers.Dense(9)])


def two_inputs():
    a, b = Input((None, 4), name="a"), Input((None, 2), name="b")
    y = layers.GRU(3, return_sequences=True)(layers.Concatenate()([a, b]))
    return Model([a, b], {"sequence": y, "last": layers.GRU(2)(y)})


def nested():
    inner = Sequential([Input((None, 4)), layers.Dense(4), layers.GRU(4, return_sequences=True)])
    x = Input((None, 4))
    shared = layers.GRU(4, return_sequences=True)
    return Model(x, shared(inner(shared(x))))


for build, inputs in {
    denoiser: floats(2, 9, 6),
    convolutions: X,
    classifier: X,
    residual: X,
    masked_last: LATE,
    text: tokens(2, 9, 9, (9, 9)),
    two_inputs: [X, floats(2, 9, 2, seed=2)],
    nested: X,
}.items():
    case(f"causal/{build.__name__}", build, inputs)
case("causal/masked", masked(), HOLES, LATE)
case("causal/masked_zero_output", masked(zero_output_for_mask=True), LATE)
case("causal/mixed_float16", lambda: Sequential([Input((None, 4)), layers.Conv1D(4, 3, padding="causal", dtype="mixed_float16"), layers.GRU(5, return_sequences=True, dtype="mixed_float16")]), X, dtype="mixed_float16")
case("causal/float64", lambda: Sequential([Input((None, 4), dtype="float64"), layers.Conv1D(4, 3, padding="causal", dtype="float64"), layers.GRU(5, return_sequences=True, dtype="float64")]), X.astype(np.float64), dtype="float64")
