"""Writes data/bidirectional.*, data/stacks.* and data/one_call_stacks.*. generate.py runs it."""

import copy
import json
import os
from dataclasses import replace

import numpy as np
import wrapper_cases
import wrapper_oracle
from cases import compute_dtype, variable_dtype
from golden_format import VERSION, GroupWriter

# The groups of each pair of files.
FILES = {
    "bidirectional": ("bidirectional", "stateful_bidirectional", "bidirectional_gradients", "bidirectional_dtypes"),
    "stacks": ("stacks", "stack_gradients"),
    "one_call_stacks": ("one_call_stacks",),
}
# From the tightest to the loosest.
ORDER = ("float64", "float32", "float16", "bfloat16")


def with_dtype(layer, dtype):
    """`layer` in one dtype; None keeps the dtypes that it has."""
    if dtype is None:
        return layer
    result = copy.deepcopy(layer)
    for arguments in (result.layer, result.backward_layer, result.wrapper):
        if arguments is None:
            continue
        arguments.pop("dtype", None)
        if dtype != "float32":
            arguments["dtype"] = dtype
    return result


def in_dtype(case, dtype):
    return replace(case, layers=[with_dtype(layer, dtype) for layer in case.layers])


def policies_of(case):
    """The dtype policy of every layer and wrapper."""
    for layer in case.layers:
        yield from (half.get("dtype", "float32") for half in layer.halves)
        if layer.wrapper is not None:
            yield layer.wrapper.get("dtype", "float32")


def arrays_of(case):
    first = case.layers[0]
    given = variable_dtype((first.wrapper or first.layer).get("dtype", "float32"))
    halves = [half for layer in case.layers for half in layer.halves]
    weights = [
        [weight.array(variable_dtype(half.get("dtype", "float32"))) for weight in own]
        for half, own in zip(halves, case.weights, strict=True)
    ]
    calls = [
        {
            "inputs": call.inputs.array(given),
            "mask": None if call.mask is None else call.mask.array(given).astype(bool),
            "initial_state": None if call.initial_state is None else [state.array(given) for state in call.initial_state],
            "training": call.training,
            "reset_before": call.reset_before,
        }
        for call in case.calls
    ]
    return given, weights, calls


def widened(value):
    if isinstance(value, np.ndarray):
        return value if value.dtype == np.bool_ else value.astype(np.float64)
    if isinstance(value, dict):
        return {key: widened(item) for key, item in value.items()}
    return [widened(item) for item in value] if isinstance(value, list) else value


def tensors_of(result):
    gradients = result.get("gradients", {})
    yield from result["outputs"]
    if gradients:
        yield gradients["inputs"]
        yield from gradients.get("initial_state", [])
        yield from gradients["weights"]


def own_error(case, weights, calls, upstream, results):
    """The worst error of Keras's results against its float64 results from the same numbers."""
    dropout = results[0]["dropout"] if calls[0]["training"] else None
    exact = wrapper_oracle.run(
        in_dtype(case, "float64"), widened(weights), widened(calls), widened(upstream), widened(dropout)
    )
    worst = 0.0
    for ours, theirs in zip(results, exact, strict=True):
        for a, b in zip(tensors_of(ours), tensors_of(theirs), strict=True):
            if a.size:
                worst = max(worst, float(np.abs(a.astype(np.float64) - b).max() / max(1.0, np.abs(b).max())))
    return worst


def run_case(described, dtype, writer, fair, unfair):
    case = in_dtype(described, dtype)
    given, weights, calls = arrays_of(case)
    tolerance = max((compute_dtype(policy) for policy in policies_of(case)), key=ORDER.index)
    upstream = [tensor.array(given) for tensor in case.upstream] if case.gradients else None
    results = wrapper_oracle.run(case, weights, calls, upstream)
    if tolerance in fair:
        error = own_error(case, weights, calls, upstream, results)
        if not error <= fair[tolerance]:
            unfair.append(f"{case.name}: Keras's own {dtype} is {error:.1e} away from its float64")
    entry = {
        "name": f"{case.name}/{dtype or 'own'}",
        "tolerance": tolerance,
        "layers": [layer_entry(layer) for layer in case.layers],
        "return_state": case.return_state,
        "weights": [
            [writer.reference(weight, array.dtype.name) for weight, array in zip(own, arrays)]
            for own, arrays in zip(case.weights, weights)
        ],
        "calls": [
            call_entry(call, result, given, writer) for call, result in zip(case.calls, results, strict=True)
        ],
    }
    if case.gradients:
        gradients = results[0]["gradients"]
        entry["gradients"] = {
            "upstream": [writer.reference(tensor, given) for tensor in case.upstream],
            "inputs": writer.reference(gradients["inputs"], given),
            "weights": [writer.reference(gradient, given) for gradient in gradients["weights"]],
        }
        if "initial_state" in gradients:
            states = [writer.reference(gradient, given) for gradient in gradients["initial_state"]]
            entry["gradients"]["initial_state"] = states
    return entry


