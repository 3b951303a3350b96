"""Loads .weights.h5 files into models that real Keras builds anew, as users do.

Reads a JSON list of [model, weights] from standard input: the paths of a `.keras` file and of the weights that were converted
from it. Prints a JSON list with null for each pair whose weights come back bit for bit, or what was different.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402


def other_values(model):
    """Gives every weight a value that it did not have."""
    model.set_weights([np.ones_like(weight) if weight.size and not np.all(weight == 1) else weight + 1 for weight in model.get_weights()])


def result(pair):
    try:
        keras.backend.clear_session()
        wanted = keras.saving.load_model(pair[0], compile=False)
        model = keras.models.clone_model(wanted)
        other_values(model)
        model.load_weights(pair[1])
        for own, weight in zip(model.weights, wanted.weights, strict=True):
            if np.asarray(own).tobytes() != np.asarray(weight).tobytes():
                return f"{weight.path} is different"
        return None
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"[:1000]


json.dump([result(pair) for pair in json.load(sys.stdin)], sys.stdout)
