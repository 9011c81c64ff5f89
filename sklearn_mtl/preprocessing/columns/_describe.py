"""Description of the input columns of a table in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["describe_inputs"]

_KINDS = ("numeric", "categorical", "date", "text")
_MOST = 6


def describe_inputs(inputs: Any, keep: Callable[[str], str]) -> str:
    """Return the description of a fitted TableInputs."""
    parts = [_kind(inputs, kind) for kind in _KINDS]
    line = "inputs: " + (", ".join(filter(None, parts)) or "none")
    left_out = [
        f"{name} ({reason}{_hint(inputs, name, keep)})"
        for name, reason in inputs.left_out_.items()
    ]
    return f"{line}; left out: {_shortened(left_out)}" if left_out else line


def _kind(inputs: Any, kind: str) -> str:
    """Return the number of columns of a kind, with details for the reader."""
    names = [name for name, found in inputs.kinds_.items() if found == kind]
    if not names:
        return ""
    count = f"{len(names)} {kind}"
    if kind == "numeric":
        return count
    if kind == "categorical":
        names.sort(key=lambda name: -inputs.n_levels_[name])
        told = [f"{name}: {inputs.n_levels_[name]}" for name in names]
        told[0] += " level" if inputs.n_levels_[names[0]] == 1 else " levels"
        return f"{count} ({_shortened(told)})"
    if kind == "date":
        how = {name: f": {order}" for name, order in inputs.date_orders_.items()}
    else:
        how = dict.fromkeys(names, ": TF-IDF" if inputs.text == "tfidf" else "")
    return f"{count} ({_shortened([name + how.get(name, '') for name in names])})"


def _hint(inputs: Any, name: str, keep: Callable[[str], str]) -> str:
    return f"; {keep(name)}" if name in inputs._can_be_kept else ""


def _shortened(told: list[str]) -> str:
    more = f", ... {len(told) - _MOST} more" if len(told) > _MOST else ""
    return ", ".join(told[:_MOST]) + more
