"""Masks: where they come from, which layers take them, pass them on, change them and lose them."""

import numpy as np
from keras import Input, Model, Sequential, layers, ops

from model_case import case, floats, tokens, truths

T1, T2 = tokens(3, 6, 9, (6, 2, 4)), tokens(3, 6, 9, (3, 5, 6), seed=2)
ALL = tokens(3, 6, 9, (6, 0, 4))
X = floats(3, 6, 4)
HOLES = X * truths(3, 6)[..., None]


def embedded(*after, length=6):
    """Tokens, an embedding with a mask, and these layers."""
    return lambda: Sequential([Input((length,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), *(make() for make in after)])


def gru(**arguments):
    return lambda: layers.GRU(3, **arguments)


SEQUENCE = gru(return_sequences=True)

case("masks/gru", embedded(gru()), T1, ALL)
case("masks/gru_sequences", embedded(SEQUENCE), T1, ALL)
case("masks/gru_zero_output", embedded(gru(return_sequences=True, zero_output_for_mask=True)), T1, ALL)
case("masks/gru_backwards", embedded(gru(return_sequences=True, go_backwards=True)), T1, ALL)
case("masks/gru_gru", embedded(SEQUENCE, SEQUENCE, gru()), T1)
case("masks/gru_backwards_gru", embedded(gru(return_sequences=True, go_backwards=True), gru()), T1)
case("masks/holes", lambda: Sequential([Input((6, 4)), layers.Masking(), layers.GRU(3, return_sequences=True), layers.GRU(3)]), HOLES)
case("masks/masking_value", lambda: Sequential([Input((6, 4)), layers.Masking(0.5), layers.GRU(3)]), np.where(HOLES == 0, np.float32(0.5), HOLES))
case("masks/masking_4d", lambda: Sequential([Input((6, 2, 4)), layers.Masking(), layers.Dense(2)]), floats(2, 6, 2, 4))
for merge in ("concat", "sum", "mul", "ave"):
    case(f"masks/bidirectional_{merge}", embedded(lambda merge=merge: layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode=merge), gru()), T1, ALL)
case("masks/bidirectional_last", embedded(lambda: layers.Bidirectional(layers.GRU(3))), T1, ALL)
case("masks/rnn", embedded(lambda: layers.RNN(layers.GRUCell(3), return_sequences=True), gru()), T1)
case("masks/rnn_two", embedded(lambda: layers.RNN([layers.GRUCell(3), layers.GRUCell(4)], return_sequences=True), gru()), T1, ALL)
case("masks/rnn_two_backwards", embedded(lambda: layers.RNN([layers.GRUCell(3), layers.GRUCell(4)], return_sequences=True, go_backwards=True)), T1, ALL)
case("masks/rnn_two_zero_output", embedded(lambda: layers.RNN([layers.GRUCell(3), layers.GRUCell(4)], return_sequences=True, zero_output_for_mask=True)), T1)

PASSING = {
    "dense": lambda: layers.Dense(4),
    "dropout": lambda: layers.Dropout(0.5),
    "spatial_dropout1d": lambda: layers.SpatialDropout1D(0.5),
    "gaussian_noise": lambda: layers.GaussianNoise(0.5),
    "alpha_dropout": lambda: layers.AlphaDropout(0.5),
    "activity_regularization": lambda: layers.ActivityRegularization(0.1),
    "identity": lambda: layers.Identity(),
    "activation": lambda: layers.Activation("relu"),
    "relu": lambda: layers.ReLU(),
    "leaky_relu": lambda: layers.LeakyReLU(),
    "elu": lambda: layers.ELU(),
    "prelu": lambda: layers.PReLU(),
    "batch_normalization": lambda: layers.BatchNormalization(),
    "layer_normalization": lambda: layers.LayerNormalization(),
    "group_normalization": lambda: layers.GroupNormalization(2),
    "unit_normalization": lambda: layers.UnitNormalization(),
    "normalization": lambda: layers.Normalization(mean=[0.1] * 4, variance=[0.5] * 4),
    "rescaling": lambda: layers.Rescaling(0.5),
    "time_distributed": lambda: layers.TimeDistributed(layers.Dense(4)),
}
LOSING = {
    "conv1d": lambda: layers.Conv1D(4, 3, padding="same"),
    "depthwise_conv1d": lambda: layers.DepthwiseConv1D(3, padding="same"),
    "separable_conv1d": lambda: layers.SeparableConv1D(4, 3, padding="same"),
    "max_pooling1d": lambda: layers.MaxPooling1D(2),
    "average_pooling1d": lambda: layers.AveragePooling1D(2),
    "reshape": lambda: layers.Reshape((6, 4)),
    "permute": lambda: layers.Permute((2, 1)),
    "zero_padding1d": lambda: layers.ZeroPadding1D(1),
    "cropping1d": lambda: layers.Cropping1D(1),
    "up_sampling1d": lambda: layers.UpSampling1D(2),
}
for name, layer in {**PASSING, **LOSING}.items():
    case(f"masks/through_{name}", embedded(layer, gru()), T1)
