"""Runs one case through real Keras: its own loop (`use_cudnn=False`) on the TensorFlow backend."""

import copy
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def versions():
    return {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}


class _DropoutMasks:
    """Records the masks a cell draws, or hands it given ones."""

    def __init__(self, cell, given=None):
        self.drawn = given or {}
        for key, method in (("input_dropout", "get_dropout_mask"), ("recurrent_dropout", "get_recurrent_dropout_mask")):
            setattr(cell, method, self._wrap(key, getattr(cell, method), given is not None))

    def applied(self, cell):
        """The masks that took part: Keras draws one at a rate of 1.0, and then leaves it out."""
        rates = {"input_dropout": cell.dropout, "recurrent_dropout": cell.recurrent_dropout}
        return {key: mask for key, mask in self.drawn.items() if 0.0 < rates[key] < 1.0}

    def _wrap(self, key, draw, given):
        def wrapped(step_input):
            if given:
                mask = self.drawn.get(key)
                if mask is None:
                    return None
                tensors = [tf.constant(m, dtype=step_input.dtype) for m in mask]
                return tensors if len(tensors) > 1 else tensors[0]
            mask = draw(step_input)
            if mask is not None:
                parts = mask if isinstance(mask, list) else [mask]
                self.drawn[key] = np.stack([keras.ops.convert_to_numpy(m) for m in parts])
            return mask

        return wrapped


def _call(layer, call, trainable_inputs=None):
    """One call of the layer; returns the list of output tensors."""
    keywords = {}
    if call.get("mask") is not None:
        keywords["mask"] = call["mask"]
    if call.get("training") is not None:
        keywords["training"] = call["training"]
    inputs = call["inputs"]
    state = call.get("initial_state")
    if trainable_inputs is not None:
        inputs, state = trainable_inputs
    if state is not None:
        keywords["initial_state"] = state
    outputs = layer(inputs, **keywords)
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def keras2_hard_sigmoid(x):
    """What tf.keras 2 computes as hard_sigmoid."""
    return tf.clip_by_value(x * tf.constant(0.2, x.dtype) + tf.constant(0.5, x.dtype), 0.0, 1.0)


def for_keras(arguments):
    """`arguments` with functions in place of what Keras cannot read from a config."""
    functions = {}
    for key in ("activation", "recurrent_activation"):
        given = arguments.get(key)
        if not isinstance(given, dict):
            continue
        if given["class_name"] == "threshold":
            parameters = given["config"]
            functions[key] = lambda x, parameters=parameters: keras.activations.threshold(x, **parameters)
        elif given["config"] == "cudnn_gru>keras2_hard_sigmoid":
            functions[key] = keras2_hard_sigmoid
        else:
            # Keras changes the dictionaries it reads.
            functions[key] = copy.deepcopy(given)
    if "bfloat16" in arguments.get("dtype", ""):
        # Keras cannot draw an orthogonal matrix in bfloat16; the values are set anyway.
        functions["recurrent_initializer"] = "zeros"
    return {**arguments, **functions}


def make_layer(arguments, shape, weights):
    layer = keras.layers.GRU(**for_keras(arguments), use_cudnn=False)
    layer.build(shape)
    for regularizer in (layer.kernel_regularizer, layer.recurrent_regularizer):
        # Keras keeps this factor in float32 whatever the layer; needed only to check float32 against float64.
        if isinstance(regularizer, keras.regularizers.OrthogonalRegularizer):
            regularizer.factor = tf.cast(regularizer.factor, layer.compute_dtype)
    variables = [layer.cell.kernel, layer.cell.recurrent_kernel]
    if layer.cell.use_bias:
        variables.append(layer.cell.bias)
    for variable, value in zip(variables, weights, strict=True):
        variable.assign(value)
    return layer, variables


def run(arguments, weights, calls, upstream=None, dropout=None):
    """Runs `calls` on one layer.

    Args:
        arguments: constructor arguments.
        weights: arrays in the order of `layer.weights`.
        calls: dicts with inputs, and where given mask, initial_state, training, reset_before.
        upstream: a list with an array per output: also differentiate the first call.
        dropout: masks to use instead of random ones ({} for none), or None to let Keras draw.

    Returns:
        One dict a call: outputs, losses, dropout (the masks drawn), and with `upstream` gradients.
    """
    tf.random.set_seed(1)
    keras.utils.set_random_seed(1)
    layer, variables = make_layer(arguments, calls[0]["inputs"].shape, weights)
    results = []
    for call in calls:
        if call.get("reset_before"):
            layer.reset_state()
        masks = _DropoutMasks(layer.cell, dropout)
        result = {}
        if upstream is not None:
            result["gradients"], outputs = _differentiate(layer, variables, call, upstream)
        else:
            outputs = _call(layer, call)
        result["outputs"] = [keras.ops.convert_to_numpy(output) for output in outputs]
        result["losses"] = [float(loss) for loss in layer.losses]
        result["dropout"] = masks.applied(layer.cell) if call.get("training") else {}
        results.append(result)
    return results


def _differentiate(layer, variables, call, upstream):
    inputs = tf.Variable(call["inputs"])
    state = None if call.get("initial_state") is None else tf.Variable(call["initial_state"])
    sources = {"inputs": inputs}
    if state is not None:
        sources["initial_state"] = state
    with tf.GradientTape() as tape:
        given = tf.convert_to_tensor(inputs), None if state is None else tf.convert_to_tensor(state)
        outputs = _call(layer, call, given)
        total = tf.add_n([tf.reduce_sum(u * output) for u, output in zip(upstream, outputs, strict=True)])
        for loss in layer.losses:
            total += tf.cast(loss, total.dtype)
    values = tape.gradient(
        total,
        [*sources.values(), *(v.value for v in variables)],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    arrays = [tf.convert_to_tensor(value).numpy() for value in values]
    gradients = dict(zip(sources, arrays))
    gradients["weights"] = arrays[len(sources) :]
    return gradients, outputs
