"""Models in the format of tf.keras 2 (`tf_keras_format.py` says how they are made)."""

from keras import Input, Model, Sequential, layers, ops

import graph_models
import mask_models
from common_models import X, X2, X3, one
from model_case import case, floats, tokens
from tf_keras_format import h5_file, keras_file

T1, T2 = mask_models.T1, mask_models.T2
V = mask_models.V
EDITS = {"keras": keras_file, "h5": h5_file}


def both(name, build, *calls, **options):
    """The model as a `.keras` file and as an `.h5` file of tf.keras 2."""
    for format, edit in EDITS.items():
        case(f"tf_keras/{name}_{format}", build, *calls, format=format, edit=edit, **options)


both("dense", one((5,), lambda: layers.Dense(4, activation="relu")), X2)
both("gru", one((6, 4), lambda: layers.GRU(5)), X3)
both("gru_before", one((6, 4), lambda: layers.GRU(5, reset_after=False)), X3)
both("bidirectional", one((6, 4), lambda: layers.Bidirectional(layers.GRU(5, return_sequences=True))), X3)
both("bidirectional_last", one((6, 4), lambda: layers.Bidirectional(layers.GRU(5), merge_mode="sum")), X3)
both("batch_normalization", one((6, 4), lambda: layers.BatchNormalization()), X3)
both("layer_normalization", one((6, 4), lambda: layers.LayerNormalization()), X3)
both("leaky_relu", one((6, 4), lambda: layers.LeakyReLU(0.2)), X3)
both("conv1d", one((11, 4), lambda: layers.Conv1D(5, 3, padding="causal", dilation_rate=2)), X)
both("time_distributed", one((6, 4), lambda: layers.TimeDistributed(layers.Dense(3))), X3)
both("rnn", one((6, 4), lambda: layers.RNN([layers.GRUCell(5), layers.GRUCell(3)])), X3)
both("text", mask_models.embedded(lambda: layers.Bidirectional(layers.GRU(3, return_sequences=True)), lambda: layers.GRU(3), lambda: layers.Dropout(0.5), lambda: layers.Dense(2, activation="sigmoid")), T1)
both("encoder_decoder", lambda: encoder_decoder(), [T1, V])
both("bidirectional_states", lambda: bidirectional_states(), [X3, floats(3, 3), floats(3, 3, seed=2)])
both("mixed_float16", graph_models.mixed("mixed_float16"), graph_models.X, dtype="mixed_float16")
for build in (
    graph_models.two_inputs,
    graph_models.dictionary_inputs,
    graph_models.dictionary_outputs,
    graph_models.shared_layers,
    graph_models.nested_functional,
    graph_models.shared_model,
    graph_models.nested_twice,
    graph_models.nested_two_inputs,
    graph_models.nested_dictionary,
):
    both(build.__name__, build, graph_models.BUILDS[build])
both("frozen", graph_models.frozen(("one", "gru", "last")), graph_models.X)


def encoder_decoder():
    """Without masks: where a recurrent layer gets a state, tf.keras 2 uses the mask of its inputs, and Keras 3 does not."""
    source, target = Input((6,), dtype="int32", name="source"), Input((5,), dtype="int32", name="target")
    sequence, state = layers.GRU(3, return_sequences=True, return_state=True)(layers.Embedding(9, 4)(source))
    y = layers.GRU(3, return_sequences=True)(layers.Embedding(9, 4)(target), initial_state=state)
    y = layers.Concatenate()([y, layers.Attention()([y, sequence])])
    return Model([source, target], layers.Dense(9, activation="softmax")(y))


def bidirectional_states():
    x, one_state, other = Input((6, 4)), Input((3,)), Input((3,))
    return Model([x, one_state, other], layers.Bidirectional(layers.GRU(3))(x, initial_state=[one_state, other]))


