"""Makes golden models: small files that real Keras saved, with inputs and what Keras computes for them.

    .venv/bin/python test/golden/models/generate.py                    # all groups
    .venv/bin/python test/golden/models/generate.py --groups dense     # one group anew
    .venv/bin/python test/golden/models/generate.py --only masks/      # runs these cases, writes nothing

README.md describes the format.
"""

import argparse
import hashlib
import importlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
import zipfile
import zlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.dirname(FOLDER)]
from golden_format import cast  # noqa: E402
from model_case import CASES, seed_of  # noqa: E402

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0"}
VERSION = 1
DATA = os.path.join(FOLDER, "data")


def check_versions():
    found = {"keras": keras.__version__, "tensorflow": tf.__version__}
    if found != VERSIONS:
        sys.exit(f"Expected {VERSIONS} but found {found}: pip install -r test/golden/requirements.txt")


def set_weights(model, one):
    """Gives every floating-point weight numbers that no initializer makes, such as biases."""
    for number, variable in enumerate(model.weights):
        if not str(variable.dtype).startswith(("float", "bfloat")):
            continue
        random = np.random.default_rng(seed_of(f"{one.name} {number}"))
        values = random.uniform(-one.scale, one.scale, variable.shape)
        if variable.name in ("moving_variance", "variance"):
            values = np.abs(values) + 0.5
        variable.assign(cast(np.asarray(values), str(variable.dtype)))


class Blob:
    """Bytes of files and tensors of one group, each at a multiple of 8 bytes. Equal ones are stored once."""

    def __init__(self):
        self.parts = [b"GRUMODEL" + VERSION.to_bytes(8, "little")]
        self.size = 16
        self.known = {}

    def add(self, data):
        if data not in self.known:
            self.known[data] = self.size
            padded = data + b"\0" * (-len(data) % 8)
            self.parts.append(padded)
            self.size += len(padded)
        return self.known[data]

    def tensor(self, array):
        array = np.asarray(array)
        if array.dtype == np.int64:
            array = array.astype(np.int32)
        name = array.dtype.name
        bits = array.view(np.uint16) if name in ("float16", "bfloat16") else array
        little = np.ascontiguousarray(bits.astype(bits.dtype.newbyteorder("<")))
        return {"dtype": name, "shape": list(array.shape), "offset": self.add(little.tobytes())}


