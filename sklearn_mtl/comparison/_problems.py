"""Errors and warnings of single fits, each told once."""

from __future__ import annotations

from collections.abc import Iterable

from sklearn_mtl.comparison._rows import Problem
from sklearn_mtl.comparison._words import listed

__all__ = ["told_once"]


def told_once(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    """Join equal problems of one model.

    Parameters
    ----------
    problems : iterable of Problem
        All of them.

    Returns
    -------
    list of (str, str)
        A line with the model, the splits (counted from 1) and the message, and the
        traceback of the first; errors come before warnings.
    """
    splits: dict[tuple[str, str, str, str], set[int]] = {}
    details: dict[tuple[str, str, str, str], str] = {}
    for problem in problems:
        key = (problem.kind, problem.model, problem.where, problem.message)
        splits.setdefault(key, set()).add(problem.split + 1)
        details.setdefault(key, problem.details)
    return [(_line(key, splits[key]), details[key]) for key in sorted(splits)]


def _line(key: tuple[str, str, str, str], splits: set[int]) -> str:
    kind, model, where, message = key
    numbers = [str(split) for split in sorted(splits)]
    inside = "inner fits of " * (where == "choice")
    name = "splits" if len(numbers) > 1 else "split"
    return f"{kind} in {model} ({inside}{name} {listed(numbers)}): {message}"
