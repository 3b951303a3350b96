"""Forward cases: arguments, activations, masks, sizes, extremes. Each function yields the cases of one group."""

from itertools import product

import numpy as np
from cases import Call, Case, case, masks, seed_of, state_of, weights_of
from golden_format import Stored, Uniform

ACTIVATIONS = (
    "relu leaky_relu relu6 celu elu selu softplus softsign squareplus soft_shrink sparse_plus silu gelu tanh "
    "tanh_shrink sigmoid sparse_sigmoid exponential hard_sigmoid hard_silu hard_tanh hard_shrink linear mish "
    "log_sigmoid"
).split()
# As `recurrent_activation` these take z out of [0, 1] by so much that a long sequence diverges.
UNBOUNDED = ("exponential", "squareplus", "softplus")


def documented():
    """The example of Keras's own documentation comes first."""
    yield case("documented/last_output", {"units": 4}, (32, 10, 8))
    arguments = {"units": 4, "return_sequences": True, "return_state": True}
    yield case("documented/sequences_and_state", arguments, (32, 10, 8))


def arguments():
    """Every combination of the flags, with and without an initial state; then the arguments that stand alone."""
    flags = ("use_bias", "reset_after", "return_sequences", "return_state", "go_backwards", "unroll")
    defaults = {"use_bias": True, "reset_after": True}
    for values in product((True, False), repeat=len(flags)):
        given = {key: value for key, value in zip(flags, values) if value != defaults.get(key, False)}
        for state in (False, True):
            label = "+".join(given) or "defaults"
            name = f"arguments/{label}{'+initial_state' if state else ''}"
            yield case(name, {"units": 6, **given}, (3, 5, 4), state=state)
    sequences = {"units": 5, "return_sequences": True, "return_state": True}
    yield case("arguments/implementation_1", {**sequences, "implementation": 1}, (3, 4, 3))
    yield case(
        "arguments/implementation_1+reset_before", {**sequences, "implementation": 1, "reset_after": False}, (3, 4, 3)
    )
    yield case("arguments/activation_null", {**sequences, "activation": None}, (3, 4, 3))
    yield case("arguments/recurrent_activation_null", {**sequences, "recurrent_activation": None}, (3, 3, 3))
    yield case("arguments/training_without_dropout", sequences, (3, 4, 3), training=True)
    yield case(
        "arguments/dropout_outside_training",
        {**sequences, "dropout": 0.5, "recurrent_dropout": 0.5},
        (3, 4, 3),
        training=False,
    )
    mask = masks(4, 6)["holes"]
    yield case("arguments/mask_with_trailing_axis", sequences, (4, 6, 3), mask=mask[:, :, None])
    yield case("arguments/mask_int32", sequences, (4, 6, 3), mask=mask.astype(np.int32) * 2)
    yield case("arguments/mask_float32", sequences, (4, 6, 3), mask=mask.astype(np.float32) * -0.5)


def stateful():
    """Three calls that carry the state, then one after reset_state, then one with an initial state of its own."""
    some_masks = masks(3, 5)
    flags = ("return_sequences", "go_backwards", "unroll", "masked")
    for values in product((False, True), repeat=len(flags)):
        given = {key: True for key, value in zip(flags, values) if value}
        masked = given.pop("masked", False)
        name = f"stateful/{'+'.join(given) or 'plain'}{'+masked' if masked else ''}"
        arguments = {"units": 4, "stateful": True, "return_state": True, **given}
        calls = []
        for number in range(5):
            inputs = Uniform((3, 5, 3), seed_of(name, f"inputs{number}"), 1.5)
            mask = Stored(list(some_masks.values())[number], "uint8") if masked else None
            calls.append(Call(inputs, mask, reset_before=number == 3))
        calls[4].initial_state = state_of(name, 3, 4)
        calls.append(Call(Uniform((3, 5, 3), seed_of(name, "inputs5"), 1.5)))
        yield Case(name, arguments, calls, weights_of(name, arguments, 3))


def activations():
    """Every elementwise activation in both places, both conventions; then each one alone over a grid."""
    for activation, reset_after in product(ACTIVATIONS, (True, False)):
        convention = "reset_after" if reset_after else "reset_before"
        flags = {"units": 7, "return_sequences": True, "return_state": True, "reset_after": reset_after}
        yield case(
            f"activations/activation/{activation}/{convention}",
            {**flags, "activation": activation},
            (3, 4, 5),
            state=True,
        )
        gain, bias = (0.4, 0.2) if activation in UNBOUNDED else (1.0, 0.4)
        name = f"activations/recurrent_activation/{activation}/{convention}"
        arguments = {**flags, "recurrent_activation": activation}
        yield case(name, arguments, (3, 3, 5), state=True, gain=gain, bias=bias)
    for activation in ACTIVATIONS:
        name = f"activations/both/{activation}"
        arguments = {"units": 9, "activation": activation, "recurrent_activation": activation}
        yield case(name, arguments, (2, 2, 3), state=True, gain=0.6, bias=0.2, scale=1.0)