def mapped(structure, function):
    """`function` of every array in lists and dictionaries."""
    if isinstance(structure, dict):
        return {key: mapped(value, function) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [mapped(value, function) for value in structure]
    return function(structure)


def saved_bytes(model, one, folder):
    """The file of a model. A `.keras` file is deflated here, which Keras does not do, to keep the data small."""
    path = os.path.join(folder, f"model.{one.format}")
    model.save(path)
    with open(path, "rb") as file:
        data = file.read()
    if one.format == "h5":
        return path, edited_h5(path, one, folder) if one.edit else data
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        contents = {name: source.read(name) for name in source.namelist()}
        if one.edit is not None:
            config, metadata = json.loads(contents["config.json"]), json.loads(contents["metadata.json"])
            one.edit(config, metadata)
            contents["config.json"], contents["metadata.json"] = json.dumps(config).encode(), json.dumps(metadata).encode()
        for name, content in contents.items():
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return path, packed.getvalue()


def edited_h5(path, one, folder):
    """The bytes of a copy of an `.h5` file, which the case changes."""
    copy = os.path.join(folder, "edited.h5")
    shutil.copy(path, copy)
    one.edit(copy)
    with open(copy, "rb") as file:
        return file.read()


def run(one, blob):
    """Builds, saves and calls one model. Returns its entry in the index."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed_of(one.name))
    model = one.build()
    set_weights(model, one)
    if one.prepare is not None:
        one.prepare(model)
    with tempfile.TemporaryDirectory() as folder:
        path, data = saved_bytes(model, one, folder)
        loaded = reloaded(path, one, model)
    calls = []
    for number, inputs in enumerate(one.calls):
        if number in one.resets:
            for layer in loaded.layers:
                if hasattr(layer, "reset_state"):
                    layer.reset_state()
        outputs = loaded.predict_on_batch(inputs)
        check_finite(one, outputs)
        call = {"inputs": mapped(inputs, blob.tensor), "outputs": mapped(outputs, blob.tensor)}
        if number in one.resets:
            call["reset_before"] = True
        calls.append(call)
    packed = zlib.compress(data, 9) if one.format == "h5" else data
    file = {"format": one.format, "offset": blob.add(packed), "bytes": len(packed)}
    return {"name": one.name, "dtype": one.dtype, "file": file, "calls": calls}


def attempt(one, blob, failures):
    """The entry of a model, or `None` where Keras itself fails. Its error is added to `failures`."""
    try:
        return run(one, blob)
    except Exception as error:  # noqa: BLE001
        failures.append(f"{one.name}: {type(error).__name__}: {str(error)[:300]}")
        return None


def reloaded(path, one, model):
    """The model as Keras reads it from the file, which is what users get. From `.h5` Keras cannot read operations and Attention."""
    if not one.readable:
        return model
    try:
        return keras.models.load_model(path, compile=False)
    except (TypeError, ValueError) as error:
        if one.format == "h5" and ("Unknown layer" in str(error) or "Attention" in str(error)):
            return model
        raise


def check_finite(one, outputs):
    def check(array):
        if not np.all(np.isfinite(np.asarray(array, dtype=np.float64))) and "nan" not in one.name:
            raise ValueError(f"{one.name}: outputs that are not finite")

    mapped(outputs, check)


def load_cases():
    for file in sorted(os.listdir(FOLDER)):
        if file.endswith("_models.py"):
            importlib.import_module(file[:-3])


def write(groups):
    os.makedirs(DATA, exist_ok=True)
    lines = ["{", f'"format": "cudnn-gru golden models", "version": {VERSION},']
    lines.append(f'"generated_with": {json.dumps(VERSIONS)},')
    lines.append('"groups": {')
    for number, (name, (entry, cases)) in enumerate(groups.items()):
        lines.append(f'{json.dumps(name)}: {{"blob": {json.dumps(entry)}, "cases": [')
        lines.append(",\n".join(json.dumps(each, separators=(",", ":"), allow_nan=False) for each in cases))
        lines.append("]}" + ("," if number + 1 < len(groups) else ""))
    lines.append("}}")
    with open(os.path.join(DATA, "index.json"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def earlier_groups():
    path = os.path.join(DATA, "index.json")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {name: (group["blob"], group["cases"]) for name, group in json.load(file)["groups"].items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", nargs="*", help="make only these groups anew, and keep the others")
    parser.add_argument("--only", help="run the cases whose names begin with this, and write nothing")
    arguments = parser.parse_args()
    check_versions()
    load_cases()
    if arguments.only is not None:
        for one in CASES:
            if one.name.startswith(arguments.only):
                print(json.dumps(run(one, Blob()))[:400])
        return
    groups = earlier_groups() if arguments.groups else {}
    names = list(dict.fromkeys(one.group for one in CASES))
    failures = []
    for name in arguments.groups or names:
        blob = Blob()
        started = time.time()
        cases = [made for made in (attempt(one, blob, failures) for one in CASES if one.group == name) if made]
        data = b"".join(blob.parts)
        os.makedirs(DATA, exist_ok=True)
        with open(os.path.join(DATA, f"{name}.bin"), "wb") as file:
            file.write(data)
        entry = {"file": f"{name}.bin", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        groups[name] = (entry, cases)
        print(f"{name}: {len(cases)} models, {len(data)} bytes, {time.time() - started:.0f} s", flush=True)
    write({name: groups[name] for name in names if name in groups})
    if failures:
        sys.exit("Keras cannot make or run these models:\n" + "\n".join(failures))


if __name__ == "__main__":
    main()
