"""Checks of the parameters of specs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from numbers import Integral, Real
from typing import Any

__all__ = ["check_choice", "check_count", "check_dropout", "check_share", "check_sizes"]


def check_sizes(spec: Any, name: str, *, least: int = 0) -> None:
    """Raise ValueError unless a parameter of a spec is a sequence of sizes."""
    sizes = getattr(spec, name)
    are_counts = isinstance(sizes, Iterable) and all(
        isinstance(size, Real) and float(size) >= 1 and float(size).is_integer()
        for size in sizes
    )
    if not are_counts:
        raise ValueError(
            f"{type(spec).__name__}: {name} must be a sequence of whole numbers of at "
            f"least 1; got {sizes!r}."
        )
    if len(list(sizes)) < least:
        what = "layer" if least == 1 else "numbers"
        raise ValueError(
            f"{type(spec).__name__}: {name} must have at least {least} {what}; got "
            f"{sizes}."
        )


def check_choice(spec: Any, name: str, allowed: Collection[Any]) -> None:
    """Raise ValueError unless a parameter is one of some values."""
    value = getattr(spec, name)
    if value not in allowed:
        raise ValueError(
            f"{type(spec).__name__}: {name} {value!r} is unknown; allowed are "
            f"{sorted(allowed, key=str)}."
        )


def check_count(spec: Any, name: str, most: int | None = None) -> None:
    """Raise ValueError unless a parameter is a whole number from 1 to most."""
    value = getattr(spec, name)
    is_count = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_count or value < 1 or (most is not None and value > most):
        limit = "of at least 1" if most is None else f"from 1 to {most}"
        raise ValueError(
            f"{type(spec).__name__}: {name} must be a whole number {limit}; got "
            f"{value!r}."
        )


def check_dropout(spec: Any, name: str = "dropout") -> None:
    """Raise ValueError unless a dropout rate is in [0, 1)."""
    value = getattr(spec, name)
    if not 0 <= value < 1:
        raise ValueError(
            f"{type(spec).__name__}: {name} must lie in [0, 1); got {value}."
        )


def check_share(spec: Any, name: str, most: float = float("inf")) -> None:
    """Raise ValueError unless a parameter is a number from 0 to most."""
    value = getattr(spec, name)
    if not isinstance(value, Real) or not 0 <= float(value) <= most:
        limit = "at least 0" if most == float("inf") else f"from 0 to {most:g}"
        raise ValueError(
            f"{type(spec).__name__}: {name} must be {limit}; got {value!r}."
        )
