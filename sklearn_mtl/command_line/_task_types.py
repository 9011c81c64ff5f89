"""Parsing and checking of the option --task-types."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.command_line._data_options import by_name
from sklearn_mtl.utils._guesses import with_guesses

__all__ = ["read_task_types"]

_TYPES = ("classification", "regression")


def read_task_types(values: list[str] | None, target: Any) -> dict[str, str] | None:
    """Return the types of the targets for which one is given.

    Raises
    ------
    ValueError
        If a type or a target is unknown, the number of values is wrong, or a target
        does not suit its type.
    """
    if values is None:
        return None
    names = list(target.columns)
    parts: list[str] = []
    for value in values:  # a name may have a comma in it
        is_whole = value.rpartition("=")[0] in names
        parts += [value] if is_whole else filter(None, value.split(","))
    found = by_name(parts, "--task-types", can_be_list=True)
    if isinstance(found, str):
        found = dict.fromkeys(names, found)
    if isinstance(found, list):
        if len(found) != len(names):
            raise ValueError(
                f"--task-types has {len(found)} values, but there are {len(names)} "
                "targets; give one value, one per target in order, or TARGET=TYPE."
            )
        found = dict(zip(names, found, strict=True))
    unknown = [name for name in found if name not in names]
    if unknown:
        raise ValueError(
            f"--task-types: unknown targets {with_guesses(unknown, names)}. "
            f"Targets: {', '.join(names)}."
        )
    for name, kind in found.items():
        _check(name, kind, target[name].dropna())
    return dict(found)


def _check(name: str, kind: str, labels: Any) -> None:
    if kind not in _TYPES:
        raise ValueError(
            f"--task-types {name}={kind}: unknown type {with_guesses([kind], _TYPES)}; "
            "it must be classification or regression."
        )
    is_number = labels.dtype.kind in "biuf"
    if kind == "regression" and not is_number:
        raise ValueError(
            f"--task-types {name}=regression: the target has values that are not "
            f"numbers, such as {str(labels.iloc[0])!r}."
        )
    if kind == "classification" and labels.dtype.kind == "f":
        fractions = labels[labels != np.floor(labels)]
        if len(fractions):
            raise ValueError(
                f"--task-types {name}=classification: the target has fractions, such "
                f"as {fractions.iloc[0]:g}; classes must be integers or texts."
            )
