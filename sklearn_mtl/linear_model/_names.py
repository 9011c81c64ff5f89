"""From the parameter `penalty` to a penalty object."""

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
#: A penalty, and a value of `fit_intercept` beside True and False.
PARTIAL_POOLING = "partial_pooling"


def shared_and_own() -> Decomposition:
    """Return the penalty of a shared vector plus each task's own deviation from it.

    The ridge on the shared vector is small. It keeps the problem well posed where there
    are more features than rows or classes are separable.
    """
    return Decomposition([("shared", Shared(alpha=0.01)), ("own", Ridge(alpha=1.0))])


PENALTIES: dict[str, Callable[[], Penalty]] = {
    "chain": lambda: TaskGraph(graph="chain"),
    "l1": L1,
    "l21": L21,
    "mean": TaskGraph,
    PARTIAL_POOLING: shared_and_own,
    "ridge": Ridge,
    # alone, with alpha as the ridge on what all tasks have in common
    "shared": Shared,
    "task_covariance": TaskCovariance,
    "task_l21": TaskL21,
    "trace": TraceNorm,
}


def resolve_penalty(penalty: Any, who: str) -> Penalty:
    """Return the penalty that a name or an object stands for."""
    if penalty is None:
        return Ridge(alpha=0.0)
    if isinstance(penalty, str):
        if penalty not in PENALTIES:
            known = sorted([*PENALTIES, EMPIRICAL_BAYES])
            raise ValueError(
                f"{who}: penalty {penalty!r} is unknown. Known names: {known}; allowed "
                "are also None and the objects of sklearn_mtl.penalties."
            )
        chosen: Penalty = PENALTIES[penalty]()
    else:
        chosen = clone(penalty)
    return chosen
