"""Comparison of the kinds of values in the columns of all batches."""

from __future__ import annotations

from typing import Any

__all__ = ["ColumnKinds"]

_KINDS = {
    "boolean": "booleans",
    "datetime64": "dates",
    "datetime": "dates",
    "date": "dates",
    "decimal": "numbers",
    "floating": "numbers",
    "integer": "numbers",
    "mixed-integer-float": "numbers",
    "string": "text",
}


class ColumnKinds:
    """Kinds of values in the columns of the batches so far.

    Parameters
    ----------
    who : str
        Class name for errors.
    features : list of str
        Columns in which booleans count as numbers.
    """

    def __init__(self, who: str, features: list[Any]) -> None:
        self._who, self._features = who, set(features)
        self._known: dict[Any, tuple[str, str]] = {}

    def check(self, frame: Any, where: str) -> None:
        """Raise an error if a column has another kind of values than before."""
        if not frame.columns.is_unique:
            return  # another error names the duplicate columns
        for name in frame.columns:
            kind = _kind_of(frame[name])
            if kind is None:
                continue
            if kind == "booleans" and name in self._features:
                kind = "numbers"
            if kind == "numbers" and name in self._features:
                # not compared with text, because categories are usually texts
                kind = "categories" if _is_category(frame[name]) else kind
            known, first = self._known.setdefault(name, (kind, where))
            if kind != known:
                raise ValueError(
                    f"{self._who}: column {name!r} contains {kind} in {where}, but "
                    f"{known} in {first}. A column must have the same kind of values "
                    "in all batches."
                )


def _is_category(column: Any) -> bool:
    return hasattr(column.array, "categories")


def _kind_of(column: Any) -> str | None:
    """Return the kind of the values; None if there are none, or it is unknown."""
    from pandas.api.types import infer_dtype

    if not column.notna().any():
        return None
    values = getattr(column.array, "categories", column)
    return _KINDS.get(infer_dtype(values, skipna=True))
