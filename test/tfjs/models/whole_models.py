"""Whole models, with masks, branches, states, shared layers, and models in models."""

import keras
from keras import layers
from model_case import case, floats, tokens

X3 = floats(3, 6, 4)
MASKED = floats(3, 6, 4, seed=5)
MASKED[0, 4:] = 0
MASKED[2, 1:3] = 0
IDS = tokens(3, 6, 9, (6, 3, 1))


def text(mask_zero=True):
    ids = keras.Input((6,), dtype="int32", name="ids")
    return ids, layers.Embedding(9, 4, mask_zero=mask_zero, name="words")(ids)


def masks(name, build, *calls):
    case(f"masks/{name}", build, *calls)


def classifier():
    return keras.Sequential([keras.Input((6,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.SpatialDropout1D(0.2), layers.GRU(3), layers.Dense(2, activation="softmax")])


def classifier_functional():
    ids, x = text()
    return keras.Model(ids, layers.Dense(2)(layers.GRU(3)(layers.Dropout(0.1)(x))))


def tagger():
    ids, x = text()
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    x = layers.GRU(3, return_sequences=True)(x)
    return keras.Model(ids, layers.TimeDistributed(layers.Dense(4, activation="softmax"))(x))


def masking_dense():
    inputs = keras.Input((6, 4))
    x = layers.Dense(3, activation="relu")(layers.Masking()(inputs))
    return keras.Model(inputs, layers.GRU(3)(x))


def autoencoder():
    inputs = keras.Input((6, 4))
    code = layers.GRU(3)(layers.Masking()(inputs))
    x = layers.GRU(3, return_sequences=True)(layers.RepeatVector(6)(code))
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(4))(x))


def skip_concatenate():
    inputs = keras.Input((6, 4))
    x = layers.Masking()(inputs)
    h = layers.GRU(3, return_sequences=True)(x)
    return keras.Model(inputs, layers.GRU(2)(layers.Concatenate()([x, h])))


def skip_add():
    inputs = keras.Input((6, 4))
    x = layers.Masking()(inputs)
    h = layers.GRU(4, return_sequences=True)(x)
    return keras.Model(inputs, layers.GRU(2)(layers.Add()([x, h])))


def skip_add_unread():
    inputs = keras.Input((6, 4))
    x = layers.Masking()(inputs)
    h = layers.GRU(4, return_sequences=True)(x)
    return keras.Model(inputs, layers.Dense(2)(layers.Add()([x, h])))


def two_branches(masked_first):
    """The layer whose inputs have no mask gets another's in tfjs, if it runs after it."""

    def build():
        ids, x = text()
        series = keras.Input((6, 4), name="series")
        one = layers.GRU(3)(layers.Dropout(0.1)(x))
        other = layers.GRU(2)(series)
        both = [one, other] if masked_first else [other, one]
        return keras.Model([ids, series], layers.Dense(2)(layers.Concatenate()(both)))

    return build


def stale(flattened_last):
    """A masked layer that is not a GRU leaves its mask behind in tfjs."""

    def build():
        ids, x = text()
        series = keras.Input((6, 4), name="series")
        flat = layers.Flatten()(layers.Dense(2)(x))
        other = layers.GRU(2)(series)
        both = [other, flat] if flattened_last else [flat, other]
        return keras.Model([ids, series], layers.Dense(2)(layers.Concatenate()(both)))

    return build


def translator(masked_decoder):
    def build():
        source = keras.Input((6, 4), name="source")
        target = keras.Input((6, 4), name="target")
        _, state = layers.GRU(3, return_sequences=True, return_state=True)(layers.Masking()(source))
        x = layers.Masking()(target) if masked_decoder else target
        x = layers.GRU(3, return_sequences=True)(x, initial_state=state)
        return keras.Model([source, target], layers.Dense(2)(x))

    return build


def inside(layer_list):
    """A model under a mask."""

    def build():
        inputs = keras.Input((6, 4))
        inner = keras.Sequential([keras.Input((6, 4)), *layer_list()], name="inner")
        return keras.Model(inputs, layers.Dense(2)(inner(layers.Masking()(inputs))))

    return build


def inside_then_gru():
    inputs = keras.Input((6, 4))
    inner = keras.Sequential([keras.Input((6, 4)), layers.Dense(3)], name="inner")
    return keras.Model(inputs, layers.GRU(2)(inner(layers.Masking()(inputs))))


def through(layer):
    """A layer between Masking and a GRU."""

    def build():
        inputs = keras.Input((6, 4))
        return keras.Model(inputs, layers.GRU(2)(layer()(layers.Masking()(inputs))))

    return build


def masked_end(layer):
    def build():
        inputs = keras.Input((6, 4))
        return keras.Model(inputs, layer()(layers.Masking()(inputs)))

    return build


def explicit_mask():
    inputs = keras.Input((6, 4))
    mask = keras.Input((6,), dtype="bool")
    return keras.Model([inputs, mask], layers.GRU(2)(inputs, mask=mask))


