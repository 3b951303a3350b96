"""Makes the models of these tests with real Keras: data/, in the format of test/golden/models.

    .venv/bin/python test/tfjs/models/make_data.py                   # all groups
    .venv/bin/python test/tfjs/models/make_data.py --groups masks    # one group anew
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.join(FOLDER, "..", "..", "golden", "models")]
import generate  # noqa: E402

generate.FOLDER = FOLDER
generate.DATA = os.path.join(FOLDER, "data")
generate.main()
