"""Orthogonal matrices of (units, 3 * units) float32. orthogonal.py <numpy | pytorch | keras> <threads>

A request is `prepare UNITS FOLDER`."""

import os
import sys

from contender import answer

threads = int(sys.argv[2])


def numpy_maker():
    import numpy as np

    random = np.random.default_rng(1)

    def make(units):
        # As Saxe et al. and everybody after them: the sign of R's diagonal makes Q uniform.
        q, r = np.linalg.qr(random.standard_normal((3 * units, units), dtype=np.float32))
        return (q * np.sign(np.diag(r))).T

    return np.__version__, make, lambda matrix: matrix


def pytorch_maker():
    import torch

    torch.set_num_threads(threads)
    return torch.__version__, lambda units: torch.nn.init.orthogonal_(torch.empty(units, 3 * units)), torch.Tensor.numpy


def keras_maker():
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # With a seed generator each call draws anew, as each new layer does.
    initializer = keras.initializers.Orthogonal(seed=keras.random.SeedGenerator(1))
    version = f"{keras.__version__} (TensorFlow {tf.__version__})"
    return version, lambda units: initializer((units, 3 * units)), lambda matrix: matrix.numpy()


version, make, to_numpy = {"numpy": numpy_maker, "pytorch": pytorch_maker, "keras": keras_maker}[sys.argv[1]]()


def prepare(rest):
    units, folder = rest.split(" ", 1)
    return folder, lambda: make(int(units)), to_numpy


answer(version, prepare)