masks("classifier", classifier, IDS)
masks("classifier_functional", classifier_functional, IDS)
masks("tagger", tagger, IDS)
masks("masking_dense", masking_dense, MASKED)
masks("autoencoder", autoencoder, MASKED)
masks("skip_concatenate", skip_concatenate, MASKED)
masks("skip_add", skip_add, MASKED)
masks("skip_add_unread", skip_add_unread, MASKED)
masks("two_branches", two_branches(True), [IDS, X3])
masks("two_branches_reversed", two_branches(False), [IDS, X3])
masks("stale", stale(False), [IDS, X3])
masks("stale_flattened_last", stale(True), [IDS, X3])
masks("translator", translator(False), [MASKED, X3])
masks("translator_masked", translator(True), [MASKED, MASKED])
masks("inside_gru", inside(lambda: [layers.GRU(3)]), MASKED)
masks("inside_dense_gru", inside(lambda: [layers.Dense(3), layers.GRU(3)]), MASKED)
masks("inside_conv_gru", inside(lambda: [layers.Conv1D(3, 1), layers.GRU(3)]), MASKED)
masks("inside_then_gru", inside_then_gru, MASKED)
for name, layer in {
    "dropout": lambda: layers.Dropout(0.2),
    "leaky_relu": lambda: layers.LeakyReLU(),
    "layer_normalization": lambda: layers.LayerNormalization(),
    "batch_normalization": lambda: layers.BatchNormalization(),
    "conv1d": lambda: layers.Conv1D(3, 2),
    "bidirectional": lambda: layers.Bidirectional(layers.GRU(3, return_sequences=True)),
    "lstm": lambda: layers.LSTM(3, return_sequences=True),
    "time_distributed": lambda: layers.TimeDistributed(layers.Dense(3)),
    "prelu": lambda: layers.PReLU(shared_axes=[1]),
    "rescaling": lambda: layers.Rescaling(0.5),
}.items():
    masks(f"through_{name}", through(layer), MASKED)
for name, layer in {
    "average": lambda: layers.GlobalAveragePooling1D(),
    "maximum": lambda: layers.GlobalMaxPooling1D(),
    "gru_zero": lambda: layers.GRU(3, return_sequences=True, zero_output_for_mask=True),
    "lstm_sequences": lambda: layers.LSTM(3, return_sequences=True),
    "simple_rnn_backwards": lambda: layers.SimpleRNN(3, return_sequences=True, go_backwards=True),
    "bidirectional_sum": lambda: layers.Bidirectional(layers.GRU(3), merge_mode="sum"),
    "flatten": lambda: layers.Flatten(),
}.items():
    masks(f"end_{name}", masked_end(layer), MASKED)
masks("explicit", explicit_mask, [X3, (floats(3, 6, seed=2) > -0.3)])


def forecaster():
    return keras.Sequential([keras.Input((6, 4)), layers.Conv1D(5, 3, padding="same", activation="relu"), layers.MaxPooling1D(2), layers.BatchNormalization(), layers.GRU(4), layers.Dropout(0.2), layers.Dense(1)])


def denoiser():
    noisy = keras.Input((None, 4), name="noisy")
    x = layers.Dense(3, activation="tanh", name="in")(noisy)
    voice = layers.GRU(3, activation="tanh", recurrent_activation="sigmoid", return_sequences=True, name="vad_gru", reset_after=False)(x)
    vad = layers.Dense(1, activation="sigmoid", name="vad")(voice)
    noise = layers.GRU(4, activation="relu", return_sequences=True, name="noise_gru", reset_after=False)(layers.concatenate([x, voice, noisy]))
    gains = layers.GRU(5, activation="tanh", return_sequences=True, name="denoise_gru", reset_after=False)(layers.concatenate([voice, noise, noisy]))
    return keras.Model(noisy, [layers.Dense(4, activation="sigmoid", name="gains")(gains), vad])


def siamese():
    one, other = keras.Input((6, 4)), keras.Input((6, 4))
    encoder = layers.GRU(3, name="encoder")
    return keras.Model([one, other], layers.Dense(1)(layers.Multiply()([encoder(one), encoder(other)])))


def encoder_decoder(bidirectional):
    def build():
        source, target = keras.Input((6, 4)), keras.Input((5, 2))
        if bidirectional:
            _, forward, backward = layers.Bidirectional(layers.GRU(3, return_state=True))(source)
            x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(target, initial_state=[forward, backward])
        else:
            _, state = layers.GRU(3, return_state=True)(source)
            x = layers.GRU(3, return_sequences=True)(target, initial_state=[state])
        return keras.Model([source, target], layers.Dense(2)(x))

    return build


def lstm_states():
    source, target = keras.Input((6, 4)), keras.Input((5, 2))
    _, hidden, cell = layers.LSTM(3, return_state=True)(source)
    return keras.Model([source, target], layers.LSTM(3)(target, initial_state=[hidden, cell]))


def inner_functional(name="inner"):
    inputs = keras.Input((6, 4), name=f"{name}_input")
    h = layers.GRU(3, return_sequences=True, name=f"{name}_gru")(inputs)
    return keras.Model(inputs, layers.Dense(4, name=f"{name}_dense")(h), name=name)


