"""Description of data, arguments and versions that reproduces a comparison."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.comparison.design._inputs import Inputs, n_rows
from sklearn_mtl.comparison.design._splits import Split
from sklearn_mtl.comparison.design._targets import Targets

__all__ = ["describe_folds", "describe_setting", "package_versions"]

_PACKAGES = ("sklearn-mtl", "scikit-learn", "numpy", "pandas", "torch", "skorch")


def describe_setting(
    inputs: Inputs,
    targets: Targets,
    groups: ArrayLike | None,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a description of data, arguments and versions."""
    unlabelled = int((~targets.observed()).all(axis=1).sum())
    setting: dict[str, Any] = {
        "n_samples": n_rows(inputs.X),
        "n_features": int(inputs.X.shape[1]),
        "n_categorical_features": len(inputs.categorical),
        "has_missing_inputs": inputs.has_missing,
        "n_rows_without_label": unlabelled,
        "n_groups": None if groups is None else len(np.unique(np.asarray(groups))),
        "missing_fraction": arguments["missing_fraction"],
        "random_state": arguments["random_state"],
    }
    setting["call"] = _call(arguments, groups is not None)
    setting["versions"] = package_versions()
    return setting


def describe_folds(splits: Sequence[Split]) -> dict[str, str]:
    """Return the number of splits, and a digest of their sample indices."""
    rows = [np.asarray(part, dtype=np.int64) for split in splits for part in split]
    return {"folds": f"{len(splits)} splits", "folds_digest": joblib.hash(rows)[:12]}


def _call(arguments: Mapping[str, Any], has_groups: bool) -> str:
    """Return the call as text, with the names of the data and the reprs of the rest."""
    parts = ["X", "y"]
    for name, value in arguments.items():
        if value is not None:
            parts.append(f"{name}={_shown(value)}")
    if has_groups:
        parts.append("groups=groups")
    return f"compare({', '.join(parts)})"


def _shown(value: Any) -> str:
    return " ".join(repr(value).split())


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results."""
    found = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # a source tree that is not installed
            continue
    return found
