"""Cases of Bidirectional and of stacks of layers. Each function yields the cases of one group."""

from dataclasses import dataclass, field
from itertools import product

from cases import DTYPES, SIXTEEN_BITS, masks, seed_of, weights_of
from golden_format import Stored, Uniform

MERGES = ("concat", "sum", "mul", "ave", None)
KINDS = ("none", "right", "holes", "one_row_empty", "all_false")
L2 = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.05}, "registered_name": None}
L1 = {"module": "keras.regularizers", "class_name": "L1", "config": {"l1": 0.04}, "registered_name": None}
BATCH, STEPS, FEATURES, UNITS = 3, 5, 3, 4


@dataclass
class Layer:
    """A GRU, or a Bidirectional with its arguments in `wrapper`."""

    layer: dict
    backward_layer: dict | None = None
    wrapper: dict | None = None

    @property
    def halves(self):
        """The arguments of each GRU: the forward one before the backward one."""
        if self.wrapper is None:
            return [self.layer]
        return [self.layer, self.backward_layer or {**self.layer, "go_backwards": True}]

    @property
    def widths(self):
        """The last dimensions of the outputs."""
        units = [half["units"] for half in self.halves]
        merge = None if self.wrapper is None else self.wrapper.get("merge_mode", "concat")
        if self.wrapper is None or merge not in ("concat", None):
            return units[:1]
        return [sum(units)] if merge == "concat" else units


@dataclass
class WrapperCall:
    """One call. Tensors are `Uniform` or `Stored`; `initial_state` has one for each GRU."""

    inputs: object
    mask: object = None
    initial_state: list | None = None
    training: bool | None = None
    reset_before: bool = False


@dataclass
class WrapperCase:
    name: str
    layers: list
    calls: list
    # One list of weights for each GRU.
    weights: list
    # Whether the states of all GRUs are results.
    return_state: bool = False
    # True where Keras itself raises, so that the halves are called as its `call` does.
    without_metadata: bool = False
    dtypes: tuple = DTYPES
    gradients: bool = False
    upstream: list = field(default_factory=list)


def mask_of(kind, batch=BATCH, steps=STEPS):
    return None if kind == "none" else Stored(masks(batch, steps)[kind], "uint8")


def states_of(name, layers, batch):
    halves = [half for layer in layers for half in layer.halves]
    return [Uniform((batch, half["units"]), seed_of(name, f"state{i}"), 0.8) for i, half in enumerate(halves)]


def make(name, layers, kind="none", state=False, training=None, return_state=False, **options):
    """A case with one call and random inputs; `kind` is the kind of mask."""
    batch, steps, features = options.pop("shape", (BATCH, STEPS, FEATURES))
    weights, width = [], features
    for layer in layers:
        for half in layer.halves:
            weights.append(weights_of(f"{name}/{len(weights)}", half, width))
        width = layer.widths[0]
    call = WrapperCall(
        inputs=Uniform((batch, steps, features), seed_of(name, "inputs"), 1.5),
        mask=mask_of(kind, batch, steps),
        initial_state=states_of(name, layers, batch) if state else None,
        training=training,
    )
    calls = options.pop("calls", None)
    result = WrapperCase(name, layers, calls or [call], weights, return_state, **options)
    if result.gradients:
        last = layers[-1]
        sequences = last.halves[0].get("return_sequences")
        shapes = [(batch, steps, width) if sequences else (batch, width) for width in last.widths]
        if return_state:
            shapes += [(batch, half["units"]) for layer in layers for half in layer.halves]
        result.upstream = [Uniform(s, seed_of(name, f"upstream{i}"), 1.0) for i, s in enumerate(shapes)]
    return result


def both(layer, merge="concat", backward=None, **wrapper):
    """A Bidirectional."""
    return Layer({"units": UNITS, **layer}, backward, {"merge_mode": merge, **wrapper})


def flags_of(sequences, state):
    return {**({"return_sequences": True} if sequences else {}), **({"return_state": True} if state else {})}


