"""Section of the page with the affinities between tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.comparison.results._words import signed
from sklearn_mtl.utils._frames import column_names

__all__ = ["affinity_section", "affinity_title", "read_affinity"]

# Number of colour levels in style.css, which are classes because the page has no
# inline styles.
_N_STRENGTHS = 10
_EMPTY: dict[str, Any] = {"text": "", "kind": "", "strength": 0}


def read_affinity(
    affinity: Any, task_names: Sequence[str]
) -> tuple[list[str], Any, str]:
    """Return names, values and method of an affinity of any accepted type.

    Shapes: affinity (n_tasks, n_tasks) -> values (n_tasks, n_tasks).
    """
    columns = column_names(affinity)
    if columns is not None:
        names, values = [str(name) for name in columns], affinity
    elif hasattr(affinity, "names") and hasattr(affinity, "values"):
        names, values = [str(name) for name in affinity.names], affinity.values
    else:
        names, values = list(task_names), affinity
    values = np.asarray(values, dtype=float)
    if values.shape != (len(names), len(names)):
        raise ValueError(
            f"Comparison: affinity has shape {values.shape}; for {len(names)} task "
            f"names it must be ({len(names)}, {len(names)})."
        )
    return names, values, str(getattr(affinity, "method", ""))


def affinity_title(affinity: Any) -> str:
    """Return the title of the section, which depends on the method of the affinity."""
    # associated labels do not imply that learning one task helps the other
    is_of_labels = getattr(affinity, "method", "") == "label"
    return "Association between labels" if is_of_labels else "Affinity between tasks"


def affinity_section(affinity: Any, task_names: Sequence[str]) -> dict[str, Any] | None:
    """Return the cells, whose colour shows the sign and the size of the affinity."""
    if affinity is None:
        return None
    names, values, method = read_affinity(affinity, task_names)
    others = ~np.eye(len(names), dtype=bool) & np.isfinite(values)
    largest = np.abs(values[others]).max() if others.any() else 1.0
    cells = [
        [_cell(value, largest) if i != j else _EMPTY for j, value in enumerate(row)]
        for i, row in enumerate(values)
    ]
    return {"names": names, "method": method, "cells": cells}


def _cell(value: float, largest: float) -> dict[str, Any]:
    if not np.isfinite(value):
        return _EMPTY | {"text": "-"}
    kind = "more" if value > 0 else "less"
    strength = round(_N_STRENGTHS * abs(value) / max(largest, 1e-12))
    return {"text": signed(value), "kind": kind, "strength": strength}
