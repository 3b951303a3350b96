"""The same models as ONNX graphs, built by hand with one `GRU` node for each GRU.

An exporter unrolls a Keras GRU into hundreds of nodes, which would be no fair peer. ONNX's gate order is Keras's (z, r,
h), its weights are Keras's transposed, and `linear_before_reset` is `reset_after`. onnxruntime's GRU is time-major, so
each sequence is transposed on the way in and out, as every user of such a model pays for it.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT32}


class Graph:
    """Collects nodes and weights; every method returns the name of a result."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind, inputs, outputs=1, **attributes):
        names = [f"n{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def dense(self, x, layer, activation=None):
        kernel, bias = layer.get_weights()
        y = self.node("Add", [self.node("MatMul", [x, self.weight(kernel)]), self.weight(bias)])
        if activation is None:
            return y
        return self.node(activation, [y], **({"axis": -1} if activation == "Softmax" else {}))

    def gru(self, x, halves, initial=None):
        """From batch-major x: the sequence (batch, timesteps, directions * units) and the last state (batch, units)."""
        stacks = zip(*[half.get_weights() for half in halves], strict=True)
        kernels, recurrent, biases = (np.stack(arrays) for arrays in stacks)
        both = len(halves) == 2
        y, state = self.node(
            "GRU",
            [
                self.node("Transpose", [x], perm=[1, 0, 2]),
                self.weight(kernels.transpose(0, 2, 1)),
                self.weight(recurrent.transpose(0, 2, 1)),
                self.weight(biases.reshape(len(halves), -1)),
                *(["", self.node("Unsqueeze", [initial, self.weight(np.array([0]))])] if initial else []),
            ],
            outputs=2,
            hidden_size=recurrent.shape[1],
            linear_before_reset=1,
            direction="bidirectional" if both else "forward",
        )
        # (timesteps, directions, batch, units) to (batch, timesteps, directions, units)
        turned = self.node("Transpose", [y], perm=[2, 0, 1, 3])
        shape = self.weight(np.array([0, 0, len(halves) * recurrent.shape[1]]))
        last = None if both else self.node("Squeeze", [state, self.weight(np.array([0]))])
        return self.node("Reshape", [turned, shape]), last

    def model(self, inputs, outputs):
        """`inputs`: (name, dtype, shape of a row); `outputs`: (name, rank)."""
        described = [helper.make_tensor_value_info(name, TYPES[dtype], ["batch", *row]) for name, dtype, row in inputs]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank) for name, rank in outputs]
        graph = helper.make_graph(self.nodes, "model", described, results, self.weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(made)
        return made


def kinds(model):
    """The layers of a model by class name, in order."""
    found = {}
    for layer in model.layers:
        found.setdefault(type(layer).__name__, []).append(layer)
    return found


def classifier(model):
    graph, own = Graph(), kinds(model)
    x = graph.node("Gather", [graph.weight(own["Embedding"][0].get_weights()[0]), "x0"])
    _, state = graph.gru(x, own["GRU"])
    y = graph.dense(graph.dense(state, own["Dense"][0], "Relu"), own["Dense"][1], "Sigmoid")
    return graph.model([("x0", "int32", (100,))], [(y, 2)])


def forecaster(model):
    graph, own = Graph(), kinds(model)
    kernel, bias = own["Conv1D"][0].get_weights()
    x = graph.node("Transpose", ["x0"], perm=[0, 2, 1])
    x = graph.node("Conv", [x, graph.weight(kernel.transpose(2, 1, 0)), graph.weight(bias)], pads=[4, 0])
    x = graph.node("MaxPool", [graph.node("Relu", [x])], kernel_shape=[2], strides=[2])
    _, state = graph.gru(graph.node("Transpose", [x], perm=[0, 2, 1]), own["GRU"])
    return graph.model([("x0", "float32", (96, 8))], [(graph.dense(state, own["Dense"][0]), 2)])


def denoiser(model):
    graph, own = Graph(), kinds(model)
    of_units = {layer.units: layer for layer in own["GRU"] + own["Dense"] if layer.units != 24}
    small = next(layer for layer in own["GRU"] if layer.units == 24)
    first = next(layer for layer in own["Dense"] if layer.units == 24)
    dense = graph.dense("x0", first, "Tanh")
    speech, _ = graph.gru(dense, [small])
    noise, _ = graph.gru(graph.node("Concat", [dense, speech, "x0"], axis=2), [of_units[48]])
    denoise, _ = graph.gru(graph.node("Concat", [speech, noise, "x0"], axis=2), [of_units[96]])
    gains = graph.dense(denoise, of_units[22], "Sigmoid")
    probability = graph.dense(speech, of_units[1], "Sigmoid")
    return graph.model([("x0", "float32", (100, 42))], [(gains, 3), (probability, 3)])


def translator(model):
    graph, own = Graph(), kinds(model)
    encoder = next(layer for layer in own["GRU"] if layer.return_state)
    decoder = next(layer for layer in own["GRU"] if not layer.return_state)
    _, state = graph.gru("x0", [encoder])
    sequence, _ = graph.gru("x1", [decoder], initial=state)
    y = graph.dense(sequence, own["Dense"][0])
    return graph.model([("x0", "float32", (50, 16)), ("x1", "float32", (20, 8))], [(y, 3)])


def tagger(model):
    graph, own = Graph(), kinds(model)
    both = own["Bidirectional"][0]
    x = graph.node("Gather", [graph.weight(own["Embedding"][0].get_weights()[0]), "x0"])
    sequence, _ = graph.gru(x, [both.forward_layer, both.backward_layer])
    y = graph.dense(sequence, own["TimeDistributed"][0].layer, "Softmax")
    return graph.model([("x0", "int32", (50,))], [(y, 3)])


BUILDERS = {
    "text classifier": classifier,
    "forecaster": forecaster,
    "denoiser": denoiser,
    "encoder and decoder": translator,
    "tagger": tagger,
}
