"""Opens the weights that train.mjs saved in real Keras, and forecasts the same four weeks with them.

    .venv/bin/python examples/train-weather/open_in_keras.py examples/train-weather/run/forecaster.weights.h5

Prints the mean absolute error in °C, which is the one that train.mjs prints. The Python packages are those of
examples/weather/requirements.txt; --units is that of train.mjs.
"""

import argparse
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "..", "weather"))

import train_keras as weather  # noqa: E402  (first: it chooses Keras's backend)
import keras  # noqa: E402
import numpy as np  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights")
    parser.add_argument("--units", type=int, default=32)
    options = parser.parse_args()
    model = keras.Sequential(
        [
            keras.Input((weather.TIMESTEPS, len(weather.FEATURES))),
            keras.layers.GRU(options.units),
            keras.layers.Dense(weather.HORIZON),
        ]
    )
    model.load_weights(options.weights)

    times, temperature = weather.read_rows()
    test_first = len(temperature) - weather.TEST_DAYS * weather.DAY
    features, change, mean, std = weather.normalised(times, temperature)
    origins, inputs, _ = weather.windows(features, change, test_first, len(temperature))
    outputs = model.predict(inputs, batch_size=len(inputs), verbose=0)
    hours = np.arange(1, weather.HORIZON + 1)
    forecast = temperature[origins[:, None] + hours - weather.DAY] + outputs * std + mean
    error = np.abs(forecast - temperature[origins[:, None] + hours]).mean()
    print(f"GRU {error:.3f} °C mean absolute error of {len(origins)} forecasts, by Keras {keras.__version__}")


if __name__ == "__main__":
    main()
