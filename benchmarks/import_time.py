"""Time to import the package, in addition to scikit-learn, in new processes.

Each round starts a new interpreter for every line below, in turn, and measures the time
from its first statement to the end of the import. torch is loaded only when a net is
first used.

    scikit-learn     import sklearn.base, sklearn.pipeline, sklearn.model_selection
    sklearn_mtl      the same, then import sklearn_mtl
    linear_model     the same, then import sklearn_mtl.linear_model
    a net            the same, then from sklearn_mtl import MultiTaskClassifier
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks._figures import record
from benchmarks._timing import print_targets, print_times

SKLEARN = "import sklearn.base, sklearn.pipeline, sklearn.model_selection"
IMPORTS = {
    "scikit-learn": SKLEARN,
    "sklearn_mtl": f"{SKLEARN}, sklearn_mtl",
    "linear_model": f"{SKLEARN}, sklearn_mtl.linear_model",
    "a net": f"{SKLEARN}; from sklearn_mtl import MultiTaskClassifier",
}
CLOCKED = "import time; start = time.{clock}(); {code}; print(time.{clock}() - start)"


def seconds_of(code: str, clock: str) -> float:
    """Run an import in a new interpreter and return how long it took."""
    line = CLOCKED.format(clock=clock, code=code)
    done = subprocess.run(
        [sys.executable, "-c", line], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Time the imports in interleaved rounds and print them with the target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--clock", choices=["process_time", "perf_counter"], default="process_time"
    )
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rounds = [
        {name: seconds_of(code, args.clock) for name, code in IMPORTS.items()}
        for _ in range(args.rounds + 1)
    ][1:]  # the first fills the caches of the file system
    seconds = {name: np.array([r[name] for r in rounds]) for name in IMPORTS}
    print_times("import in a new process", seconds, "scikit-learn")
    beyond = float(np.median(seconds["sklearn_mtl"] - seconds["scikit-learn"]))
    targets = print_targets([("s beyond scikit-learn's import", beyond, "<=", 0.3)])
    record(args.json, {"seconds": seconds, "targets": targets})


if __name__ == "__main__":
    main()
