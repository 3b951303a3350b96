"""Keras's answer to bench/models/keras.ts, by the protocol of bench/child.ts. keras_peer.py <threads>

`prepare BATCH FOLDER STEM` loads STEM.keras of the folder and its inputs; `time N` makes N calls of a `tf.function` of fixed
shape, which is what `predict_on_batch` runs, without its conversions to and from NumPy.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
tf.config.threading.set_inter_op_parallelism_threads(1)


def prepare(batch, folder, stem):
    model = keras.models.load_model(Path(folder) / f"{stem}.keras", compile=False)
    [described] = [one for one in json.loads((Path(folder) / "models.json").read_text()) if one["file"] == stem]
    given = [
        tf.constant(
            np.fromfile(Path(folder) / f"{stem}.{batch}.x{index}", np.int32 if one["words"] else np.float32).reshape(
                batch, *one["row"]
            )
        )
        for index, one in enumerate(described["inputs"])
    ]
    single = given if len(given) > 1 else given[0]
    function = tf.function(lambda x: model(x, training=False))
    function(single)
    return lambda: function(single)


print(f"ok {keras.__version__} (TensorFlow {tf.__version__})", flush=True)
call = None
for line in sys.stdin:
    verb, *rest = line.rstrip("\n").split(" ")
    try:
        if verb == "prepare":
            call = prepare(int(rest[0]), rest[1], rest[2])
            print("ok", flush=True)
        else:
            start = time.perf_counter_ns()
            for _ in range(int(rest[0])):
                call()
            print(f"ok {time.perf_counter_ns() - start}", flush=True)
    except Exception as error:  # The parent decides; the child lives on.
        print("error", " ".join(str(error).split()), flush=True)
