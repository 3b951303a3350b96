"""Whole models of the kinds that people save: see the survey of real files. Each is saved as `.keras` and as `.h5`."""

from keras import Input, Model, Sequential, layers

from model_case import case, floats, tokens

X = floats(3, 12, 4)
ONE = floats(3, 12, 1, seed=4)
WORDS = tokens(3, 12, 30, (12, 7, 3))


def sequential(*parts):
    return lambda: Sequential([part() for part in parts])


def layer(kind, *args, **kwargs):
    return lambda: getattr(layers, kind)(*args, **kwargs)


def gru(units, *, sequences=False, **kwargs):
    return layer("GRU", units, return_sequences=sequences, **kwargs)


def both(units, *, sequences=False, **kwargs):
    return lambda: layers.Bidirectional(layers.GRU(units, return_sequences=sequences, **kwargs))


def dense(units, activation=None):
    return layer("Dense", units, activation=activation)


def inputs(*shape, dtype="float32"):
    return lambda: Input(shape, dtype=dtype)


def each_step(units):
    return lambda: layers.TimeDistributed(layers.Dense(units, activation="softmax"))


SERIES = inputs(12, 4)
PRICES = inputs(12, 1)
TEXT = inputs(12, dtype="int32")
DROP = layer("Dropout", 0.3)
NORM = layer("BatchNormalization")
EMBED = layer("Embedding", 30, 6)

# One line for each: name, inputs, layers.
SEQUENTIAL = {
    "forecast_one": (X, SERIES, gru(6), dense(1)),
    "forecast_relu": (X, SERIES, gru(6, activation="relu"), dense(1)),
    "forecast_two": (X, SERIES, gru(6, sequences=True), gru(5), dense(1)),
    "forecast_two_dropout": (X, SERIES, gru(6, sequences=True), DROP, gru(5), DROP, dense(1)),
    "forecast_three": (X, SERIES, gru(6, sequences=True), gru(5, sequences=True), gru(4), dense(3)),
    "forecast_before_reset": (X, SERIES, gru(6, reset_after=False), dense(1)),
    "forecast_hard_sigmoid": (X, SERIES, gru(6, recurrent_activation="hard_sigmoid", reset_after=False), dense(2)),
    "forecast_recurrent_dropout": (X, SERIES, gru(6, dropout=0.1, recurrent_dropout=0.2), dense(1)),
    "forecast_regularized": (X, SERIES, gru(6, kernel_regularizer="l2"), dense(1)),
    "forecast_wide_head": (X, SERIES, gru(6), dense(8, "relu"), DROP, dense(4, "relu"), dense(1)),
    "prices": (ONE, PRICES, gru(7, sequences=True), gru(7), dense(1)),
    "prices_four": (ONE, PRICES, *[gru(4, sequences=True)] * 3, gru(4), dense(1)),
    "prices_six": (ONE, PRICES, *[gru(3, sequences=True)] * 5, gru(3), dense(1)),
    "prices_sigmoid": (ONE, PRICES, gru(5, activation="sigmoid"), dense(1, "sigmoid")),
    "prices_dropout_each": (ONE, PRICES, gru(5, sequences=True), DROP, gru(5, sequences=True), DROP, gru(5), DROP, dense(1)),
    "class_of_series": (X, SERIES, gru(6), dense(3, "softmax")),
    "class_normalized": (X, SERIES, gru(6, sequences=True), NORM, gru(5), NORM, dense(3, "softmax")),
    "class_both": (X, SERIES, both(5), dense(3, "softmax")),
    "class_both_two": (X, SERIES, both(5, sequences=True), both(4), DROP, dense(2, "sigmoid")),
    "class_flatten": (X, SERIES, gru(4, sequences=True), layer("Flatten"), dense(3, "softmax")),
    "class_conv": (X, SERIES, layer("Conv1D", 6, 3, activation="relu"), layer("MaxPooling1D", 2), gru(5), dense(3, "softmax")),
    "class_conv_two": (X, SERIES, layer("Conv1D", 6, 3, padding="same", activation="relu"), NORM, layer("MaxPooling1D"), layer("Conv1D", 5, 2), gru(4, sequences=True), gru(4), dense(2, "softmax")),
    "class_conv_both": (X, SERIES, layer("Conv1D", 6, 3, activation="relu"), both(4), dense(3, "softmax")),
    "class_pool_steps": (X, SERIES, gru(5, sequences=True), layer("GlobalAveragePooling1D"), dense(3, "softmax")),
    "class_max_steps": (X, SERIES, both(4, sequences=True), layer("GlobalMaxPooling1D"), dense(8, "relu"), dense(1, "sigmoid")),
    "sentiment": (WORDS, TEXT, EMBED, gru(5), dense(1, "sigmoid")),
    "sentiment_both": (WORDS, TEXT, EMBED, both(4), DROP, dense(1, "sigmoid")),
    "sentiment_masked": (WORDS, TEXT, layer("Embedding", 30, 6, mask_zero=True), both(4), dense(1, "sigmoid")),
    "sentiment_spatial": (WORDS, TEXT, EMBED, layer("SpatialDropout1D", 0.2), both(4, sequences=True), layer("GlobalMaxPooling1D"), dense(1, "sigmoid")),
    "sentiment_conv": (WORDS, TEXT, EMBED, layer("Conv1D", 6, 3, activation="relu"), layer("MaxPooling1D", 2), gru(5), dense(1, "sigmoid")),
    "next_word": (WORDS, TEXT, EMBED, gru(8), dense(30, "softmax")),
    "next_letter": (WORDS, TEXT, EMBED, gru(8, sequences=True), dense(30)),
    "tagger": (WORDS, TEXT, EMBED, both(5, sequences=True), each_step(7)),
    "tagger_masked": (WORDS, TEXT, layer("Embedding", 30, 6, mask_zero=True), both(5, sequences=True), each_step(7)),
    "repeat_decoder": (X, SERIES, gru(6), layer("RepeatVector", 5), gru(6, sequences=True), each_step(4)),
    "reshaped": (X, inputs(12, 4), layer("Reshape", (6, 8)), gru(5), dense(2)),
}


