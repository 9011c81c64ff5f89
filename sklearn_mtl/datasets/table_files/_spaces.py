"""Stripping of texts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

__all__ = ["strip_texts"]


def strip_texts(frame: Any, missing: Collection[str]) -> Any:
    """Return the DataFrame with stripped texts, so that "yes " and "yes" are equal.

    Stripped texts that mean a missing value become missing.
    """
    from pandas.api import types

    stripped = {}
    for name in frame.columns:
        column = frame[name]
        if not (types.is_object_dtype(column) or types.is_string_dtype(column)):
            continue
        try:
            values = column.dropna().unique()
        except TypeError:  # lists have no hash
            continue
        texts = {v: v.strip() for v in values if isinstance(v, str) and v != v.strip()}
        if texts:
            gaps = {v: None if text in missing else text for v, text in texts.items()}
            stripped[name] = column.map(lambda v, new=gaps: new.get(v, v))
    return frame.assign(**stripped)
