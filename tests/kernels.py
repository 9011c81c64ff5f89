"""What must be the same whatever kernels a processor runs: `python -m tests.kernels`.

Prints a digest of every decision as JSON, so that a test can ask another process.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.model_selection import (
    MultiTaskKFold,
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
    train_test_split,
)

#: Settings under which every x86 processor computes as the oldest ones do.
OLDEST = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "ATEN_CPU_CAPABILITY": "default",
    # the second three are what NumPy before 2.4 calls the first two
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512F AVX2 FMA3",
}


def targets():
    """Return targets of several kinds whose strata often tie, by name."""
    rng = np.random.default_rng(0)
    classes = (rng.random((300, 6)) < 0.3).astype(float)
    classes[rng.random(classes.shape) < 0.3] = np.nan
    values = make_multitask_regression(
        150, 12, 5, relatedness=0.95, noise=1.0, random_state=1
    )[1]
    return {"classes": classes, "values": values}


def splitters(seed):
    """Return splitters by name, and whether they want groups."""
    shuffled = {"shuffle": True, "random_state": seed}
    return {
        "KFold": (MultiTaskKFold(5, **shuffled), False),
        "StratifiedKFold": (MultiTaskStratifiedKFold(5, **shuffled), False),
        "StratifiedKFold in order": (MultiTaskStratifiedKFold(3), False),
        "ShuffleSplit": (MultiTaskStratifiedShuffleSplit(2, random_state=seed), False),
        "GroupKFold": (MultiTaskStratifiedGroupKFold(5, **shuffled), True),
        "GroupKFold in order": (MultiTaskStratifiedGroupKFold(5), True),
    }


def split_digests():
    """Return a digest of every splitter's splits of every target."""
    found = {}
    for kind, y in targets().items():
        rows, group = np.arange(len(y)), np.arange(len(y)) // 3
        for seed in range(2):
            for name, (splitter, wants_groups) in splitters(seed).items():
                given = group if wants_groups else None
                splits = splitter.split(y, y, given)
                found[f"{name}, {kind}, {seed}"] = digest(test for _, test in splits)
            for name, given in (("rows", None), ("groups", group)):
                parts = train_test_split(
                    rows, stratify=y, groups=given, random_state=seed
                )
                found[f"train_test_split of {name}, {kind}, {seed}"] = digest(parts)
    return found


def digest(arrays):
    """Return a short text that differs where the arrays differ."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def decisions():
    """Return digests of all decisions, by name."""
    return split_digests()


def decisions_elsewhere(settings):
    """Return the decisions of a process with other settings."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.kernels"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(decisions()))
