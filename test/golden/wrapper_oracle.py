"""Runs one case of wrapper_cases.py through real Keras: its own loop (`use_cudnn=False`)."""

import warnings

import keras
import numpy as np
import tensorflow as tf
from oracle import _DropoutMasks, for_keras

# A Sequential model applies its mask, and then says that it does not pass the mask on.
warnings.filterwarnings("ignore", message=".*does not support masking.*")


def make_layer(layer, return_state):
    """The Keras layer of a `Layer`. `return_state` overrides its argument where it is not None."""
    extra = {} if return_state is None else {"return_state": return_state}
    gru = keras.layers.GRU(**for_keras({**layer.layer, **extra}), use_cudnn=False)
    if layer.wrapper is None:
        return gru
    backward = None
    if layer.backward_layer is not None:
        backward = keras.layers.GRU(**for_keras({**layer.backward_layer, **extra}), use_cudnn=False)
    return keras.layers.Bidirectional(gru, backward_layer=backward, **layer.wrapper)


def halves_of(layer):
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer]


class Layers:
    """The layers of a case with their weights."""

    def __init__(self, case, shape, weights):
        self.case = case
        self.is_stack = len(case.layers) > 1
        states = True if self.is_stack and case.return_state else None
        self.layers = [make_layer(layer, states) for layer in case.layers]
        batch, steps, width = shape
        for layer, described in zip(self.layers, case.layers):
            layer.build((batch, steps, width))
            width = described.widths[0]
        self.halves = [half for layer in self.layers for half in halves_of(layer)]
        self.variables = []
        for half, values in zip(self.halves, weights, strict=True):
            cell = half.cell
            own = [cell.kernel, cell.recurrent_kernel, *([cell.bias] if cell.use_bias else [])]
            for variable, value in zip(own, values, strict=True):
                variable.assign(value)
            self.variables.extend(own)
        self.model = None
        if self.is_stack and not case.return_state:
            first = keras.Input((steps, shape[2]), batch_size=batch, dtype=self.layers[0].compute_dtype)
            self.model = keras.Sequential([first, *self.layers])
            # The model itself computes nothing, but would convert its inputs to float32.
            self.model.autocast = False

    def reset(self):
        for layer in self.layers:
            layer.reset_state()

    def losses(self):
        owner = [self.model] if self.model is not None else self.layers
        return [float(loss) for one in owner for loss in one.losses]

    def loss_tensors(self):
        owner = [self.model] if self.model is not None else self.layers
        return [loss for one in owner for loss in one.losses]

    def call(self, inputs, mask, states, training):
        """The list of results: output or outputs, and then the states."""
        keywords = {} if training is None else {"training": training}
        if mask is not None:
            keywords["mask"] = tf.constant(mask)
        if self.model is not None:
            return _flat(self.model(inputs, **keywords))
        outputs, all_states, first = [tf.convert_to_tensor(inputs)], [], 0
        for layer in self.layers:
            count = len(halves_of(layer))
            own = dict(keywords)
            if states is not None:
                own["initial_state"] = states[first : first + count]
            first += count
            # Like `Layer.__call__`, but without the computation of masks, which raises.
            run = layer.call if self.case.without_metadata else layer
            results = _flat(run(outputs[0], **own))
            widths = len(results) - (count if self.case.return_state else 0)
            outputs, own_states = results[:widths], results[widths:]
            all_states += own_states
            if self.is_stack and mask is not None:
                # Keras would pass the mask on by itself, but forgets it where a call has an initial state too.
                keywords["mask"] = _flat(layer.compute_mask(None, keywords["mask"]))[0]
        return [*outputs, *all_states]


def _flat(results):
    return list(results) if isinstance(results, (list, tuple)) else [results]


def run(case, weights, calls, upstream=None, dropout=None):
    """Runs the calls of a case on one set of layers.

    Args:
        case: the `WrapperCase`, whose layers have the dtypes to compute in.
        weights: a list of arrays for each GRU.
        calls: dicts with inputs, and where given mask, initial_state (a list), training, reset_before.
        upstream: a list with an array per result: also differentiate the first call.
        dropout: a list with the masks of each GRU to use, or None to let Keras draw.

    Returns:
        One dict a call: outputs, losses, dropout (a list for each GRU), and with `upstream` gradients.
    """
    tf.random.set_seed(1)
    keras.utils.set_random_seed(1)
    layers = Layers(case, calls[0]["inputs"].shape, weights)
    results = []
    for call in calls:
        if call.get("reset_before"):
            layers.reset()
        masks = [
            _DropoutMasks(half.cell, None if dropout is None else dropout[index])
            for index, half in enumerate(layers.halves)
        ]
        result = {}
        if upstream is not None:
            result["gradients"], outputs = _differentiate(layers, call, upstream)
        else:
            outputs = layers.call(call["inputs"], call["mask"], call["initial_state"], call["training"])
        result["outputs"] = [keras.ops.convert_to_numpy(output) for output in outputs]
        result["losses"] = layers.losses()
        training = call.get("training")
        result["dropout"] = [own.applied(half.cell) if training else {} for own, half in zip(masks, layers.halves)]
        results.append(result)
    return results


def _differentiate(layers, call, upstream):
    inputs = tf.Variable(call["inputs"])
    states = [tf.Variable(state) for state in call["initial_state"] or []]
    with tf.GradientTape() as tape:
        given = [tf.convert_to_tensor(state) for state in states] or None
        outputs = layers.call(tf.convert_to_tensor(inputs), call["mask"], given, call["training"])
        total = tf.add_n(
            [tf.cast(tf.reduce_sum(tf.cast(u, y.dtype) * y), tf.float64) for u, y in zip(upstream, outputs, strict=True)]
        )
        for loss in layers.loss_tensors():
            total += tf.cast(loss, total.dtype)
    values = tape.gradient(
        total,
        [inputs, *states, *(v.value for v in layers.variables)],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    arrays = [np.asarray(tf.convert_to_tensor(value).numpy()) for value in values]
    count = len(states)
    gradients = {"inputs": arrays[0], "weights": arrays[1 + count :]}
    if states:
        gradients["initial_state"] = arrays[1 : 1 + count]
    return gradients, outputs
