"""The version of the package in every pickle of an estimator."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn_mtl._version import __version__
from sklearn_mtl.exceptions import OtherVersionWarning

__all__ = ["VersionedState"]


class VersionedState:
    """Write the version into pickles, and warn where another one is read.

    As scikit-learn's BaseEstimator does for its own; stands before it among the bases.
    """

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, and the version."""
        state: Any = super().__getstate__()
        return {**state, "_sklearn_mtl_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the attributes; warn if another version wrote them."""
        state = dict(state)
        written = state.pop("_sklearn_mtl_version", None)
        if written != __version__:
            name = type(self).__name__
            warnings.warn(
                f"{name}: pickled with sklearn_mtl {written}, read with {__version__}. "
                "What it predicts may differ, or using it fail.",
                OtherVersionWarning,
                stacklevel=2,
            )
        vars(self).update(state)
