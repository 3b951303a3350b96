"""torch.nn.GRU on the CPU: forward, and backward to the inputs and the weights, time-major as it prefers.
torch_gru_training.py <threads>"""

import sys

import numpy as np
import torch
from contender import serve
from torch_gru import gates

torch.set_num_threads(int(sys.argv[1]))


def keras(gradient):
    """PyTorch's (3U, ...) with gates r, z, n as Keras's (..., 3U) with gates z, r, h."""
    r, z, h = np.split(gradient.numpy().T, 3, axis=-1)
    return np.concatenate([z, r, h], axis=-1)


def prepare(inputs, kernel, recurrent_kernel, bias):
    features, units = kernel.shape[0], recurrent_kernel.shape[0]
    gru = torch.nn.GRU(features, units)
    with torch.no_grad():
        gru.weight_ih_l0.copy_(gates(kernel))
        gru.weight_hh_l0.copy_(gates(recurrent_kernel))
        gru.bias_ih_l0.copy_(gates(bias[0]))
        gru.bias_hh_l0.copy_(gates(bias[1]))
    time_major = torch.from_numpy(inputs.swapaxes(0, 1).copy()).requires_grad_()
    upstream = torch.ones(inputs.shape[1], inputs.shape[0], units)
    variables = [time_major, gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0]

    def call():
        return torch.autograd.grad(gru(time_major)[0], variables, upstream)

    def output(result):
        d_inputs, *weights = result
        parts = [d_inputs.numpy().swapaxes(0, 1), *map(keras, weights)]
        return np.concatenate([part.ravel() for part in parts])

    return call, output


if __name__ == "__main__":
    serve(torch.__version__, prepare)
