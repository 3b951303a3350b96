"""Cases of what changes the arithmetic: row-wise activations, activation layers, 16-bit dtypes."""

from itertools import product

import numpy as np
from cases import SIXTEEN_BITS, Call, Case, case, masks, seed_of, state_of, weights_of
from forward_cases import activation_grid, grid
from golden_format import Stored, Uniform
from training_cases import BOTH, L1, L1L2, L2

ROW_WISE = ("softmax", "log_softmax", "sparsemax")


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def threshold(point, default_value):
    """Keras writes this function without its parameters; this is how the package writes it with them."""
    config = {"threshold": point, "default_value": default_value}
    return {"module": "keras.activations", "class_name": "threshold", "config": config, "registered_name": None}


# clip(0.2x + 0.5, 0, 1), what tf.keras 2 calls hard_sigmoid, under the name that the package gives it.
KERAS2_HARD_SIGMOID = {
    "module": "builtins",
    "class_name": "function",
    "config": "cudnn_gru>keras2_hard_sigmoid",
    "registered_name": "function",
}

ELEMENTWISE_OBJECTS = {
    "leaky_relu_default": layer("LeakyReLU"),
    "leaky_relu_0.1": layer("LeakyReLU", negative_slope=0.1),
    "leaky_relu_0": layer("LeakyReLU", negative_slope=0.0),
    "leaky_relu_alpha": layer("LeakyReLU", alpha=0.45),
    "elu_default": layer("ELU"),
    "elu_0.5": layer("ELU", alpha=0.5),
    "elu_2": layer("ELU", alpha=2.0),
    "relu_default": layer("ReLU"),
    "relu_max_6": layer("ReLU", max_value=6),
    "relu_max_0.5": layer("ReLU", max_value=0.5),
    "relu_slope_0.25": layer("ReLU", negative_slope=0.25),
    "relu_threshold_0.5": layer("ReLU", threshold=0.5),
    "relu_slope_threshold": layer("ReLU", negative_slope=0.2, threshold=0.3),
    "relu_slope_max": layer("ReLU", negative_slope=0.2, max_value=2.5),
    "relu_slope_max_6": layer("ReLU", negative_slope=0.1, max_value=6.0),
    "relu_all": layer("ReLU", max_value=1.0, negative_slope=0.1, threshold=0.2),
    "threshold_0.5": threshold(0.5, 0.0),
    "threshold_negative": threshold(-0.4, 0.25),
    "keras2_hard_sigmoid": KERAS2_HARD_SIGMOID,
}
OBJECTS = {
    **ELEMENTWISE_OBJECTS,
    "softmax": layer("Softmax"),
    "softmax_axis_1": layer("Softmax", axis=1),
    "softmax_axis_list": layer("Softmax", axis=[-1]),
    "activation_gelu": layer("Activation", activation="gelu"),
    "activation_linear": layer("Activation", activation=None),
    "activation_log_softmax": layer("Activation", activation="log_softmax"),
    "activation_leaky_relu": layer("Activation", activation=layer("LeakyReLU", negative_slope=0.15)),
}


