"""Text inputs: strings or lists of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.tasks import as_cells
from sklearn_mtl.utils._frames import frame_columns, from_arrow, is_frame, is_series

__all__ = ["as_texts", "reads_texts", "samples_of", "text_frame"]

_LISTS = (list, tuple, np.ndarray)


def reads_texts(trunk: Any) -> bool:
    """Return whether a trunk reads texts, like `Text`."""
    return getattr(trunk, "preparation", None) == "text"


def as_texts(X: Any, trunk: Any) -> np.ndarray | None:
    """Return texts or lists of tokens as an array of objects, or None for tables.

    A table with a column of texts is a table. A nested list is a table unless its
    lists differ in length or the trunk reads texts.

    Shapes: -> (n_samples,).
    """
    X = from_arrow(X)
    columns = frame_columns(X) if is_frame(X) else []
    if len(columns) == 1 and _are_tokens(list(columns[0])):
        X = columns[0]
    is_nested = isinstance(X, list | tuple)
    is_column = is_series(X) or (isinstance(X, np.ndarray) and X.ndim == 1)
    samples = list(X) if is_nested or is_column else []
    if samples and all(isinstance(one, str) for one in samples):
        return as_cells(samples)
    allowed = (str, *_LISTS) if reads_texts(trunk) else ()
    is_text = bool(samples) and all(isinstance(one, allowed) for one in samples)
    if not is_text and _are_tokens(samples):
        is_text = is_column or len({len(one) for one in samples}) > 1
    return as_cells(samples) if is_text else None


def _are_tokens(samples: list[Any]) -> bool:
    """Return whether all samples are lists of strings."""
    return bool(samples) and all(
        isinstance(one, _LISTS) and all(isinstance(token, str) for token in one)
        for one in samples
    )


def text_frame(texts: np.ndarray) -> Any:
    """Return a table with one column of texts."""
    import pandas as pd

    joined = [text if isinstance(text, str) else " ".join(text) for text in texts]
    return pd.DataFrame({"text": joined})


def samples_of(X: Any) -> list[Any]:
    """Return the samples of a list, an array or a table with one column."""
    return list(frame_columns(X)[0] if is_frame(X) else X)
