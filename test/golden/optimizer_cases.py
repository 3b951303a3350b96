"""Ten steps of Keras's optimizers with given gradients: the cases, and their run through real Keras."""

import json

import keras
import numpy as np
import tensorflow as tf
from cases import seed_of
from golden_format import Stored, Uniform

STEPS = 10
# The steps after which variables and slots are stored.
STORED = (4, STEPS)
# Sizes that are no multiple of a vector's.
SHAPES = {"kernel": (4, 6), "bias": (7,)}

COMMON = {
    "plain": {},
    "weight_decay": {"weight_decay": 0.05},
    "clipnorm": {"clipnorm": 0.7},
    "clipvalue": {"clipvalue": 0.3},
    "global_clipnorm": {"global_clipnorm": 0.8},
    "ema": {"use_ema": True, "ema_momentum": 0.9},
    "ema_overwrite": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    "accumulation": {"gradient_accumulation_steps": 3},
    "accumulation_clipnorm_ema": {
        "gradient_accumulation_steps": 2,
        "clipnorm": 0.5,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "weight_decay": 0.02,
    },
    "loss_scale_factor": {"loss_scale_factor": 512.0},
}
OWN = {
    "SGD": {
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "nesterov_without_momentum": {"nesterov": True},
        "momentum_weight_decay_clipnorm": {"momentum": 0.8, "weight_decay": 0.01, "clipnorm": 0.5},
    },
    "RMSprop": {
        "rho": {"rho": 0.8, "epsilon": 1e-3},
        "momentum": {"momentum": 0.9},
        "centered": {"centered": True},
        "centered_momentum": {"centered": True, "momentum": 0.7, "rho": 0.95},
    },
    "Adam": {
        "betas": {"beta_1": 0.7, "beta_2": 0.95, "epsilon": 1e-3},
        "amsgrad": {"amsgrad": True, "beta_2": 0.5},
        "amsgrad_weight_decay": {"amsgrad": True, "weight_decay": 0.1},
    },
    "AdamW": {
        "amsgrad": {"amsgrad": True},
        "betas": {"beta_1": 0.0, "beta_2": 0.9, "weight_decay": 0.3},
    },
}
RATES = {"SGD": 0.1, "RMSprop": 0.02, "Adam": 0.05, "AdamW": 0.05}
SCHEDULES = {
    "exponential": ("ExponentialDecay", {"decay_steps": 4, "decay_rate": 0.6}),
    "exponential_staircase": ("ExponentialDecay", {"decay_steps": 4, "decay_rate": 0.6, "staircase": True}),
    "inverse_time": ("InverseTimeDecay", {"decay_steps": 3, "decay_rate": 0.5}),
    "inverse_time_staircase": ("InverseTimeDecay", {"decay_steps": 3, "decay_rate": 0.5, "staircase": True}),
    "polynomial": ("PolynomialDecay", {"decay_steps": 6, "end_learning_rate": 0.01, "power": 1.7}),
    "polynomial_cycle": ("PolynomialDecay", {"decay_steps": 4, "end_learning_rate": 0.01, "cycle": True}),
    "cosine": ("CosineDecay", {"decay_steps": 7, "alpha": 0.1}),
    "cosine_warmup": ("CosineDecay", {"decay_steps": 5, "warmup_target": 0.3, "warmup_steps": 3}),
    "restarts": ("CosineDecayRestarts", {"first_decay_steps": 3, "m_mul": 0.8, "alpha": 0.05}),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [2, 6], "values": [0.1, 0.03, 0.2]}),
    "restarts_equal": ("CosineDecayRestarts", {"first_decay_steps": 4, "t_mul": 1.0}),
}
CONSTRAINTS = {
    "max_norm": ("MaxNorm", {"max_value": 0.5, "axis": 0}),
    "non_neg": ("NonNeg", {}),
    "unit_norm": ("UnitNorm", {"axis": 0}),
    "min_max_norm": ("MinMaxNorm", {"min_value": 0.4, "max_value": 0.6, "rate": 0.5, "axis": 0}),
}


def serialized(module, class_name, config):
    return {"module": f"keras.{module}", "class_name": class_name, "config": config, "registered_name": None}


def optimizer(class_name, **config):
    return serialized("optimizers", class_name, config)


def with_schedule(class_name, name):
    schedule, config = SCHEDULES[name]
    if "values" not in config:
        config = {"initial_learning_rate": RATES[class_name], **config}
    return optimizer(class_name, learning_rate=serialized("optimizers.schedules", schedule, config))