def row_wise():
    """Activations over a whole row of units, in both places, both conventions, with masks."""
    kinds = {"unmasked": None, **{key: value for key, value in masks(4, 5).items() if key in ("right", "holes")}}
    for activation, places, reset_after, (kind, mask) in product(
        ROW_WISE, ("activation", "recurrent_activation", "both"), (True, False), kinds.items()
    ):
        given = ("activation", "recurrent_activation") if places == "both" else (places,)
        # log_softmax takes z far below 0, and so the state far away.
        tame = {"gain": 0.3, "bias": 0.1} if activation == "log_softmax" else {"gain": 1.5}
        arguments = {"units": 6, **BOTH, "reset_after": reset_after, **{key: activation for key in given}}
        name = f"row_wise/{activation}/{places}/reset_{'after' if reset_after else 'before'}/{kind}"
        timesteps = 3 if activation == "log_softmax" and "recurrent_activation" in given else 5
        cut = None if mask is None else mask[:, :timesteps]
        yield case(name, arguments, (4, timesteps, 3), mask=cut, state=True, gradients=True, **tame)
    for activation, flags in product(
        ROW_WISE,
        (
            {"go_backwards": True},
            {"zero_output_for_mask": True},
            {"go_backwards": True, "zero_output_for_mask": True},
            {"unroll": True},
            {"implementation": 1},
            {"use_bias": False},
        ),
    ):
        arguments = {"units": 5, "activation": activation, **BOTH, **flags}
        mask = masks(4, 5)["holes"] if "zero_output_for_mask" in flags else None
        yield case(f"row_wise/{activation}/{'+'.join(flags)}", arguments, (4, 5, 3), mask=mask, gain=0.5)
    for activation, units in product(ROW_WISE, (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130)):
        arguments = {"units": units, "activation": activation, "return_sequences": True}
        yield case(f"row_wise/{activation}/units_{units}", arguments, (3, 3, 4), gain=2.0)
        if activation != "log_softmax":
            arguments = {"units": units, "recurrent_activation": activation, "return_sequences": True}
            yield case(f"row_wise/{activation}/recurrent/units_{units}", arguments, (3, 3, 4), gain=2.0)
    for activation, batch in product(ROW_WISE, (0, 1, 2, 9, 18)):
        yield case(f"row_wise/{activation}/batch_{batch}", {"units": 4, "activation": activation}, (batch, 3, 2))
    for activation, scale in product(ROW_WISE, (30.0, 1e4)):
        arguments = {"units": 6, "activation": activation, "return_sequences": True}
        yield case(f"row_wise/{activation}/inputs_{scale:g}", arguments, (3, 3, 4), scale=scale)
    for activation in ROW_WISE:
        name = f"row_wise/{activation}/stateful"
        arguments = {"units": 4, "activation": activation, "stateful": True, "return_state": True}
        calls = [
            Call(Uniform((3, 4, 2), seed_of(name, f"inputs{number}"), 1.5), reset_before=number == 2) for number in range(3)
        ]
        yield Case(name, arguments, calls, weights_of(name, arguments, 2, gain=0.4))


def activation_layers():
    """Activation layers with parameters, threshold, tf.keras 2's hard_sigmoid: in a layer, and over the grid."""
    for (label, activation), place, reset_after in product(
        OBJECTS.items(), ("activation", "recurrent_activation"), (True, False)
    ):
        arguments = {"units": 6, **BOTH, "reset_after": reset_after, place: activation}
        name = f"activation_layers/{place}/{label}/reset_{'after' if reset_after else 'before'}"
        yield case(name, arguments, (3, 3, 4), state=True, gain=0.5, bias=0.2, gradients=True)
    for (label, activation), kind in product(ELEMENTWISE_OBJECTS.items(), ("core", "middle", "extreme")):
        yield from activation_grid("activation_layers/grid", label, activation, grid(kind), kind)


