"""Operations of Keras in functional models."""

import numpy as np
from keras import Input, Model, layers, ops

from model_case import case, floats, ints, truths

X, Y = floats(3, 6, 4), floats(3, 6, 4, seed=2)
POSITIVE = np.abs(X) + 0.1
W = floats(4, 5, seed=5)
TABLE = floats(9, 4, seed=6)


def of(function, shape=(6, 4), dtype=None, count=1):
    """A model of one function of its inputs."""

    def build():
        inputs = [Input(shape, dtype=dtype) for _ in range(count)]
        return Model(inputs, function(*inputs))

    return build


for name in "abs arccos arcsin arctan arctanh ceil cos cosh exp expm1 floor negative round sign sin sinh square tan tanh arcsinh".split():
    case(f"operations_unary/{name}", of(getattr(ops, name)), X)
for name in "log log10 log1p log2 reciprocal sqrt rsqrt arccosh".split():
    case(f"operations_unary/{name}", of(getattr(ops, name)), POSITIVE + (1 if name == "arccosh" else 0))
case("operations_unary/erf", of(ops.erf), X)
for name in "isfinite isinf isnan".split():
    case(f"operations_unary/{name}", of(lambda x, name=name: ops.cast(getattr(ops, name)(x), "float32")), X)
case("operations_unary/logical_not", of(ops.logical_not, dtype="bool"), truths(3, 6)[..., None] & (X > 0))
case("operations_unary/abs_int", of(ops.abs, dtype="int32"), ints(3, 6, 4, below=9) - 4)
case("operations_unary/exp_int", of(ops.exp, dtype="int32"), ints(3, 6, 4, below=5))
for name in (
    "relu relu6 sigmoid sparse_sigmoid softplus softsign soft_shrink sparse_plus silu squareplus log_sigmoid leaky_relu "
    "hard_sigmoid hard_silu elu selu gelu celu glu tanh_shrink hard_tanh hard_shrink softmax log_softmax sparsemax"
).split():
    case(f"operations_activations/{name}", of(getattr(ops, name)), X)
case("operations_activations/gelu_exact", of(lambda x: ops.gelu(x, approximate=False)), X)
case("operations_activations/leaky_relu_slope", of(lambda x: ops.leaky_relu(x, negative_slope=0.05)), X)
case("operations_activations/threshold", of(lambda x: ops.threshold(x, 0.2, -1.0)), X)
case("operations_activations/softmax_axis", of(lambda x: ops.softmax(x, axis=1)), X)
case("operations_activations/glu_axis", of(lambda x: ops.glu(x, axis=1)), X)
for name in "add subtract multiply divide true_divide maximum minimum arctan2 floor_divide mod".split():
    case(f"operations_binary/{name}", of(getattr(ops, name), count=2), [X, Y])
case("operations_binary/power", of(ops.power, count=2), [POSITIVE, Y])
for name in "equal not_equal less less_equal greater greater_equal".split():
    case(f"operations_binary/{name}", of(lambda x, y, name=name: ops.cast(getattr(ops, name)(x, y), "float32"), count=2), [np.round(X * 2), np.round(Y * 2)])
for name in "logical_and logical_or logical_xor".split():
    case(f"operations_binary/{name}", of(getattr(ops, name), dtype="bool", count=2), [X > 0, Y > 0])
