"""Writes test/golden/data from real Keras. README.md says how to run it and what the data covers."""

import argparse
import copy
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import forward_cases  # noqa: E402
import oracle  # noqa: E402
import training_cases  # noqa: E402
from golden_format import GroupWriter, write_index  # noqa: E402

GROUPS = {
    "documented": forward_cases.documented,
    "arguments": forward_cases.arguments,
    "stateful": forward_cases.stateful,
    "activations": forward_cases.activations,
    "activation_grids": forward_cases.activation_grids,
    "masks": forward_cases.mask_kinds,
    "sizes": forward_cases.sizes,
    "extremes": forward_cases.extremes,
    "dropout": training_cases.dropout,
    "losses": training_cases.losses,
    "gradients": training_cases.gradients,
}
EXPECTED = {"keras": "3.15.1", "tensorflow": "2.21.0"}
# A float32 case is fair only where Keras's own float32 result is much closer to float64 than the tests' 1e-5.
FAIR_FLOAT32 = 4e-6
MAX_BYTES = 8_000_000


def arrays_of(case, dtype):
    weights = [weight.array(dtype) for weight in case.weights]
    calls = []
    for call in case.calls:
        mask = None
        if call.mask is not None:
            mask = call.mask.array(dtype)
            mask = mask.astype(bool) if mask.dtype == np.uint8 else call.mask.values
        calls.append(
            {
                "inputs": call.inputs.array(dtype),
                "mask": mask,
                "initial_state": None if call.initial_state is None else call.initial_state.array(dtype),
                "training": call.training,
                "reset_before": call.reset_before,
            }
        )
    upstream = [tensor.array(dtype) for tensor in case.upstream] if case.gradients else None
    return weights, calls, upstream


def widened(value):
    """float32 arrays in `value` as float64, the same numbers."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype == np.float32 else value
    if isinstance(value, dict):
        return {key: widened(item) for key, item in value.items()}
    return [widened(item) for item in value] if isinstance(value, list) else value


def tensors_of(result):
    gradients = result.get("gradients", {})
    yield from result["outputs"]
    yield from (gradients[key] for key in ("inputs", "initial_state") if key in gradients)
    yield from gradients.get("weights", [])


def float32_error(case, weights, calls, upstream, results):
    """The worst error of Keras's float32 results against its float64 results from the same numbers."""
    dropout = results[0]["dropout"] if calls[0]["training"] else None
    exact = oracle.run(
        {**case.arguments, "dtype": "float64"}, widened(weights), widened(calls), widened(upstream), widened(dropout)
    )
    worst = 0.0
    for ours, theirs in zip(results, exact, strict=True):
        for a, b in zip(tensors_of(ours), tensors_of(theirs), strict=True):
            finite = np.isfinite(a) & np.isfinite(b)
            if finite.any():
                error = np.abs(a[finite] - b[finite]).max() / max(1.0, np.abs(b[finite]).max())
                worst = max(worst, float(error))
    return worst


def run_case(case, dtype, writer, unfair):
    """Runs one case in one dtype and returns its entry in the index; names it in `unfair` where it is."""
    arguments = case.arguments if dtype == "float32" else {**case.arguments, "dtype": dtype}
    weights, calls, upstream = arrays_of(case, dtype)
    results = oracle.run(arguments, weights, calls, upstream)
    if dtype == "float32":
        error = float32_error(case, weights, calls, upstream, results)
        if not error <= FAIR_FLOAT32:
            unfair.append(f"{case.name}: Keras's own float32 is {error:.1e} away from its float64")
    entry = {"name": f"{case.name}/{dtype}", "arguments": copy.deepcopy(arguments)}
    entry["weights"] = [writer.reference(weight, dtype) for weight in case.weights]
    entry["calls"] = [call_entry(call, result, dtype, writer) for call, result in zip(case.calls, results, strict=True)]
    if case.gradients:
        gradients = results[0]["gradients"]
        stored = {"upstream": [writer.reference(tensor, dtype) for tensor in case.upstream]}
        stored["inputs"] = writer.reference(gradients["inputs"], dtype)
        if "initial_state" in gradients:
            stored["initial_state"] = writer.reference(gradients["initial_state"], dtype)
        stored["weights"] = [writer.reference(gradient, dtype) for gradient in gradients["weights"]]
        entry["gradients"] = stored
    return entry


def call_entry(call, result, dtype, writer):
    entry = {"inputs": writer.reference(call.inputs, dtype)}
    if call.mask is not None:
        entry["mask"] = writer.reference(call.mask, dtype)
    if call.initial_state is not None:
        entry["initial_state"] = writer.reference(call.initial_state, dtype)
    if call.training is not None:
        entry["training"] = call.training
    if call.reset_before:
        entry["reset_before"] = True
    for key, masks in result["dropout"].items():
        entry[key] = writer.reference(masks, dtype)
    entry["outputs"] = [writer.reference(output, dtype) for output in result["outputs"]]
    if result["losses"]:
        entry["losses"] = result["losses"]
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "data"))
    parser.add_argument("--only", help="check the cases whose name contains this, and write nothing")
    options = parser.parse_args()
    found = {key: oracle.versions()[key] for key in EXPECTED}
    if found != EXPECTED:
        raise SystemExit(f"Expected {EXPECTED} but found {found}: see requirements.txt.")
    groups, total, unfair = {}, 0, []
    for group, make_cases in GROUPS.items():
        writer, entries, names = GroupWriter(group), [], set()
        for case in make_cases():
            if options.only and options.only not in case.name:
                continue
            if case.name in names:
                raise SystemExit(f"Two cases are called {case.name}.")
            names.add(case.name)
            entries.extend(run_case(case, dtype, writer, unfair) for dtype in case.dtypes)
        total += writer.size
        print(f"{group}: {len(entries)} cases, {writer.size} bytes", flush=True)
        if not options.only:
            groups[group] = (writer.write(options.out), entries)
    if unfair:
        raise SystemExit("\n".join([*unfair, "These cases need tamer numbers."]))
    if options.only:
        return
    write_index(options.out, oracle.versions(), groups)
    total += os.path.getsize(os.path.join(options.out, "index.json"))
    print(f"{sum(len(entries) for _, entries in groups.values())} cases, {total} bytes in all")
    if total > MAX_BYTES:
        raise SystemExit(f"The golden data may take {MAX_BYTES} bytes at most.")


if __name__ == "__main__":
    main()