def captions():
    """A picture's features and the words so far give the next word."""
    features, words = Input((10,), name="features"), Input((12,), dtype="int32", name="words")
    seen = layers.Dense(6, activation="relu")(layers.Dropout(0.4)(features))
    said = layers.GRU(6)(layers.Dropout(0.4)(layers.Embedding(30, 6, mask_zero=True)(words)))
    return Model([features, words], layers.Dense(30, activation="softmax")(layers.Dense(6, activation="relu")(layers.Add()([seen, said]))))


def translation():
    """An encoder whose state begins the decoder."""
    source, target = Input((12,), dtype="int32", name="source"), Input((9,), dtype="int32", name="target")
    _, state = layers.GRU(6, return_state=True)(layers.Embedding(30, 5)(source))
    decoded = layers.GRU(6, return_sequences=True)(layers.Embedding(20, 5)(target), initial_state=state)
    return Model([source, target], layers.Dense(20, activation="softmax")(decoded))


def two_branches():
    x = Input((12, 4))
    long = layers.GRU(5)(layers.GRU(5, return_sequences=True)(x))
    short = layers.GlobalMaxPooling1D()(layers.Conv1D(5, 3, activation="relu")(x))
    return Model(x, layers.Dense(3, activation="softmax")(layers.Concatenate()([long, short])))


def two_heads():
    x = Input((12, 4))
    y = layers.BatchNormalization()(layers.GRU(6, return_sequences=True)(x))
    last = layers.GRU(4)(y)
    return Model(x, [layers.Dense(1, name="value")(last), layers.Dense(3, activation="softmax", name="kind")(layers.Flatten()(y))])


def nested():
    encoder = Sequential([Input((12, 4)), layers.GRU(5, return_sequences=True), layers.GRU(4)], name="encoder")
    a, b = Input((12, 4), name="a"), Input((12, 4), name="b")
    return Model([a, b], layers.Dense(1, activation="sigmoid")(layers.Subtract()([encoder(a), encoder(b)])))


def ensemble():
    x = Input((12, 4))
    votes = [layers.Dense(3, activation="softmax")(layers.GRU(units, activation=activation)(x)) for units, activation in ((4, "tanh"), (5, "relu"), (6, "tanh"))]
    return Model(x, layers.Average()(votes))


FUNCTIONAL = {
    captions: [floats(3, 10, seed=6), WORDS],
    translation: [WORDS, tokens(3, 9, 20, (9, 4, 6), seed=3)],
    two_branches: X,
    two_heads: X,
    nested: [X, floats(3, 12, 4, seed=8)],
    ensemble: X,
}

for name, (given, *parts) in SEQUENTIAL.items():
    case(f"survey/{name}", sequential(*parts), given)
    case(f"survey/{name}_h5", sequential(*parts), given, format="h5")
for build, given in FUNCTIONAL.items():
    case(f"survey/{build.__name__}", build, given)
    case(f"survey/{build.__name__}_h5", build, given, format="h5")