def bidirectional():
    """Every merge mode with every kind of mask and result, and everything else that changes what a call means."""
    group = "bidirectional"
    for merge, kind, sequences, state in product(MERGES, KINDS, (False, True), (False, True)):
        label = "+".join(flags_of(sequences, state)) or "last_output"
        layer = both(flags_of(sequences, state), merge)
        yield make(f"{group}/{merge or 'null'}/{kind}/{label}", [layer], kind, return_state=state)
    for merge, kind, sequences in product(("concat", None), ("none", "right", "holes"), (False, True)):
        flags = {"units": UNITS, **flags_of(sequences, True)}
        layer = both({**flags, "go_backwards": True}, merge, {**flags})
        name = f"{group}/forward_goes_backwards/{merge or 'null'}/{kind}/{'sequences' if sequences else 'last'}"
        yield make(name, [layer], kind, state=True, return_state=True)
    for kind, sequences, merge in product(("none", "holes"), (False, True), ("concat", "sum")):
        name = f"{group}/initial_state/{merge}/{kind}/{'sequences' if sequences else 'last'}"
        yield make(name, [both(flags_of(sequences, True), merge)], kind, state=True, return_state=True)
    for sequences, kind in product((False, True), ("right", "holes", "one_row_empty")):
        # The argument of the layers has no effect: the wrapper sets it.
        flags = {"units": UNITS, "zero_output_for_mask": True, **flags_of(sequences, False)}
        name = f"{group}/zero_output_for_mask/{kind}/{'sequences' if sequences else 'last'}"
        yield make(name, [both(flags, "concat", {**flags, "go_backwards": True})], kind)
    for (label, flags), sequences in product(
        {
            "reset_before": {"reset_after": False},
            "no_bias": {"use_bias": False},
            "no_bias+reset_before": {"use_bias": False, "reset_after": False},
            "relu": {"activation": "relu"},
            "softsign": {"activation": "softsign", "recurrent_activation": "hard_sigmoid"},
            "softmax": {"activation": "softmax"},
        }.items(),
        (False, True),
    ):
        name = f"{group}/{label}/{'sequences' if sequences else 'last'}"
        yield make(name, [both({**flags, **flags_of(sequences, True)})], "holes", return_state=True)
    for merge, sequences in product(("concat", None), (False, True)):
        flags = flags_of(sequences, True)
        other = {"units": 6, "go_backwards": True, **flags}
        name = f"{group}/different_units/{merge or 'null'}/{'sequences' if sequences else 'last'}"
        yield make(name, [both(flags, merge, other)], "right", state=True, return_state=True)
        other = {**other, "units": UNITS, "activation": "relu", "use_bias": False, "reset_after": False}
        name = f"{group}/different_halves/{merge or 'null'}/{'sequences' if sequences else 'last'}"
        yield make(name, [both(flags, merge, other)], "right", state=True, return_state=True)
    yield from bidirectional_training(group)
    for (batch, steps, features), units in product(((1, 1, 1), (0, 5, 3), (17, 3, 9), (2, 40, 3)), (1, 17)):
        layer = both({"units": units, **flags_of(True, True)})
        name = f"{group}/sizes/{batch}x{steps}x{features}_to_{units}"
        yield make(name, [layer], return_state=True, shape=(batch, steps, features))


def bidirectional_training(group):
    for (label, rates), merge in product(
        {
            "dropout": {"dropout": 0.4},
            "recurrent_dropout": {"recurrent_dropout": 0.3},
            "both_dropouts": {"dropout": 0.4, "recurrent_dropout": 0.3},
        }.items(),
        ("concat", "mul"),
    ):
        layer = both({**rates, "seed": 11, **flags_of(True, True)}, merge)
        yield make(f"{group}/{label}/{merge}", [layer], training=True, return_state=True)
    for merge, sequences, state in product(("concat", "sum", None), (False, True), (False, True)):
        regularized = {"activity_regularizer": L2, "kernel_regularizer": L1, "bias_regularizer": L2}
        flags = {**regularized, **flags_of(sequences, state)}
        layer = both(flags, merge, activity_regularizer=L1)
        label = "+".join(flags_of(sequences, state)) or "last_output"
        yield make(f"{group}/losses/{merge or 'null'}/{label}", [layer], "right", return_state=state)


