"""Cases of training: dropout, losses, gradients. Each function yields the cases of one group."""

from itertools import product

from cases import DTYPES, SIXTEEN_BITS, case, masks
from forward_cases import ACTIVATIONS, UNBOUNDED

L1L2 = {
    "module": "keras.regularizers",
    "class_name": "L1L2",
    "config": {"l1": 0.02, "l2": 0.03},
    "registered_name": None,
}
L2 = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.05}, "registered_name": None}
L1 = {"module": "keras.regularizers", "class_name": "L1", "config": {"l1": 0.04}, "registered_name": None}
ROWS = {
    "module": "keras.regularizers",
    "class_name": "OrthogonalRegularizer",
    "config": {"factor": 0.02, "mode": "rows"},
    "registered_name": None,
}
COLUMNS = {**ROWS, "config": {"factor": 0.02, "mode": "columns"}}
# Keras multiplies a float32 factor by a float64 sum, which TensorFlow refuses.
ORTHOGONAL_DTYPES = ("float32",)
BOTH = {"return_sequences": True, "return_state": True}


def dropout():
    """Keras's random masks are stored with the case: input_dropout, recurrent_dropout (multipliers)."""
    rates = {
        "dropout": {"dropout": 0.4},
        "recurrent_dropout": {"recurrent_dropout": 0.3},
        "both": {"dropout": 0.4, "recurrent_dropout": 0.3},
        "dropout+implementation_1": {"dropout": 0.4, "implementation": 1},
        "dropout_1.0": {"dropout": 1.0},
        "recurrent_dropout_1.0": {"recurrent_dropout": 1.0},
        "both_1.0": {"dropout": 1.0, "recurrent_dropout": 1.0},
        "dropout_1.0+recurrent_dropout": {"dropout": 1.0, "recurrent_dropout": 0.3},
        "clamped": {"dropout": 1.5, "recurrent_dropout": -0.5},
    }
    for (label, rate), reset_after, use_bias in product(rates.items(), (True, False), (True, False)):
        arguments = {"units": 5, "reset_after": reset_after, "use_bias": use_bias, "seed": 11, **BOTH, **rate}
        convention = f"reset_{'after' if reset_after else 'before'}{'' if use_bias else '+no_bias'}"
        yield case(f"dropout/{label}/{convention}", arguments, (4, 5, 6), state=True, training=True)
    for label, flags in {
        "go_backwards": {"go_backwards": True},
        "unroll": {"unroll": True},
        "last_output": {"return_sequences": False},
    }.items():
        arguments = {"units": 5, "dropout": 0.4, "recurrent_dropout": 0.3, "seed": 3, **BOTH, **flags}
        yield case(f"dropout/both/{label}", arguments, (4, 5, 6), training=True)
        yield case(f"dropout/both/{label}+masked", arguments, (4, 5, 6), mask=masks(4, 5)["holes"], training=True)


def losses():
    """`losses` is what `layer.losses` lists, in its order."""
    settings = {
        "activity_l2": {"activity_regularizer": L2},
        "activity_l1": {"activity_regularizer": L1},
        "activity_by_name": {"activity_regularizer": "l1l2"},
        "kernel": {"kernel_regularizer": L1},
        "recurrent": {"recurrent_regularizer": L2},
        "bias": {"bias_regularizer": L1L2},
        "all": {
            "activity_regularizer": L1L2,
            "kernel_regularizer": L1,
            "recurrent_regularizer": ROWS,
            "bias_regularizer": L2,
        },
        "orthogonal_rows": {"kernel_regularizer": ROWS, "recurrent_regularizer": ROWS},
        "orthogonal_columns": {"kernel_regularizer": COLUMNS, "recurrent_regularizer": COLUMNS},
        "names": {"kernel_regularizer": "l1", "recurrent_regularizer": "l2", "bias_regularizer": "l1l2"},
        "not_trainable": {"kernel_regularizer": L1, "activity_regularizer": L2, "trainable": False},
    }
    for (label, setting), returned in product(settings.items(), ({}, {"return_state": True}, BOTH)):
        arguments = {"units": 4, **setting, **returned}
        dtypes = ORTHOGONAL_DTYPES if ROWS in setting.values() or COLUMNS in setting.values() else DTYPES
        yield case(f"losses/{label}/{'+'.join(returned) or 'last_output'}", arguments, (3, 4, 5), dtypes=dtypes)
    everything = {"units": 4, **settings["all"], **BOTH}
    mask = masks(4, 6)["one_row_empty"]
    yield case("losses/all/masked", everything, (4, 6, 3), mask=mask, dtypes=ORTHOGONAL_DTYPES)
    reset_before = {**everything, "reset_after": False}
    yield case("losses/all/reset_before", reset_before, (3, 4, 5), dtypes=ORTHOGONAL_DTYPES)
    yield case("losses/all/batch_0", {**everything, "recurrent_regularizer": L2}, (0, 4, 5))


