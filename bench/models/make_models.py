"""make_models.py FOLDER BATCH...: writes each model as `.keras` and `.onnx`; for each batch its inputs (`NAME.BATCH.x0`, raw
float32 or int32) and what Keras predicts for them (`NAME.BATCH.y0`, raw float32); and models.json, which lists all."""

import json
import sys
from pathlib import Path

import onnx
from keras_models import MODELS, inputs, make
from onnx_models import BUILDERS

folder, batches = Path(sys.argv[1]), [int(batch) for batch in sys.argv[2:]]
folder.mkdir(parents=True, exist_ok=True)
listed = []
for name, (_, rows) in MODELS.items():
    model = make(name)
    stem = name.replace(" ", "_")
    model.save(folder / f"{stem}.keras")
    onnx.save(BUILDERS[name](model), folder / f"{stem}.onnx")
    for batch in batches:
        given = inputs(name, batch)
        predicted = model.predict_on_batch(given if len(given) > 1 else given[0])
        outputs = predicted if isinstance(predicted, list) else [predicted]
        for letter, arrays in (("x", given), ("y", outputs)):
            for index, array in enumerate(arrays):
                array.tofile(folder / f"{stem}.{batch}.{letter}{index}")
    listed.append(
        {
            "name": name,
            "file": stem,
            "parameters": model.count_params(),
            "inputs": [{"row": list(row), "words": words} for row, words in rows],
            "outputs": [list(output.shape[1:]) for output in model.outputs],
        }
    )
(folder / "models.json").write_text(json.dumps(listed))
