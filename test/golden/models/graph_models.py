"""Graphs: several inputs and outputs, shared layers, models inside of models, dictionaries, states, frozen layers."""

import keras
import numpy as np
from keras import Input, Model, Sequential, layers

from model_case import case, floats, ints, tokens

X, Y = floats(3, 6, 4), floats(3, 6, 4, seed=2)
T = tokens(3, 6, 9, (6, 2, 4))


def two_inputs():
    series, static = Input((6, 4), name="series"), Input((3,), name="static")
    y = layers.Concatenate()([layers.GRU(5)(series), layers.Dense(4, activation="relu")(static)])
    return Model([series, static], layers.Dense(2)(y))


def dictionary_inputs():
    series, static = Input((6, 4), name="series"), Input((3,), name="static")
    y = layers.Concatenate()([layers.GRU(5)(series), static])
    return Model({"static": static, "series": series}, layers.Dense(2)(y))


def dictionary_outputs():
    x = Input((6, 4))
    y = layers.GRU(5, return_sequences=True)(x)
    return Model(x, {"tags": layers.Dense(3, activation="softmax")(y), "total": layers.Dense(1)(layers.GlobalMaxPooling1D()(y))})


def nested_outputs():
    x = Input((6, 4))
    sequence, state = layers.GRU(5, return_sequences=True, return_state=True)(x)
    return Model(x, {"all": [sequence, state], "last": layers.Dense(2)(state)})


def two_outputs():
    x = Input((6, 4))
    y = layers.GRU(5)(x)
    return Model(x, [layers.Dense(2, name="a")(y), layers.Dense(3, name="b")(y), y])


def one_output_list():
    x = Input((6, 4))
    return Model(x, [layers.GRU(5)(x)])


def shared_layers():
    one, other = Input((6, 4)), Input((6, 4))
    gru, dense = layers.GRU(5), layers.Dense(3, activation="tanh")
    return Model([one, other], layers.Subtract()([dense(gru(one)), dense(gru(other))]))


def shared_at_two_depths():
    x = Input((4,))
    dense = layers.Dense(4, activation="tanh")
    return Model(x, dense(dense(layers.Dropout(0.5)(dense(x)))))


def inner_functional():
    x = Input((6, 4))
    sequence, state = layers.GRU(5, return_sequences=True, return_state=True)(x)
    return Model(x, [sequence, state], name="inner")


def nested_functional():
    x = Input((6, 4))
    sequence, state = inner_functional()(x)
    return Model(x, layers.Add()([layers.GRU(5)(sequence), state]))


def shared_model():
    one, other = Input((6, 4)), Input((6, 4))
    inner = Sequential([Input((6, 4)), layers.Bidirectional(layers.GRU(3)), layers.Dense(3)])
    return Model([one, other], layers.Dot(1, normalize=True)([inner(one), inner(other)]))


def shared_functional():
    one, other = Input((6, 4)), Input((6, 4))
    x = Input((6, 4))
    inner = Model(x, layers.GRU(3)(x))
    return Model([one, other], [inner(one), inner(other)])


def nested_twice():
    inner = Sequential([Input((6, 4)), layers.Dense(4), layers.GRU(4, return_sequences=True)], name="deep")
    middle = Sequential([Input((6, 4)), inner, layers.Dense(4)], name="middle")
    return Sequential([Input((6, 4)), middle, layers.GRU(3), layers.Dense(2)])


def nested_two_inputs():
    a, b = Input((4,), name="a"), Input((3,), name="b")
    inner = Model([a, b], layers.Dense(2)(layers.Concatenate()([a, b])))
    x, y = Input((4,)), Input((3,))
    return Model([x, y], inner([x, y]))


def nested_dictionary():
    a, b = Input((4,), name="a"), Input((3,), name="b")
    inner = Model({"a": a, "b": b}, {"sum": layers.Dense(2)(layers.Concatenate()([a, b])), "first": layers.Dense(1)(a)})
    x, y = Input((4,)), Input((3,))
    outputs = inner({"a": x, "b": y})
    return Model([x, y], layers.Concatenate()([outputs["first"], outputs["sum"]]))


def unused_output():
    x = Input((6, 4))
    sequence, state = layers.GRU(5, return_sequences=True, return_state=True)(x)
    return Model(x, layers.Dense(2)(state))


def intermediate_inputs():
    x = Input((6, 4))
    y = layers.Dense(5)(x)
    z = layers.GRU(3)(y)
    return Model(y, z)


def input_is_output():
    x = Input((6, 4))
    return Model(x, [x, layers.GRU(3)(x)])


def same_output_twice():
    x = Input((6, 4))
    y = layers.GRU(3)(x)
    return Model(x, [y, y, layers.Reshape((3, 1))(y)])


