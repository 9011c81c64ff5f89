r"""Peak memory of fit and predict in multiples of X, and the cost per sample.

Each row is measured in a separate process, which first fits a small table to load the
libraries. The peak is the highest resident memory during the call minus the resident
memory before X exists, divided by the size of X. An X in memory counts as 1; a memory
map counts only for the pages that are read. The peak of predict includes the
predictions, which are small. The targets are three regressions of the first four
columns.

    array            X is a float32 array
    memory map       X is a float32 array on the disk
    images           X is a uint8 array of images on the disk, read by a convolution
    parquet          `fit_stream` reads the array's numbers from Parquet files

The cost per sample is the CPU time of a fit divided by the number of samples.

6 GB of inputs in 375 Parquet files:

    python -m benchmarks.memory --rows parquet --samples 3750000 --features 400 \
        --members 1
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._figures import record
from benchmarks._timing import print_targets
from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.modules import Conv

MB = 2.0**20
SIDE = 16  # of images, in pixels


def resident(field: str = "VmRSS") -> float:
    """Return the resident memory now ("VmRSS") or at its peak ("VmHWM") in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(field))
    return float(found.split()[1]) / 1024


def forget_peak() -> None:
    """Reset the peak."""
    Path("/proc/self/clear_refs").write_text("5")


def make(form: str, n_samples: int, n_features: int, folder: Path) -> np.ndarray:
    """Return inputs in a form, written in parts to avoid a second copy."""
    is_image = form == "images"
    width = SIDE * SIDE if is_image else n_features
    dtype = np.uint8 if is_image else np.float32
    if form == "array":
        X = np.empty((n_samples, width), dtype)
    else:
        shape = (n_samples, width)
        X = np.lib.format.open_memmap(folder / "X.npy", "w+", dtype, shape)
    rng = np.random.default_rng(0)
    for start in range(0, n_samples, 10_000):
        part = rng.standard_normal((min(10_000, n_samples - start), width), np.float32)
        X[start : start + 10_000] = (
            np.clip(64 * part + 128, 0, 255) if is_image else part
        )
    if form != "array":
        X.flush()
        del X
        X = np.load(folder / "X.npy", mmap_mode="r")
    return X


def write_parquet(n_samples: int, n_features: int, folder: Path) -> None:
    """Write the numbers of the array and the targets, in files of 50,000 samples."""
    rng = np.random.default_rng(0)
    for start in range(0, n_samples, 10_000):
        size = min(10_000, n_samples - start)
        part = rng.standard_normal((size, n_features), np.float32)
        columns = {f"x{j}": column for j, column in enumerate(part.T)}
        frame = pd.DataFrame(
            columns | dict(zip("abc", targets_of(part).T, strict=True))
        )
        frame.to_parquet(folder / f"{start:09d}.parquet", row_group_size=10_000)


def targets_of(X: np.ndarray) -> np.ndarray:
    """Return the targets (n_samples, 3)."""
    first = np.array(X[:, :4], dtype=np.float64)
    return np.column_stack([first[:, 0] + first[:, 1], first[:, 2], first[:, 3]])


def measure_stream(n_samples: int, args: argparse.Namespace) -> dict[str, float]:
    """Return what `measure` does for a folder of files; X are the float32 inputs."""
    model = make_model(None, args)
    with tempfile.TemporaryDirectory() as name:
        write_parquet(500, args.features, Path(name))
        model.fit_stream(name, ["a", "b", "c"])
    with tempfile.TemporaryDirectory() as name:
        write_parquet(n_samples, args.features, Path(name))
        gc.collect()
        before, size = resident(), 4 * n_samples * args.features / MB
        forget_peak()
        start = time.process_time()
        model.fit_stream(name, ["a", "b", "c"])
        seconds = time.process_time() - start
        peak = resident("VmHWM") - before
    per_sample = seconds / n_samples * 1e4
    return {"fit": peak / size, "predict": np.nan, "seconds": per_sample, "mb": peak}


def make_model(trunk: Conv | None, args: argparse.Namespace) -> MultiTaskRegressor:
    return MultiTaskRegressor(
        trunk=trunk,
        n_members=args.members,
        max_epochs=args.epochs,
        random_state=0,
        n_threads=1,
    )


def measure(form: str, n_samples: int, args: argparse.Namespace) -> dict[str, float]:
    """Return peaks in multiples of X, and CPU seconds for 10,000 samples."""
    trunk = Conv((1, SIDE, SIDE), channels=(4,)) if form == "images" else None
    model = make_model(trunk, args)
    with tempfile.TemporaryDirectory() as name:
        warm = make("images" if trunk else "array", 500, args.features, Path(name))
        model.fit(warm, np.array(warm[:, :3], dtype=float)).predict(warm)
    with tempfile.TemporaryDirectory() as name:
        gc.collect()
        before = resident()
        X = make(form, n_samples, args.features, Path(name))
        size, y = X.nbytes / MB, targets_of(X)
        forget_peak()
        start = time.process_time()
        model.fit(X, y)
        seconds = time.process_time() - start
        peak = (resident("VmHWM") - before) / size
        gc.collect()
        before = resident()
        forget_peak()
        model.predict(X)
        predict = (resident("VmHWM") - before) / size
    per_sample, mb = seconds / n_samples * 1e4, peak * size
    return {"fit": peak, "predict": predict, "seconds": per_sample, "mb": mb}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=100)
    parser.add_argument("--members", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument(
        "--few", type=int, default=10_000, help="for the cost per sample"
    )
    parser.add_argument("--rows", nargs="+", help="only these rows")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not Path("/proc/self/clear_refs").exists():
        raise SystemExit("This benchmark reads the peak of memory from Linux's /proc.")
    if args.row:
        is_stream = args.row == "parquet"
        measured = (
            measure_stream(args.samples, args)
            if is_stream
            else measure(args.row, args.samples, args)
        )
        print(json.dumps(measured))
        return
    rows: dict[str, Any] = {}
    forms = [("array", args.samples), ("memory map", args.samples)]
    forms += [("images", args.samples // 10), ("parquet", args.samples)]
    forms += [("few", args.few)]
    forms = [form for form in forms if not args.rows or form[0] in args.rows]
    print(f"{'':12} {'fit / X':>8} {'predict / X':>12} {'s per 10,000':>13} {'MB':>7}")
    for form, n_samples in forms:
        row = "array" if form == "few" else form
        command = [sys.executable, "-m", "benchmarks.memory", *sys.argv[1:]]
        command += ["--row", row, "--samples", str(n_samples)]
        found = json.loads(subprocess.check_output(command).splitlines()[-1])
        rows[form] = found
        print(f"{form:12} {found['fit']:8.2f} {found['predict']:12.2f}", end=" ")
        print(f"{found['seconds']:13.2f} {found['mb']:7.0f}", flush=True)
    if args.rows:
        record(args.json, {"rows": rows})
        return
    many, few = rows["array"]["seconds"], rows["few"]["seconds"]
    targets = print_targets(
        [
            ("fit, array / X", rows["array"]["fit"], "<=", 3.0),
            ("predict, array / X", rows["array"]["predict"], "<=", 0.2),
            ("fit, memory map / X", rows["memory map"]["fit"], "<=", 3.0),
            ("seconds per sample, many / few", many / few, "<=", 1.0),
            ("seconds, parquet / array", rows["parquet"]["seconds"] / many, "<=", 1.3),
        ]
    )
    record(args.json, {"rows": rows, "targets": targets})


if __name__ == "__main__":
    main()