case("masks/flatten", embedded(lambda: layers.Flatten(), lambda: layers.Dense(2)), T1)
case("masks/flatten_then_repeat", embedded(lambda: layers.Flatten(), lambda: layers.RepeatVector(6), gru()), T1)
case("masks/global_average", embedded(lambda: layers.GlobalAveragePooling1D()), T1)
case("masks/global_average_keepdims", embedded(lambda: layers.GlobalAveragePooling1D(keepdims=True)), T1)
case("masks/global_max", embedded(lambda: layers.GlobalMaxPooling1D()), T1)


def merged(layer, masked=(True, True), after=True):
    """Two or more embeddings, with masks or without, that are merged, and a GRU behind."""

    def build():
        inputs = [Input((6,), dtype="int32") for _ in masked]
        x = [layers.Embedding(9, 4, mask_zero=mask)(one) for one, mask in zip(inputs, masked)]
        y = layer()(x)
        return Model(inputs, layers.GRU(3)(y) if after else y)

    return build


for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
    for masked in ((True, True), (True, False), (False, True)):
        label = "_".join("masked" if mask else "plain" for mask in masked)
        case(f"mask_merging/{name}_{label}", merged(getattr(layers, name), masked), [T1, T2])
        if name in ("Multiply", "Maximum", "Minimum"):
            case(f"mask_merging/{name}_{label}_values", merged(getattr(layers, name), masked, after=False), [T1, T2])
for name in ("Add", "Multiply", "Maximum", "Concatenate"):
    case(f"mask_merging/{name}_three", merged(getattr(layers, name), (True, False, True)), [T1, T2, ALL])
    case(f"mask_merging/{name}_three_masked", merged(getattr(layers, name), (True, True, True)), [T1, T2, ALL])
case("mask_merging/Concatenate_steps", merged(lambda: layers.Concatenate(axis=1)), [T1, T2])
case("mask_merging/Concatenate_steps_one", merged(lambda: layers.Concatenate(axis=1), (True, False)), [T1, T2])
case("mask_merging/Dot", merged(lambda: layers.Dot(2), after=False), [T1, T2])
case("mask_merging/Dot_then_gru", merged(lambda: layers.Dot(2)), [T1, T2])


def attention(layer, masked=(True, True), after=True, **call):
    def build():
        inputs = [Input((6,), dtype="int32"), Input((5,), dtype="int32")]
        x = [layers.Embedding(9, 4, mask_zero=mask)(one) for one, mask in zip(inputs, masked)]
        y = layer()(x, **call)
        return Model(inputs, layers.GRU(3)(y) if after else y)

    return build


V = tokens(3, 5, 9, (5, 2, 3), seed=3)
NONE = tokens(3, 5, 9, (5, 0, 3), seed=3)
for name in ("Attention", "AdditiveAttention"):
    for masked in ((True, True), (True, False), (False, True)):
        label = "_".join("masked" if mask else "plain" for mask in masked)
        case(f"mask_attention/{name}_{label}", attention(getattr(layers, name), masked, after=False), [T1, V], [T1, NONE])
        case(f"mask_attention/{name}_{label}_gru", attention(getattr(layers, name), masked), [T1, V])
    case(f"mask_attention/{name}_causal", attention(getattr(layers, name), after=False, use_causal_mask=True), [T1, V])


def explicit_attention():
    query, value, mask = Input((6, 4)), Input((5, 4)), Input((5,), dtype="bool")
    return Model([query, value, mask], layers.Attention()([query, value], mask=[None, mask]))


case("mask_attention/explicit", explicit_attention, [X, floats(3, 5, 4), truths(3, 5)])


def explicit():
    x, mask = Input((6, 4)), Input((6,), dtype="bool")
    return Model([x, mask], layers.GRU(3, return_sequences=True)(x, mask=mask))


def explicit_wins():
    """An explicit mask at one layer, where the input has another."""
    x, mask = Input((6,), dtype="int32"), Input((6,), dtype="bool")
    y = layers.Embedding(9, 4, mask_zero=True)(x)
    y = layers.GRU(3, return_sequences=True)(y, mask=mask)
    return Model([x, mask], layers.GRU(2)(y))


