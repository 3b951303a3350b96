"""The golden-data format: one index.json and one .bin blob per group. README.md describes it."""

import hashlib
import json
import os
import struct

import ml_dtypes
import numpy as np

MAGIC = b"GRUGOLD\0"
VERSION = 1
HEADER_BYTES = 16


def cast(values, dtype):
    """float64 `values` in `dtype`, by its name: rounded once, or for 16 bits twice, by way of float32."""
    if dtype in ("float16", "bfloat16"):
        with np.errstate(over="ignore"):
            return values.astype(np.float32).astype(np.float16 if dtype == "float16" else ml_dtypes.bfloat16)
    return values.astype(dtype)


class Uniform:
    """A tensor that is computed, not stored: element i is hash(seed, i) mapped to [-scale, scale)."""

    def __init__(self, shape, seed, scale):
        self.shape = tuple(shape)
        self.seed = seed
        self.scale = float(scale)

    def array(self, dtype):
        """The values in `dtype`: computed in float64, then `cast`."""
        count = int(np.prod(self.shape, dtype=np.int64))
        with np.errstate(over="ignore"):
            h = np.arange(count, dtype=np.uint32) + np.uint32(self.seed) * np.uint32(0x9E3779B9)
            h ^= h >> np.uint32(16)
            h *= np.uint32(0x85EBCA6B)
            h ^= h >> np.uint32(13)
            h *= np.uint32(0xC2B2AE35)
            h ^= h >> np.uint32(16)
        values = (h.astype(np.float64) / 2.0**31 - 1.0) * self.scale
        return cast(values, dtype).reshape(self.shape)


class Stored:
    """A tensor given by its values; `dtype` None means the dtype of the case."""

    def __init__(self, values, dtype=None):
        self.values = np.asarray(values)
        self.shape = self.values.shape
        self.dtype = dtype

    def array(self, dtype):
        return cast(self.values, self.dtype or dtype)


class GroupWriter:
    """Collects the stored tensors of one group into one little-endian blob, each at a multiple of 8 bytes."""

    def __init__(self, name):
        self.name = name
        self.parts = [MAGIC, struct.pack("<II", VERSION, 0)]
        self.size = HEADER_BYTES
        self.known = {}

    def reference(self, tensor, dtype):
        """The index entry of `tensor`: where its values lie, or how to compute them."""
        if isinstance(tensor, Uniform):
            uniform = {"seed": tensor.seed, "scale": tensor.scale}
            return {"dtype": dtype, "shape": list(tensor.shape), "uniform": uniform}
        array = tensor.array(dtype) if isinstance(tensor, Stored) else np.asarray(tensor)
        name = array.dtype.name
        bits = array.view(np.uint16) if name in ("float16", "bfloat16") else array
        little = bits.astype(bits.dtype.newbyteorder("<"), order="C", copy=False)
        return {"dtype": name, "shape": list(array.shape), "offset": self._append(little.tobytes())}

    def _append(self, data):
        if data in self.known:
            return self.known[data]
        offset = self.size
        padded = data + b"\0" * (-len(data) % 8)
        self.parts.append(padded)
        self.size += len(padded)
        self.known[data] = offset
        return offset

    def write(self, folder):
        """Writes `<name>.bin`; returns its entry in the index."""
        blob = b"".join(self.parts)
        with open(os.path.join(folder, f"{self.name}.bin"), "wb") as file:
            file.write(blob)
        return {"file": f"{self.name}.bin", "bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}


def write_index(folder, versions, groups):
    """Writes index.json, one case a line. `groups`: name → (blob entry, list of case entries)."""
    lines = ["{", f'"format": "cudnn-gru golden data", "version": {VERSION},']
    lines.append(f'"generated_with": {json.dumps(versions)},')
    lines.append('"groups": {')
    for number, (name, (blob, cases)) in enumerate(groups.items()):
        lines.append(f'{json.dumps(name)}: {{"blob": {json.dumps(blob)}, "cases": [')
        rows = [json.dumps(case, separators=(",", ":"), allow_nan=False) for case in cases]
        lines.append(",\n".join(rows))
        lines.append("]}" + ("," if number + 1 < len(groups) else ""))
    lines.append("}}")
    text = "\n".join(lines) + "\n"
    json.loads(text)
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
        file.write(text)


def read_index(folder):
    """The groups of an index.json that `write_index` wrote."""
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
        groups = json.load(file)["groups"]
    return {name: (group["blob"], group["cases"]) for name, group in groups.items()}