def stateful():
    """Five calls on one layer: the fourth after `reset_state()`, the fifth with initial states of its own."""
    for merge, sequences, state, masked in product(("concat", None), (False, True), (False, True), (False, True)):
        layer = both({"stateful": True, **flags_of(sequences, state)}, merge)
        label = "+".join(flags_of(sequences, state)) or "last_output"
        name = f"stateful_bidirectional/{merge or 'null'}/{label}{'+masked' if masked else ''}"
        calls = []
        for number, kind in enumerate(("right", "holes", "one_row_empty", "all_false", "left")):
            inputs = Uniform((BATCH, STEPS, FEATURES), seed_of(name, f"inputs{number}"), 1.5)
            calls.append(WrapperCall(inputs, mask_of(kind) if masked else None, reset_before=number == 3))
        calls[4].initial_state = states_of(name, [layer], BATCH)
        # Keras raises in compute_mask, with and without a mask: it multiplies a generator.
        yield make(name, [layer], calls=calls, return_state=state, without_metadata=state)


def bidirectional_gradients():
    """The gradient of sum(upstream * results) + sum(losses) in inputs, initial states and weights of both halves."""
    group = "bidirectional_gradients"
    for merge, kind, sequences in product(MERGES, ("none", "right", "holes", "one_row_empty"), (False, True)):
        layer = both(flags_of(sequences, True), merge)
        name = f"{group}/{merge or 'null'}/{kind}/{'sequences' if sequences else 'last'}"
        yield make(name, [layer], kind, state=True, return_state=True, gradients=True)
    for merge in ("concat", None):
        flags = flags_of(True, True)
        other = {"units": 6, "go_backwards": True, "reset_after": False, "activation": "relu", **flags}
        name = f"{group}/different_halves/{merge or 'null'}"
        yield make(name, [both(flags, merge, other)], "right", state=True, return_state=True, gradients=True)
    for merge in ("concat", "mul", None):
        regularized = {"activity_regularizer": L2, "kernel_regularizer": L1, "bias_regularizer": L2}
        for state in (False, True):
            layer = both({**regularized, **flags_of(True, state)}, merge, activity_regularizer=L1)
            name = f"{group}/losses/{merge or 'null'}{'+return_state' if state else ''}"
            yield make(name, [layer], "holes", return_state=state, gradients=True)
    rates = {"dropout": 0.4, "recurrent_dropout": 0.3, "seed": 5}
    layer = both({**rates, **flags_of(True, True)})
    yield make(f"{group}/dropout", [layer], state=True, training=True, return_state=True, gradients=True)
    yield make(f"{group}/last_output_alone", [both({})], gradients=True)


