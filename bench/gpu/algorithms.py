"""Asks cuDNN itself which of its algorithms computes a GRU, how exactly and how fast, on the device alone.

    python3 bench/gpu/algorithms.py [--seconds N] [--shapes survey|rows] [--json FILE]

For each shape, dtype and algorithm, in a process of its own for each dtype, since an algorithm that fails can spoil the
context: whether cuDNN takes the call, the largest difference from the standard algorithm in float64 with the same weights
(relative to the largest element, at least 1), and the microseconds of one inference call and of one training step (forward,
backward to data and to weights), by CUDA events around calls in a row. `graph` is the same work as a CUDA graph, replayed.
PyTorch lends the memory, the streams and its cuDNN library; the calls are made through ctypes. `--shapes rows` asks only where
the persistent algorithms are faster: few rows, by the number of units.
"""

import argparse
import ctypes
import json
import statistics
import subprocess
import sys
import time

ALGORITHMS = {"standard": 0, "persist_static": 1, "persist_dynamic": 2, "small_h": 3}
DATA = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 9}
MATH = {"fma": 3, "tensor": 1, "default": 0}
MATHS = {
    "survey": {"float32": ["fma"], "float64": ["fma"], "float16": ["tensor", "default"], "bfloat16": ["tensor", "default"]},
    "rows": {"float32": ["fma", "default"], "float64": ["fma"], "float16": ["tensor"], "bfloat16": ["tensor"]},
}
INFERENCE, TRAINING = 0, 1
SEQ_MAJOR, BATCH_MAJOR = 0, 2

# batch, timesteps, features, units, layers, directions
SHAPES = [
    (1, 100, 8, 8, 1, 1),
    (1, 100, 64, 64, 1, 1),
    (32, 100, 64, 64, 1, 1),
    (16, 200, 32, 128, 1, 1),
    (1, 100, 256, 256, 1, 1),
    (32, 100, 128, 256, 1, 1),
    (64, 50, 512, 512, 1, 1),
    (1, 50, 1024, 1024, 1, 1),
    (8, 50, 1024, 1024, 1, 1),
    (2, 3, 3, 8, 1, 1),
    (1, 100, 100, 100, 1, 1),
    (1, 100, 200, 200, 1, 1),
    (1, 100, 64, 64, 1, 2),
    (32, 100, 128, 256, 1, 2),
    (64, 50, 512, 512, 1, 2),
    (32, 100, 128, 256, 2, 1),
]

FEW_ROWS = [(rows, 50, units, units, 1, 1) for units in (256, 512, 1024, 2048) for rows in (1, 2, 4, 8, 16)]
FEW_ROWS += [(rows, 50, units, units, 1, 1) for units in (64, 128) for rows in (2, 4, 8)]
FEW_ROWS += [(1, 50, 7, 300, 1, 1), (1, 50, 33, 777, 1, 1), (4, 50, 33, 777, 1, 1), (1, 50, 512, 512, 1, 2), (1, 50, 512, 512, 2, 1)]


class Failed(Exception):
    pass


class Cudnn:
    def __init__(self):
        self.library = ctypes.CDLL("libcudnn.so.9")

    def __getattr__(self, name):
        function = getattr(self.library, name)

        def call(*arguments):
            status = function(*arguments)
            if status != 0:
                raise Failed(f"{name}: {status}")

        return call


def pointer(tensor):
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


