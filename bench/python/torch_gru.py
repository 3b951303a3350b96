"""torch.nn.GRU on the CPU in inference mode, time-major as it prefers. torch_gru.py <threads>"""

import sys

import numpy as np
import torch
from contender import serve_stacks

torch.set_num_threads(int(sys.argv[1]))


def gates(weights):
    """Keras's (rows, 3U) with gates z, r, h as PyTorch's (3U, rows) with gates r, z, n."""
    z, r, h = np.split(weights, 3, axis=-1)
    return torch.from_numpy(np.concatenate([r, z, h], axis=-1).T.copy())


@torch.inference_mode()
def prepare(layers, directions, inputs, *weights):
    features, units = weights[0].shape[0], weights[1].shape[0]
    gru = torch.nn.GRU(features, units, num_layers=layers, bidirectional=directions == 2).eval()
    places = [f"l{layer}{end}" for layer in range(layers) for end in ("", "_reverse")[:directions]]
    for index, place in enumerate(places):
        kernel, recurrent_kernel, bias = weights[3 * index : 3 * index + 3]
        getattr(gru, f"weight_ih_{place}").copy_(gates(kernel))
        getattr(gru, f"weight_hh_{place}").copy_(gates(recurrent_kernel))
        getattr(gru, f"bias_ih_{place}").copy_(gates(bias[0]))
        getattr(gru, f"bias_hh_{place}").copy_(gates(bias[1]))
    time_major = torch.from_numpy(inputs.swapaxes(0, 1).copy())
    call = torch.inference_mode()(lambda: gru(time_major))
    return call, lambda result: result[0].numpy().swapaxes(0, 1)


if __name__ == "__main__":
    serve_stacks(torch.__version__, prepare)
