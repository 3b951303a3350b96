"""Single layers with the arguments that tfjs has too, and those that it has not."""

import keras
from keras import layers
from model_case import case, floats, ints

X2 = floats(3, 5)
X3 = floats(2, 6, 4)
X4 = floats(2, 6, 5, 3)
IDS = ints(2, 6, below=8)


def alone(group, name, layer, inputs=X3, **options):
    """A Sequential of an input and one layer."""
    dtype = "int32" if inputs.dtype == "int32" else "float32"
    shape = inputs.shape[1:]
    case(f"{group}/{name}", lambda: keras.Sequential([keras.Input(shape, dtype=dtype), layer()]), inputs, **options)


for activation in (
    "linear relu relu6 elu selu sigmoid softplus softsign tanh softmax gelu mish silu log_softmax "
    "hard_sigmoid exponential leaky_relu celu hard_silu log_sigmoid"
).split():
    alone("activations", activation, lambda a=activation: layers.Dense(6, activation=a), X2, scale=2.0)
alone("activations", "layer", lambda: layers.Activation("silu"))
alone("activations", "hard_sigmoid_layer", lambda: layers.Activation("hard_sigmoid"))

alone("basic", "dense_4d", lambda: layers.Dense(4), X4)
alone("basic", "relu", lambda: layers.ReLU(max_value=0.6))
alone("basic", "relu_threshold", lambda: layers.ReLU(threshold=0.2))
alone("basic", "relu_slope", lambda: layers.ReLU(negative_slope=0.2))
alone("basic", "leaky_relu", lambda: layers.LeakyReLU(negative_slope=0.2))
alone("basic", "elu", lambda: layers.ELU())
alone("basic", "elu_alpha", lambda: layers.ELU(alpha=0.5))
alone("basic", "prelu", lambda: layers.PReLU())
alone("basic", "prelu_shared", lambda: layers.PReLU(shared_axes=[1]))
alone("basic", "softmax", lambda: layers.Softmax())
alone("basic", "softmax_axis", lambda: layers.Softmax(axis=1))
alone("basic", "rescaling", lambda: layers.Rescaling(scale=1 / 127.5, offset=-1))
alone("basic", "permute", lambda: layers.Permute((2, 1)))
alone("basic", "repeat_vector", lambda: layers.RepeatVector(3), X2)
alone("basic", "reshape", lambda: layers.Reshape((8, -1)))
alone("basic", "flatten", lambda: layers.Flatten(), X4)
alone("basic", "masking", lambda: layers.Masking(mask_value=0.5))
for name, layer in {
    "dropout": lambda: layers.Dropout(0.4, seed=3),
    "dropout_noise_shape": lambda: layers.Dropout(0.4, noise_shape=(None, 1, 4)),
    "spatial_dropout1d": lambda: layers.SpatialDropout1D(0.3),
    "gaussian_noise": lambda: layers.GaussianNoise(0.3),
    "gaussian_dropout": lambda: layers.GaussianDropout(0.3),
    "alpha_dropout": lambda: layers.AlphaDropout(0.3),
    "identity": lambda: layers.Identity(),
    "activity_regularization": lambda: layers.ActivityRegularization(l2=0.1),
}.items():
    alone("basic", name, layer)
