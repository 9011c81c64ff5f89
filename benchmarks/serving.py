"""Time to predict one sample: predict, the modules alone, and onnxruntime.

The default net (8 members) learns ten binary tasks, or regressions, of 2,000 samples
with 5, 20 and 64 features. One sample, a float64 array, is then predicted by

    predict        everything: checks, preparation, modules, members, labels
    modules        the fitted modules alone, on a prepared tensor
    onnxruntime    the file written by to_onnx, from the raw sample to all outputs

each 500 times, in one thread. Times are medians, in microseconds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import sklearn_mtl
from benchmarks._figures import record
from benchmarks._timing import CLOCKS, print_targets, time_rounds

N_SAMPLES, N_TASKS, N_CALLS = 2000, 10, 500


def fitted(n_features: int, is_regression: bool):
    """Return a fitted net and a sample."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, n_features))
    signal = X @ rng.normal(size=(n_features, N_TASKS)) / np.sqrt(n_features)
    kind = "MultiTaskRegressor" if is_regression else "MultiTaskClassifier"
    model = getattr(sklearn_mtl, kind)(max_epochs=2, random_state=0)
    return model.fit(X, signal if is_regression else signal > 0), X[:1]


def modules_alone(model, row):
    """Return a function that applies the fitted modules to a sample as a tensor."""
    state = model._state
    table = sklearn_mtl.preprocessing.Table(row, None)
    columns = torch.as_tensor(state.preparation.transform(table), dtype=state.dtype)
    columns = columns.expand(state.n_members, *columns.shape)
    module = state.net.module_.eval()

    @torch.inference_mode()
    def apply():
        return module(columns)

    return apply


def in_onnxruntime(model, row):
    """Return a function that runs the graph of a net on a sample."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        sklearn_mtl.to_onnx(model, path)
        session = onnxruntime.InferenceSession(path, options)
    return lambda: session.run(None, {"X": row})


def main() -> None:
    """Time all ways, print the medians, and hold predict to its target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    found, targets = {}, []
    print(f"{'':24} {'predict':>9} {'modules':>9} {'onnxruntime':>12}  us")
    for is_regression in (False, True):
        for n_features in (5, 20, 64):
            model, row = fitted(n_features, is_regression)
            ways = {
                "predict": lambda model=model, row=row: model.predict(row),
                "modules": modules_alone(model, row),
                "onnxruntime": in_onnxruntime(model, row),
            }
            # consecutive predictions, as in a server
            times = {
                name: 1e6
                * np.median(time_rounds({name: way}, N_CALLS, args.clock)[name])
                for name, way in ways.items()
            }
            name = f"{'values' if is_regression else 'classes'}, {n_features} features"
            found[name] = times
            print(
                f"{name:24} {times['predict']:9.0f} {times['modules']:9.0f} "
                f"{times['onnxruntime']:12.0f}"
            )
            ratio = times["predict"] / times["modules"]
            targets.append((f"predict / modules, {name}", ratio, "<=", 3.0))
    record(args.json, {"us": found, "targets": print_targets(targets)})


if __name__ == "__main__":
    main()
