"""Ten whole steps of training a GRU: forward, losses, backward and update by real Keras."""

import json

import keras
import numpy as np
import tensorflow as tf
from cases import masks, seed_of, weights_of
from golden_format import Uniform
from optimizer_cases import STEPS, optimizer, serialized, state_after

BATCH, TIMESTEPS, FEATURES, UNITS = 4, 6, 3, 5


def regularizer(name, **config):
    return serialized("regularizers", name, config)


def constraint(name, **config):
    return serialized("constraints", name, config)


def cases():
    """Name → the layer's arguments, the optimizer as Keras serializes it, the kind of mask."""
    cosine = serialized("optimizers.schedules", "CosineDecay", {"initial_learning_rate": 0.05, "decay_steps": 10})
    return {
        "SGD": ({}, optimizer("SGD", learning_rate=0.1, momentum=0.9, nesterov=True, clipnorm=1.0), None),
        "RMSprop": (
            {"return_sequences": True, "reset_after": False},
            optimizer("RMSprop", learning_rate=0.01, momentum=0.5, centered=True, clipvalue=0.5),
            "right",
        ),
        "Adam": (
            {
                "kernel_regularizer": regularizer("L2", l2=0.01),
                "activity_regularizer": regularizer("L2", l2=0.02),
                "recurrent_constraint": constraint("MaxNorm", max_value=1.0, axis=0),
                "bias_constraint": constraint("NonNeg"),
                "go_backwards": True,
            },
            optimizer("Adam", learning_rate=cosine, amsgrad=True),
            "random",
        ),
        "AdamW": (
            {"return_sequences": True, "activation": "relu", "recurrent_activation": "hard_sigmoid"},
            optimizer("AdamW", learning_rate=0.02, weight_decay=0.05, global_clipnorm=2.0, use_ema=True),
            "holes",
        ),
    }


def run_case(name, arguments, serialized_optimizer, mask_kind, dtype, writer):
    name = f"fit/{name}"
    arguments = {"units": UNITS, **arguments}
    layer = keras.layers.GRU(**arguments, dtype=dtype, use_cudnn=False, name="gru")
    layer.build((None, TIMESTEPS, FEATURES))
    weights = weights_of(name, arguments, FEATURES)
    layer.set_weights([weight.array(dtype) for weight in weights])
    made = keras.optimizers.deserialize(json.loads(json.dumps(serialized_optimizer)))
    mask = None if mask_kind is None else masks(BATCH, TIMESTEPS)[mask_kind]
    returned = (BATCH, TIMESTEPS, UNITS) if arguments.get("return_sequences") else (BATCH, UNITS)
    shapes = ((BATCH, TIMESTEPS, FEATURES), returned)
    entry = {"name": f"{name}/{dtype}", "dtype": dtype, "optimizer": serialized_optimizer, "arguments": arguments}
    entry["weights"] = [writer.reference(weight, dtype) for weight in weights]
    entry["shapes"] = [list(shape) for shape in shapes]
    entry["seed"] = seed_of(name, "steps") >> 1
    if mask is not None:
        entry["mask"] = mask.astype(int).tolist()
    entry["losses"] = []
    for step in range(1, STEPS + 1):
        inputs, upstream = (
            tf.constant(Uniform(shape, entry["seed"] + 2 * step + index, 1.0).array(dtype))
            for index, shape in enumerate(shapes)
        )
        with tf.GradientTape() as tape:
            outputs = layer(inputs, mask=None if mask is None else tf.constant(mask), training=True)
            loss = tf.reduce_sum(upstream * outputs) + sum(tf.cast(part, dtype) for part in layer.losses)
        made.apply(tape.gradient(loss, [v.value for v in layer.trainable_weights]), layer.trainable_weights)
        entry["losses"].append(float(loss))
    entry["stored"] = [state_after(STEPS, made, layer.trainable_weights, dtype, writer)]
    return entry


def run(dtypes, writer):
    """The entries of all cases."""
    return [run_case(name, *case, dtype, writer) for name, case in cases().items() for dtype in dtypes]
