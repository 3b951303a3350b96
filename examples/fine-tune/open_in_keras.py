"""Opens the fine-tuned model in real Keras, and prints its forecasts for New York in 2015 as JSON."""

import json
import os
import sys

from train_keras import FOLDER, keras, read_days, windows

model = keras.models.load_model(sys.argv[1] if len(sys.argv) > 1 else os.path.join(FOLDER, "new_york.keras"))
x, _ = windows(*read_days("New York"))
# 2015 has the last 365 windows.
print(json.dumps(model.predict(x[-365:], verbose=0).ravel().tolist()))
