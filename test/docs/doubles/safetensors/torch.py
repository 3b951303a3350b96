"""Writes and reads float32 tensors of PyTorch in the format of safetensors: the header's length in 8 bytes, the header in
JSON, the tensors."""

import json
import struct

import numpy
import torch


def save_file(tensors, filename):
    header, parts, offset = {}, [], 0
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32:
            raise TypeError(f"Expected float32 but received {tensor.dtype}")
        data = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(filename, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load_file(filename):
    with open(filename, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    body = data[8 + length :]

    def tensor(entry):
        start, end = entry["data_offsets"]
        return torch.from_numpy(numpy.frombuffer(body[start:end], "<f4").reshape(entry["shape"]).copy())

    return {name: tensor(entry) for name, entry in json.loads(data[8 : 8 + length]).items()}
