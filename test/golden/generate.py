"""Writes test/golden/data from real Keras. README.md says how to run it and what the data covers."""

import argparse
import copy
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import forward_cases  # noqa: E402
import numeric_cases  # noqa: E402
import optimizers  # noqa: E402
import oracle  # noqa: E402
import training_cases  # noqa: E402
import wrappers  # noqa: E402
from cases import compute_dtype, variable_dtype  # noqa: E402
from golden_format import GroupWriter, read_index, write_index  # noqa: E402

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
    "row_wise": numeric_cases.row_wise,
    "activation_layers": numeric_cases.activation_layers,
    "sixteen_bits": numeric_cases.sixteen_bits,
    "sixteen_bit_gradients": training_cases.sixteen_bit_gradients,
}
EXPECTED = {"keras": "3.15.1", "tensorflow": "2.21.0"}
# A case is fair only where Keras's own result is closer to float64 than the tests ask of this package's: much closer than
# 1e-5 in float32. In 16 bits Keras rounds after every operation, so there it may come nearer to 4e-3 and 3e-2.
FAIR = {"float32": 4e-6, "float16": 3e-3, "bfloat16": 2.4e-2}
FAIR["mixed_float16"], FAIR["mixed_bfloat16"] = FAIR["float16"], FAIR["bfloat16"]
MAX_BYTES = 8_000_000


def arrays_of(case, policy):
    weights_dtype = variable_dtype(policy)
    dtype = case.given_dtype or weights_dtype
    weights = [weight.array(weights_dtype) for weight in case.weights]
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
    upstream = [tensor.array(compute_dtype(policy)) for tensor in case.upstream] if case.gradients else None
    return weights, calls, upstream


def widened(value):
    """Shorter floats in `value` as float64, the same numbers."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.name in FAIR else value
    if isinstance(value, dict):
        return {key: widened(item) for key, item in value.items()}
    return [widened(item) for item in value] if isinstance(value, list) else value


def tensors_of(result):
    gradients = result.get("gradients", {})
    yield from result["outputs"]
    yield from (gradients[key] for key in ("inputs", "initial_state") if key in gradients)
    yield from gradients.get("weights", [])


def with_dtype(arguments, dtype):
    """`arguments` for a layer of this dtype, those of activation layers included."""
    result = copy.deepcopy(arguments)
    for place in (result.get("activation"), result.get("recurrent_activation")):
        while isinstance(place, dict) and place["module"] == "keras.layers":
            place["config"]["dtype"] = dtype
            place = place["config"].get("activation")
    return result if dtype == "float32" else {**result, "dtype": dtype}


def own_error(case, weights, calls, upstream, results):
    """The worst error of Keras's results against its float64 results from the same numbers."""
    dropout = results[0]["dropout"] if calls[0]["training"] else None
    exact = oracle.run(
        with_dtype(case.arguments, "float64"), widened(weights), widened(calls), widened(upstream), widened(dropout)
    )
    worst = 0.0
    for ours, theirs in zip(results, exact, strict=True):
        for a, b in zip(tensors_of(ours), tensors_of(theirs), strict=True):
            a = a.astype(np.float64)
            finite = np.isfinite(a) & np.isfinite(b)
            if finite.any():
                error = np.abs(a[finite] - b[finite]).max() / max(1.0, np.abs(b[finite]).max())
                worst = max(worst, float(error))
    return worst


def as_computed(gradient, policy, name):
    """`gradient` in the compute dtype, the same numbers: a mixed layer casts what it is given."""
    result = gradient.astype(compute_dtype(policy))
    if not np.array_equal(result.astype(gradient.dtype), gradient):
        raise SystemExit(f"{name}: the gradient is not one of {compute_dtype(policy)}.")
    return result


def run_case(case, dtype, writer, unfair):
    """Runs one case in one dtype and returns its entry in the index; names it in `unfair` where it is."""
    arguments = with_dtype(case.arguments, dtype)
    weights, calls, upstream = arrays_of(case, dtype)
    results = oracle.run(arguments, weights, calls, upstream)
    if dtype in FAIR:
        error = own_error(case, weights, calls, upstream, results)
        if not error <= FAIR[dtype]:
            unfair.append(f"{case.name}: Keras's own {dtype} is {error:.1e} away from its float64")
    weights_dtype = variable_dtype(dtype)
    given_dtype = case.given_dtype or weights_dtype
    entry = {"name": f"{case.name}/{dtype}", "arguments": arguments}
    entry["weights"] = [writer.reference(weight, weights_dtype) for weight in case.weights]
    entry["calls"] = [call_entry(call, result, given_dtype, writer) for call, result in zip(case.calls, results, strict=True)]
    if case.gradients:
        gradients = results[0]["gradients"]
        stored = {"upstream": [writer.reference(tensor, compute_dtype(dtype)) for tensor in case.upstream]}
        for key in ("inputs", "initial_state"):
            if key in gradients:
                stored[key] = writer.reference(as_computed(gradients[key], dtype, case.name), dtype)
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
    parser.add_argument("--groups", nargs="+", choices=[*GROUPS, optimizers.NAME, *wrappers.FILES], help="make these groups anew, and keep the others")
    options = parser.parse_args()
    found = {key: oracle.versions()[key] for key in EXPECTED}
    if found != EXPECTED:
        raise SystemExit(f"Expected {EXPECTED} but found {found}: see requirements.txt.")
    groups, total, unfair = {}, 0, []
    kept = {} if options.groups is None else read_index(options.out)
    for group, make_cases in GROUPS.items():
        if options.groups is not None and group not in options.groups:
            groups[group] = kept[group]
            total += kept[group][0]["bytes"]
            continue
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
    if options.groups is None or optimizers.NAME in options.groups:
        optimizers.write(options.out, oracle.versions())
    for name in wrappers.FILES:
        if options.groups is None or name in options.groups:
            wrappers.write(name, options.out, oracle.versions(), FAIR)
        total += wrappers.size(name, options.out)
    total += os.path.getsize(os.path.join(options.out, "index.json")) + optimizers.size(options.out)
    print(f"{sum(len(entries) for _, entries in groups.values())} cases, {total} bytes in all")
    if total > MAX_BYTES:
        raise SystemExit(f"The golden data may take {MAX_BYTES} bytes at most.")


if __name__ == "__main__":
    main()
