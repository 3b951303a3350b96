"""Writes data/optimizers.bin and data/optimizers.json, the golden data of training. generate.py runs it."""

import json
import os

import fit_cases
import optimizer_cases
from cases import DTYPES
from golden_format import VERSION, GroupWriter

NAME = "optimizers"


def write(folder, versions):
    """Runs the cases through Keras and writes both files."""
    writer = GroupWriter(NAME)
    groups = {"updates": optimizer_cases.run(DTYPES, writer), "fits": fit_cases.run(DTYPES, writer)}
    blob = writer.write(folder)
    lines = ["{", f'"format": "cudnn-gru golden optimizers", "version": {VERSION},']
    lines.append(f'"generated_with": {json.dumps(versions)}, "blob": {json.dumps(blob)}')
    for group, found in groups.items():
        rows = ",\n".join(json.dumps(case, separators=(",", ":"), allow_nan=False) for case in found)
        lines.append(f', "{group}": [\n{rows}\n]')
    lines.append("}")
    path = _path(folder)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"{NAME}: {sum(len(found) for found in groups.values())} cases, {size(folder)} bytes", flush=True)


def size(folder):
    """Of both files."""
    return sum(os.path.getsize(path) for path in (_path(folder), os.path.join(folder, f"{NAME}.bin")))


def _path(folder):
    return os.path.join(folder, f"{NAME}.json")
