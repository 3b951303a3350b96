"""PyTorch's cuDNN GRU for bench/gpu/main.mjs: answers requests on standard input, one line of JSON each.

Host arrays in, host arrays out, float32 without TF32. `split` tells what one call spends where: copies to the device,
computing, copies back (by CUDA events), and `launch`, the time the CPU takes to queue the computation.
"""

import json
import sys
import time


def answer(**what):
    print(json.dumps(what), flush=True)


try:
    import numpy as np
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("torch.cuda is not available")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
except Exception as error:  # The parent says why PyTorch is left out.
    answer(error=" ".join(str(error).split()))
    sys.exit(0)


def gates(weights):
    """Keras's (rows, 3U) with gates z, r, h as PyTorch's (3U, rows) with gates r, z, n."""
    z, r, h = np.split(weights, 3, axis=-1)
    return torch.from_numpy(np.concatenate([r, z, h], axis=-1).T.copy())


class Problem:
    def __init__(self, shape, folder):
        batch, timesteps, features, units = (shape[key] for key in ("batch", "timesteps", "features", "units"))
        read = lambda name: np.fromfile(f"{folder}/{name}", dtype=np.float32)
        self.inputs = torch.from_numpy(read("inputs").reshape(batch, timesteps, features))
        self.upstream = torch.from_numpy(read("upstream").reshape(batch, timesteps, units))
        kernel, recurrent, bias = np.split(read("weights"), np.cumsum([features * 3 * units, units * 3 * units]))
        bias = bias.reshape(2, 3 * units)
        self.gru = torch.nn.GRU(features, units, batch_first=True)
        with torch.no_grad():
            self.gru.weight_ih_l0.copy_(gates(kernel.reshape(features, 3 * units)))
            self.gru.weight_hh_l0.copy_(gates(recurrent.reshape(units, 3 * units)))
            self.gru.bias_ih_l0.copy_(gates(bias[0]))
            self.gru.bias_hh_l0.copy_(gates(bias[1]))
        self.gru.cuda()

    def copy_in(self, mode):
        x = self.inputs.cuda(non_blocking=True)
        if mode == "forward":
            return x, None
        return x.requires_grad_(), self.upstream.cuda(non_blocking=True)

    def compute(self, mode, x, upstream):
        if mode == "forward":
            with torch.inference_mode():
                return [self.gru(x)[0]]
        self.gru.zero_grad(set_to_none=True)
        output, _ = self.gru(x)
        output.backward(upstream)
        return [output.detach(), x.grad] + [each.grad for each in self.gru.parameters()]

    def call(self, mode):
        return [each.cpu() for each in self.compute(mode, *self.copy_in(mode))]

    def split(self, mode, count):
        events = [torch.cuda.Event(enable_timing=True) for _ in range(4)]
        sums = {"copyIn": 0.0, "compute": 0.0, "copyOut": 0.0, "launch": 0.0}
        for _ in range(count):
            torch.cuda.synchronize()
            events[0].record()
            given = self.copy_in(mode)
            events[1].record()
            start = time.perf_counter()
            results = self.compute(mode, *given)
            sums["launch"] += (time.perf_counter() - start) * 1e3
            events[2].record()
            [each.cpu() for each in results]
            events[3].record()
            torch.cuda.synchronize()
            for key, first, last in (("copyIn", 0, 1), ("compute", 1, 2), ("copyOut", 2, 3)):
                sums[key] += events[first].elapsed_time(events[last])
        return {key: value / count for key, value in sums.items()}


def keras_order(weights):
    """PyTorch's gradient of weight_hh as Keras's recurrent kernel's."""
    r, z, n = np.split(weights.numpy().T, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)


answer(ok={"torch": torch.__version__, "cudnn": torch.backends.cudnn.version(), "cuda": torch.version.cuda})
problem = None
for line in sys.stdin:
    try:
        request = json.loads(line)
        if "prepare" in request:
            problem = Problem(request["prepare"], request["folder"])
            problem.call("forward")[0].numpy().tofile(f"{request['folder']}/forward")
            keras_order(problem.call("training")[3]).tofile(f"{request['folder']}/training")
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
