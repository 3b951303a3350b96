"""The five models of the benchmark, made by Keras with seeded weights. Inputs and sizes of each are in `MODELS`."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers


def classifier():
    """Text to one of two classes: Embedding, one GRU, two dense layers."""
    return keras.Sequential(
        [
            keras.Input((100,), dtype="int32"),
            layers.Embedding(10_000, 64),
            layers.GRU(64),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def forecaster():
    """Four days of hourly measurements to the next day: Conv1D, pooling, one GRU."""
    return keras.Sequential(
        [
            keras.Input((96, 8)),
            layers.Conv1D(32, 5, padding="causal", activation="relu"),
            layers.MaxPooling1D(2),
            layers.GRU(64),
            layers.Dense(24),
        ]
    )


def denoiser():
    """The sizes of RNNoise (Valin 2018): one second of frames with 42 features to 22 gains and the probability of speech."""
    frames = keras.Input((100, 42))
    dense = layers.Dense(24, activation="tanh")(frames)
    speech = layers.GRU(24, return_sequences=True)(dense)
    probability = layers.Dense(1, activation="sigmoid")(speech)
    noise = layers.GRU(48, return_sequences=True)(layers.Concatenate()([dense, speech, frames]))
    denoise = layers.GRU(96, return_sequences=True)(layers.Concatenate()([speech, noise, frames]))
    gains = layers.Dense(22, activation="sigmoid")(denoise)
    return keras.Model(frames, [gains, probability])


def translator():
    """An encoder whose last state starts a decoder."""
    source = keras.Input((50, 16))
    target = keras.Input((20, 8))
    _, state = layers.GRU(128, return_state=True)(source)
    sequence = layers.GRU(128, return_sequences=True)(target, initial_state=state)
    return keras.Model([source, target], layers.Dense(8)(sequence))


def tagger():
    """A label for each word: Embedding, Bidirectional, a softmax at each step."""
    return keras.Sequential(
        [
            keras.Input((50,), dtype="int32"),
            layers.Embedding(5_000, 64),
            layers.Bidirectional(layers.GRU(64, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(20, activation="softmax")),
        ]
    )


# name: (how it is made, for each input the shape of a row and, for words, the size of the vocabulary)
MODELS = {
    "text classifier": (classifier, [((100,), 10_000)]),
    "forecaster": (forecaster, [((96, 8), None)]),
    "denoiser": (denoiser, [((100, 42), None)]),
    "encoder and decoder": (translator, [((50, 16), None), ((20, 8), None)]),
    "tagger": (tagger, [((50,), 5_000)]),
}


def make(name):
    """The model `name`, the same weights each time."""
    keras.utils.set_random_seed(7)
    return MODELS[name][0]()


def inputs(name, batch):
    """Reproducible inputs: a list of float32 arrays, or int32 for words."""
    random = np.random.default_rng(11)
    return [
        random.integers(0, words, (batch, *shape), dtype=np.int32)
        if words
        else random.uniform(-1, 1, (batch, *shape)).astype(np.float32)
        for shape, words in MODELS[name][1]
    ]
