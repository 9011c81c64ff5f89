"""LaTeX tables of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison.results._gains import MEAN
from sklearn_mtl.comparison.results._words import number

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._datasets_result import DatasetsResult
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["dataset_table", "latex_table", "score_table"]

_ESCAPED = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # the default font encoding would print other characters
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **dict.fromkeys("\n\r\t", " "),
}


def score_table(comparison: ComparisonResult) -> str:
    """Return the mean scores of all models."""
    table = comparison.table
    columns = [*(task.name for task in comparison.tasks), MEAN]
    header = ["model", *columns]
    return latex_table(header, list(table.index), table[columns].to_numpy())


def latex_table(header: Sequence[str], names: Sequence[str], values: np.ndarray) -> str:
    """Return values (n_rows, n_columns) as a tabular, the best of a column in bold."""
    return "\n".join(_lines(header, names, values, _are_best(values.T).T))


def dataset_table(found: DatasetsResult) -> str:
    """Return the mean scores on every data set, and the mean ranks of the models."""
    table = found.table
    header, values = ["data set", *table.columns], table.to_numpy()
    lines = _lines(header, list(table.index), values, _are_best(values))
    ranks = found.mean_ranks.reindex(table.columns).to_numpy()
    cells = [_cell(*pair) for pair in zip(ranks, _are_best(-ranks), strict=True)]
    at = lines.index("\\bottomrule")
    lines[at:at] = ["\\midrule", _line(["mean rank", *cells])]
    return "\n".join(lines)


def _are_best(values: np.ndarray) -> np.ndarray:
    """Return which values are the largest of their row, including ties."""
    known = np.where(np.isnan(values), -np.inf, values)
    best = known.max(axis=-1, keepdims=True, initial=-np.inf)
    return np.isfinite(known) & (known == best)


def _lines(
    header: Sequence[str],
    names: Sequence[str],
    values: np.ndarray,
    is_best: np.ndarray,
) -> list[str]:
    """Return the lines of a tabular, ending with an empty line."""
    lines = [
        f"\\begin{{tabular}}{{l{'r' * values.shape[1]}}}",
        "\\toprule",
        _line([escape(str(name)) for name in header]),
        "\\midrule",
    ]
    for name, row, marks in zip(names, values.tolist(), is_best, strict=True):
        cells = [_cell(*pair) for pair in zip(row, marks, strict=True)]
        lines.append(_line([escape(str(name)), *cells]))
    return [*lines, "\\bottomrule", "\\end{tabular}", ""]


def escape(text: str) -> str:
    """Return a text with the special characters of LaTeX escaped."""
    return "".join(_ESCAPED.get(mark, mark) for mark in text)


def _line(cells: Sequence[str]) -> str:
    line = f"{' & '.join(cells)} \\\\"
    # LaTeX would read [x] or * as an argument of the command before it
    return f"{{}}{line}" if line.startswith(("[", "*")) else line


def _cell(value: float, is_best: bool) -> str:
    text = "--" if np.isnan(value) else number(value)
    if text.startswith("-") and len(text) > 2:
        text = f"$-${text[1:]}"
    return f"\\textbf{{{text}}}" if is_best else text
