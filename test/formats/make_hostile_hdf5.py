"""Writes the HDF5 files in data/ that h5wasm cannot write: with a kernel outside the file or behind a filter, or with
names that refer to each other's texts; and in types.h5 and types_latest.h5 a cell for each type and layout that a kernel
can have.

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


def float_type(**changes):
    """An IEEE float32 with other fields."""
    fields = {"sign": 31, "exponent": (23, 8), "mantissa": (0, 23), "bias": 127, "bits": 32, "offset": 0, "size": 4}
    fields |= changes
    kind = h5py.h5t.IEEE_F32LE.copy() if fields["size"] <= 4 else h5py.h5t.IEEE_F64LE.copy()
    # The fields must fit the precision at every step.
    kind.set_fields(fields["sign"], *fields["exponent"], *fields["mantissa"])
    kind.set_ebias(fields["bias"])
    kind.set_precision(fields["bits"])
    kind.set_size(fields["size"])
    kind.set_offset(fields["offset"])
    return kind


def vax():
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_order(h5py.h5t.ORDER_VAX)
    return kind


def without_implied_bit():
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_norm(h5py.h5t.NORM_NONE)
    return kind


BFLOAT16 = {"sign": 15, "exponent": (7, 8), "mantissa": (0, 7), "bits": 16, "size": 2}

# What h5py reads as the numbers that were written, and so must we.
READABLE_TYPES = {
    "float16_little": lambda: h5py.h5t.IEEE_F16LE,
    "float16_big": lambda: h5py.h5t.IEEE_F16BE,
    "float32_little": lambda: h5py.h5t.IEEE_F32LE,
    "float32_big": lambda: h5py.h5t.IEEE_F32BE,
    "float64_little": lambda: h5py.h5t.IEEE_F64LE,
    "float64_big": lambda: h5py.h5t.IEEE_F64BE,
    "bfloat16_float": lambda: float_type(**BFLOAT16),
}
# What is no float of IEEE 754's layout, nor bfloat16.
OTHER_TYPES = {
    "field_widths": lambda: float_type(sign=30, exponent=(20, 10), mantissa=(0, 20), bias=511),
    "exponent_bias": lambda: float_type(bias=126),
    "bit_offset": lambda: float_type(sign=15, exponent=(7, 8), mantissa=(0, 7), bits=16, offset=8),
    "padded_float16": lambda: float_type(sign=15, exponent=(10, 5), mantissa=(0, 10), bias=15, bits=16),
    "sign_elsewhere": lambda: float_type(sign=0, exponent=(24, 8), mantissa=(1, 23)),
    "no_implied_bit": without_implied_bit,
    "vax_order": vax,
    "long_double": lambda: h5py.h5t.NATIVE_LDOUBLE,
    "int32": lambda: h5py.h5t.STD_I32LE,
    "uint16": lambda: h5py.h5t.STD_U16LE,
    "bit_field": lambda: h5py.h5t.STD_B32LE,
    "boolean": lambda: h5py.h5t.py_create(np.dtype(bool), logical=True),
    "opaque": lambda: h5py.h5t.create(h5py.h5t.OPAQUE, 4),
    "compound": lambda: h5py.h5t.py_create(np.dtype([("value", "<f4")])),
    "array": lambda: h5py.h5t.py_create(np.dtype(("<f4", (1,)))),
    "string": lambda: h5py.h5t.py_create(np.dtype("S4")),
}


def values(shape):
    """Numbers that every type holds exactly."""
    return (np.arange(np.prod(shape), dtype="float64").reshape(shape) - 8) / 16


def add_cell(file, name, make_kernel):
    variables = file.create_group("layers/%s/cell/vars" % name)
    make_kernel(variables)
    for index in (1, 2):
        variables["%d" % index] = values(SHAPES[index]).astype("float32")


def of_type(kind):
    def make(variables):
        space = h5py.h5s.create_simple(SHAPES[0])
        dataset = h5py.h5d.create(variables.id, b"0", kind, space)
        if kind.get_class() == h5py.h5t.FLOAT:
            dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values(SHAPES[0]), mtype=h5py.h5t.NATIVE_DOUBLE)

    return make


def noted_bfloat16(variables):
    """As Keras writes it: the bits as opaque elements, and a note."""
    bits = (values(SHAPES[0]).astype("float32").view("uint32") >> 16).astype("uint16")
    variables.create_dataset("0", data=bits.view("V2")).attrs["dtype"] = "bfloat16"


def noted_float16(variables):
    """Real float16 numbers under the same note: Keras converts them."""
    variables.create_dataset("0", data=values(SHAPES[0]).astype("float16")).attrs["dtype"] = "bfloat16"


def committed(variables):
    variables.file["type"] = np.dtype("<f4")
    variables.create_dataset("0", data=values(SHAPES[0]), dtype=variables.file["type"])


def compact(variables):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple(SHAPES[0])
    dataset = h5py.h5d.create(variables.id, b"0", h5py.h5t.IEEE_F32LE, space, properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values(SHAPES[0]))


def chunked(variables):
    variables.create_dataset("0", data=values(SHAPES[0]).astype("float32"), chunks=(1, 4))


def filtered(variables):
    options = {"compression": "gzip", "shuffle": True, "fletcher32": True}
    variables.create_dataset("0", data=values(SHAPES[0]).astype("float32"), chunks=(2, 4), **options)


def never_written(variables):
    variables.create_dataset("0", shape=SHAPES[0], dtype="<f4", fillvalue=0.25)


def partly_written(variables):
    dataset = variables.create_dataset("0", shape=SHAPES[0], dtype="<f4", fillvalue=-0.5, chunks=(1, 3))
    dataset[0, :3] = 1


LAYOUTS = {
    build.__name__: build
    for build in (noted_bfloat16, noted_float16, committed, compact, chunked, filtered, never_written, partly_written)
}


def types(name, **options):
    """One cell for each type and layout, named after it."""
    with h5py.File(os.path.join(FOLDER, name), "w", **options) as file:
        for kind, make in {**READABLE_TYPES, **OTHER_TYPES}.items():
            add_cell(file, kind, of_type(make()))
        for layout, make in LAYOUTS.items():
            add_cell(file, layout, make)


def what_h5py_reads(name):
    """expected_types.json: what h5py reads of each kernel that is to be read."""
    expected = {}
    with h5py.File(os.path.join(FOLDER, name)) as file:
        for kind in (*READABLE_TYPES, *LAYOUTS):
            kernel = file["layers/%s/cell/vars/0" % kind][()]
            if kernel.dtype.kind == "V":
                kernel = (kernel.view("uint16").astype("uint32") << 16).view("float32")
            expected[kind] = kernel.astype("float64").ravel().tolist()
    with open(os.path.join(FOLDER, "expected_types.json"), "w", encoding="utf-8") as file:
        file.write("{\n%s\n}\n" % ",\n".join('"%s": %s' % pair for pair in expected.items()))


def user_defined_link(name):
    """An external link whose kind is changed to one that only some program would know."""
    path = os.path.join(FOLDER, name)
    with h5py.File(path, "w") as file:
        file["layers/gru"] = h5py.ExternalLink("other.h5", "/")
    with open(path, "rb") as file:
        data = file.read()
    kind, other = bytes([1, 8, 64, 3]) + b"gru", bytes([1, 8, 200, 3]) + b"gru"
    assert data.count(kind) == 1
    with open(path, "wb") as file:
        file.write(data.replace(kind, other))


types("types.h5")
types("types_latest.h5", libver="latest")
what_h5py_reads("types.h5")
user_defined_link("user_defined_link.h5")
repeated_text("repeated_text.h5")
repeated_text("repeated_long_text.h5", length=60_000, count=3000)
write("external_self.h5", external_storage("/model.weights.h5"))
write("lzf.h5", lzf)
write("virtual.h5", virtual)
write("external.h5", external_storage("/etc/hostname"))
write("devices.h5", external_storage("/dev/stdin"))