class Gru:
    """One RNN descriptor of cuDNN with its memory, for one shape, dtype and algorithm."""

    def __init__(self, torch, cudnn, shape, dtype, algorithm, math, layout, lengths=None):
        self.torch, self.cudnn = torch, cudnn
        B, T, F, U, layers, directions = self.shape = shape
        self.type = getattr(torch, dtype)
        data, precision = DATA[dtype], DATA["float64" if dtype == "float64" else "float32"]
        self.handle = ctypes.c_void_p()
        cudnn.cudnnCreate(ctypes.byref(self.handle))
        self.use_stream()
        dropout = ctypes.c_void_p()
        cudnn.cudnnCreateDropoutDescriptor(ctypes.byref(dropout))
        cudnn.cudnnSetDropoutDescriptor(
            dropout, self.handle, ctypes.c_float(0), None, ctypes.c_size_t(0), ctypes.c_ulonglong(0)
        )
        self.rnn = ctypes.c_void_p()
        cudnn.cudnnCreateRNNDescriptor(ctypes.byref(self.rnn))
        cudnn.cudnnSetRNNDescriptor_v8(
            self.rnn, ALGORITHMS[algorithm], 3, 2, directions - 1, 0, data, precision, MATH[math],
            F, U, U, layers, dropout, ctypes.c_uint32(1),
        )  # fmt: skip
        began = time.perf_counter()
        if algorithm == "persist_dynamic":
            cudnn.cudnnBuildRNNDynamic(self.handle, self.rnn, B)
        self.build_ms = round((time.perf_counter() - began) * 1e3, 2)
        self.lengths = lengths if lengths is not None else [T] * B
        rows = (ctypes.c_int * B)(*self.lengths)
        self.device_lengths = torch.tensor(self.lengths, dtype=torch.int32, device="cuda")
        fill = ctypes.c_double(0)
        self.x_layout, self.y_layout = ctypes.c_void_p(), ctypes.c_void_p()
        for descriptor, width in ((self.x_layout, F), (self.y_layout, U * directions)):
            cudnn.cudnnCreateRNNDataDescriptor(ctypes.byref(descriptor))
            cudnn.cudnnSetRNNDataDescriptor(descriptor, data, layout, T, B, width, rows, ctypes.byref(fill))
        self.states = ctypes.c_void_p()
        cudnn.cudnnCreateTensorDescriptor(ctypes.byref(self.states))
        sizes = (ctypes.c_int * 3)(layers * directions, B, U)
        strides = (ctypes.c_int * 3)(B * U, U, 1)
        cudnn.cudnnSetTensorNdDescriptor(self.states, data, 3, sizes, strides)
        size = ctypes.c_size_t()
        cudnn.cudnnGetRNNWeightSpaceSize(self.handle, self.rnn, ctypes.byref(size))
        self.weight_bytes = size.value
        self.itemsize = torch.empty(0, dtype=self.type).element_size()
        self.weights = torch.zeros(self.weight_bytes // self.itemsize, dtype=self.type, device="cuda")
        self.d_weights = torch.zeros_like(self.weights)
        self.spaces = {}
        for mode in (INFERENCE, TRAINING):
            work, reserve = ctypes.c_size_t(), ctypes.c_size_t()
            cudnn.cudnnGetRNNTempSpaceSizes(
                self.handle, self.rnn, mode, self.x_layout, ctypes.byref(work), ctypes.byref(reserve)
            )
            byte = dict(dtype=torch.uint8, device="cuda")
            self.spaces[mode] = (
                torch.empty(max(1, work.value), **byte),
                torch.empty(max(1, reserve.value), **byte),
            )
        self.time_major = layout == SEQ_MAJOR

    def use_stream(self):
        stream = self.torch.cuda.current_stream().cuda_stream
        self.cudnn.cudnnSetStream(self.handle, ctypes.c_void_p(stream))

    def places(self):
        """(pseudo-layer, gate matrix or bias) -> slice of the weight space."""
        B, T, F, U, layers, directions = self.shape
        found = {}
        for pseudo in range(layers * directions):
            width = F if pseudo < directions else U * directions
            for gate in range(6):
                m, b = ctypes.c_void_p(), ctypes.c_void_p()
                self.cudnn.cudnnCreateTensorDescriptor(ctypes.byref(m))
                self.cudnn.cudnnCreateTensorDescriptor(ctypes.byref(b))
                m_at, b_at = ctypes.c_void_p(), ctypes.c_void_p()
                self.cudnn.cudnnGetRNNWeightParams(
                    self.handle, self.rnn, pseudo, ctypes.c_size_t(self.weight_bytes), pointer(self.weights), gate,
                    m, ctypes.byref(m_at), b, ctypes.byref(b_at),
                )  # fmt: skip
                start = lambda at: (at.value - self.weights.data_ptr()) // self.itemsize
                columns = width if gate < 3 else U
                found[pseudo, gate, "matrix"] = slice(start(m_at), start(m_at) + U * columns)
                found[pseudo, gate, "bias"] = slice(start(b_at), start(b_at) + U)
        return found

    def fill(self, values):
        B, T, F, U, layers, directions = self.shape
        torch = self.torch
        for key, place in self.places().items():
            self.weights[place] = values("weights", key, (place.stop - place.start,)).to(self.type)
        turn = (lambda t: t.transpose(0, 1).contiguous()) if self.time_major else (lambda t: t)
        like = lambda name, shape: values(name, None, shape).to(self.type)
        self.x = turn(like("x", (B, T, F)))
        self.hx = like("hx", (layers * directions, B, U))
        self.dy = turn(like("dy", (B, T, U * directions)))
        self.dhy = like("dhy", (layers * directions, B, U))
        self.y = torch.zeros_like(self.dy)
        self.hy, self.dhx = torch.zeros_like(self.hx), torch.zeros_like(self.hx)
        self.dx = torch.zeros_like(self.x)

    def forward(self, mode):
        work, reserve = self.spaces[mode]
        self.cudnn.cudnnRNNForward(
            self.handle, self.rnn, mode, pointer(self.device_lengths), self.x_layout, pointer(self.x),
            self.y_layout, pointer(self.y), self.states, pointer(self.hx), pointer(self.hy),
            self.states, None, None, ctypes.c_size_t(self.weight_bytes), pointer(self.weights),
            ctypes.c_size_t(work.numel()), pointer(work),
            ctypes.c_size_t(reserve.numel() if mode == TRAINING else 0), pointer(reserve if mode == TRAINING else None),
        )  # fmt: skip

    def step(self):
        self.forward(TRAINING)
        work, reserve = self.spaces[TRAINING]
        self.cudnn.cudnnRNNBackwardData_v8(
            self.handle, self.rnn, pointer(self.device_lengths), self.y_layout, pointer(self.y), pointer(self.dy),
            self.x_layout, pointer(self.dx), self.states, pointer(self.hx), pointer(self.dhy),
            pointer(self.dhx), self.states, None, None, None, ctypes.c_size_t(self.weight_bytes), pointer(self.weights),
            ctypes.c_size_t(work.numel()), pointer(work), ctypes.c_size_t(reserve.numel()), pointer(reserve),
        )  # fmt: skip
        self.d_weights.zero_()
        self.cudnn.cudnnRNNBackwardWeights_v8(
            self.handle, self.rnn, 0, pointer(self.device_lengths), self.x_layout, pointer(self.x), self.states,
            pointer(self.hx), self.y_layout, pointer(self.y), ctypes.c_size_t(self.weight_bytes),
            pointer(self.d_weights), ctypes.c_size_t(work.numel()), pointer(work),
            ctypes.c_size_t(reserve.numel()), pointer(reserve),
        )  # fmt: skip

    def results(self):
        turn = (lambda t: t.transpose(0, 1)) if self.time_major else (lambda t: t)
        forward = [turn(self.y), self.hy]
        gradients = [turn(self.dx), self.dhx]
        gradients += [self.d_weights[place] for place in self.places().values()]
        as64 = lambda list_: [t.double().cpu() for t in list_]
        return as64(forward), as64(gradients)


def worst(ours, reference):
    return max(
        float((a - b).abs().max() / max(1.0, float(b.abs().max()))) for a, b in zip(ours, reference, strict=True)
    )


def microseconds(torch, work, budget_ms=10):
    """The median of five samples."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    count = max(2, min(200, int(budget_ms / 1e3 / max(1e-6, time.perf_counter() - began))))
    samples = []
    for _ in range(5):
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        for _ in range(count):
            work()
        last.record()
        torch.cuda.synchronize()
        samples.append(first.elapsed_time(last) * 1e3 / count)
    return round(statistics.median(samples), 1)


def graph_of(torch, gru, work):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        gru.use_stream()
        work()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            work()
    gru.use_stream()
    return graph.replay


def layouts_of(shapes, algorithm):
    if shapes == "survey":
        return (BATCH_MAJOR, SEQ_MAJOR)
    return (BATCH_MAJOR,) if algorithm == "standard" else (SEQ_MAJOR,)


def survey(dtype, shapes, until):
    import torch

    cudnn = Cudnn()

    def values(name, key, shape):
        generator = torch.Generator().manual_seed(sum(map(ord, f"{name}{key}")))
        scale = 0.5 / U**0.5 if name == "weights" else 1.0
        return ((torch.rand(shape, generator=generator) * 256 - 128).round() / 128 * scale).half().cuda()

    for shape in SHAPES if shapes == "survey" else FEW_ROWS:
        B, T, F, U, layers, directions = shape
        ragged = [max(1, T - (row * 7) % T) for row in range(B)]
        references = {}
        for lengths in (None, ragged if B > 1 else None):
            if lengths is None and None in references:
                continue
            reference = Gru(torch, cudnn, shape, "float64", "standard", "fma", BATCH_MAJOR, lengths)
            reference.fill(values)
            reference.step()
            references[None if lengths is None else "ragged"] = reference.results()
        torch.cuda.synchronize()
        for algorithm in ALGORITHMS:
            if shapes == "rows" and (algorithm == "small_h" or (dtype == "bfloat16" and algorithm != "standard")):
                continue
            for layout in layouts_of(shapes, algorithm):
                for math in MATHS[shapes][dtype]:
                    for kind in references:
                        if time.time() > until:
                            return
                        if kind == "ragged" and (layout == SEQ_MAJOR or math == "default" or shapes == "rows"):
                            continue
                        row = dict(
                            shape=shape, dtype=dtype, algorithm=algorithm, math=math, lengths=kind,
                            layout="batch" if layout == BATCH_MAJOR else "time",
                        )  # fmt: skip
                        try:
                            gru = Gru(torch, cudnn, shape, dtype, algorithm, math, layout, ragged if kind else None)
                            gru.fill(values)
                            began = time.perf_counter()
                            gru.forward(INFERENCE)
                            torch.cuda.synchronize()
                            row["build_ms"], row["first_ms"] = gru.build_ms, round((time.perf_counter() - began) * 1e3, 2)
                            row["forward_error"] = worst(gru.results()[0], references[kind][0])
                            row["inference_us"] = microseconds(torch, lambda: gru.forward(INFERENCE))
                            if layout == BATCH_MAJOR and kind is None and algorithm == "standard":
                                replay = graph_of(torch, gru, lambda: gru.forward(INFERENCE))
                                row["inference_graph_us"] = microseconds(torch, replay)
                            gru.step()
                            torch.cuda.synchronize()
                            row["gradient_error"] = worst(gru.results()[1], references[kind][1])
                            row["training_us"] = microseconds(torch, gru.step)
                            if layout == BATCH_MAJOR and kind is None and algorithm == "standard":
                                row["training_graph_us"] = microseconds(torch, graph_of(torch, gru, gru.step))
                        except Exception as error:
                            row["refused"] = " ".join(str(error).split())[:120]
                        print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--shapes", choices=("survey", "rows"), default="survey")
    parser.add_argument("--json")
    parser.add_argument("--dtype")
    parser.add_argument("--until", type=float)
    arguments = parser.parse_args()
    if arguments.dtype:
        survey(arguments.dtype, arguments.shapes, arguments.until)
        return
    began = time.time()
    rows = []
    dtypes = ("float32", "float16", "float64", "bfloat16")
    for index, dtype in enumerate(dtypes):
        until = began + arguments.seconds * (index + 1) / 4
        command = [sys.executable, __file__, "--dtype", dtype, "--shapes", arguments.shapes, "--until", str(until)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        rows += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        print(dtype, "exit status", done.returncode, "rows", sum(row["dtype"] == dtype for row in rows))
        if arguments.json:
            with open(arguments.json, "w") as file:
                json.dump(rows, file)
    for row in rows:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
