"""Writes the HDF5 files in data/ that h5wasm cannot write: with a kernel outside the file or behind a filter, or with
names that refer to each other's texts.

Run: `.venv/bin/python test/formats/make_hostile_hdf5.py` (h5py 3.14). The layout is that of a GRU with 2 features and
3 units in Keras 3: `layers/gru/cell/vars/0` to `/2`.
"""

import os

import h5py
import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SHAPES = [(2, 9), (3, 9), (2, 9)]


def write(name, make_kernel):
    os.makedirs(FOLDER, exist_ok=True)
    with h5py.File(os.path.join(FOLDER, name), "w") as file:
        variables = file.create_group("layers/gru/cell/vars")
        make_kernel(variables)
        for index in (1, 2):
            variables["%d" % index] = np.ones(SHAPES[index], "float32")


def virtual(variables):
    layout = h5py.VirtualLayout(shape=SHAPES[0], dtype="float32")
    layout[:] = h5py.VirtualSource("other.h5", "kernel", shape=SHAPES[0])
    variables.create_virtual_dataset("0", layout)


def external_storage(path):
    def make(variables):
        size = 4 * SHAPES[0][0] * SHAPES[0][1]
        variables.create_dataset("0", shape=SHAPES[0], dtype="float32", external=[(path, 0, size)])

    return make


def lzf(variables):
    variables.create_dataset("0", data=np.ones(SHAPES[0], "float32"), chunks=SHAPES[0], compression="lzf")


def repeated_text(name, length=4096, count=100):
    """A list of names that all refer to one long text. A name is kept as its length, then its place in the heap."""
    path = os.path.join(FOLDER, name)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["a" * length] + ["b" * 9] * count
    with open(path, "rb") as file:
        data = bytearray(file.read())
    long, short = length.to_bytes(4, "little"), (9).to_bytes(4, "little")
    start = next(at for at in range(len(data)) if data[at : at + 4] == long and data[at + 16 : at + 20] == short)
    for index in range(1, count + 1):
        data[start + 16 * index : start + 16 * (index + 1)] = data[start : start + 16]
    with open(path, "wb") as file:
        file.write(data)


repeated_text("repeated_text.h5")
write("lzf.h5", lzf)
write("virtual.h5", virtual)
write("external.h5", external_storage("/etc/hostname"))
write("devices.h5", external_storage("/dev/stdin"))