def sixteen_bits():
    """float16, bfloat16 and the mixed policies: what is rounded where, in every way through the layer."""
    options = {"dtypes": SIXTEEN_BITS}
    yield case("sixteen_bits/documented", {"units": 4, **BOTH}, (32, 10, 8), **options)
    flags = ("no_bias", "reset_before", "return_sequences", "go_backwards", "unroll")
    for values in product((False, True), repeat=len(flags)):
        given = {key for key, value in zip(flags, values) if value}
        arguments = {"units": 6, "return_state": True}
        arguments.update({"use_bias": False} if "no_bias" in given else {})
        arguments.update({"reset_after": False} if "reset_before" in given else {})
        arguments.update({key: True for key in flags[2:] if key in given})
        name = f"sixteen_bits/arguments/{'+'.join(key for key in flags if key in given) or 'defaults'}"
        yield case(name, arguments, (3, 5, 4), state=len(given) % 2 == 0, **options)
    for (kind, mask), zero, backwards, sequences in product(
        masks(5, 7).items(), (False, True), (False, True), (False, True)
    ):
        arguments = {"units": 4, "return_state": True}
        arguments.update({"zero_output_for_mask": True} if zero else {}, **({"go_backwards": True} if backwards else {}))
        arguments.update({"return_sequences": True} if sequences else {})
        label = "+".join(key for key in arguments if key not in ("units", "return_state")) or "defaults"
        yield case(f"sixteen_bits/masks/{kind}/{label}", arguments, (5, 7, 3), mask=mask, state=backwards, **options)
    for masked, backwards in product((False, True), (False, True)):
        arguments = {"units": 4, "stateful": True, "return_state": True}
        arguments.update({"go_backwards": True} if backwards else {})
        label = f"{'+go_backwards' if backwards else ''}{'+masked' if masked else ''}"
        name = f"sixteen_bits/stateful{label}"
        some_masks = list(masks(3, 5).values())
        calls = []
        for number in range(6):
            mask = Stored(some_masks[number], "uint8") if masked else None
            calls.append(Call(Uniform((3, 5, 3), seed_of(name, f"inputs{number}"), 1.5), mask, reset_before=number == 3))
        calls[4].initial_state = state_of(name, 3, 4)
        yield Case(name, arguments, calls, weights_of(name, arguments, 3), **options)
    activations = ("relu", "gelu", "softsign", "hard_sigmoid", "linear", *ROW_WISE)
    for activation, place in product(activations, ("activation", "recurrent_activation")):
        if (activation, place) in (("log_softmax", "recurrent_activation"), ("linear", "recurrent_activation")):
            continue  # z outside of [0, 1] makes a state that grows, and the rounding with it.
        arguments = {"units": 6, place: activation, **BOTH}
        yield case(f"sixteen_bits/{place}/{activation}", arguments, (3, 3, 4), gain=0.6, bias=0.2, **options)
    for label in ("leaky_relu_0.1", "relu_all", "elu_0.5", "softmax", "activation_leaky_relu"):
        arguments = {"units": 6, "activation": OBJECTS[label], **BOTH}
        yield case(f"sixteen_bits/activation_layers/{label}", arguments, (3, 3, 4), gain=0.6, bias=0.2, **options)
    for units, features, batch in ((1, 1, 1), (16, 3, 2), (17, 9, 5), (33, 16, 17), (64, 40, 4), (4, 0, 3), (4, 5, 0)):
        arguments = {"units": units, **BOTH}
        yield case(f"sixteen_bits/sizes/{batch}x3x{features}_to_{units}", arguments, (batch, 3, features), **options)
    yield case("sixteen_bits/long", {"units": 5, "return_state": True}, (2, 100, 3), **options)
    for input_dtype in ("float32", "float64", "int32", "float16", "bfloat16"):
        arguments = {"units": 4, **BOTH}
        name = f"sixteen_bits/inputs_{input_dtype}"
        yield case(name, arguments, (3, 4, 5), state=True, scale=5.0, gain=0.4, given_dtype=input_dtype, **options)
    regularized = {"activity_regularizer": L1L2, "kernel_regularizer": L1, "bias_regularizer": L2}
    for returned in ({}, BOTH):
        name = f"sixteen_bits/losses/{'+'.join(returned) or 'last_output'}"
        yield case(name, {"units": 4, **regularized, **returned}, (3, 4, 5), **options)
    for rates in ({"dropout": 0.4}, {"recurrent_dropout": 0.3}, {"dropout": 0.4, "recurrent_dropout": 0.3}):
        arguments = {"units": 5, "seed": 5, **BOTH, **rates}
        yield case(f"sixteen_bits/{'+'.join(rates)}", arguments, (3, 4, 4), training=True, **options)
    large = np.array([[[6e4, -6e4], [1e5, 0.0], [0.5, 1e-7]], [[np.inf, 0.0], [1.0, np.nan], [1.0, 2.0]]])
    arguments = {"units": 3, "activation": "linear", **BOTH}
    for given in ("float32", None):
        name = f"sixteen_bits/large_inputs{'' if given is None else '_float32'}"
        yield case(name, arguments, (2, 3, 2), inputs=Stored(large), gain=0.2, given_dtype=given, **options)
