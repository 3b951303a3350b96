"""The child's side of bench/child.ts: answers requests on standard input until it ends."""

import sys
import time

import numpy as np


def read_problem(words):
    """The folder, layers, directions and arrays of `prepare B T F U layers directions folder`. Arrays are in Keras's
    layouts: the inputs, and then kernel, recurrent kernel and bias of each GRU."""
    batch, timesteps, features, units, layers, directions = map(int, words[:6])
    folder = words[6]
    shapes = [(batch, timesteps, features)]
    for layer in range(layers):
        width = features if layer == 0 else directions * units
        shapes += [(width, 3 * units), (units, 3 * units), (2, 3 * units)] * directions
    data = np.fromfile(f"{folder}/problem.f32", dtype=np.float32)
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    parts = np.split(data, ends[:-1])
    return folder, layers, directions, [part.reshape(shape) for part, shape in zip(parts, shapes)]


def serve(version, prepare):
    """`prepare(inputs, kernel, recurrent_kernel, bias)` gives a function that makes one call and one that gives the
    output of a call as (batch, timesteps, units)."""
    serve_stacks(version, lambda layers, directions, *arrays: prepare(*arrays))


def serve_stacks(version, prepare):
    """The same with `prepare(layers, directions, inputs, kernel, recurrent_kernel, bias, kernel, ...)`."""

    def prepare_problem(rest):
        folder, layers, directions, arrays = read_problem(rest.split(" ", 6))
        return folder, *prepare(layers, directions, *arrays)

    answer(version, prepare_problem)


def answer(version, prepare):
    """`prepare(rest)`, with what stands after `prepare` in a request, gives the folder for `output.f32`, a function that
    makes one call and one that gives the array that a call's result stands for."""
    print(f"ok {version}", flush=True)
    call = None
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        try:
            if verb == "prepare":
                folder, call, output = prepare(rest)
                np.ascontiguousarray(output(call()), dtype=np.float32).tofile(f"{folder}/output.f32")
                print("ok", flush=True)
            elif verb == "time" and call is not None:
                calls = range(int(rest))
                start = time.perf_counter_ns()
                for _ in calls:
                    call()
                print(f"ok {time.perf_counter_ns() - start}", flush=True)
            else:
                raise ValueError(f"unknown request {verb}")
        except Exception as error:  # The parent decides; the child lives on.
            print("error", " ".join(str(error).split()), flush=True)