BUILDS = {
    two_inputs: [X, floats(3, 3)],
    dictionary_inputs: {"series": X, "static": floats(3, 3)},
    dictionary_outputs: X,
    nested_outputs: X,
    two_outputs: X,
    one_output_list: X,
    shared_layers: [X, Y],
    shared_at_two_depths: floats(3, 4),
    nested_functional: X,
    shared_model: [X, Y],
    shared_functional: [X, Y],
    nested_twice: X,
    nested_two_inputs: [floats(3, 4), floats(3, 3)],
    nested_dictionary: [floats(3, 4), floats(3, 3)],
    unused_output: X,
    intermediate_inputs: floats(3, 6, 5),
    input_is_output: X,
    same_output_twice: X,
}
for build, inputs in BUILDS.items():
    case(f"graphs/{build.__name__}", build, inputs)
    case(f"graphs/{build.__name__}_h5", build, inputs, format="h5")


def frozen(names):
    """A model with layers that training does not change: `.h5` files list their weights last."""

    def build():
        x = Input((6, 4))
        inner = Sequential([Input((6, 4)), layers.Dense(4, name="one"), layers.BatchNormalization(name="norm"), layers.GRU(4, return_sequences=True, name="gru"), layers.Dense(4, name="two")], name="inner")
        y = layers.Bidirectional(layers.GRU(3), name="both")(inner(x))
        model = Model(x, layers.Dense(2, name="last")(y))
        for layer in [*inner.layers, *model.layers]:
            if layer.name in names:
                layer.trainable = False
        return model

    return build


for names in (("one",), ("gru",), ("inner",), ("both",), ("one", "gru", "last")):
    for format in ("keras", "h5"):
        case(f"graphs/frozen_{'_'.join(names)}_{format}", frozen(names), X, format=format)


def half_frozen():
    layer = layers.Bidirectional(layers.GRU(3))
    model = Sequential([Input((6, 4)), layer])
    layer.forward_layer.trainable = False
    return model


case("graphs/half_frozen_h5", half_frozen, X, format="h5")

# Input ranks that Keras adjusts.
case("graphs/missing_last_axis", lambda: Sequential([Input((6, 1)), layers.GRU(3)]), floats(3, 6))
case("graphs/extra_last_axis", lambda: Sequential([Input((6,)), layers.Dense(2)]), floats(3, 6, 1))
case("graphs/float64_inputs", lambda: Sequential([Input((6, 4)), layers.GRU(3)]), floats(3, 6, 4, dtype="float64"))
case("graphs/int_inputs", lambda: Sequential([Input((6, 4)), layers.GRU(3)]), ints(3, 6, 4, below=5))
case("graphs/any_length", lambda: Sequential([Input((None, 4)), layers.Conv1D(5, 3, padding="same"), layers.GRU(3)]), X, floats(2, 9, 4), floats(1, 3, 4))
case("graphs/empty_batch", lambda: Sequential([Input((6, 4)), layers.GRU(3), layers.Dense(2)]), X)


def stateful(**arguments):
    return lambda: Sequential([Input(batch_shape=(3, 6, 4)), layers.GRU(5, stateful=True, return_sequences=True, **arguments), layers.GRU(3, stateful=True), layers.Dense(2)])


case("stateful/stack", stateful(), X, Y, X, resets=(2,))
case("stateful/bidirectional", lambda: Sequential([Input(batch_shape=(3, 6, 4)), layers.Bidirectional(layers.GRU(3, stateful=True))]), X, Y)
case("stateful/rnn", lambda: Sequential([Input(batch_shape=(3, 6, 4)), layers.RNN(layers.GRUCell(3), stateful=True)]), X, Y, X, resets=(2,))
case("stateful/float16", lambda: Sequential([Input(batch_shape=(3, 6, 4)), layers.GRU(3, stateful=True, dtype="mixed_float16")]), X, Y, dtype="mixed_float16")


def stateful_between_others():
    x = Input(batch_shape=(3, 6, 4))
    y = layers.GRU(4, return_sequences=True)(x)
    y = layers.GRU(4, stateful=True, return_sequences=True)(y)
    return Model(x, layers.GRU(3)(y))


case("stateful/between_others", stateful_between_others, X, Y)


def mixed(policy):
    """Layers of one policy, with a float32 head, as guides to mixed precision make it."""

    def build():
        keras.config.set_dtype_policy(policy)
        try:
            return Sequential([Input((6, 4)), layers.Conv1D(4, 3, padding="same", activation="relu"), layers.BatchNormalization(), layers.Bidirectional(layers.GRU(4)), layers.Dropout(0.2), layers.Dense(3, activation="softmax", dtype="float32")])
        finally:
            keras.config.set_dtype_policy("float32")

    return build


for policy in ("mixed_float16", "mixed_bfloat16", "float64"):
    case(f"mixed/{policy}", mixed(policy), X, dtype="float32" if policy == "float64" else policy)


def different_dtypes():
    x = Input((6, 4))
    a = layers.GRU(3, dtype="mixed_float16")(x)
    b = layers.GRU(3, dtype="float64")(x)
    c = layers.GRU(3)(x)
    return Model(x, layers.Concatenate()([a, b, c]))


case("mixed/different_dtypes", different_dtypes, X, dtype="mixed_float16")
