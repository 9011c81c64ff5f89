"""Specs: arguments that are a name or a small estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sklearn.base import clone

__all__ = ["read_spec"]

Spec = TypeVar("Spec")


def read_spec(
    given: Any,
    known: Mapping[str, type[Spec]],
    base: type[Any],
    *,
    argument: str,
    example: str,
    who: str,
) -> Spec:
    """Return the spec of a name, or a checked copy of a spec."""
    if isinstance(given, str):
        if given not in known:
            raise ValueError(
                f"{who}: {argument} {given!r} is unknown; allowed are {sorted(known)}."
            )
        return known[given]()
    if not isinstance(given, base):
        raise TypeError(
            f"{who}: {argument} must be a name or a spec such as {example}; got "
            f"{given!r}."
        )
    given.check()
    return clone(given)
