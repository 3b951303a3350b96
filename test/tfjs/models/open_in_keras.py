"""Opens .keras files in real Keras and prints what they predict, as JSON.

Reads a JSON list of {path, calls: [{inputs: [{dtype, shape, data}], reset}]} from standard input; data is base64 of little-endian
values. Prints {results: [{outputs: [[{shape, data}]]} or {error}]}, one for each file.
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


def decoded(tensor):
    array = np.frombuffer(base64.b64decode(tensor["data"]), dtype=tensor["dtype"])
    return array.reshape(tensor["shape"])


def encoded(tensor):
    array = np.ascontiguousarray(np.asarray(tensor, dtype="<f4"))
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def flat(outputs):
    return [encoded(one) for one in keras.tree.flatten(outputs)]


def opened(case):
    keras.backend.clear_session()
    model = keras.models.load_model(case["path"])
    outputs = []
    for call in case["calls"]:
        if call["reset"]:
            for layer in model.layers:
                if hasattr(layer, "reset_state"):
                    layer.reset_state()
        inputs = [decoded(tensor) for tensor in call["inputs"]]
        outputs.append(flat(model(inputs if len(inputs) > 1 else inputs[0], training=False)))
    return {"outputs": outputs, "config": type(model).__name__, "layers": [layer.name for layer in model.layers]}


def result(case):
    try:
        return opened(case)
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"[:2000]}


json.dump({"keras": keras.__version__, "results": [result(case) for case in json.load(sys.stdin)]}, sys.stdout)
