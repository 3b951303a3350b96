"""Loads .weights.h5 files into models of real Keras and prints what comes out, as JSON.

Reads a JSON list of {path, config, features, inputs} from standard input. For each it makes a Sequential model whose only
layer is the GRU, and a Functional one with other layers around it, loads the file into both, and prints the weights (as
float64) and the Sequential model's output.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np


def gru(config):
    """A GRU with the config; Keras has no orthogonal initializer in bfloat16."""
    return keras.layers.GRU.from_config({**config, "recurrent_initializer": "zeros"})


def numbers(array):
    return np.asarray(array, dtype="float64").tolist()


def check(case):
    features = case["features"]
    sequential = keras.Sequential([keras.Input((None, features)), gru(case["config"])])
    sequential.load_weights(case["path"])
    inputs = keras.Input((None, features))
    outputs = gru(case["config"])(keras.layers.Masking()(inputs))
    functional = keras.Model(inputs, keras.layers.Activation("relu")(outputs))
    functional.load_weights(case["path"])
    same = all(np.array_equal(a, b) for a, b in zip(sequential.get_weights(), functional.get_weights(), strict=True))
    return {
        "functional": same,
        "weights": [numbers(weight) for weight in sequential.get_weights()],
        "output": numbers(sequential(np.asarray(case["inputs"]))),
    }


results = [check(case) for case in json.load(sys.stdin)]
json.dump({"keras": keras.__version__, "results": results}, sys.stdout)
