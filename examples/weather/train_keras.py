"""Trains the forecaster of this example with real Keras: GRU(32) and a dense head, about half a minute on one core.

Run after `npm ci` (the data comes with the npm package vega-datasets):

    python3.11 -m venv .venv && .venv/bin/pip install -r examples/weather/requirements.txt
    .venv/bin/python examples/weather/train_keras.py

The data are NOAA's hourly climate normals for Seattle: for each hour of the year an average over 1981 to 2010, in °C,
given with one decimal and dates of a nominal 2010. They are no weather record: one day is much like the day before,
so that "the same hour yesterday" is off by only 0.07 °C in December, and half of that is the rounding of the data.
What is left to forecast, and is forecast here, is how the daily curve moves with the season.

From the last 96 hours the model forecasts the next 24. Input and target are the change against the same hour one day
before: a temperature of 3 to 24 °C would drown the tenths that matter. Temperature itself, pressure, wind and the date
were tried as further inputs; none of them helped on the validation weeks, since the model then learns its part of the
year by heart.

Writes, next to this file:
- model.keras: the trained model;
- predictions.f32: `model.predict` of every test window, little-endian float32, row-major (count, horizon), as the
  dense head gives it, that is, before the normalisation of the target is undone;
- model.json: everything else: features, normalisation, split, Keras's own scores.
"""

import csv
import json
import os
from datetime import datetime

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
CSV = os.path.join(FOLDER, "..", "..", "node_modules", "vega-datasets", "data", "seattle-weather-hourly-normals.csv")

TIMESTEPS, HORIZON, DAY = 96, 24, 24
TEST_DAYS, VALIDATION_DAYS = 28, 35
UNITS, EPOCHS, BATCH, LEARNING_RATE = 32, 12, 64, 4e-3
FEATURES = ["temperature_change_24h", "hour_sin", "hour_cos"]


def read_rows():
    """Timestamps and temperatures (°C), one row an hour without gaps."""
    with open(CSV, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = [datetime.fromisoformat(row["date"]) for row in rows]
    assert all((b - a).total_seconds() == 3600 for a, b in zip(times, times[1:], strict=False))
    return times, np.array([float(row["temperature"]) for row in rows])


def normalised(times, temperature):
    """The features and the target of every row, and the mean and deviation that the change was normalised by."""
    training_end = len(temperature) - (TEST_DAYS + VALIDATION_DAYS) * DAY
    raw_change = np.full(len(temperature), np.nan)
    raw_change[DAY:] = temperature[DAY:] - temperature[:-DAY]
    mean, std = raw_change[DAY:training_end].mean(), raw_change[DAY:training_end].std()
    change = (raw_change - mean) / std
    angle = np.array([time.hour for time in times]) * (2 * np.pi / 24)
    return np.stack([change, np.sin(angle), np.cos(angle)], axis=1), change, mean, std


def windows(features, change, first, end, stride=1):
    """Windows whose targets lie in rows [first, end).

    Returns the row of each window's last known hour, the inputs (n, TIMESTEPS, features) and the targets (n, HORIZON).
    """
    origins = np.arange(max(first, TIMESTEPS + DAY) - 1, end - HORIZON, stride)
    inputs = np.stack([features[origin - TIMESTEPS + 1 : origin + 1] for origin in origins])
    targets = np.stack([change[origin + 1 : origin + 1 + HORIZON] for origin in origins])
    return origins, inputs.astype(np.float32), targets.astype(np.float32)


def train(training, validation):
    """The model of the epoch that does best on the validation weeks."""
    model = keras.Sequential(
        [
            keras.Input((TIMESTEPS, len(FEATURES))),
            keras.layers.GRU(UNITS, name="weather_gru"),
            keras.layers.Dense(HORIZON, name="head"),
        ],
        name="seattle_normals",
    )
    steps = EPOCHS * -(-len(training[1]) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(keras.optimizers.Adam(schedule, clipnorm=1.0), loss="mae")
    best = keras.callbacks.EarlyStopping("val_loss", patience=EPOCHS, restore_best_weights=True)
    model.fit(
        training[1],
        training[2],
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(validation[1], validation[2]),
        callbacks=[best],
        verbose=2,
    )
    return model


def scores(temperature, origins, forecast):
    """Mean absolute errors in °C over all hours ahead, and at some of them."""
    hours = np.arange(1, HORIZON + 1)
    actual = temperature[origins[:, None] + hours]
    errors = {
        "gru": np.abs(forecast - actual),
        "seasonal_naive": np.abs(temperature[origins[:, None] + hours - DAY] - actual),
        "persistence": np.abs(temperature[origins][:, None] - actual),
    }
    table = {}
    for name, error in errors.items():
        table[name] = {"mae": error.mean(), **{f"mae_{hour}h": error[:, hour - 1].mean() for hour in (1, 6, 12, 24)}}
    return {name: {key: round(float(value), 5) for key, value in row.items()} for name, row in table.items()}


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(3)
    times, temperature = read_rows()
    end = len(temperature)
    test_first = end - TEST_DAYS * DAY
    validation_first = test_first - VALIDATION_DAYS * DAY

    features, change, mean, std = normalised(times, temperature)
    training = windows(features, change, 0, validation_first, stride=2)
    validation = windows(features, change, validation_first, test_first)
    test = windows(features, change, test_first, end)
    model = train(training, validation)

    predictions = model.predict(test[1], batch_size=len(test[1]), verbose=0).astype("<f4")
    hours = np.arange(1, HORIZON + 1)
    forecast = temperature[test[0][:, None] + hours - DAY] + predictions * std + mean
    result = scores(temperature, test[0], forecast)
    summary = {
        "keras_version": keras.__version__,
        "data": "NOAA hourly climate normals for Seattle, vega-datasets/data/seattle-weather-hourly-normals.csv",
        "layer": "weather_gru",
        "timesteps": TIMESTEPS,
        "features": FEATURES,
        "mean": [mean, 0.0, 0.0],
        "std": [std, 1.0, 1.0],
        "target": {
            "name": "temperature_change_24h",
            "meaning": "temperature[origin + h] - temperature[origin + h - 24], h = 1..horizon; origin: last hour",
            "mean": mean,
            "std": std,
            "unit": "°C",
            "horizon": HORIZON,
        },
        "split": {
            "rows": end,
            "training_end_row": validation_first,
            "validation_end_row": test_first,
            "training_end": times[validation_first].isoformat(),
            "validation_end": times[test_first].isoformat(),
        },
        "test": {
            "first_origin_row": int(test[0][0]),
            "first_origin": times[test[0][0]].isoformat(),
            "last_origin": times[test[0][-1]].isoformat(),
            "count": len(test[0]),
        },
        "predictions": {"file": "predictions.f32", "dtype": "float32", "shape": list(predictions.shape)},
        "keras_scores": result,
    }
    # A copy that was never compiled: Keras writes the optimizer's variables too, three times the size of the model.
    copy = keras.Sequential.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.save(os.path.join(FOLDER, "model.keras"))
    predictions.tofile(os.path.join(FOLDER, "predictions.f32"))
    with open(os.path.join(FOLDER, "model.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    for name, row in result.items():
        print(f"{name:>15}", "  ".join(f"{key} {value:.3f} °C" for key, value in row.items()))
    assert result["gru"]["mae"] < 0.8 * min(result["seasonal_naive"]["mae"], result["persistence"]["mae"])


if __name__ == "__main__":
    main()