def cases():
    """Name → the optimizer as Keras serializes it, and what is out of the ordinary."""
    found = {}
    for class_name, own in OWN.items():
        for name, config in {**COMMON, **own}.items():
            found[f"{class_name}/{name}"] = (optimizer(class_name, learning_rate=RATES[class_name], **config), {})
    for name in SCHEDULES:
        found[f"SGD/schedule_{name}"] = (with_schedule("SGD", name), {})
    found["Adam/schedule_cosine"] = (with_schedule("Adam", "cosine"), {})
    for name, (constraint, config) in CONSTRAINTS.items():
        given = {"constraint": serialized("constraints", constraint, config)}
        found[f"SGD/constraint_{name}"] = (optimizer("SGD", learning_rate=0.1, momentum=0.9), given)
    given = {"constraint": serialized("constraints", "MaxNorm", {"max_value": 0.5, "axis": 0})}
    config = {"learning_rate": 0.05, "use_ema": True, "ema_overwrite_frequency": 3, "gradient_accumulation_steps": 2}
    found["Adam/constraint_accumulation_ema"] = (optimizer("Adam", **config), given)
    for class_name, config in (("Adam", {}), ("SGD", {"momentum": 0.9, "clipnorm": 0.5})):
        inner = optimizer(class_name, learning_rate=RATES[class_name], **config)
        outer = optimizer("LossScaleOptimizer", inner_optimizer=inner, initial_scale=1024.0, dynamic_growth_steps=3)
        found[f"LossScaleOptimizer/{class_name}"] = (outer, {"spoiled": [5]})
        found[f"LossScaleOptimizer/{class_name}_spoiled_first"] = (outer, {"spoiled": [1, 2, 9]})
    return found


def gradients_of(seed, step, spoiled, scale, dtype):
    """The gradients of step 1, 2, …; spoiled ones begin with an infinity."""
    gradients = []
    for index, shape in enumerate(SHAPES.values()):
        values = Uniform(shape, seed + len(SHAPES) * step + index, 1.0).array(dtype) * np.dtype(dtype).type(scale)
        if spoiled:
            values.flat[0] = np.inf
        gradients.append(tf.constant(values))
    return gradients


def scale_of(made):
    """What gradients are multiplied by, as those of a scaled loss are."""
    return float(keras.ops.convert_to_numpy(made.scale_loss(1.0)))


def shortened(numbers):
    """One number where all are the same."""
    return numbers if len(set(numbers)) > 1 else numbers[:1]


def state_after(step, made, variables, dtype, writer):
    """Weights and slots, one after the other in one tensor."""
    slots = [variable for variable in made.variables if variable.shape != ()]
    flat = [np.ravel(keras.ops.convert_to_numpy(tensor)) for tensor in [*variables, *slots]]
    return {
        "step": step,
        "iterations": int(keras.ops.convert_to_numpy(made.iterations)),
        "slots": [slot.name for slot in slots],
        "values": writer.reference(Stored(np.concatenate(flat).astype(dtype), dtype), dtype),
    }


def run_case(name, serialized_optimizer, options, dtype, writer):
    made = keras.optimizers.deserialize(json.loads(json.dumps(serialized_optimizer)))
    variables, entries = [], []
    for part, shape in SHAPES.items():
        seed = seed_of(f"optimizers/{name}", part)
        variable = keras.Variable(Uniform(shape, seed, 0.6).array(dtype), dtype=dtype, name=part)
        if "constraint" in options:
            variable.constraint = keras.constraints.deserialize(options["constraint"])
        variables.append(variable)
        entries.append({"name": part, "shape": list(shape), "uniform": {"seed": seed, "scale": 0.6}})
    entry = {"name": f"{name}/{dtype}", "dtype": dtype, "optimizer": serialized_optimizer, "variables": entries}
    entry.update(options)
    # Small enough to count on from, in 32 bits.
    entry["gradients"] = seed_of(f"optimizers/{name}", "gradients") >> 1
    rates, scales, entry["stored"] = [], [], []
    for step in range(1, STEPS + 1):
        rates.append(float(keras.ops.convert_to_numpy(made.learning_rate)))
        scales.append(scale_of(made))
        spoiled = step in options.get("spoiled", [])
        made.apply(gradients_of(entry["gradients"], step, spoiled, scales[-1], dtype), variables)
        if step in STORED:
            entry["stored"].append(state_after(step, made, variables, dtype, writer))
    entry["learning_rates"], entry["scales"] = shortened(rates), shortened(scales)
    return entry


def run(dtypes, writer):
    """The entries of all cases."""
    return [run_case(name, *case, dtype, writer) for name, case in cases().items() for dtype in dtypes]
