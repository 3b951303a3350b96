"""The further layers alone, with every argument."""

import numpy as np
from keras import Input, Model, Sequential, layers

from common_models import X, X2, X3, label, merged, one
from model_case import case, floats

X4 = floats(2, 6, 5, 4)

for name, layer in {
    "masking": lambda: layers.Masking(0.5),
    "prelu": lambda: layers.PReLU(),
    "prelu_shared_steps": lambda: layers.PReLU(shared_axes=[1]),
    "prelu_shared_features": lambda: layers.PReLU(shared_axes=[2]),
    "prelu_shared_all": lambda: layers.PReLU(shared_axes=[1, 2]),
    "softmax": lambda: layers.Softmax(),
    "softmax_axis_1": lambda: layers.Softmax(axis=1),
    "softmax_axes": lambda: layers.Softmax(axis=[1, 2]),
    "rescaling": lambda: layers.Rescaling(0.5, offset=-1.0),
    "rescaling_arrays": lambda: layers.Rescaling([0.5, 1.0, 2.0, 3.0], offset=[0.1, 0.2, 0.3, 0.4]),
    "permute": lambda: layers.Permute((2, 1)),
    "zero_padding1d": lambda: layers.ZeroPadding1D((2, 1)),
    "zero_padding1d_int": lambda: layers.ZeroPadding1D(2),
    "zero_padding1d_channels_first": lambda: layers.ZeroPadding1D(1, data_format="channels_first"),
    "cropping1d": lambda: layers.Cropping1D((2, 1)),
    "cropping1d_one_side": lambda: layers.Cropping1D((0, 2)),
    "up_sampling1d": lambda: layers.UpSampling1D(3),
    "unit_normalization": lambda: layers.UnitNormalization(),
    "unit_normalization_axis_1": lambda: layers.UnitNormalization(axis=1),
    "unit_normalization_axes": lambda: layers.UnitNormalization(axis=[1, 2]),
}.items():
    case(f"further/{name}", one((6, 4), layer), X3)
case("further/repeat_vector", one((5,), lambda: layers.RepeatVector(3)), X2)
case("further/permute_3d", one((6, 5, 4), lambda: layers.Permute((3, 1, 2))), X4)
case("further/unit_normalization_zeros", one((6, 4), lambda: layers.UnitNormalization()), np.zeros((2, 6, 4), "float32"))
case("further/rescaling_int", one((6,), lambda: layers.Rescaling(1 / 255), "uint8"), np.arange(12, dtype="uint8").reshape(2, 6) * 20)

for arguments in (
    {},
    {"axis": 1},
    {"axis": [1, 2]},
    {"axis": [-1, -2]},
    {"scale": False},
    {"center": False},
    {"center": False, "scale": False},
    {"epsilon": 0.1},
    {"rms_scaling": True},
):
    case(f"layer_normalization/{label(arguments)}", one((6, 4), lambda arguments=arguments: layers.LayerNormalization(**arguments)), X3)
for dtype in ("float64", "float16", "mixed_bfloat16"):
    inputs = "float64" if dtype == "float64" else None
    case(f"layer_normalization/{dtype}", one((6, 4), lambda dtype=dtype: layers.LayerNormalization(dtype=dtype), inputs), X3, dtype=dtype)
case("layer_normalization/float32_inputs", one((6, 4), lambda: layers.LayerNormalization(dtype="float64")), X3)
case("layer_normalization/h5", one((6, 4), lambda: layers.LayerNormalization()), X3, format="h5")

for arguments in (
    {"groups": 2},
    {"groups": -1},
    {"groups": 1},
    {"groups": 3, "axis": 1},
    {"groups": 3, "axis": -2},
    {"groups": 2, "scale": False},
    {"groups": 2, "center": False},
    {"groups": 2, "epsilon": 0.1},
):
    case(f"group_normalization/{label(arguments)}", one((6, 4), lambda arguments=arguments: layers.GroupNormalization(**arguments)), X3)
case("group_normalization/mixed_float16", one((6, 4), lambda: layers.GroupNormalization(2, dtype="mixed_float16")), X3, dtype="mixed_float16")


