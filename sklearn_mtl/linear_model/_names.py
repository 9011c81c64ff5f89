"""Names of penalties, and the penalty objects for these names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import clone

from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Penalty,
    Ridge,
    Shared,
    TaskCovariance,
    TaskGraph,
    TaskL21,
    TraceNorm,
)

__all__ = [
    "EMPIRICAL_BAYES",
    "PARTIAL_POOLING",
    "PENALTIES",
    "resolve_penalty",
    "shared_and_own",
]

EMPIRICAL_BAYES = "empirical_bayes"
#: Name of a penalty, and also a value of `fit_intercept`.
PARTIAL_POOLING = "partial_pooling"


def shared_and_own() -> Decomposition:
    """Return the penalty of a shared vector plus one deviation per task.

    The ridge on the shared vector is small. It makes the problem well-posed if there
    are more features than samples, or if classes are separable.
    """
    return Decomposition([("shared", Shared(alpha=0.01)), ("own", Ridge(alpha=1.0))])


PENALTIES: dict[str, Callable[[], Penalty]] = {
    "chain": lambda: TaskGraph(graph="chain"),
    "l1": L1,
    "l21": L21,
    "mean": TaskGraph,
    PARTIAL_POOLING: shared_and_own,
    "ridge": Ridge,
    # One model for all tasks, with alpha for the ridge on its coefficients.
    "shared": Shared,
    "task_covariance": TaskCovariance,
    "task_l21": TaskL21,
    "trace": TraceNorm,
}


def resolve_penalty(penalty: Any, who: str) -> Penalty:
    """Return the penalty for a name, a penalty object or None."""
    if penalty is None:
        return Ridge(alpha=0.0)
    if isinstance(penalty, str):
        if penalty not in PENALTIES:
            known = sorted([*PENALTIES, EMPIRICAL_BAYES])
            raise ValueError(
                f"{who}: penalty {penalty!r} is unknown; allowed are {known}, None, "
                "and the penalties of sklearn_mtl.penalties."
            )
        chosen: Penalty = PENALTIES[penalty]()
    else:
        chosen = clone(penalty)
    return chosen
