"""Trains the reader of verses with real Keras: Embedding, Bidirectional(GRU), GRU, Dense; some minutes on one core.

The text is the King James Version of 1611, which is in the public domain, as Debian's packages bible-kjv and
bible-kjv-text have it:

    apt-get install bible-kjv
    python3.11 -m venv .venv && .venv/bin/pip install -r examples/verses/requirements.txt
    .venv/bin/python examples/verses/train_keras.py

From the first 96 characters of a verse the model tells which of five parts of the book it comes from. Whole chapters are held
back for the test, because neighbouring verses tell the same story.

Writes, next to this file:
- model.keras: the trained model;
- verses.json: 500 verses that the model has not seen, the alphabet, the names of the parts, and Keras's own accuracy;
- predictions.f32: `model.predict` of these verses, little-endian float32, row-major (verse, part).
"""

import json
import os
import random
import re
import subprocess

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
ALPHABET = " abcdefghijklmnopqrstuvwxyz,;:.?!'()-"
TIMESTEPS, UNITS, EPOCHS, BATCH, SAMPLE = 96, 32, 10, 64, 500
PARTS = {
    "law": "Ge Exo Lev Num Deu",
    "poetry": "Job Psa Prv Eccl SSol",
    "prophets": "Isa Jer Lam Eze Dan Hos Joel Amos Obad Jonah Mic Nahum Hab Zep Hag Zec Mal",
    "gospels": "Mat Mark Luke John",
    "letters": "Rom 1Cor 2Cor Gal Eph Phi Col 1Th 2Th 1Tim 2Tim Titus Phmn Heb Jas 1Pet 2Pet 1Jn 2Jn 3Jn Jude",
}


def read_verses():
    """The verses of the five parts: (part, chapter such as "Psa23", text)."""
    text = subprocess.run(
        ["bible", "-f", "gen1:1-rev22:21"], stdin=subprocess.DEVNULL, capture_output=True, check=True, text=True
    ).stdout
    books = {book: index for index, names in enumerate(PARTS.values()) for book in names.split()}
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"(\d?[A-Za-z]+)(\d+):\d+ (.*)", line)
        if match and match[1] in books:
            found.append((books[match[1]], match[1] + match[2], match[3]))
    return found


def encode(texts):
    """The positions in the alphabet plus one, as (verses, TIMESTEPS). Zeros fill up short verses; other characters are left out."""
    ids = np.zeros((len(texts), TIMESTEPS), np.int32)
    for row, text in enumerate(texts):
        known = [ALPHABET.index(letter) + 1 for letter in text.lower() if letter in ALPHABET][:TIMESTEPS]
        ids[row, : len(known)] = known
    return ids


def train(training, validation):
    """The model of the epoch that does best on the validation verses."""
    model = keras.Sequential(
        [
            keras.Input((TIMESTEPS,), name="characters", dtype="int32"),
            keras.layers.Embedding(len(ALPHABET) + 1, 16, mask_zero=True),
            keras.layers.Bidirectional(keras.layers.GRU(UNITS, return_sequences=True)),
            keras.layers.GRU(UNITS),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(len(PARTS), activation="softmax"),
        ],
        name="verses",
    )
    model.compile(keras.optimizers.Adam(4e-3, clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    counts = np.bincount(training[1])
    best = keras.callbacks.EarlyStopping("val_accuracy", patience=EPOCHS, restore_best_weights=True)
    model.fit(
        *training,
        validation_data=validation,
        epochs=EPOCHS,
        batch_size=BATCH,
        class_weight={index: len(training[1]) / (len(counts) * count) for index, count in enumerate(counts)},
        callbacks=[best],
        verbose=2,
    )
    return model


def main():
    """Trains, scores and writes the files."""
    keras.utils.set_random_seed(7)
    verses = read_verses()
    chapters = sorted({chapter for _, chapter, _ in verses})
    random.Random(7).shuffle(chapters)
    tenth = len(chapters) // 10
    test, validation = set(chapters[:tenth]), set(chapters[tenth : 2 * tenth])

    def pick(wanted):
        some = [verse for verse in verses if wanted(verse[1])]
        return encode([text for *_, text in some]), np.array([part for part, *_ in some]), some

    training = pick(lambda chapter: chapter not in test and chapter not in validation)[:2]
    model = train(training, pick(lambda chapter: chapter in validation)[:2])
    *held_back, some = pick(lambda chapter: chapter in test)
    accuracy = float(model.evaluate(*held_back, verbose=0)[1])

    sample = random.Random(7).sample(some, SAMPLE)
    predictions = model.predict(encode([text for *_, text in sample]), verbose=0)
    model.save(os.path.join(FOLDER, "model.keras"))
    predictions.astype("<f4").tofile(os.path.join(FOLDER, "predictions.f32"))
    with open(os.path.join(FOLDER, "verses.json"), "w", encoding="utf-8") as file:
        json.dump(
            {
                "keras_version": keras.__version__,
                "tensorflow_version": tf.__version__,
                "alphabet": ALPHABET,
                "timesteps": TIMESTEPS,
                "parts": list(PARTS),
                "accuracy": {"verses": len(some), "keras": round(accuracy, 4)},
                "verses": [{"part": part, "text": text} for part, _, text in sample],
            },
            file,
            indent=1,
        )
        file.write("\n")
    print(f"accuracy on {len(some)} verses of chapters that were held back: {accuracy:.4f}")


if __name__ == "__main__":
    main()
