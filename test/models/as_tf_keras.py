"""Rewrites `.keras` files of Keras 3 as tf.keras 2 would have written them.

Reads a JSON list of {source, target} from standard input, paths both. Prints a list of null, or why the model has no such
form: operations of Keras 3 are no layers of tf.keras 2.
"""

import json
import os
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../golden/models"))

from tf_keras_format import keras_file  # noqa: E402

CONVOLUTION = {"groups": 1, "activity_regularizer": None}
KERNEL = {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}, "kernel_regularizer": None, "kernel_constraint": None}

# What tf.keras 2.15 writes for these layers, and Keras 3 does not know.
OLD_KEYS = {
    "BatchNormalization": {"fused": None, "renorm_momentum": 0.99},
    "DepthwiseConv1D": CONVOLUTION,
    "Embedding": {"input_length": None, "activity_regularizer": None},
    "RNN": {"time_major": False},
    "SeparableConv1D": {**CONVOLUTION, **KERNEL},
    "SpatialDropout1D": {"noise_shape": None},
}


def visited(value, visit):
    """Calls `visit` for all serialized objects in `value`, the outer ones first."""
    if isinstance(value, list):
        for one in value:
            visited(one, visit)
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
            visit(value)
        for one in value.values():
            visited(one, visit)


def with_trainable(layer):
    """Keras 3 leaves it out of one layer."""
    if layer["class_name"] == "SpatialDropout1D":
        layer["config"]["trainable"] = True


def with_old_keys(layer):
    layer["config"].update(OLD_KEYS.get(layer["class_name"], {}))


def has_operations(config):
    found = []
    visited(config, lambda layer: found.append(str(layer.get("module")).startswith("keras.src.ops")))
    return any(found)


def rewrite(source, target):
    with zipfile.ZipFile(source) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config, metadata = json.loads(entries["config.json"]), json.loads(entries["metadata.json"])
    if has_operations(config):
        return "it has operations"
    visited(config, with_trainable)
    keras_file(config, metadata)
    visited(config, with_old_keys)
    entries |= {"config.json": json.dumps(config).encode(), "metadata.json": json.dumps(metadata).encode()}
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return None


print(json.dumps([rewrite(**case) for case in json.load(sys.stdin)]))
