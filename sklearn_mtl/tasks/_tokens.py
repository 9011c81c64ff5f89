"""Token labels: a tag for each token of each sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._values import drop_missing, is_missing, natural

__all__ = [
    "TokenLabels",
    "as_cells",
    "check_lengths",
    "drop_untagged",
    "has_spans",
    "holds_lists",
    "read_tags",
    "stack_codes",
    "token_rows",
]

_LISTS = (list, tuple, np.ndarray)


@dataclass(frozen=True)
class TokenLabels:
    """Tags of the tokens of all samples, one sample after the other.

    Attributes
    ----------
    codes : ndarray of shape (n_tokens,)
        Index of the tag in the classes of the task, as float64. NaN if the tag is
        missing, and -1 if it was not seen in fit.
    offsets : ndarray of shape (n_samples + 1,), int64
        The codes of sample i are ``codes[offsets[i]:offsets[i + 1]]``, which is empty
        if its label is missing.
    """

    codes: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_parts(cls, parts: Sequence[np.ndarray]) -> TokenLabels:
        """Join the codes of the samples; they are empty if the label is missing."""
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        codes = np.concatenate([np.empty(0), *parts]).astype(np.float64, copy=False)
        return cls(codes, np.concatenate([np.zeros(1, dtype=np.int64), ends]))

    @property
    def lengths(self) -> np.ndarray:
        """Number of tags of each sample (n_samples,); 0 if the label is missing."""
        return np.diff(self.offsets)

    def take(self, rows: np.ndarray) -> TokenLabels:
        """Return the labels of some samples, given by their indices or by a mask."""
        rows = np.arange(len(self.lengths))[rows]
        lengths = self.lengths[rows]
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        return TokenLabels(self.codes[token_rows(self.offsets[rows], lengths)], offsets)

    def flatten(
        self, rows: np.ndarray, cells: Sequence[Any], weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the observed tags of some samples, their cells, and their weights.

        Shapes: rows (n_rows,), cells (n_samples,), weights (n_rows,) -> (n_tags,),
        (n_tags, ...), (n_tags,).
        """
        labels = self.take(rows)
        seen = ~np.isnan(labels.codes)
        parts = [cells[row] for row, n in zip(rows, labels.lengths, strict=True) if n]
        given = np.concatenate(parts) if parts else np.empty(0)
        return labels.codes[seen], given[seen], np.repeat(weights, labels.lengths)[seen]


def token_rows(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the indices start, start + 1, ... of all runs of tokens, concatenated.

    Shapes: starts (n_runs,), lengths (n_runs,) -> (sum of lengths,).
    """
    # position in the result minus the first position of the run counts from 0
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def as_cells(parts: Iterable[Any]) -> np.ndarray:
    """Return an array of dtype object whose entries are lists or arrays."""
    parts = list(parts)  # np.array would convert lists of equal length to a matrix
    return np.fromiter(parts, dtype=object, count=len(parts))


def holds_lists(values: np.ndarray) -> bool:
    """Return whether labels of a column are lists, such as the tags of tokens."""
    return values.dtype.kind == "O" and any(isinstance(v, _LISTS) for v in values)


def drop_untagged(
    cells: np.ndarray, name: str, who: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lists with at least one tag, and a mask of these lists."""
    other = next((cell for cell in cells if not isinstance(cell, _LISTS)), None)
    if other is not None:
        raise TaskError(
            f"{who}: task {name!r} has both lists and other labels, such as {other!r}. "
            "Tags of tokens must be one list per sample, or None for a missing label."
        )
    has_tag = [not all(is_missing(tag) for tag in cell) for cell in cells]
    keep = np.array(has_tag, dtype=bool)
    return cells[keep], keep


def read_tags(
    cells: np.ndarray, name: str, who: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the observed tags, a mask of tokens with a tag, and the list lengths.

    Shapes: cells (n_observed,) -> (n_tags,), (n_tokens,), (n_observed,).
    """
    lengths = np.fromiter((len(cell) for cell in cells), np.int64, len(cells))
    tags = as_cells(chain.from_iterable(cells))
    present, seen = drop_missing(tags)
    return natural(present, name, who), seen, lengths


def has_spans(classes: np.ndarray) -> bool:
    """Return whether tags mark spans, as in the schemes IOB, IOBES and BILOU."""
    return any(str(tag)[:2] in ("B-", "I-") for tag in classes.tolist())


def check_lengths(
    tokens: Mapping[int, TokenLabels], given: Any, names: Sequence[str], who: str
) -> None:
    """Raise if the number of predicted tokens of a sample differs from its tags.

    Shapes: given (n_tasks, n_samples), with an entry for each token.
    """
    for t, labels in tokens.items():
        for row in np.flatnonzero(labels.lengths).tolist():
            n_tags, n_tokens = int(labels.lengths[row]), len(given[t][row])
            if n_tags != n_tokens:
                raise TaskError(
                    f"{who}: task {names[t]!r}: sample {row} has {n_tags} tags in y, "
                    f"but {n_tokens} tokens were predicted."
                )


def stack_codes(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return predicted codes (n_samples, n_tasks); dtype object for token tasks."""
    if all(column.dtype.kind != "O" for column in columns):
        return np.stack(columns, axis=1)
    return np.stack([column.astype(object) for column in columns], axis=1)
