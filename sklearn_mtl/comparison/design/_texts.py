"""Inputs that are texts, or lists of their tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.tasks import as_cells
from sklearn_mtl.utils._frames import frame_columns, from_arrow, is_frame, is_series

__all__ = ["as_texts", "reads_texts", "samples_of", "text_frame"]


def reads_texts(trunk: Any) -> bool:
    """Say whether a trunk reads texts, as `Text` does."""
    return getattr(trunk, "preparation", None) == "text"


def as_texts(X: Any, trunk: Any) -> np.ndarray | None:
    """Return texts, or lists of tokens for a trunk of texts, in an array of objects.

    None for tables, also for one with a column of texts. Shapes: -> (n_samples,).
    """
    X = from_arrow(X)
    is_flat = isinstance(X, list | tuple) or is_series(X)
    is_flat |= isinstance(X, np.ndarray) and X.ndim == 1
    samples = list(X) if is_flat else []
    lists = (list, tuple, np.ndarray)
    allowed = (str, *lists) if reads_texts(trunk) else str
    is_text = bool(samples) and all(isinstance(one, allowed) for one in samples)
    return as_cells(samples) if is_text else None


def text_frame(texts: np.ndarray) -> Any:
    """Return a table with one column of texts."""
    import pandas as pd

    joined = [text if isinstance(text, str) else " ".join(text) for text in texts]
    return pd.DataFrame({"text": joined})


def samples_of(X: Any) -> list[Any]:
    """Return the samples of a list, an array or a table with one column."""
    return list(frame_columns(X)[0] if is_frame(X) else X)