alone("basic", "embedding", lambda: layers.Embedding(8, 3, mask_zero=True), IDS)
alone("basic", "dense_regularized", lambda: layers.Dense(3, kernel_regularizer="l2", bias_regularizer=keras.regularizers.L1(0.1)), X2)
alone("basic", "dense_orthogonal_regularizer", lambda: layers.Dense(3, kernel_regularizer="orthogonal_regularizer"), X2)
alone("basic", "dense_constraint", lambda: layers.Dense(3, kernel_constraint="max_norm"), X2)
alone("basic", "dense_activity", lambda: layers.Dense(3, activity_regularizer="l2"), X2)
alone("basic", "dense_initializers", lambda: layers.Dense(3, kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal", seed=3), bias_initializer="ones"), X2)
alone("basic", "float16", lambda: layers.Dense(3, dtype="mixed_float16"), X2, dtype="mixed_float16")
alone("basic", "unit_normalization", lambda: layers.UnitNormalization())

alone("normalization", "batch", lambda: layers.BatchNormalization())
alone("normalization", "batch_2d", lambda: layers.BatchNormalization(epsilon=0.01), X2)
alone("normalization", "batch_4d", lambda: layers.BatchNormalization(), X4)
alone("normalization", "batch_axis", lambda: layers.BatchNormalization(axis=1))
alone("normalization", "batch_last_axis", lambda: layers.BatchNormalization(axis=2))
alone("normalization", "batch_no_scale", lambda: layers.BatchNormalization(scale=False))
alone("normalization", "batch_no_center", lambda: layers.BatchNormalization(center=False))
alone("normalization", "batch_frozen", lambda: layers.BatchNormalization(trainable=False))
alone("normalization", "layer", lambda: layers.LayerNormalization())
alone("normalization", "layer_axis", lambda: layers.LayerNormalization(axis=1))
alone("normalization", "layer_axes", lambda: layers.LayerNormalization(axis=[1, 2]))
alone("normalization", "layer_bare", lambda: layers.LayerNormalization(center=False, scale=False, epsilon=1e-5))
alone("normalization", "layer_2d", lambda: layers.LayerNormalization(), X2)
alone("normalization", "layer_4d", lambda: layers.LayerNormalization(), X4)
alone("normalization", "group", lambda: layers.GroupNormalization(groups=2))

for padding in ("valid", "same"):
    for name, arguments in {"plain": {}, "strides": {"strides": 2}, "dilation": {"dilation_rate": 2}}.items():
        alone("convolution", f"conv1d_{padding}_{name}", lambda p=padding, a=arguments: layers.Conv1D(5, 3, padding=p, **a))
        alone("convolution", f"conv2d_{padding}_{name}", lambda p=padding, a=arguments: layers.Conv2D(5, (2, 3), padding=p, **a), X4)
        alone("convolution", f"depthwise_{padding}_{name}", lambda p=padding, a=arguments: layers.DepthwiseConv2D((2, 3), padding=p, depth_multiplier=2, **a), X4)
        alone("convolution", f"separable_{padding}_{name}", lambda p=padding, a=arguments: layers.SeparableConv2D(5, (2, 3), padding=p, **a), X4)
    for strides in (1, 2):
        alone("convolution", f"transposed_{padding}_{strides}", lambda p=padding, s=strides: layers.Conv2DTranspose(4, 3, strides=s, padding=p), X4)
    for strides in (1, 3):
        for pool in ("MaxPooling1D", "AveragePooling1D"):
            alone("convolution", f"{pool}_{padding}_{strides}", lambda k=pool, p=padding, s=strides: getattr(layers, k)(2, strides=s, padding=p))
        for pool in ("MaxPooling2D", "AveragePooling2D"):
            alone("convolution", f"{pool}_{padding}_{strides}", lambda k=pool, p=padding, s=strides: getattr(layers, k)((2, 3), strides=s, padding=p), X4)
alone("convolution", "conv1d_causal", lambda: layers.Conv1D(5, 3, padding="causal"))
alone("convolution", "conv1d_groups", lambda: layers.Conv1D(4, 3, groups=2))
alone("convolution", "conv1d_relu", lambda: layers.Conv1D(5, 3, activation="relu", use_bias=False))
alone("convolution", "conv2d_relu", lambda: layers.Conv2D(5, 3, activation="relu"), X4)
alone("convolution", "conv2d_silu", lambda: layers.Conv2D(5, 3, activation="silu", use_bias=False), X4)
alone("convolution", "depthwise_no_bias", lambda: layers.DepthwiseConv2D(3, use_bias=False, activation="tanh"), X4)
alone("convolution", "transposed_output_padding", lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=1), X4)
for pool in ("GlobalMaxPooling1D", "GlobalAveragePooling1D"):
    alone("convolution", pool, lambda k=pool: getattr(layers, k)())
for pool in ("GlobalMaxPooling2D", "GlobalAveragePooling2D"):
    alone("convolution", pool, lambda k=pool: getattr(layers, k)(), X4)
    alone("convolution", f"{pool}_keepdims", lambda k=pool: getattr(layers, k)(keepdims=True), X4)
alone("convolution", "zero_padding2d", lambda: layers.ZeroPadding2D(((1, 0), (2, 3))), X4)
alone("convolution", "zero_padding1d", lambda: layers.ZeroPadding1D(2))
alone("convolution", "cropping2d", lambda: layers.Cropping2D(((1, 0), (2, 1))), X4)
alone("convolution", "cropping1d", lambda: layers.Cropping1D(1))
alone("convolution", "upsampling2d", lambda: layers.UpSampling2D((2, 3)), X4)
alone("convolution", "upsampling2d_bilinear", lambda: layers.UpSampling2D(2, interpolation="bilinear"), X4)
alone("convolution", "upsampling1d", lambda: layers.UpSampling1D(2))
alone("convolution", "separable1d", lambda: layers.SeparableConv1D(4, 3))
alone("convolution", "depthwise1d", lambda: layers.DepthwiseConv1D(3))

for name, arguments in {
    "plain": {},
    "sequences": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "no_bias": {"use_bias": False, "activation": "relu"},
    "hard_sigmoid": {"recurrent_activation": "hard_sigmoid"},
}.items():
    if name != "hard_sigmoid":
        alone("recurrent", f"simple_rnn_{name}", lambda a=arguments: layers.SimpleRNN(3, **a))
    alone("recurrent", f"lstm_{name}", lambda a=arguments: layers.LSTM(3, **a))
    alone("recurrent", f"gru_{name}", lambda a=arguments: layers.GRU(3, **a))
alone("recurrent", "gru_reset_before", lambda: layers.GRU(3, reset_after=False))
alone("recurrent", "gru_leaky", lambda: layers.GRU(3, activation=layers.LeakyReLU(negative_slope=0.1)))
alone("recurrent", "gru_dropout", lambda: layers.GRU(3, dropout=0.3, recurrent_dropout=0.2, seed=4))
for mode in ("concat", "sum", "mul", "ave"):
    alone("recurrent", f"bidirectional_{mode}", lambda m=mode: layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode=m))