def grid(kind):
    """Points at which one activation is looked at: thresholds and their neighbours, large values, non-finite ones."""
    thresholds = [0.0, 0.5, 1.0, 2.5, 3.0]
    if kind == "core":
        points = np.concatenate([np.linspace(-4, 4, 41), *[[t - 1e-3, t, t + 1e-3] for t in thresholds], [1e-6, 1e-20]])
    elif kind == "middle":
        points = np.concatenate([np.linspace(4.1, 20, 24), [5.999, 6.0, 6.001, 8.999, 9.0, 9.5]])
    else:
        points = np.array([30.0, 80.0, 88.0, 90.0, 100.0, 700.0, 720.0, 1e4, 1e18, 1e30, np.inf])
    points = np.concatenate([points, -points])
    return np.append(points, np.nan) if kind == "extreme" else points


def activation_grids():
    """One step with zero kernels and the grid in the bias, so that the output is the activation of each point.

    As `activation` the update gate is shut (bias -1e4: sigmoid gives 0 exactly); as `recurrent_activation` the
    candidate is 0 and the state 1, so that the output is z * 1 + (1 - z) * 0.
    """
    for activation, kind in product(ACTIVATIONS, ("core", "middle", "extreme")):
        yield from activation_grid("activation_grids", activation, activation, grid(kind), kind)


def activation_grid(prefix, label, activation, points, kind):
    """`activation` over `points`, in both places; `activation_grids` says how."""
    units = len(points)
    zeros = [Uniform((1, 3 * units), 0, 0.0), Uniform((units, 3 * units), 0, 0.0)]
    bias = np.zeros((3, units))
    bias[0], bias[2] = -1e4, points
    arguments = {"units": units, "activation": activation, "reset_after": False}
    weights = [*zeros, Stored(bias.ravel())]
    yield case(f"{prefix}/activation/{label}/{kind}", arguments, (1, 1, 1), weights=weights)
    bias = np.zeros((3, units))
    bias[0] = points
    arguments = {"units": units, "activation": "linear", "recurrent_activation": activation, "reset_after": False}
    weights = [*zeros, Stored(bias.ravel())]
    name = f"{prefix}/recurrent_activation/{label}/{kind}"
    yield case(name, arguments, (1, 1, 1), weights=weights, state=Stored(np.ones((1, units))))


def mask_kinds():
    """Every kind of mask with everything that changes what a masked step means."""
    kinds = masks(5, 7)
    flags = ("go_backwards", "zero_output_for_mask", "return_sequences", "reset_before", "initial_state")
    for (kind, mask), values in product(kinds.items(), product((False, True), repeat=len(flags))):
        given = {key: True for key, value in zip(flags, values) if value}
        name = f"masks/{kind}/{'+'.join(given) or 'defaults'}"
        state = given.pop("initial_state", False)
        if given.pop("reset_before", False):
            given["reset_after"] = False
        yield case(name, {"units": 4, "return_state": True, **given}, (5, 7, 3), mask=mask, state=state)
    for (kind, mask), backwards, zero in product(kinds.items(), (False, True), (False, True)):
        if backwards and zero:
            continue  # Keras's unrolled loop zeroes the wrong steps here; README.md, "Not covered".
        given = {"units": 4, "unroll": True, "return_sequences": True, "return_state": True}
        given.update({"go_backwards": True} if backwards else {}, **({"zero_output_for_mask": True} if zero else {}))
        name = f"masks/{kind}/unroll{'+go_backwards' if backwards else ''}{'+zero_output_for_mask' if zero else ''}"
        yield case(name, given, (5, 7, 3), mask=mask)