def keras_2_hard_sigmoid(x):
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def hard_sigmoid_of_keras_2():
    return Sequential([Input((6, 4)), layers.GRU(5, recurrent_activation=keras_2_hard_sigmoid), layers.Dense(3, activation=keras_2_hard_sigmoid)])


def renamed(config):
    """Writes the function under the name that Keras 2 has for it."""
    if isinstance(config, dict):
        if config.get("config") == "keras_2_hard_sigmoid":
            return "hard_sigmoid"
        return {key: renamed(value) for key, value in config.items()}
    return [renamed(value) for value in config] if isinstance(config, list) else config


def with_hard_sigmoid(config, metadata):
    keras_file(config, metadata)
    changed = renamed(config)
    config.clear()
    config.update(changed)


case("tf_keras/hard_sigmoid", hard_sigmoid_of_keras_2, X3, edit=with_hard_sigmoid, readable=False)


def as_first_layer(config, metadata):
    """Writes a Sequential as Keras 2 did: no InputLayer, and the shape of the input in the first layer."""
    keras_file(config, metadata)
    first, second, *others = config["config"]["layers"]
    second["config"]["batch_input_shape"] = first["config"]["batch_input_shape"]
    config["config"]["layers"] = [second, *others]


def as_list_of_layers(config, metadata):
    """Writes the config of a Sequential as Keras 2.0 to 2.2.2 did: as a list."""
    as_first_layer(config, metadata)
    config["config"] = config["config"]["layers"]


def small():
    return Sequential([Input((6, 4)), layers.GRU(5, return_sequences=True), layers.Dense(3)])


case("tf_keras/no_input_layer", small, X3, edit=as_first_layer)
case("tf_keras/list_of_layers", small, X3, edit=as_list_of_layers)


def with_function_layers(config, metadata):
    """Replaces the operations of Keras 3 by tf.keras 2's TFOpLambda and SlicingOpLambda."""
    keras_file(config, metadata)
    layers_of = config["config"]["layers"]
    names = [layer["name"] for layer in layers_of]
    layers_of.extend(FUNCTION_LAYERS)
    config["config"]["output_layers"] = [["tf.concat", 0, 0]]
    assert "gru" in names, names


def function(name, symbol, node, class_name="TFOpLambda"):
    config = {"name": name, "trainable": True, "dtype": "float32", "function": symbol}
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": class_name, "name": name, "inbound_nodes": [node]}


FUNCTION_LAYERS = [
    function("tf.math.multiply", "math.multiply", ["gru", 0, 0, {"y": 2.0, "name": None}]),
    function("tf.__operators__.add", "__operators__.add", ["tf.math.multiply", 0, 0, {"y": ["gru", 0, 0], "name": None}]),
    function("tf.math.reduce_mean", "math.reduce_mean", ["tf.__operators__.add", 0, 0, {"axis": 1, "keepdims": False, "name": None}]),
    function("tf.__operators__.getitem", "__operators__.getitem", ["gru", 0, 0, {"slice_spec": [{"start": None, "stop": None, "step": None}, -1, {"start": 1, "stop": 3, "step": None}]}], "SlicingOpLambda"),
    function("tf.math.subtract", "math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["tf.__operators__.getitem", 0, 0], "name": None}]),
    function("tf.nn.relu", "nn.relu", ["tf.math.subtract", 0, 0, {"name": None}]),
    function("tf.concat", "concat", [["tf.math.reduce_mean", 0, 0, {"axis": -1}], ["tf.nn.relu", 0, 0, {"axis": -1}]]),
]


def functions():
    x = Input((6, 4), name="x")
    y = layers.GRU(5, return_sequences=True, name="gru")(x)
    mean = ops.mean(y * 2.0 + y, axis=1)
    part = ops.relu(1.0 - y[:, -1, 1:3])
    return Model(x, ops.concatenate([mean, part], axis=-1))


case("tf_keras/functions", functions, X3, edit=with_function_layers)