alone("recurrent", "bidirectional_backward", lambda: layers.Bidirectional(layers.GRU(3, name="one"), backward_layer=layers.GRU(2, go_backwards=True, name="two")))
alone("recurrent", "bidirectional_lstm", lambda: layers.Bidirectional(layers.LSTM(3)))
alone("recurrent", "rnn_of_cells", lambda: layers.RNN([layers.GRUCell(3), layers.GRUCell(2)]))
alone("recurrent", "time_distributed_dense", lambda: layers.TimeDistributed(layers.Dense(3, activation="relu")))
alone("recurrent", "time_distributed_conv", lambda: layers.TimeDistributed(layers.Conv1D(3, 2)), X4)
alone("recurrent", "time_distributed_gru", lambda: layers.TimeDistributed(layers.GRU(3)), X4)
alone("recurrent", "time_distributed_batch", lambda: layers.TimeDistributed(layers.BatchNormalization()))
alone("recurrent", "time_distributed_model", lambda: layers.TimeDistributed(keras.Sequential([keras.Input((4,)), layers.Dense(2)])))
case("recurrent/gru_stateful", lambda: keras.Sequential([keras.Input(batch_shape=(2, 6, 4)), layers.GRU(3, stateful=True)]), X3, X3[:, ::-1], X3, resets=(2,))


def two(name, layer, shapes=((6, 4), (6, 4)), seeds=(1, 2)):
    """A functional model of one layer over several inputs."""

    def build():
        inputs = [keras.Input(shape) for shape in shapes]
        return keras.Model(inputs, layer()(inputs))

    case(f"merge/{name}", build, [floats(2, *shape, seed=seed) for shape, seed in zip(shapes, seeds)])


for kind in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract"):
    two(kind, lambda k=kind: getattr(layers, k)())
    two(f"{kind}_broadcast", lambda k=kind: getattr(layers, k)(), ((6, 4), (1, 4)))
    two(f"{kind}_ranks", lambda k=kind: getattr(layers, k)(), ((6, 4), (4,)))
    if kind != "Subtract":
        two(f"{kind}_three", lambda k=kind: getattr(layers, k)(), ((6, 4),) * 3, (1, 2, 3))
two("Concatenate", lambda: layers.Concatenate(), ((6, 4), (6, 2)))
two("Concatenate_time", lambda: layers.Concatenate(axis=1), ((6, 4), (2, 4)))
two("Dot", lambda: layers.Dot(axes=2))
two("Dot_axes", lambda: layers.Dot(axes=(2, 1)), ((6, 4), (4, 3)))
two("Dot_axis1", lambda: layers.Dot(axes=1))
two("Dot_vectors", lambda: layers.Dot(axes=1), ((5,), (5,)))
two("Dot_normalized", lambda: layers.Dot(axes=1, normalize=True), ((5,), (5,)))
two("Dot_normalized_3d", lambda: layers.Dot(axes=2, normalize=True))
two("Dot_ranks", lambda: layers.Dot(axes=(2, 1)), ((6, 4), (4,)))
two("Attention", lambda: layers.Attention())
two("AdditiveAttention", lambda: layers.AdditiveAttention())
