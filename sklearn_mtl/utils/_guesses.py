"""Suggestions for unknown names in error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = ["with_guesses"]


def with_guesses(names: Sequence[str], known: Iterable[str]) -> str:
    """Return unknown names as text, each with the most similar known name."""
    by_lower: dict[str, str] = {}
    for one in known:
        by_lower.setdefault(str(one).lower(), str(one))
    found = []
    for name in names:
        close = difflib.get_close_matches(str(name).lower(), list(by_lower), 1)
        guess = f" (did you mean {by_lower[close[0]]!r}?)" if close else ""
        found.append(f"{str(name)!r}{guess}")
    return ", ".join(found)