def adapted(axis=-1, invert=False, shape=(6, 4)):
    def build():
        layer = layers.Normalization(axis=axis, invert=invert)
        layer.adapt(floats(20, *shape, seed=7, scale=3.0) + 5)
        return Sequential([Input(shape), layer])

    return build


for axis in (-1, 1, (1, 2), None):
    case(f"normalization/adapted_{axis}", adapted(axis), X3)
case("normalization/invert", adapted(invert=True), X3)
case("normalization/h5", adapted(), X3, format="h5")
case("normalization/given", one((6, 4), lambda: layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[0.5, 1.0, 2.0, 0.0])), X3)
case("normalization/given_scalar", one((6, 4), lambda: layers.Normalization(axis=None, mean=2.0, variance=3.0)), X3)
case("normalization/given_axes", one((6, 4), lambda: layers.Normalization(axis=(1, 2), mean=[1.0, 2.0, 3.0, 4.0], variance=[0.5, 1.0, 2.0, 4.0])), X3)
case("normalization/far_mean", one((4,), lambda: layers.Normalization(mean=[1000.0] * 4, variance=[1.0] * 4)), floats(3, 4) + 1000)
case("normalization/mixed_float16", one((6, 4), lambda: layers.Normalization(mean=[0.1] * 4, variance=[0.5] * 4, dtype="mixed_float16")), X3, dtype="mixed_float16")

for padding in ("valid", "same"):
    for arguments in ({}, {"strides": 2}, {"dilation_rate": 2}, {"depth_multiplier": 2}, {"use_bias": False, "activation": "tanh"}):
        case(f"depthwise_conv1d/{padding}_{label(arguments)}", one((11, 4), lambda padding=padding, arguments=arguments: layers.DepthwiseConv1D(3, padding=padding, **arguments)), X)
        case(f"separable_conv1d/{padding}_{label(arguments)}", one((11, 4), lambda padding=padding, arguments=arguments: layers.SeparableConv1D(5, 3, padding=padding, **arguments)), X)
    for arguments in (
        {},
        {"strides": (2, 1)},
        {"dilation_rate": 2},
        {"groups": 2},
        {"use_bias": False, "activation": "relu"},
        {"activation": "softmax"},
    ):
        case(f"conv2d/{padding}_{label(arguments)}", one((7, 6, 4), lambda padding=padding, arguments=arguments: layers.Conv2D(6, (3, 2), padding=padding, **arguments)), floats(2, 7, 6, 4))
    for name in ("MaxPooling2D", "AveragePooling2D"):
        for arguments in ({}, {"pool_size": (3, 2)}, {"pool_size": 3, "strides": (1, 2)}):
            case(f"pooling2d/{name}_{padding}_{label(arguments)}", one((7, 6, 3), lambda name=name, padding=padding, arguments={"pool_size": 2, **arguments}: getattr(layers, name)(padding=padding, **arguments)), floats(2, 7, 6, 3))
for name in ("GlobalMaxPooling2D", "GlobalAveragePooling2D"):
    for keepdims in (False, True):
        case(f"pooling2d/{name}_{keepdims}", one((5, 6, 3), lambda name=name, keepdims=keepdims: getattr(layers, name)(keepdims=keepdims)), floats(2, 5, 6, 3))
for dtype in ("float64", "mixed_float16"):
    case(f"conv2d/{dtype}", one((7, 6, 4), lambda dtype=dtype: layers.Conv2D(6, 3, dtype=dtype), "float64" if dtype == "float64" else None), floats(2, 7, 6, 4), dtype=dtype)
case("pooling1d/channels_first", one((4, 11), lambda: layers.MaxPooling1D(2, data_format="channels_first")), floats(2, 4, 11))
case("pooling1d/GlobalAveragePooling1D_channels_first", one((4, 11), lambda: layers.GlobalAveragePooling1D(data_format="channels_first")), floats(2, 4, 11))
case("depthwise_conv1d/channels_first", one((4, 11), lambda: layers.DepthwiseConv1D(3, data_format="channels_first")), floats(2, 4, 11))

