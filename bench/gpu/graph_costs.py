"""What CUDA graphs of cuDNN's calls cost and whether they keep the numbers, through the driver's own functions.

    python3 bench/gpu/graph_costs.py

For each case it prints one JSON line: the number of the graph's nodes, the milliseconds that capture, instantiation, the first
launch and destruction take, the host's microseconds of a later launch and of the plain call, the device memory that the graph
holds, and whether replays give the bits of the plain call. Cases with rows of different lengths show whether lengths are part of
the launches, and whether a replay reads memory that other calls have changed since.
"""

import ctypes
import json
import statistics
import time

import algorithms as survey

THREAD_LOCAL = 1


class Driver:
    def __init__(self):
        self.library = ctypes.CDLL("libcuda.so.1")

    def __getattr__(self, name):
        function = getattr(self.library, name)

        def call(*arguments):
            status = function(*arguments)
            if status != 0:
                raise survey.Failed(f"{name}: {status}")

        return call


class Graph:
    """The work of `work` on the current stream, captured and instantiated."""

    def __init__(self, torch, driver, work):
        self.torch, self.driver, self.times = torch, driver, {}
        torch.cuda.synchronize()
        free, _ = torch.cuda.mem_get_info()
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        graph, self.exec, count = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
        with self.timed("capture_ms"):
            driver.cuStreamBeginCapture_v2(stream, THREAD_LOCAL)
            try:
                work()
            finally:
                driver.cuStreamEndCapture(stream, ctypes.byref(graph))
        driver.cuGraphGetNodes(graph, None, ctypes.byref(count))
        with self.timed("instantiate_ms"):
            driver.cuGraphInstantiateWithFlags(ctypes.byref(self.exec), graph, ctypes.c_ulonglong(0))
        driver.cuGraphDestroy(graph)
        self.nodes = count.value
        with self.timed("first_launch_ms"):
            self.launch()
            torch.cuda.synchronize()
        self.bytes = free - torch.cuda.mem_get_info()[0]

    def timed(self, name):
        graph = self

        class Timer:
            def __enter__(self):
                self.began = time.perf_counter()

            def __exit__(self, *_):
                graph.times[name] = round((time.perf_counter() - self.began) * 1e3, 3)

        return Timer()

    def launch(self):
        stream = ctypes.c_void_p(self.torch.cuda.current_stream().cuda_stream)
        self.driver.cuGraphLaunch(self.exec, stream)

    def destroy(self):
        with self.timed("destroy_ms"):
            self.driver.cuGraphExecDestroy(self.exec)


def host_microseconds(torch, work):
    samples = []
    for _ in range(9):
        torch.cuda.synchronize()
        began = time.perf_counter()
        work()
        samples.append((time.perf_counter() - began) * 1e6)
    torch.cuda.synchronize()
    return round(statistics.median(samples), 1)


def snapshot(torch, gru):
    torch.cuda.synchronize()
    return [tensor.clone() for tensor in (gru.y, gru.hy, gru.dx, gru.dhx, gru.d_weights)]


def same(torch, gru, before):
    torch.cuda.synchronize()
    return all(torch.equal(a, b) for a, b in zip(snapshot(torch, gru), before, strict=True))


def backward(gru):
    forward, gru.forward = gru.forward, lambda mode: None
    try:
        gru.step()
    finally:
        gru.forward = forward


def scrub(torch, gru):
    for tensor in (gru.y, gru.hy, gru.dx, gru.dhx, gru.d_weights, *gru.spaces[0], *gru.spaces[1]):
        tensor.view(torch.uint8).fill_(0xFF)


def measure(torch, cudnn, driver, shape, dtype, ragged):
    B, T, *_ = shape
    lengths = [max(1, T - (row * 7) % T) for row in range(B)] if ragged else [T] * B

    def values(name, key, size):
        generator = torch.Generator().manual_seed(sum(map(ord, f"{name}{key}")))
        return ((torch.rand(size, generator=generator) * 256 - 128).round() / 1024).half().cuda()

    math = "fma" if dtype in ("float32", "float64") else "tensor"
    make = lambda rows: survey.Gru(torch, cudnn, shape, dtype, "standard", math, survey.BATCH_MAJOR, rows)
    gru = make(lengths)
    gru.device_lengths = None
    gru.fill(values)
    row = dict(shape=shape, dtype=dtype, ragged=ragged)
    gru.step()
    expected = snapshot(torch, gru)
    forward = Graph(torch, driver, lambda: gru.forward(survey.TRAINING))
    back = Graph(torch, driver, lambda: backward(gru))
    inference = Graph(torch, driver, lambda: gru.forward(survey.INFERENCE))
    for name, graph in (("forward", forward), ("backward", back), ("inference", inference)):
        row[name] = dict(nodes=graph.nodes, bytes=graph.bytes, **graph.times)
    row["same"] = []
    # Other calls of the same handle with other lengths, other memory and other sizes lie between the replays.
    other = make([max(1, T - (index * 3 + 1) % T) for index in range(B)])
    other.device_lengths = None
    other.handle = gru.handle
    other.fill(values)
    for _ in range(3):
        other.step()
        scrub(torch, gru)
        forward.launch()
        back.launch()
        row["same"].append(same(torch, gru, expected))
    for _ in range(20):
        inference.launch()
        forward.launch()
        back.launch()
    row["same"].append(same(torch, gru, expected))
    row["host_us"] = dict(
        plain=host_microseconds(torch, lambda: gru.forward(survey.INFERENCE)), graph=host_microseconds(torch, inference.launch)
    )
    row["device_us"] = dict(
        plain=survey.microseconds(torch, lambda: gru.forward(survey.INFERENCE)), graph=survey.microseconds(torch, inference.launch)
    )
    for graph in (forward, back, inference):
        graph.destroy()
    row["destroy_ms"] = inference.times["destroy_ms"]
    return row


def main():
    import torch

    cudnn, driver = survey.Cudnn(), Driver()
    torch.zeros(1, device="cuda")
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for shape in [(1, 10, 64, 256, 1, 1), (32, 100, 128, 256, 1, 1), (16, 50, 64, 128, 1, 2), (8, 400, 64, 128, 2, 1)]:
            for dtype in ("float32", "bfloat16"):
                for ragged in (False, True):
                    if ragged and shape[0] == 1:
                        continue
                    try:
                        row = measure(torch, cudnn, driver, shape, dtype, ragged)
                    except Exception as error:
                        row = dict(shape=shape, dtype=dtype, ragged=ragged, failed=" ".join(str(error).split())[:200])
                    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
