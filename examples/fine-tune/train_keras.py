"""Trains the model of this example with real Keras: tomorrow's highest temperature in Seattle, some seconds on one core.

Run after `npm ci` (the data comes with the npm package vega-datasets):

    python3.11 -m venv .venv && .venv/bin/pip install -r examples/weather/requirements.txt
    .venv/bin/python examples/fine-tune/train_keras.py

The data are NOAA's daily records of Seattle and New York, 2012 to 2015. The inputs are those of data.mjs: of each of the
last 14 days the highest and the lowest temperature, the precipitation and the wind. Writes seattle.keras.
"""

import csv
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
CSV = os.path.join(FOLDER, "..", "..", "node_modules", "vega-datasets", "data", "weather.csv")
DAYS = 14


def read_days(location):
    """The inputs of every day, and its highest temperature in tens of °C."""
    with open(CSV, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["location"] == location]
    rows.sort(key=lambda row: row["date"])
    column = {key: np.array([float(row[key]) for row in rows]) for key in ("temp_max", "temp_min", "precipitation", "wind")}
    inputs = [column["temp_max"] / 10, column["temp_min"] / 10, np.log1p(column["precipitation"]), column["wind"] / 5]
    return np.stack(inputs, axis=1).astype("float32"), (column["temp_max"] / 10).astype("float32")


def windows(inputs, target):
    """All runs of days, and the day after each."""
    starts = range(len(inputs) - DAYS)
    return np.stack([inputs[start : start + DAYS] for start in starts]), target[DAYS:, None]


def main():
    keras.utils.set_random_seed(1)
    days = keras.Input((DAYS, 4), name="days")
    x = keras.layers.GRU(24, name="gru")(days)
    x = keras.layers.Dropout(0.1, name="dropout")(x)
    change = keras.layers.Dense(1, name="change")(keras.layers.Dense(16, activation="relu", name="dense")(x))
    model = keras.Model(days, change, name="seattle")
    inputs, target = read_days("Seattle")
    x, y = windows(inputs, target)
    # The model forecasts by how much tomorrow differs from today.
    y = y - x[:, -1, :1]
    model.compile(keras.optimizers.Adam(3e-3), loss="mae")
    model.fit(x, y, batch_size=32, epochs=25, verbose=2)
    model.save(os.path.join(FOLDER, "seattle.keras"))


if __name__ == "__main__":
    main()
