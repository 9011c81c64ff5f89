"""Detection of damaged model files, their size, and the time and memory of loading.

Five fitted models are saved, and the files are damaged --n times in total: one bit
flipped, truncated, a part removed, repeated or overwritten. Every damaged file must
raise a DamagedFileError. If one is loaded or raises another error, the run fails. Also
printed are the size of each file and the milliseconds of save and load, compared with
joblib, and the peak memory of a process that loads a net of about 100 MB.

    python -m benchmarks.damaged_files
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression

import sklearn_mtl
from benchmarks._figures import record_printed
from sklearn_mtl import (
    IndependentTasks,
    MultiTaskBlendClassifier,
    MultiTaskClassifier,
    MultiTaskLinearClassifier,
)
from sklearn_mtl.datasets import make_multitask_classification
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.exceptions import DamagedFileError

MODELS: dict[str, Any] = {
    "linear": MultiTaskLinearClassifier(),
    "independent": IndependentTasks(LogisticRegression()),
    "forest": MultiTaskForestClassifier(n_estimators=20, random_state=0),
    "net": MultiTaskClassifier(max_epochs=2, random_state=0),
    "blend": MultiTaskBlendClassifier(random_state=0),
}

#: Prints by how many kB a load increases the peak memory (on Linux).
LOAD = """
import sys, sklearn_mtl.persistence

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))

with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = status("VmRSS")
sklearn_mtl.load(sys.argv[1])
print(status("VmHWM") - before)
"""


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return damaged bytes."""
    out, way = bytearray(data), rng.integers(5)
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 1000))
    if way == 0:
        out[at] ^= 1 << int(rng.integers(8))
    elif way == 1:
        del out[at:]
    elif way == 2:
        del out[at : at + length]
    elif way == 3:
        out[at:at] = out[at : at + length]
    else:
        out[at : at + length] = rng.bytes(len(out[at : at + length]))
    return bytes(out)


def damage(data: bytes, path: Path, n: int, rng: np.random.Generator) -> Iterator[str]:
    """Yield the result of loading each of n damaged files."""
    done = 0
    while done < n:
        damaged = mutate(data, rng)
        if damaged == data:
            continue
        done += 1
        path.write_bytes(damaged)
        try:
            sklearn_mtl.load(path)
        except DamagedFileError:
            yield "refused"
        except Exception as error:
            yield f"another error: {type(error).__name__}"
        else:
            yield "LOADED"


def seconds(function: Any, *args: Any) -> float:
    """Return the best of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10_000, help="damaged files in all")
    parser.add_argument(
        "--json", type=Path, help="write what was measured, and how, to this file"
    )
    args = parser.parse_args()
    record_printed(args.json)
    n = args.n // len(MODELS)
    rng = np.random.default_rng(0)
    X, y = make_multitask_classification(random_state=0)
    is_clean = True
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "model.mtl", Path(folder) / "model.joblib"
        print(f"{'':12}{'bytes':>10}{'joblib':>10}{'save ms':>9}{'joblib':>8}", end="")
        print(f"{'load ms':>9}{'joblib':>8}   damaged files")
        for name, model in MODELS.items():
            model.fit(X, y)
            times = (
                seconds(sklearn_mtl.save, model, ours),
                seconds(joblib.dump, model, theirs),
                seconds(sklearn_mtl.load, ours),
                seconds(joblib.load, theirs),
            )
            data = ours.read_bytes()
            results = list(damage(data, Path(folder) / "damaged", n, rng))
            counts = {result: results.count(result) for result in sorted(set(results))}
            is_clean &= set(counts) == {"refused"}
            print(f"{name:12}{len(data):10}{theirs.stat().st_size:10}", end="")
            columns = zip(times, (9, 8, 9, 8), strict=True)
            print("".join(f"{1e3 * t:{width}.1f}" for t, width in columns), end="")
            print(f"   {counts}")
        options = {"hidden_layer_sizes": (5000, 5000), "n_members": 1, "max_epochs": 1}
        sklearn_mtl.save(MultiTaskClassifier(**options).fit(X, y), ours)
        run = [sys.executable, "-c", LOAD, str(ours)]
        peak = int(subprocess.run(run, check=True, capture_output=True).stdout)
        size = ours.stat().st_size / 1e6
        print(f"a net of {size:.1f} MB: loading takes {peak / 1e3:.1f} MB at most")
    if not is_clean:
        raise SystemExit("a damaged file was loaded without a DamagedFileError")


if __name__ == "__main__":
    main()