def gradients():
    """The gradient of sum(upstream * outputs) + sum(losses) in inputs, initial state and weights."""
    flags = ("reset_before", "no_bias", "return_sequences", "go_backwards")
    for values in product((False, True), repeat=len(flags)):
        given = {key for key, value in zip(flags, values) if value}
        arguments = {"units": 5, "return_state": True}
        arguments.update({"reset_after": False} if "reset_before" in given else {})
        arguments.update({"use_bias": False} if "no_bias" in given else {})
        arguments.update({key: True for key in ("return_sequences", "go_backwards") if key in given})
        name = f"gradients/{'+'.join(key for key in flags if key in given) or 'defaults'}"
        yield case(name, arguments, (3, 4, 4), state=True, gradients=True)
    yield case("gradients/last_output_alone", {"units": 5}, (3, 4, 4), gradients=True)
    yield case("gradients/documented", {"units": 4, **BOTH}, (32, 10, 8), gradients=True)
    for activation in ACTIVATIONS:
        gain, bias = (0.4, 0.2) if activation in UNBOUNDED else (1.0, 0.4)
        for place in ("activation", "recurrent_activation"):
            arguments = {"units": 5, place: activation, **BOTH}
            name = f"gradients/{place}/{activation}"
            yield case(name, arguments, (2, 3, 4), state=True, gain=gain, bias=bias, gradients=True)
    for (kind, mask), zero, backwards in product(masks(4, 6).items(), (False, True), (False, True)):
        arguments = {"units": 4, **BOTH}
        arguments.update(
            {"zero_output_for_mask": True} if zero else {}, **({"go_backwards": True} if backwards else {})
        )
        label = f"{'+zero_output_for_mask' if zero else ''}{'+go_backwards' if backwards else ''}"
        yield case(f"gradients/masks/{kind}{label}", arguments, (4, 6, 3), mask=mask, state=True, gradients=True)
    for (label, rate), reset_after in product(
        {
            "dropout": {"dropout": 0.4},
            "recurrent_dropout": {"recurrent_dropout": 0.3},
            "both": {"dropout": 0.4, "recurrent_dropout": 0.3},
        }.items(),
        (True, False),
    ):
        arguments = {"units": 5, "seed": 5, "reset_after": reset_after, **BOTH, **rate}
        name = f"gradients/{label}/reset_{'after' if reset_after else 'before'}"
        yield case(name, arguments, (3, 4, 4), state=True, training=True, gradients=True)
    regularized = {"activity_regularizer": L1L2, "kernel_regularizer": L1, "bias_regularizer": L2}
    yield case("gradients/losses", {"units": 4, **BOTH, **regularized}, (3, 4, 5), state=True, gradients=True)
    for label, regularizer in {"rows": ROWS, "columns": COLUMNS}.items():
        arguments = {"units": 4, "kernel_regularizer": regularizer, "recurrent_regularizer": regularizer}
        name = f"gradients/losses_orthogonal_{label}"
        yield case(name, arguments, (3, 4, 5), gradients=True, dtypes=ORTHOGONAL_DTYPES)
    for units, features, batch in ((1, 1, 1), (8, 3, 2), (17, 9, 5), (33, 16, 17), (16, 0, 3), (4, 5, 0)):
        name = f"gradients/sizes/{batch}x3x{features}_to_{units}"
        yield case(name, {"units": units, **BOTH}, (batch, 3, features), state=True, gradients=True)
    yield case("gradients/long", {"units": 4, "return_state": True}, (2, 100, 3), gradients=True)


def sixteen_bit_gradients():
    """`gradients` in float16, bfloat16 and the mixed policies: where what is rounded on the way back."""
    options = {"dtypes": SIXTEEN_BITS, "gradients": True}
    group = "sixteen_bit_gradients"
    flags = ("reset_before", "no_bias", "return_sequences", "go_backwards")
    for values in product((False, True), repeat=len(flags)):
        given = {key for key, value in zip(flags, values) if value}
        arguments = {"units": 5, "return_state": True}
        arguments.update({"reset_after": False} if "reset_before" in given else {})
        arguments.update({"use_bias": False} if "no_bias" in given else {})
        arguments.update({key: True for key in ("return_sequences", "go_backwards") if key in given})
        name = f"{group}/{'+'.join(key for key in flags if key in given) or 'defaults'}"
        yield case(name, arguments, (3, 4, 4), state=True, **options)
    yield case(f"{group}/last_output_alone", {"units": 5}, (3, 4, 4), **options)
    for (kind, mask), zero in product(masks(4, 6).items(), (False, True)):
        arguments = {"units": 4, **BOTH, **({"zero_output_for_mask": True} if zero else {})}
        name = f"{group}/masks/{kind}{'+zero_output_for_mask' if zero else ''}"
        yield case(name, arguments, (4, 6, 3), mask=mask, state=True, **options)
    for kind in ("right", "holes"):
        arguments = {"units": 4, "go_backwards": True, **BOTH}
        name = f"{group}/masks/{kind}+go_backwards"
        yield case(name, arguments, (4, 6, 3), mask=masks(4, 6)[kind], state=True, **options)
    for activation, place in product(("relu", "gelu", "softsign", "hard_sigmoid", "softmax"), ("", "recurrent_")):
        arguments = {"units": 5, f"{place}activation": activation, **BOTH}
        name = f"{group}/{place}activation/{activation}"
        yield case(name, arguments, (2, 3, 4), state=True, gain=0.4, bias=0.2, **options)
    for rates in ({"dropout": 0.4}, {"recurrent_dropout": 0.3}, {"dropout": 0.4, "recurrent_dropout": 0.3}):
        arguments = {"units": 5, "seed": 5, **BOTH, **rates}
        yield case(f"{group}/{'+'.join(rates)}", arguments, (3, 4, 4), state=True, training=True, **options)
    regularized = {"activity_regularizer": L1L2, "kernel_regularizer": L1, "bias_regularizer": L2}
    yield case(f"{group}/losses", {"units": 4, **BOTH, **regularized}, (3, 4, 5), state=True, **options)
    for units, features, batch in ((1, 1, 1), (8, 3, 2), (17, 9, 5), (16, 0, 3), (4, 5, 0)):
        name = f"{group}/sizes/{batch}x3x{features}_to_{units}"
        yield case(name, {"units": units, **BOTH}, (batch, 3, features), state=True, **options)
    yield case(f"{group}/long", {"units": 4, "return_state": True}, (2, 30, 3), **options)
