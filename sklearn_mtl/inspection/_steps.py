"""Access to attributes of a fitted estimator."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.utils._pipelines import last_step
from sklearn_mtl.utils._typing import Estimator

__all__ = ["require"]


def require(estimator: Estimator, attribute: str, who: str, hint: str) -> Any:
    """Return an attribute of the last step of a fitted estimator, or raise."""
    _, last = last_step(estimator)
    if not hasattr(last, attribute):
        raise TypeError(
            f"{who}: {type(last).__name__} has no {attribute}; it must be {hint}."
        )
    return getattr(last, attribute)