def layer_entry(layer):
    entry = {"layer": layer.layer}
    if layer.backward_layer is not None:
        entry["backward_layer"] = layer.backward_layer
    if layer.wrapper is not None:
        entry["wrapper"] = layer.wrapper
    return entry


def call_entry(call, result, dtype, writer):
    entry = {"inputs": writer.reference(call.inputs, dtype)}
    if call.mask is not None:
        entry["mask"] = writer.reference(call.mask, dtype)
    if call.initial_state is not None:
        entry["initial_state"] = [writer.reference(state, dtype) for state in call.initial_state]
    if call.training is not None:
        entry["training"] = call.training
    if call.reset_before:
        entry["reset_before"] = True
    if any(result["dropout"]):
        entry["dropout"] = [
            {key: writer.reference(masks, dtype) for key, masks in own.items()} for own in result["dropout"]
        ]
    entry["outputs"] = [writer.reference(output, dtype) for output in result["outputs"]]
    if result["losses"]:
        entry["losses"] = result["losses"]
    return entry


def compact(value):
    """`value` with tensors as lists: `[dtype, shape, offset]`, or `[dtype, shape, seed, scale]` of a computed one."""
    if isinstance(value, list):
        return [compact(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"dtype", "shape", "offset"}:
        return [value["dtype"], value["shape"], value["offset"]]
    if set(value) == {"dtype", "shape", "uniform"}:
        return [value["dtype"], value["shape"], value["uniform"]["seed"], value["uniform"]["scale"]]
    return {key: compact(item) for key, item in value.items()}


def write(name, folder, versions, fair):
    """Runs the cases of `name` through Keras and writes both files. `fair`: how far Keras may be from float64, by dtype."""
    writer = GroupWriter(name)
    groups, unfair = {}, []
    for group in FILES[name]:
        groups[group] = [
            run_case(case, dtype, writer, fair, unfair)
            for case in wrapper_cases.GROUPS[group]()
            for dtype in case.dtypes
        ]
        names = [entry["name"] for entry in groups[group]]
        if len(set(names)) != len(names):
            raise SystemExit(f"Two cases of {group} have one name.")
        print(f"{group}: {len(names)} cases", flush=True)
    if unfair:
        raise SystemExit("\n".join([*unfair, "These cases need tamer numbers."]))
    write_files(name, folder, versions, writer.write(folder), groups)


def write_files(name, folder, versions, blob, groups):
    """Writes the JSON file of `groups`, whose tensors are in `blob`."""
    lines = ["{", f'"format": "cudnn-gru golden wrappers", "version": {VERSION},']
    lines.append(f'"generated_with": {json.dumps(versions)}, "blob": {json.dumps(blob)}, "groups": {{')
    for number, (group, found) in enumerate(groups.items()):
        rows = ",\n".join(json.dumps(compact(case), separators=(",", ":"), allow_nan=False) for case in found)
        lines.append(f'{", " if number else ""}"{group}": [\n{rows}\n]')
    lines.append("}}")
    with open(_path(name, folder), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    count = sum(len(found) for found in groups.values())
    print(f"{name}: {count} cases, {size(name, folder)} bytes", flush=True)


def size(name, folder):
    """Of both files."""
    return sum(os.path.getsize(path) for path in (_path(name, folder), os.path.join(folder, f"{name}.bin")))


def _path(name, folder):
    return os.path.join(folder, f"{name}.json")
