"""Real tables for tests: skip with a reason where they are not there."""

import os
from pathlib import Path

import numpy as np
import pytest

BESIDE = Path(__file__).parents[2] / "shared" / "data"
FOLDER = Path(os.environ.get("SKLEARN_MTL_DATA", BESIDE))


def load_real(name):
    """Return X, y (n_samples, n_tasks) and the other arrays of a real table."""
    file = FOLDER / f"{name}.npz"
    if not file.exists():
        pytest.skip(f"real data {name} is not in {FOLDER}")
    with np.load(file) as held:
        keys = {key: held[key] for key in held.files if key not in ("X", "Y")}
        return held["X"], held["Y"].astype(np.float64), keys
