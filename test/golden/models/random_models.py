"""Functional graphs whose layers and edges are drawn from a seed."""

import random

from keras import Input, Model, layers, ops

from model_case import case, floats, truths

STEPS, WIDTH = 7, 4


def one_input(draw):
    """A layer that keeps the timesteps."""
    return draw.choice(
        [
            lambda: layers.GRU(draw.randint(1, 6), return_sequences=True, activation=draw.choice(["tanh", "relu"])),
            lambda: layers.GRU(WIDTH, return_sequences=True, go_backwards=True, reset_after=draw.random() < 0.5),
            lambda: layers.Bidirectional(layers.GRU(draw.randint(1, 4), return_sequences=True), merge_mode=draw.choice(["concat", "sum", "mul", "ave"])),
            lambda: layers.Dense(draw.randint(1, 6), activation=draw.choice([None, "relu", "softmax", "tanh"])),
            lambda: layers.Conv1D(draw.randint(1, 6), draw.randint(1, 4), padding=draw.choice(["same", "causal"])),
            lambda: layers.LayerNormalization(),
            lambda: layers.BatchNormalization(),
            lambda: layers.TimeDistributed(layers.Dense(WIDTH)),
            lambda: layers.MaxPooling1D(2, strides=1, padding="same"),
            lambda: layers.LeakyReLU(0.2),
            lambda: layers.Masking(),
            lambda: layers.Dropout(0.5),
        ]
    )()


def joined(draw, a, b):
    """Two sequences as one, of the width that they have in common if they must have one."""
    if draw.random() < 0.5:
        return layers.Concatenate()([a, b])
    a, b = layers.Dense(WIDTH)(a), layers.Dense(WIDTH)(b)
    return draw.choice(
        [
            lambda: layers.Add()([a, b]),
            lambda: layers.Multiply()([a, b]),
            lambda: layers.Subtract()([a, b]),
            lambda: layers.Maximum()([a, b]),
            lambda: layers.Attention()([a, b]),
            lambda: a * 0.5 + ops.tanh(b),
        ]
    )()


def end(draw, x):
    return draw.choice(
        [
            lambda: layers.GRU(3)(x),
            lambda: layers.Bidirectional(layers.GRU(3))(x),
            lambda: layers.GlobalAveragePooling1D()(x),
            lambda: layers.GlobalMaxPooling1D()(x),
            lambda: layers.Dense(2)(layers.Flatten()(x)),
            lambda: ops.mean(x, axis=1),
            lambda: x,
        ]
    )()


def graph(seed):
    def build():
        draw = random.Random(seed)
        given = [Input((STEPS, WIDTH), name=f"x{index}") for index in range(draw.randint(1, 2))]
        known = list(given)
        shared = layers.GRU(WIDTH, return_sequences=True)
        for _ in range(draw.randint(4, 9)):
            x = draw.choice(known[-3:])
            kind = draw.random()
            if kind < 0.3:
                known.append(joined(draw, x, draw.choice(known)))
            elif kind < 0.4:
                known.append(shared(layers.Dense(WIDTH)(x)))
            else:
                known.append(one_input(draw)(x))
        outputs = [end(draw, known[-1])] + ([end(draw, draw.choice(known))] if draw.random() < 0.4 else [])
        if len(outputs) == 2 and outputs[0] is outputs[1]:
            outputs.pop()
        # Every input is used.
        used = layers.Dense(1)(layers.Concatenate()([layers.Flatten()(one) for one in given])) if len(given) > 1 else None
        return Model(given if len(given) > 1 else given[0], outputs + ([used] if used is not None else []))

    return build


def arrays(seed):
    draw = random.Random(seed)
    count = draw.randint(1, 2)
    # Some timesteps are zeros, which Masking hides.
    made = [floats(2, STEPS, WIDTH, seed=10 * seed + index) * truths(2, STEPS, seed=seed + index)[..., None] for index in range(count)]
    return made if count > 1 else made[0]


for number in range(40):
    case(f"random/{number}", graph(number), arrays(number))