def dtypes():
    """16-bit dtypes, and a wrapper whose dtype is not that of its layers."""
    group = "bidirectional_dtypes"
    for merge, kind, sequences in product(MERGES, ("none", "holes"), (False, True)):
        layer = both(flags_of(sequences, True), merge)
        name = f"{group}/{merge or 'null'}/{kind}/{'sequences' if sequences else 'last'}"
        yield make(name, [layer], kind, state=True, return_state=True, dtypes=SIXTEEN_BITS)
    for merge in MERGES:
        layer = both(flags_of(True, True), merge)
        name = f"{group}/gradients/{merge or 'null'}"
        options = {"dtypes": SIXTEEN_BITS, "gradients": True}
        yield make(name, [layer], "right", state=True, return_state=True, **options)
    pairs = (
        ("float32", "float16", "float16"),
        ("float16", "float32", "float32"),
        ("float32", "mixed_bfloat16", "mixed_bfloat16"),
        ("float64", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("float32", "float32", "float64"),
        ("float16", "float16", "float32"),
    )
    for (own, forward, backward), merge in product(pairs, ("concat", "mul")):
        flags = {"units": UNITS, **flags_of(True, True)}
        other = {**flags, "go_backwards": True, "dtype": backward}
        layer = both({**flags, "dtype": forward}, merge, other, dtype=own)
        name = f"{group}/{own}_over_{forward}_and_{backward}/{merge}"
        yield make(name, [layer], "right", state=True, return_state=True, dtypes=(None,), gradients=True)


def combinations():
    """Stacks of layers, the last of which gets `last`."""
    inner = {"units": UNITS, "return_sequences": True}
    return {
        "gru+gru": lambda last: [Layer(inner), Layer({"units": 5, **last})],
        "bidirectional+gru": lambda last: [both(inner), Layer({"units": 5, **last})],
        "bidirectional+bidirectional": lambda last: [both(inner, "sum"), both(last)],
        "gru+bidirectional_null": lambda last: [Layer(inner), both(last, None)],
        "backwards+gru+gru": lambda last: [
            Layer({**inner, "go_backwards": True}),
            Layer(inner),
            Layer({"units": 5, **last}),
        ],
        "zeros+backwards": lambda last: [
            Layer({**inner, "zero_output_for_mask": True}),
            Layer({"units": 5, "go_backwards": True, **last}),
        ],
        "different_units+ave+gru": lambda last: [
            both(inner, "concat", {**inner, "units": 3, "go_backwards": True}),
            both({**inner, "activation": "relu"}, "ave"),
            Layer({"units": 5, **last}),
        ],
    }


def stacks():
    """Sequential models of these layers, and functional ones with the states of all layers."""
    for (label, layers), kind, sequences in product(
        combinations().items(), ("none", "right", "holes", "one_row_empty"), (False, True)
    ):
        last = {"return_sequences": True} if sequences else {}
        name = f"stacks/{label}/{kind}/{'sequences' if sequences else 'last'}"
        yield make(f"{name}/sequential", layers(last), kind)
        yield make(f"{name}/states", layers(last), kind, state=True, return_state=True)
    regularized = {"activity_regularizer": L2, "kernel_regularizer": L1}
    layers = [
        Layer({"units": UNITS, "return_sequences": True, **regularized}),
        both({"activity_regularizer": L1}, "concat", activity_regularizer=L2),
    ]
    yield make("stacks/losses", layers, "right")
    name = "stacks/stateful"
    flags = {"units": UNITS, "return_sequences": True, "stateful": True}
    layers = [Layer(flags), both({**flags, "return_sequences": False})]
    calls = [
        WrapperCall(
            Uniform((BATCH, STEPS, FEATURES), seed_of(name, f"inputs{number}"), 1.5),
            mask_of(kind),
            reset_before=number == 2,
        )
        for number, kind in enumerate(("right", "none", "holes"))
    ]
    yield make(name, layers, calls=calls)


def stack_gradients():
    for (label, layers), kind in product(combinations().items(), ("none", "right", "holes")):
        name = f"stack_gradients/{label}/{kind}"
        options = {"state": True, "return_state": True, "gradients": True}
        yield make(name, layers({"return_sequences": True}), kind, **options)
    regularized = {"activity_regularizer": L2, "kernel_regularizer": L1}
    layers = [
        Layer({"units": UNITS, "return_sequences": True, **regularized}),
        both({"activity_regularizer": L1}, "concat", activity_regularizer=L2),
    ]
    yield make("stack_gradients/losses", layers, "right", gradients=True)
    for label in ("bidirectional+gru", "different_units+ave+gru"):
        layers = combinations()[label]({})
        yield make(f"stack_gradients/{label}/sixteen_bits", layers, "right", gradients=True, dtypes=SIXTEEN_BITS)


def one_call_stacks():
    """Stacks that one cuDNN call computes: equal units, one number of directions, and concat between the layers."""
    group = "one_call_stacks"
    inner = {"units": UNITS, "return_sequences": True}
    shapes = {
        "gru+gru": lambda last: [Layer(inner), Layer(last)],
        "gru+gru+gru": lambda last: [Layer(inner), Layer(inner), Layer(last)],
        "bidirectional+bidirectional": lambda last: [both(inner), both(last)],
        "bidirectional+bidirectional_sum": lambda last: [both(inner), both(last, "sum")],
        "three_bidirectional_null": lambda last: [both(inner), both(inner), both(last, None)],
    }
    for (label, layers), kind, sequences in product(shapes.items(), ("none", "right"), (False, True)):
        if label == "three_bidirectional_null" and kind == "none":
            continue
        last = {"units": UNITS, **flags_of(sequences, False)}
        name = f"{group}/{label}/{kind}/{'sequences' if sequences else 'last'}"
        sixteen_bits = label in ("gru+gru", "bidirectional+bidirectional") and kind == "right" and sequences
        dtypes = (*DTYPES, *SIXTEEN_BITS) if sixteen_bits else DTYPES
        options = {"state": True, "return_state": True, "gradients": True, "dtypes": dtypes}
        yield make(name, layers(last), kind, **options)


GROUPS = {
    "bidirectional": bidirectional,
    "stateful_bidirectional": stateful,
    "bidirectional_gradients": bidirectional_gradients,
    "bidirectional_dtypes": dtypes,
    "stacks": stacks,
    "stack_gradients": stack_gradients,
    "one_call_stacks": one_call_stacks,
}
