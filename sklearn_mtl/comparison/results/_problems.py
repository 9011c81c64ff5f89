"""Summary of errors and warnings of individual fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from sklearn_mtl.comparison.results._rows import FitProblem
from sklearn_mtl.comparison.results._words import listed

__all__ = ["summarise_problems"]

_LONGEST = 300
_INSIDE = {"test": "", "choice": "inner fits of ", "curve": "fewer labels in "}


def summarise_problems(problems: Iterable[FitProblem]) -> list[tuple[str, str]]:
    """Merge equal errors of a model and warnings of a category into one line each."""
    ordered = sorted(problems, key=_group_key)  # stable: the first remains first
    groups = [list(group) for _, group in groupby(ordered, key=_group_key)]
    return [(_line(group), group[0].details) for group in groups]


def _group_key(problem: FitProblem) -> tuple[str, ...]:
    if problem.kind == "error":
        return (problem.kind, problem.model, problem.where, problem.message)
    return (problem.kind, problem.message.partition(":")[0])


def _line(group: Sequence[FitProblem]) -> str:
    first = group[0]
    message = first.message
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST]} ..."
    if first.kind == "error":
        inside = _INSIDE[first.where]
        return f"error in {first.model} ({inside}{_splits(group)}): {message}"
    models = listed(list(dict.fromkeys(problem.model for problem in group)))
    fits = "1 fit" if len(group) == 1 else f"{len(group)} fits"
    others = len({problem.message for problem in group}) - 1
    more = f" (and {others} more of this kind)" if others else ""
    return f"warning in {fits} of {models} ({_splits(group)}): {message}{more}"


def _splits(group: Sequence[FitProblem]) -> str:
    numbers = [str(split) for split in sorted({problem.split + 1 for problem in group})]
    return f"{'splits' if len(numbers) > 1 else 'split'} {listed(numbers)}"