A, B, C = floats(3, 6, 4, seed=1), floats(3, 5, 4, seed=2), floats(3, 5, 4, seed=3)
for axes, shapes, inputs in (
    (2, [(6, 4), (5, 4)], [A, B]),
    (-1, [(6, 4), (5, 4)], [A, B]),
    ((1, 2), [(4, 6), (5, 4)], [floats(3, 4, 6), B]),
    ((2, 1), [(6, 4), (4, 5)], [A, floats(3, 4, 5)]),
    (1, [(4,), (4,)], [floats(3, 4), floats(3, 4, seed=2)]),
    ((1, 2), [(4,), (5, 4)], [floats(3, 4), B]),
    ((3, 1), [(2, 3, 4), (4, 5)], [floats(3, 2, 3, 4), floats(3, 4, 5)]),
):
    name = str(axes).replace(" ", "") + "_" + "x".join(str(len(shape) + 1) for shape in shapes)
    case(f"dot/{name}", merged(lambda axes=axes: layers.Dot(axes), shapes=shapes), inputs)
    case(f"dot/{name}_normalize", merged(lambda axes=axes: layers.Dot(axes, normalize=True), shapes=shapes), inputs)


def attention(layer, count=2, **call):
    def build():
        inputs = [Input((6, 4)), Input((5, 4)), Input((5, 4))][:count]
        return Model(inputs, layer()(inputs, **call))

    return build


for arguments in ({}, {"use_scale": True}, {"score_mode": "concat"}, {"use_scale": True, "score_mode": "concat"}, {"dropout": 0.3}):
    case(f"attention/{label(arguments)}", attention(lambda arguments=arguments: layers.Attention(**arguments)), [A, B])
    case(f"attention/{label(arguments)}_key", attention(lambda arguments=arguments: layers.Attention(**arguments), 3), [A, B, C])
for arguments in ({}, {"use_scale": False}, {"dropout": 0.3}):
    case(f"additive_attention/{label(arguments)}", attention(lambda arguments=arguments: layers.AdditiveAttention(**arguments)), [A, B])
    case(f"additive_attention/{label(arguments)}_key", attention(lambda arguments=arguments: layers.AdditiveAttention(**arguments), 3), [A, B, C])
for name in ("Attention", "AdditiveAttention"):
    group = "attention" if name == "Attention" else "additive_attention"
    case(f"{group}/causal", attention(lambda name=name: getattr(layers, name)(), use_causal_mask=True), [A, B])
    case(f"{group}/scores", attention(lambda name=name: getattr(layers, name)(), return_attention_scores=True), [A, B])
    case(f"{group}/scores_causal", attention(lambda name=name: getattr(layers, name)(), return_attention_scores=True, use_causal_mask=True), [A, B])
case("attention/mixed_float16", attention(lambda: layers.Attention(use_scale=True, dtype="mixed_float16")), [A, B], dtype="mixed_float16")
case("attention/h5", attention(lambda: layers.Attention(use_scale=True)), [A, B], format="h5")


def rnn(cells, **arguments):
    def build():
        made = [layers.GRUCell(units, **own) for units, own in cells]
        return Sequential([Input((6, 4)), layers.RNN(made if len(made) > 1 else made[0], **arguments)])

    return build


ONE, TWO = [(5, {})], [(5, {}), (3, {"activation": "relu", "reset_after": False})]
for arguments in ({}, {"return_sequences": True}, {"go_backwards": True, "return_sequences": True}):
    case(f"rnn/one_{label(arguments)}", rnn(ONE, **arguments), X3)
    case(f"rnn/two_{label(arguments)}", rnn(TWO, **arguments), X3)
case("rnn/three", rnn([(5, {}), (4, {}), (3, {})]), X3)
case("rnn/one_h5", rnn(ONE), X3, format="h5")
case("rnn/two_h5", rnn(TWO), X3, format="h5")


def rnn_states():
    inputs, one_state, other = Input((6, 4)), Input((5,)), Input((3,))
    layer = layers.RNN([layers.GRUCell(5), layers.GRUCell(3)], return_state=True, return_sequences=True)
    return Model([inputs, one_state, other], layer(inputs, initial_state=[one_state, other]))


case("rnn/states", rnn_states, [X3, floats(3, 5), floats(3, 3)])
