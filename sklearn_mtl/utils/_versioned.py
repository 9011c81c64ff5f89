"""Version of the package in pickles of estimators."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn_mtl._version import __version__
from sklearn_mtl.exceptions import OtherVersionWarning

__all__ = ["VersionedState"]


class VersionedState:
    """Mixin that stores the package version in pickles, and warns if another is read.

    scikit-learn's BaseEstimator does the same with its version. The mixin must precede
    BaseEstimator in the list of base classes.
    """

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes and the version."""
        state: Any = super().__getstate__()
        return {**state, "_sklearn_mtl_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes, and warn if another version wrote them."""
        state = dict(state)
        written = state.pop("_sklearn_mtl_version", None)
        if written != __version__:
            name = type(self).__name__
            warnings.warn(
                f"{name}: pickled with sklearn_mtl {written}, read with {__version__}. "
                "It may fail or give different predictions.",
                OtherVersionWarning,
                stacklevel=2,
            )
        vars(self).update(state)