def nested(times):
    def build():
        inner = inner_functional()
        x = inputs = keras.Input((6, 4))
        for _ in range(times):
            x = inner(x)
        return keras.Model(inputs, layers.GRU(2)(layers.Dense(4)(x)))

    return build


def nested_deep():
    inner = inner_functional("deep")
    middle = keras.Sequential([keras.Input((6, 4)), layers.Dense(4, name="middle_dense"), inner], name="middle")
    inputs = keras.Input((6, 4))
    return keras.Model(inputs, middle(inputs))


def nested_first():
    return keras.Sequential([inner_functional(), layers.GRU(2), layers.Dense(1)])


def nested_outputs():
    inputs = keras.Input((6, 4))
    h, state = layers.GRU(3, return_sequences=True, return_state=True)(inputs)
    inner = keras.Model(inputs, [h, state], name="inner")
    outer = keras.Input((6, 4))
    a, b = inner(outer)
    return keras.Model(outer, [layers.Dense(2)(a), layers.Dense(3)(b)])


def same_names():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="dense")], name="inner")
    return keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="dense")])


def dictionaries():
    one, other = keras.Input((4,), name="one"), keras.Input((4,), name="other")
    return keras.Model({"b": one, "a": other}, {"sum": layers.Dense(2)(layers.Add()([one, other])), "one": layers.Dense(3)(one)})


def frozen():
    model = keras.Sequential([keras.Input((6, 4)), layers.Conv1D(3, 2, name="frozen"), layers.GRU(3), layers.Dense(2)])
    model.layers[0].trainable = False
    return model


def frozen_inner():
    inner = inner_functional()
    inner.trainable = False
    return keras.Sequential([keras.Input((6, 4)), inner, layers.GRU(2)])


def crnn():
    image = keras.Input((8, 6, 1))
    x = layers.MaxPooling2D((1, 2))(layers.Conv2D(4, 3, padding="same", activation="relu")(image))
    x = layers.Reshape((8, -1))(x)
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True))(x)
    return keras.Model(image, layers.Dense(5, activation="softmax")(x))


def depths():
    """Layers of one class at several depths, in the reverse of the order in which they were made."""
    one, other = keras.Input((6, 4), name="one"), keras.Input((6, 4), name="other")
    late = layers.GRU(4, name="late")
    early = layers.GRU(4, return_sequences=True, name="early")
    x = layers.Dense(4, name="b")(layers.Dense(4, name="a")(other))
    return keras.Model([other, one], [late(early(one)), layers.GRU(4, name="side")(x)])


def depths_with_masks():
    """In Keras the operations of masks make the layers before them deeper."""
    one, other = keras.Input((6, 4), name="one"), keras.Input((6, 4), name="other")
    masked = layers.Masking()(layers.Dense(4, name="p")(one))
    plain = layers.Dense(4, name="r")(layers.Dense(4, name="q")(other))
    return keras.Model([one, other], layers.Add()([layers.GRU(3, name="g1")(masked), layers.GRU(3, name="g2")(plain)]))


def called_training():
    inputs = keras.Input((6, 4))
    return keras.Model(inputs, layers.GRU(2)(layers.Dropout(0.5)(inputs, training=True)))


def operations():
    inputs = keras.Input((6, 4))
    return keras.Model(inputs, layers.GRU(2)(inputs * 2.0 + 1.0))


for name, build, calls in (
    ("forecaster", forecaster, X3),
    ("denoiser", denoiser, X3),
    ("siamese", siamese, [X3, MASKED]),
    ("encoder_decoder", encoder_decoder(False), [X3, floats(3, 5, 2)]),
    ("encoder_decoder_bidirectional", encoder_decoder(True), [X3, floats(3, 5, 2)]),
    ("lstm_states", lstm_states, [X3, floats(3, 5, 2)]),
    ("nested", nested(1), X3),
    ("nested_twice", nested(2), X3),
    ("nested_deep", nested_deep, X3),
    ("nested_first", nested_first, X3),
    ("nested_outputs", nested_outputs, X3),
    ("same_names", same_names, floats(3, 4)),
    ("dictionaries", dictionaries, {"a": floats(3, 4), "b": floats(3, 4, seed=2)}),
    ("frozen", frozen, X3),
    ("frozen_inner", frozen_inner, X3),
    ("crnn", crnn, floats(2, 8, 6, 1)),
    ("depths", depths, [X3, MASKED]),
    ("depths_with_masks", depths_with_masks, [X3, MASKED]),
    ("called_training", called_training, X3),
    ("operations", operations, X3),
):
    case(f"models/{name}", build, calls)
for name, build, calls in (
    ("forecaster", forecaster, X3),
    ("denoiser", denoiser, X3),
    ("nested_twice", nested(2), X3),
    ("encoder_decoder_bidirectional", encoder_decoder(True), [X3, floats(3, 5, 2)]),
    ("frozen_inner", frozen_inner, X3),
    ("siamese", siamese, [X3, MASKED]),
    ("classifier", classifier, IDS),
):
    case(f"h5/{name}", build, calls, format="h5")
