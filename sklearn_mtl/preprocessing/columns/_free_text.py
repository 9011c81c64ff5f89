"""Warning about free text that a model would treat as categories."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import FreeTextWarning
from sklearn_mtl.preprocessing.columns._kinds import is_free_text
from sklearn_mtl.utils._frames import is_pandas

__all__ = ["warn_of_free_text"]


def warn_of_free_text(
    who: str, columns: Sequence[Any], names: Sequence[Any], is_category: ArrayLike
) -> None:
    """Warn about categorical columns that contain free text."""
    places = np.flatnonzero(is_category).tolist()
    categories = [names[j] for j in places]
    texts = [names[j] for j in places if is_free_text(_as_pandas(columns[j]))]
    if not texts:
        return
    steps = [f"(TfidfVectorizer(), {name!r})" for name in texts]
    others = [name for name in categories if name not in texts]
    if others:
        steps.append(f"(OneHotEncoder(handle_unknown='ignore'), {others})")
    if len(categories) < len(columns):
        steps.append("remainder='passthrough'")
    shown = f"column {texts[0]!r}" if len(texts) == 1 else f"columns {texts}"
    warnings.warn(
        f"{who}: {shown} of X: free text is treated as categories, which are not "
        "informative about other texts. Encode the words: "
        f"make_pipeline(make_column_transformer({', '.join(steps)}), {who}()), or use "
        "sklearn_mtl.preprocessing.TableInputs() before the model, which also supports "
        "missing values.",
        FreeTextWarning,
        stacklevel=2,
    )


def _as_pandas(column: Any) -> Any:
    import pandas as pd

    if is_pandas(column):
        return column
    return pd.Series(column.to_list() if hasattr(column, "to_list") else column)
