"""Which tasks help which, as a table of the page that is coloured around zero."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from sklearn_mtl.comparison.report._words import signed

__all__ = ["affinity_table", "read_affinity"]

# Stronger colours would make the number in them hard to read.
_MOST = 0.6


def read_affinity(
    affinity: Any, task_names: Sequence[str]
) -> tuple[list[str], Any, str]:
    """Return names, values and method of an affinity in one of its forms.

    Shapes: affinity (n_tasks, n_tasks) -> values (n_tasks, n_tasks).
    """
    if hasattr(affinity, "columns"):
        names, values = [str(name) for name in affinity.columns], affinity.to_numpy()
    elif hasattr(affinity, "names") and hasattr(affinity, "values"):
        names, values = [str(name) for name in affinity.names], affinity.values
    else:
        names, values = list(task_names), affinity
    values = np.asarray(values, dtype=float)
    if values.shape != (len(names), len(names)):
        raise ValueError(
            f"Comparison: affinity has shape {values.shape}; {len(names)} tasks need "
            f"({len(names)}, {len(names)})."
        )
    return names, values, str(getattr(affinity, "method", ""))


def affinity_table(names: Sequence[str], values: np.ndarray) -> str:
    """Return the table; the colour says the sign, and its strength the size.

    Shapes: values (n_tasks, n_tasks).
    """
    others = ~np.eye(len(names), dtype=bool) & np.isfinite(values)
    largest = np.abs(values[others]).max() if others.any() else 1.0
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = []
    for i, name in enumerate(names):
        cells = "".join(
            _cell(values[i, j], largest) if i != j else "<td></td>"
            for j in range(len(names))
        )
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    body = "\n".join(rows)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="task affinity">'
        '<table class="heat"><thead><tr><th scope="col">helps</th>'
        f"{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(value: float, largest: float) -> str:
    if not np.isfinite(value):
        return "<td>-</td>"
    kind = "more" if value > 0 else "less"
    strength = _MOST * abs(value) / max(largest, 1e-12)
    return f'<td class="{kind}" style="--a:{strength:.2f}">{signed(value)}</td>'
