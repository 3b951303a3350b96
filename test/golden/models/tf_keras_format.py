"""Writes a model of Keras 3 in the format of tf.keras 2.

tf.keras 2 itself cannot be installed beside Keras 3 here, so these files are written by hand after its sources (2.15,
`keras/src/engine/node.py`, `functional.py`, `legacy_h5_format.py`). The numbers are Keras 3's.
"""

import copy
import json

# Keys that Keras 3 writes and tf.keras 2 does not.
NEW_KEYS = ("optional", "seed", "zero_output_for_mask", "quantization_config", "autocast", "lora_rank")


def rewritten(serialized, module):
    """One serialized model or layer, with everything inside."""
    config = copy.deepcopy(serialized["config"])
    class_name = serialized["class_name"]
    if "layers" in config:
        config = rewritten_model(config, class_name, module)
    else:
        config = rewritten_layer(config, class_name, module)
    result = {"class_name": class_name, "config": config}
    if module:
        result = {"module": "keras.layers" if "layers" not in config else "keras", **result, "registered_name": None}
        if "build_config" in serialized:
            result["build_config"] = serialized["build_config"]
    return result


def rewritten_layer(config, class_name, module):
    for key in NEW_KEYS:
        config.pop(key, None)
    config["dtype"] = rewritten_dtype(config.get("dtype"))
    if class_name == "InputLayer":
        config["batch_input_shape"] = config.pop("batch_shape")
    if class_name == "GRU":
        config.update({"time_major": False, "implementation": 2})
    if class_name == "BatchNormalization":
        config["axis"] = [config["axis"] if config["axis"] != -1 else 2]
    if class_name == "LayerNormalization":
        config["axis"] = [2]
        config.pop("rms_scaling")
    if class_name == "LeakyReLU":
        config["alpha"] = config.pop("negative_slope")
    if class_name == "GRUCell":
        config["implementation"] = 2
    for key in ("layer", "backward_layer", "cell"):
        if key in config:
            config[key] = rewritten(config[key], module)
    if class_name == "StackedRNNCells":
        config["cells"] = [rewritten(cell, module) for cell in config["cells"]]
    if class_name == "Bidirectional":
        # tf.keras 2 makes the backward layer anew, and keeps the name of the forward one as it was given.
        config.pop("backward_layer")
        inner = config["layer"]["config"]
        inner["name"] = inner["name"].removeprefix("forward_")
    return {key: without_modules(value) if key.endswith("_initializer") else value for key, value in config.items()}


def rewritten_dtype(dtype):
    name = dtype["config"]["name"] if isinstance(dtype, dict) else dtype
    if name is None or not name.startswith("mixed_"):
        return name or "float32"
    return {"class_name": "Policy", "config": {"name": name}}


def without_modules(value):
    if not isinstance(value, dict):
        return value
    return {"class_name": value["class_name"], "config": value["config"]}


def rewritten_model(config, class_name, module):
    config.pop("dtype", None)
    kept = [layer for layer in config["layers"] if is_layer(layer)]
    entries = []
    for layer in kept:
        entry = rewritten(layer, module)
        if class_name != "Sequential":
            nested = {other["config"]["name"] for other in kept if is_counted(other)}
            entry["name"] = layer["config"]["name"]
            entry["inbound_nodes"] = [rewritten_node(node, layer["class_name"], nested) for node in layer["inbound_nodes"]]
        entries.append(entry)
    config["layers"] = entries
    if class_name == "Sequential":
        config.pop("build_input_shape", None)
    else:
        nested = {layer["config"]["name"] for layer in kept if is_counted(layer) and layer["class_name"] == "Sequential"}
        # Keras 3 counts the making of functional models in these lists, and tf.keras 2 that of a Sequential too.
        config["input_layers"] = as_list(counted(config["input_layers"], nested))
        config["output_layers"] = as_list(counted(config["output_layers"], nested))
    return config


def is_layer(layer):
    """Whether an entry is a layer. tf.keras 2 computes masks without entries of their own."""
    return layer["class_name"] == "InputLayer" or "trainable" in layer["config"]


def is_counted(layer):
    """Whether tf.keras 2 counts the making of a model as its first call."""
    return "layers" in layer["config"]


def as_list(tensors):
    """tf.keras 2 has a list even for one tensor."""
    return [tensors] if isinstance(tensors, list) and len(tensors) == 3 and isinstance(tensors[0], str) else tensors


def counted(tensors, nested):
    if isinstance(tensors, dict):
        return {key: counted(value, nested) for key, value in tensors.items()}
    if len(tensors) == 3 and isinstance(tensors[0], str):
        name, node, tensor = tensors
        return [name, node + 1 if name in nested else node, tensor]
    return [counted(value, nested) for value in tensors]


def rewritten_node(node, class_name, nested):
    """`[[name, node, tensor, kwargs], ...]` for `{args, kwargs}`."""
    first = node["args"][0] if node["args"] else node["kwargs"].pop("inputs")
    kwargs = {key: value for key, value in node["kwargs"].items() if key not in ("mask", "training", "initial_state")}
    states = node["kwargs"].get("initial_state")
    if states is not None:
        # A recurrent layer takes its states in one list with the inputs.
        first = [first, *(states if isinstance(states, list) else [states])]

    def reference(tensor):
        name, index, output = tensor["config"]["keras_history"]
        return [name, index + 1 if name in nested else index, output, kwargs]

    def walk(value):
        if isinstance(value, list):
            return [walk(item) for item in value]
        if value.get("class_name") == "__keras_tensor__":
            return reference(value)
        return {key: walk(item) for key, item in value.items()}

    data = walk(first)
    return [data] if isinstance(data, list) and isinstance(data[0], str) else data


def keras_file(config, metadata):
    """Changes the JSON of a `.keras` file, in place."""
    changed = rewritten(config, True)
    config.clear()
    config.update(changed)
    metadata["keras_version"] = "2.15.0"


def h5_file(path):
    """Changes a whole-model `.h5` file of Keras 3 into one of tf.keras 2."""
    import h5py

    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(rewritten(config, False)).encode()
        file.attrs["keras_version"] = b"2.15.0"
        weights = file["model_weights"]
        weights.attrs["keras_version"] = b"2.15.0"
        for layer in weights.attrs["layer_names"]:
            group = weights[layer]
            names = [str(name) for name in group.attrs["weight_names"]]
            for name in names:
                group.move(name, f"{name}:0")
            group.attrs["weight_names"] = [f"{name}:0".encode() for name in names]
