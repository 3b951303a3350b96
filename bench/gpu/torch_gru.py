"""PyTorch's cuDNN GRU for bench/gpu/torch_peer.mjs: answers requests on standard input, one line of JSON each.

Host arrays in, host arrays out. Inference runs in eval mode: in training mode cuDNN would also keep what a backward pass
needs. `split` tells what one call spends where: copies to the device, computing, copies back, and `launch`, the time the
CPU takes to queue the computation. With the argument "cpu" there is no device and nothing is queued: a test of the program.
"""

import json
import sys
import time


def answer(**what):
    print(json.dumps(what), flush=True)


DEVICE = sys.argv[1] if len(sys.argv) > 1 else "cuda"

try:
    import numpy as np
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    if DEVICE == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("torch.cuda is not available")
except Exception as error:  # The parent says why PyTorch is left out.
    answer(error=" ".join(str(error).split()))
    sys.exit(0)

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def gates(weights):
    """Keras's (rows, 3U) with gates z, r, h as PyTorch's (3U, rows) with gates r, z, n."""
    z, r, h = np.split(weights, 3, axis=-1)
    return torch.from_numpy(np.concatenate([r, z, h], axis=-1).T.copy())


class Clock:
    """Milliseconds between marks: CUDA events on the device's stream, or the CPU's clock."""

    def __init__(self):
        self.marks = []

    def mark(self):
        if DEVICE == "cuda":
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            self.marks.append(event)
        else:
            self.marks.append(time.perf_counter())

    def between(self, first, last):
        a, b = self.marks[first], self.marks[last]
        return a.elapsed_time(b) if DEVICE == "cuda" else (b - a) * 1e3


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


class Problem:
    def __init__(self, given, folder):
        batch, timesteps, features, units = (given[key] for key in ("batch", "timesteps", "features", "units"))
        dtype = DTYPES[given["dtype"]]
        torch.backends.cuda.matmul.allow_tf32 = given["tf32"]
        torch.backends.cudnn.allow_tf32 = given["tf32"]

        def read(name, *shape):
            # numpy has no bfloat16, so 16-bit types come as their bits.
            stored = np.float32 if dtype == torch.float32 else np.int16
            return torch.from_numpy(np.fromfile(f"{folder}/{name}", dtype=stored)).view(dtype).reshape(shape)

        self.inputs = read("inputs", batch, timesteps, features)
        directions = given["directions"]
        self.upstream = read("upstream", batch, timesteps, directions * units)
        # Where rows differ in length: a tensor on the CPU, as pack_padded_sequence wants it.
        self.lengths = None if given["lengths"] is None else torch.tensor(given["lengths"])
        self.timesteps = timesteps
        self.gru = torch.nn.GRU(features, units, num_layers=given["layers"], bidirectional=directions == 2, batch_first=True)
        weights = np.fromfile(f"{folder}/weights", dtype=np.float32)
        with torch.no_grad():
            for layer in range(given["layers"]):
                depth = features if layer == 0 else directions * units
                for suffix in (f"l{layer}", f"l{layer}_reverse")[:directions]:
                    weights = self.fill(suffix, depth, units, weights)
        self.gru.to(DEVICE, dtype)

    def fill(self, suffix, depth, units, weights):
        """Copies Keras's weights of one GRU, which come first in `weights`, and returns the rest."""
        kernel, recurrent, bias, rest = np.split(weights, np.cumsum([depth * 3 * units, units * 3 * units, 6 * units]))
        bias = bias.reshape(2, 3 * units)
        getattr(self.gru, f"weight_ih_{suffix}").copy_(gates(kernel.reshape(depth, 3 * units)))
        getattr(self.gru, f"weight_hh_{suffix}").copy_(gates(recurrent.reshape(units, 3 * units)))
        getattr(self.gru, f"bias_ih_{suffix}").copy_(gates(bias[0]))
        getattr(self.gru, f"bias_hh_{suffix}").copy_(gates(bias[1]))
        return rest

    def copy_in(self, mode):
        x = self.inputs.to(DEVICE, non_blocking=True)
        if mode == "forward":
            return x, None
        return x.detach().requires_grad_(), self.upstream.to(DEVICE, non_blocking=True)

    def run(self, x):
        if self.lengths is None:
            return self.gru(x)[0]
        packed = pack_padded_sequence(x, self.lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=self.timesteps)[0]

    def compute(self, mode, x, upstream):
        if mode == "forward":
            self.gru.eval()
            with torch.inference_mode():
                return [self.run(x)]
        self.gru.train()
        self.gru.zero_grad(set_to_none=True)
        output = self.run(x)
        output.backward(upstream)
        return [output.detach(), x.grad] + [each.grad for each in self.gru.parameters()]

    def call(self, mode):
        return [each.cpu() for each in self.compute(mode, *self.copy_in(mode))]

    def split(self, mode, count):
        sums = {"copyIn": 0.0, "compute": 0.0, "copyOut": 0.0, "launch": 0.0}
        for _ in range(count):
            synchronize()
            clock = Clock()
            clock.mark()
            given = self.copy_in(mode)
            clock.mark()
            start = time.perf_counter()
            results = self.compute(mode, *given)
            sums["launch"] += (time.perf_counter() - start) * 1e3
            clock.mark()
            [each.cpu() for each in results]
            clock.mark()
            synchronize()
            for key, first in (("copyIn", 0), ("compute", 1), ("copyOut", 2)):
                sums[key] += clock.between(first, first + 1)
        return {**{key: value / count for key, value in sums.items()}, "mode": "train" if self.gru.training else "eval"}


def keras_order(weights):
    """PyTorch's gradient of weight_hh as Keras's recurrent kernel's."""
    r, z, n = np.split(weights.float().numpy().T, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)


def prepare(given, folder):
    problem = Problem(given, folder)
    problem.call("forward")[0].float().numpy().tofile(f"{folder}/forward")
    keras_order(problem.call("training")[3]).tofile(f"{folder}/training")
    return problem


def versions():
    return {"torch": torch.__version__, "cudnn": torch.backends.cudnn.version(), "cuda": torch.version.cuda,
            "device": torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu"}


answer(ok=versions())
problem = None
for line in sys.stdin:
    try:
        request = json.loads(line)
        if "prepare" in request:
            problem = None  # Its memory first.
            problem = prepare(request["prepare"], request["folder"])
            answer(ok=True)
        elif "time" in request:
            start = time.perf_counter()
            for _ in range(request["count"]):
                problem.call(request["time"])
            answer(ok=(time.perf_counter() - start) * 1e3 / request["count"])
        elif "split" in request:
            answer(ok=problem.split(request["split"], request["count"]))
    except Exception as error:  # The parent decides; the child lives on.
        answer(error=" ".join(str(error).split()))
