"""The common layers alone, with their arguments, and small models of them."""

from keras import Input, Model, Sequential, layers

from model_case import case, floats, ints, tokens


def one(shape, layer, dtype=None):
    """A model of one layer."""
    return lambda: Sequential([Input(shape, dtype=dtype), layer()])


def label(arguments):
    """The arguments in the name of a case."""
    return "_".join(f"{key}={value}" for key, value in arguments.items()).replace(" ", "") or "plain"


X2 = floats(3, 5)
X3 = floats(3, 6, 4)

for activation in (None, "relu", "softmax", "gelu", "sparsemax"):
    case(f"dense/{activation}", one((5,), lambda activation=activation: layers.Dense(4, activation=activation)), X2)
case("dense/no_bias", one((5,), lambda: layers.Dense(4, use_bias=False)), X2)
case("dense/steps", one((6, 4), lambda: layers.Dense(3, activation="tanh")), X3)
case("dense/float64", one((5,), lambda: layers.Dense(4, "tanh", dtype="float64"), "float64"), X2, dtype="float64")
for dtype in ("float16", "bfloat16", "mixed_float16"):
    case(f"dense/{dtype}", one((5,), lambda dtype=dtype: layers.Dense(4, "tanh", dtype=dtype)), X2, dtype=dtype)
case("dense/h5", one((5,), lambda: layers.Dense(4, activation="relu")), X2, format="h5")

