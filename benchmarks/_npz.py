"""Read the real tables of the benchmarks, .npz files next to the repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

__all__ = ["load_npz"]


def load_npz(path: Path) -> Bunch:
    """Return a table in the names that scikit-learn's loaders use.

    data (n_samples, n_features) holds codes where `categorical`; target (n_samples,
    n_tasks) holds class codes and values, NaN where missing; groups is None or of shape
    (n_samples,).
    """
    with np.load(path) as file:  # without pickled objects
        return Bunch(
            data=file["X"],
            target=file["Y"].astype(np.float64),
            task_names=file["task_names"].tolist(),
            task_types=file["task_types"].tolist(),
            n_classes=file["n_classes"],
            categorical=file["categorical"],
            groups=file["groups"] if "groups" in file.files else None,
        )