case("operations_binary/operators", of(lambda x, y: (x + 1) * 2.5 - y / 3 + (-x) ** 2 + abs(y) + 1 / (x + 2), count=2), [X, Y])
case("operations_binary/integers", of(lambda x, y: (x + y) * 2 - x // 3 + x % 3, dtype="int32", count=2), [ints(3, 6, 4, below=9) - 4, ints(3, 6, 4, below=9, seed=2) - 4])
case("operations_binary/integer_division", of(lambda x, y: x / (y + 1), dtype="int32", count=2), [ints(3, 6, 4, below=9), ints(3, 6, 4, below=9, seed=2)])
case("operations_binary/int_and_float", of(lambda x: ops.cast(x > 0, "int32") * 2.5 + x), X)
case("operations_binary/array", of(lambda x: x * np.array([1.0, 2.0, 3.0, 4.0], "float32") + np.float32(0.5)), X)
case("operations_binary/broadcast", lambda: broadcast(), [X, floats(3, 1, 4)])
case("operations_binary/where", of(lambda x, y: ops.where(x > y, x, y * 2), count=2), [X, Y])
case("operations_binary/where_number", of(lambda x: ops.where(x > 0, x, -1.0)), X)
case("operations_binary/clip", of(lambda x: ops.clip(x, -0.3, 0.4)), X)


def broadcast():
    x, y = Input((6, 4)), Input((1, 4))
    return Model([x, y], x * y - y)


for name in "sum mean max min prod any all argmax argmin var std logsumexp".split():
    function = getattr(ops, name)
    values = (X > 0.5) if name in ("any", "all") else X
    dtype = "bool" if name in ("any", "all") else None
    case(f"operations_reductions/{name}", of(lambda x, function=function: function(x, axis=-1), dtype=dtype), values)
    case(f"operations_reductions/{name}_steps", of(lambda x, function=function: function(x, axis=1, keepdims=True), dtype=dtype), values)
    if name not in ("argmax", "argmin"):
        case(f"operations_reductions/{name}_both", of(lambda x, function=function: function(x, axis=(1, 2)), dtype=dtype), values)
case("operations_reductions/mean_of_ints", of(lambda x: ops.mean(x, axis=1), dtype="int32"), ints(3, 6, 4, below=9))
case("operations_reductions/sum_of_truths", of(lambda x: ops.sum(ops.cast(x > 0, "int32"), axis=1)), X)
case("operations_reductions/batch_mean", of(lambda x: x - ops.mean(x, axis=0, keepdims=True)), X, floats(2, 6, 4))
case("operations_reductions/batch_max", of(lambda x: x / ops.max(ops.abs(x))), X)

for name, function in {
    "expand_dims": lambda x: ops.expand_dims(x, 1),
    "expand_dims_last": lambda x: ops.expand_dims(x, -1),
    "squeeze": lambda x: ops.squeeze(ops.expand_dims(x, 2), 2),
    "squeeze_all": lambda x: ops.squeeze(ops.expand_dims(ops.expand_dims(x, 2), 2), (2, 3)),
    "reshape": lambda x: ops.reshape(x, (-1, 24)),
    "reshape_inner": lambda x: ops.reshape(x, (-1, 4, 6)),
    "reshape_batch": lambda x: ops.reshape(x, (-1, 4)),
    "transpose": lambda x: ops.transpose(x, (0, 2, 1)),
    "transpose_batch": lambda x: ops.transpose(x, (1, 0, 2)),
    "swapaxes": lambda x: ops.swapaxes(x, 1, 2),
    "moveaxis": lambda x: ops.moveaxis(x, -1, 1),
    "flip": lambda x: ops.flip(x, axis=1),
    "flip_both": lambda x: ops.flip(x, axis=(1, 2)),
    "broadcast_to": lambda x: ops.broadcast_to(ops.expand_dims(x[0], 0), (3, 6, 4)),
    "repeat": lambda x: ops.repeat(x, 2, axis=1),
    "tile": lambda x: ops.tile(x, (1, 2, 3)),
    "pad": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1))),
    "pad_value": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 0)), constant_values=1.5),
    "roll": lambda x: ops.roll(x, 2, axis=1),
    "split": lambda x: ops.split(x, 2, axis=1),
    "split_at": lambda x: ops.split(x, [1, 3], axis=-1),
    "unstack": lambda x: ops.unstack(x, axis=2),
    "stack": lambda x: ops.stack([x, x * 2], axis=1),
    "stack_last": lambda x: ops.stack([x, x * 2], axis=-1),
    "concatenate": lambda x: ops.concatenate([x, x * 2], axis=-1),
    "concatenate_steps": lambda x: ops.concatenate([x, x * 2], axis=1),
    "concatenate_batch": lambda x: ops.concatenate([x, x * 2], axis=0),
    "hstack": lambda x: ops.hstack([x, x * 2]),
    "cast": lambda x: ops.cast(ops.cast(x * 5, "int32"), "float32"),
    "zeros_like": lambda x: ops.zeros_like(x) + x,
    "ones_like": lambda x: ops.ones_like(x) * x,
    "full_like": lambda x: ops.full_like(x, 2.5),
    "tril": lambda x: ops.tril(x),
    "triu": lambda x: ops.triu(x, 1),
    "stop_gradient": lambda x: ops.stop_gradient(x) * 2,
    "normalize": lambda x: ops.normalize(x, axis=-1),
    "matmul": lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
    "matmul_weights": lambda x: ops.matmul(x, W),
    "one_hot": lambda x: ops.one_hot(ops.argmax(x, axis=-1), 5),
    "take": lambda x: ops.take(x, [0, 2, -1], axis=1),
}.items():
    case(f"operations_shapes/{name}", of(function), X)
for name, function in {
    "last_step": lambda x: x[:, -1],
    "last_step_kept": lambda x: x[:, -1:],
    "first_steps": lambda x: x[:, :3],
    "features": lambda x: x[:, :, 1:3],
    "ellipsis": lambda x: x[..., 0],
    "ellipsis_new_axis": lambda x: x[..., None],
    "new_axis": lambda x: x[:, None, :, 1],
    "step": lambda x: x[:, ::2],
    "backwards": lambda x: x[:, ::-1],
    "backwards_step": lambda x: x[:, 4:0:-2, -1],
    "negative": lambda x: x[:, -4:-1],
    "batch": lambda x: x[0],
}.items():
    case(f"operations_slices/{name}", of(function), X)


def with_layers():
    """Operations between layers, as users write them."""
    x = Input((6, 4))
    y = layers.GRU(5, return_sequences=True)(x)
    weights = ops.softmax(ops.sum(layers.Dense(3, activation="tanh")(y), axis=-1), axis=1)
    context = ops.sum(y * ops.expand_dims(weights, -1), axis=1)
    last = y[:, -1, :]
    return Model(x, layers.Dense(2)(ops.concatenate([context, last], axis=-1)))


case("operations_graph/attention", with_layers, X)
case("operations_graph/attention_h5", with_layers, X, format="h5")


def residual_scale():
    x = Input((None, 4))
    y = layers.GRU(4, return_sequences=True)(x)
    return Model(x, ops.mean(x + 0.5 * y, axis=1))


case("operations_graph/any_length", residual_scale, X, floats(2, 3, 4))


def table_lookup():
    x = Input((6,), dtype="int32")
    return Model(x, ops.take(TABLE, x, axis=0))


case("operations_graph/table", table_lookup, ints(3, 6, below=9))