case("embedding/plain", one((6,), lambda: layers.Embedding(9, 4), "int32"), ints(3, 6, below=9))
case("embedding/float_inputs", one((6,), lambda: layers.Embedding(9, 4)), ints(3, 6, below=9).astype("float32"))
case("embedding/negative", one((6,), lambda: layers.Embedding(9, 4), "int32"), ints(3, 6, below=9) - 9)
case("embedding/mask_zero", lambda: Sequential([Input((6,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.GRU(3)]), tokens(3, 6, 9, (6, 2, 4)))

for arguments in (
    {},
    {"return_sequences": True},
    {"return_sequences": True, "go_backwards": True},
    {"reset_after": False},
    {"use_bias": False},
    {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    {"dropout": 0.3, "recurrent_dropout": 0.2},
):
    case(f"gru/{label(arguments)}", one((6, 4), lambda arguments=arguments: layers.GRU(5, **arguments)), X3)
case("gru/h5", one((6, 4), lambda: layers.GRU(5)), X3, format="h5")
case("gru/float64", one((6, 4), lambda: layers.GRU(5, dtype="float64"), "float64"), X3, dtype="float64")
for dtype in ("float16", "mixed_bfloat16"):
    case(f"gru/{dtype}", one((6, 4), lambda dtype=dtype: layers.GRU(5, dtype=dtype)), X3, dtype=dtype)


def with_states():
    inputs = Input((6, 4))
    outputs = layers.GRU(5, return_sequences=True, return_state=True)(inputs)
    return Model(inputs, outputs)


def encoder_decoder():
    source, target = Input((6, 4), name="source"), Input((5, 3), name="target")
    _, state = layers.GRU(5, return_state=True)(source)
    sequence = layers.GRU(5, return_sequences=True)(target, initial_state=state)
    return Model([source, target], layers.Dense(2, activation="softmax")(sequence))


case("gru/return_state", with_states, X3)
case("gru/initial_state", encoder_decoder, [X3, floats(3, 5, 3, seed=2)])

for merge in ("concat", "sum", "mul", "ave", None):
    case(f"bidirectional/{merge}", one((6, 4), lambda merge=merge: layers.Bidirectional(layers.GRU(5, return_sequences=True), merge_mode=merge)), X3)
case("bidirectional/last", one((6, 4), lambda: layers.Bidirectional(layers.GRU(5))), X3)
case("bidirectional/h5", one((6, 4), lambda: layers.Bidirectional(layers.GRU(5))), X3, format="h5")
case("bidirectional/backward_layer", one((6, 4), lambda: layers.Bidirectional(layers.GRU(5, return_sequences=True), backward_layer=layers.GRU(3, activation="relu", go_backwards=True, return_sequences=True))), X3)

for name, layer in {
    "dropout": lambda: layers.Dropout(0.5),
    "spatial_dropout1d": lambda: layers.SpatialDropout1D(0.5),
    "gaussian_noise": lambda: layers.GaussianNoise(0.5),
    "gaussian_dropout": lambda: layers.GaussianDropout(0.5),
    "alpha_dropout": lambda: layers.AlphaDropout(0.5),
    "activity_regularization": lambda: layers.ActivityRegularization(0.1),
    "identity": lambda: layers.Identity(),
    "activation_tanh": lambda: layers.Activation("tanh"),
    "activation_softmax": lambda: layers.Activation("softmax"),
    "relu": lambda: layers.ReLU(),
    "relu_arguments": lambda: layers.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.2),
    "leaky_relu": lambda: layers.LeakyReLU(),
    "leaky_relu_slope": lambda: layers.LeakyReLU(0.05),
    "elu": lambda: layers.ELU(0.7),
    "flatten": lambda: layers.Flatten(),
    "flatten_channels_first": lambda: layers.Flatten(data_format="channels_first"),
    "reshape": lambda: layers.Reshape((3, -1)),
    "reshape_flat": lambda: layers.Reshape((24,)),
}.items():
    case(f"simple/{name}", one((6, 4), layer), X3)


def merged(layer, count=2, shapes=None):
    def build():
        inputs = [Input(shape) for shape in shapes or [(6, 4)] * count]
        return Model(inputs, layer()(inputs))

    return build


A, B, C = (floats(3, 6, 4, seed=seed) for seed in (1, 2, 3))
for name in ("Add", "Multiply", "Average", "Maximum", "Minimum"):
    case(f"merging/{name}", merged(getattr(layers, name), 3), [A, B, C])
    case(f"merging/{name}_broadcast", merged(getattr(layers, name), shapes=[(6, 4), (4,)]), [A, floats(3, 4)])
case("merging/Subtract", merged(layers.Subtract), [A, B])
for axis in (-1, 1, 2):
    case(f"merging/Concatenate_{axis}", merged(lambda axis=axis: layers.Concatenate(axis), 3), [A, B, C])

for arguments in ({}, {"scale": False}, {"center": False}, {"axis": 1}, {"epsilon": 0.1}):
    case(f"batch_normalization/{label(arguments)}", one((6, 4), lambda arguments=arguments: layers.BatchNormalization(**arguments)), X3)
case("batch_normalization/h5", one((6, 4), lambda: layers.BatchNormalization()), X3, format="h5")
case("batch_normalization/mixed_float16", one((6, 4), lambda: layers.BatchNormalization(dtype="mixed_float16")), X3, dtype="mixed_float16")

X = floats(2, 11, 4)
for padding in ("valid", "same", "causal"):
    for arguments in ({}, {"strides": 2}, {"dilation_rate": 2}, {"groups": 2}, {"use_bias": False, "activation": "relu"}):
        case(f"conv1d/{padding}_{label(arguments)}", one((11, 4), lambda padding=padding, arguments=arguments: layers.Conv1D(6, 3, padding=padding, **arguments)), X)
case("conv1d/even_kernel", one((11, 4), lambda: layers.Conv1D(3, 4, padding="same", strides=3)), X)
case("conv1d/softmax", one((11, 4), lambda: layers.Conv1D(4, 2, groups=2, activation="softmax")), X)

for name in ("MaxPooling1D", "AveragePooling1D"):
    for arguments in ({"pool_size": 2}, {"pool_size": 3}, {"pool_size": 3, "strides": 2, "padding": "same"}, {"pool_size": 4, "strides": 1, "padding": "same"}):
        case(f"pooling1d/{name}_{label(arguments)}", one((11, 4), lambda name=name, arguments=arguments: getattr(layers, name)(**arguments)), X)
for name in ("GlobalMaxPooling1D", "GlobalAveragePooling1D"):
    for keepdims in (False, True):
        case(f"pooling1d/{name}_{keepdims}", one((None, 4), lambda name=name, keepdims=keepdims: getattr(layers, name)(keepdims=keepdims)), X, floats(2, 5, 4))

case("time_distributed/dense", one((6, 4), lambda: layers.TimeDistributed(layers.Dense(3, "relu"))), X3)
case("time_distributed/gru", one((3, 5, 4), lambda: layers.TimeDistributed(layers.GRU(3))), floats(2, 3, 5, 4))
case("time_distributed/conv1d", one((3, 7, 2), lambda: layers.TimeDistributed(layers.Conv1D(4, 3, padding="same"))), floats(2, 3, 7, 2))
case("time_distributed/model", one((3, 7, 2), lambda: layers.TimeDistributed(Sequential([Input((7, 2)), layers.Flatten(), layers.Dense(3)]))), floats(2, 3, 7, 2))
