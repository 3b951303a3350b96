"""torch.nn.GRU on the CPU in inference mode, time-major as it prefers. torch_gru.py <threads>"""

import sys

import numpy as np
import torch
from contender import serve

torch.set_num_threads(int(sys.argv[1]))


def gates(weights):
    """Keras's (rows, 3U) with gates z, r, h as PyTorch's (3U, rows) with gates r, z, n."""
    z, r, h = np.split(weights, 3, axis=-1)
    return torch.from_numpy(np.concatenate([r, z, h], axis=-1).T.copy())


@torch.inference_mode()
def prepare(inputs, kernel, recurrent_kernel, bias):
    features, units = kernel.shape[0], recurrent_kernel.shape[0]
    gru = torch.nn.GRU(features, units).eval()
    gru.weight_ih_l0.copy_(gates(kernel))
    gru.weight_hh_l0.copy_(gates(recurrent_kernel))
    gru.bias_ih_l0.copy_(gates(bias[0]))
    gru.bias_hh_l0.copy_(gates(bias[1]))
    time_major = torch.from_numpy(inputs.swapaxes(0, 1).copy())
    call = torch.inference_mode()(lambda: gru(time_major))
    return call, lambda result: result[0].numpy().swapaxes(0, 1)


if __name__ == "__main__":
    serve(torch.__version__, prepare)