def explicit_average():
    x, mask = Input((6, 4)), Input((6,), dtype="bool")
    return Model([x, mask], layers.GlobalAveragePooling1D()(x, mask=mask))


def explicit_softmax():
    x, mask = Input((6,)), Input((6,), dtype="bool")
    return Model([x, mask], layers.Softmax()(x, mask=mask))


def explicit_bidirectional():
    x, mask = Input((6, 4)), Input((6,), dtype="bool")
    return Model([x, mask], layers.Bidirectional(layers.GRU(3, return_sequences=True))(x, mask=mask))


for build in (explicit, explicit_average, explicit_bidirectional):
    case(f"masks/{build.__name__}", build, [X, truths(3, 6)])
case("masks/explicit_wins", explicit_wins, [T1, truths(3, 6)])
case("masks/explicit_softmax", explicit_softmax, [floats(3, 6), truths(3, 6)])


def states_ignore_mask(wrap=lambda layer: layer, states=1):
    """A layer that is called with a state ignores the mask of its inputs, and passes it on."""

    def build():
        x, state = Input((6,), dtype="int32"), Input((3,))
        y = layers.Embedding(9, 4, mask_zero=True)(x)
        y = wrap(layers.GRU(3, return_sequences=True))(y, initial_state=[state] * states if states > 1 else state)
        return Model([x, state], [y, layers.GRU(2)(y)])

    return build


case("masks/states_ignore_mask", states_ignore_mask(), [T1, floats(3, 3)])
case("masks/bidirectional_states_ignore_mask", states_ignore_mask(layers.Bidirectional, 2), [T1, floats(3, 3)])


def encoder_decoder():
    source, target = Input((6,), dtype="int32", name="source"), Input((5,), dtype="int32", name="target")
    x = layers.Embedding(9, 4, mask_zero=True)(source)
    sequence, state = layers.GRU(3, return_sequences=True, return_state=True)(x)
    y = layers.Embedding(9, 4, mask_zero=True)(target)
    y = layers.GRU(3, return_sequences=True)(y, initial_state=state)
    y = layers.Concatenate()([y, layers.Attention()([y, sequence])])
    return Model([source, target], layers.Dense(9, activation="softmax")(y))


case("masks/encoder_decoder", encoder_decoder, [T1, V])


def nested(inner):
    def build():
        x = Input((6,), dtype="int32")
        y = layers.Embedding(9, 4, mask_zero=True)(x)
        return Model(x, layers.GRU(3)(inner()(y)))

    return build


def functional_inside():
    x = Input((6, 4))
    return Model(x, layers.Dense(4)(layers.GRU(4, return_sequences=True)(x)))


case("masks/nested_functional", nested(functional_inside), T1)
case("masks/nested_sequential", nested(lambda: Sequential([Input((6, 4)), layers.Dense(4), layers.GRU(4, return_sequences=True)])), T1)
case("masks/nested_losing", nested(lambda: Sequential([Input((6, 4)), layers.Conv1D(4, 3, padding="same")])), T1)


def embedding_inside():
    inner = Sequential([Input((6,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True)])
    x = Input((6,), dtype="int32")
    return Model(x, layers.GRU(3)(inner(x)))


case("masks/embedding_inside", embedding_inside, T1)


def through_operation():
    x = Input((6,), dtype="int32")
    y = layers.Embedding(9, 4, mask_zero=True)(x)
    return Model(x, layers.GRU(3)(y * 2.0 + 1.0))


def computed_mask():
    x = Input((6,), dtype="int32")
    y = layers.Embedding(9, 4)(x)
    return Model(x, layers.GRU(3)(y, mask=ops.logical_and(ops.not_equal(x, 0), ops.less(x, 8))))


case("masks/through_operation", through_operation, T1)
case("masks/computed_mask", computed_mask, T1)



def training_argument():
    x = Input((6, 4))
    y = layers.Dropout(1e-9)(x, training=True)
    y = layers.BatchNormalization()(y, training=False)
    return Model(x, layers.GRU(3, dropout=0.5)(y, training=False))


# Keras drops out where a node of a functional model says `training=True`. Here it counts for nothing, so the rate is tiny.
case("masks/training_argument", training_argument, X)


for dtype in ("mixed_float16", "float64"):
    case(f"masks/{dtype}", lambda dtype=dtype: Sequential([Input((6,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True, dtype=dtype), layers.Dense(4, dtype=dtype), layers.Bidirectional(layers.GRU(3, dtype=dtype), dtype=dtype), layers.Dense(2, dtype="float32" if dtype == "mixed_float16" else dtype)]), T1, dtype=dtype)