def sizes():
    """Sizes around vector widths and cache blocks, the corners 0 and 1, and long sequences."""
    widths = (
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        9,
        12,
        15,
        16,
        17,
        23,
        24,
        25,
        31,
        32,
        33,
        47,
        48,
        49,
        63,
        64,
        65,
        80,
        96,
        100,
        127,
        128,
        129,
    )
    for number, (units, reset_after) in enumerate(product(widths, (True, False))):
        arguments = {"units": units, "reset_after": reset_after, "use_bias": number % 3 != 2}
        yield case(
            f"sizes/units_{units}/reset_{'after' if reset_after else 'before'}",
            arguments,
            (3, 3, 5),
            state=number % 2 == 0,
        )
    for number, features in enumerate((0, *widths, 200, 255, 256, 257, 300)):
        arguments = {"units": 6, "reset_after": number % 2 == 0}
        yield case(f"sizes/features_{features}", arguments, (2, 3, features), state=True)
    for batch, units in product(range(18), (9, 16)):
        arguments = {"units": units, "return_sequences": batch % 2 == 0, "return_state": True}
        arguments["reset_after"] = units == 9
        yield case(f"sizes/batch_{batch}/units_{units}", arguments, (batch, 3, 7), state=batch % 3 == 0)
    for timesteps in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33, 64, 100, 257, 300, 700):
        for units, features in ((3, 2), (16, 1)):
            arguments = {"units": units, "return_sequences": units == 3, "return_state": True}
            yield case(f"sizes/timesteps_{timesteps}/units_{units}", arguments, (2, timesteps, features))
    mixed = (
        (2, 3, 128, 128),
        (1, 2, 256, 64),
        (1, 3, 64, 192),
        (17, 4, 100, 48),
        (16, 3, 33, 65),
        (5, 2, 17, 160),
        (7, 6, 31, 40),
    )
    for (batch, timesteps, features, units), reset_after in product(mixed, (True, False)):
        arguments = {"units": units, "reset_after": reset_after, "return_state": True}
        convention = "after" if reset_after else "before"
        name = f"sizes/{batch}x{timesteps}x{features}_to_{units}/reset_{convention}"
        yield case(name, arguments, (batch, timesteps, features), state=True)
    corners = {"batch_0+mask": (0, 5, 3), "features_0+mask": (3, 5, 0), "batch_0+features_0": (0, 5, 0)}
    for (label, shape), sequences in product(corners.items(), (False, True)):
        mask = np.ones(shape[:2], bool) if "mask" in label else None
        if mask is not None and shape[0]:
            mask[1, 2:] = False
        arguments = {"units": 4, "return_state": True, "return_sequences": sequences}
        yield case(f"sizes/{label}{'+return_sequences' if sequences else ''}", arguments, shape, mask=mask, state=True)


def extremes():
    """Saturating inputs, infinities and NaNs: which outputs they reach, and that they reach no others."""
    both = ({}, {"reset_after": False})
    for scale, flags in product((30.0, 1e4, 1e30), both):
        arguments = {"units": 9, "return_sequences": True, **flags}
        yield case(f"extremes/inputs_{scale:g}/{'+'.join(flags) or 'defaults'}", arguments, (3, 5, 4), scale=scale)
    shape = (4, 5, 3)
    base = Uniform(shape, seed_of("extremes", "base"), 1.5).array("float32").astype("float64")
    spoiled = {"inf": np.inf, "minus_inf": -np.inf, "nan": np.nan}
    activations = (
        ("tanh", "sigmoid"),
        ("relu", "sigmoid"),
        ("relu", "hard_sigmoid"),
        ("linear", "sigmoid"),
        ("gelu", "softsign"),
    )
    for (label, value), flags, (activation, recurrent) in product(spoiled.items(), both, activations):
        inputs = base.copy()
        inputs[1, 2, 0] = inputs[3, 0, 1] = value
        arguments = {"units": 5, "return_sequences": True, "return_state": True, **flags}
        arguments.update({"activation": activation, "recurrent_activation": recurrent})
        name = f"extremes/{label}_in_inputs/{activation}+{recurrent}{'+reset_before' if flags else ''}"
        yield case(name, arguments, shape, inputs=Stored(inputs))
    for (label, value), backwards, zero in product(spoiled.items(), (False, True), (False, True)):
        inputs, mask = base.copy(), np.ones(shape[:2], bool)
        mask[1, 2] = mask[3, 0] = mask[2, 4] = False
        inputs[1, 2, 0] = inputs[3, 0, 1] = inputs[2, 4] = value
        arguments = {"units": 5, "return_sequences": True, "return_state": True}
        arguments.update(
            {"go_backwards": True} if backwards else {}, **({"zero_output_for_mask": True} if zero else {})
        )
        flags = f"{'+go_backwards' if backwards else ''}{'+zero_output_for_mask' if zero else ''}"
        name = f"extremes/{label}_under_mask{flags}"
        yield case(name, arguments, shape, inputs=Stored(inputs), mask=mask)
    for (label, value), flags in product(spoiled.items(), both):
        state = state_of(f"extremes/{label}", 4, 5).array("float32").astype("float64")
        state[2, 1] = value
        arguments = {"units": 5, "return_sequences": True, "return_state": True, **flags}
        yield case(
            f"extremes/{label}_in_initial_state{'+reset_before' if flags else ''}",
            arguments,
            shape,
            state=Stored(state),
        )
