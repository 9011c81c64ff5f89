"""Arguments that are a name or a small estimator: a spec."""

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
    """Return the spec that a name or a spec stands for.

    Parameters
    ----------
    given : str or spec
        What the user gave.
    known : dict of str to type
        The specs by name.
    base : type
        What a spec must be; with a method ``check``.
    argument : str
        Name of the argument, for messages.
    example : str
        What may stand there beside a name, for messages.
    who : str
        Who asks; messages begin with it.

    Returns
    -------
    spec
        A checked copy.

    Raises
    ------
    ValueError
        If the name is unknown or a parameter wrong.
    TypeError
        If it is something else.
    """
    if isinstance(given, str):
        if given not in known:
            raise ValueError(
                f"{who}: {argument} {given!r} is unknown; allowed are {sorted(known)}."
            )
        return known[given]()
    if not isinstance(given, base):
        raise TypeError(
            f"{who}: {argument} must be a name or a spec such as {example}; found "
            f"{given!r}."
        )
    given.check()
    return clone(given)
