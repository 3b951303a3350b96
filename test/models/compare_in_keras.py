"""Opens model files in real Keras, and compares what the model before a conversion predicts with the one after it.

Reads a JSON list of {before, after, calls: [{inputs, reset}]} from standard input. `before` is the path of an `.h5` file of
Keras 2, or null; `inputs` is a tensor {dtype, shape, data} or lists and objects of tensors, with data as base64 of
little-endian values. Prints {results: [{outputs, difference, refused} or {error}]}: the outputs of the model after the
conversion, and the largest |a - b| / max(1, max |b|) between the two. `refused` is the error of Keras 3 where it cannot open
the source; `difference` is null then.
"""

import base64
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402


def decoded(value):
    if isinstance(value, list):
        return [decoded(one) for one in value]
    if not isinstance(value.get("dtype"), str):
        return {key: decoded(one) for key, one in value.items()}
    return np.frombuffer(base64.b64decode(value["data"]), dtype=value["dtype"]).reshape(value["shape"])


def without_time_major(base):
    """Keras 3 refuses the argument that tf.keras 2 writes for all recurrent layers."""

    class Layer(base):
        def __init__(self, *args, time_major=False, **kwargs):
            assert not time_major
            super().__init__(*args, **kwargs)

    # Wrappers write the class by its name.
    Layer.__name__ = base.__name__
    return Layer


# Keras 3 finds the layers inside of others in files of Keras 2 only where it is told their classes.
LAYERS = {name: value for name, value in vars(keras.layers).items() if isinstance(value, type)}
LAYERS |= {name: without_time_major(LAYERS[name]) for name in ("GRU", "RNN")}


def opened_source(path):
    with keras.saving.custom_object_scope(LAYERS):
        return keras.saving.load_model(path, compile=False)


def opened(path):
    return keras.saving.load_model(path, compile=False)


def predicted(open_model, path, calls):
    """The flat outputs of each call."""
    keras.backend.clear_session()
    model = open_model(path)
    results = []
    for call in calls:
        if call["reset"]:
            for layer in model.layers:
                if hasattr(layer, "reset_state"):
                    layer.reset_state()
        outputs = model(decoded(call["inputs"]), training=False)
        results.append([np.asarray(keras.ops.convert_to_numpy(one), dtype="float64") for one in keras.tree.flatten(outputs)])
    return results


def difference(found, wanted):
    worst = 0.0
    for a, b in zip((one for call in found for one in call), (one for call in wanted for one in call), strict=True):
        if a.shape != b.shape:
            raise ValueError(f"shapes {a.shape} and {b.shape}")
        if a.size > 0:
            worst = max(worst, float(np.max(np.abs(a - b)) / max(1.0, float(np.max(np.abs(b))))))
    return worst


def encoded(array):
    data = base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()
    return {"shape": list(array.shape), "data": data}


def compared(after, case):
    """The difference to the predictions of the source, and why there are none."""
    if case["before"] is None:
        return None, None
    try:
        before = predicted(opened_source, case["before"], case["calls"])
    except Exception as error:  # noqa: BLE001
        return None, described(error)
    return difference(after, before), None


def described(error):
    return f"{type(error).__name__}: {error}"[:2000]


def result(case):
    try:
        after = predicted(opened, case["after"], case["calls"])
        worst, refused = compared(after, case)
        return {"outputs": [[encoded(one) for one in call] for call in after], "difference": worst, "refused": refused}
    except Exception as error:  # noqa: BLE001
        return {"error": described(error)}


json.dump({"results": [result(case) for case in json.load(sys.stdin)]}, sys.stdout)
