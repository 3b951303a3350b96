"""keras.layers.GRU on TensorFlow's CPU kernels, in a tf.function of fixed shape. keras_gru.py <threads>"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import tensorflow as tf
from contender import serve

tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
tf.config.threading.set_inter_op_parallelism_threads(1)


def prepare(inputs, kernel, recurrent_kernel, bias):
    layer = keras.layers.GRU(recurrent_kernel.shape[0], return_sequences=True)
    layer.build(inputs.shape)
    layer.set_weights([kernel, recurrent_kernel, bias])
    function = tf.function(layer, input_signature=[tf.TensorSpec(inputs.shape, tf.float32)])
    tensor = tf.constant(inputs)
    return lambda: function(tensor), lambda result: result.numpy()


serve(f"{keras.__version__} (TensorFlow {tf.__version__})", prepare)
