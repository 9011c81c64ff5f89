"""Labels of the tokens of texts: a tag for each word of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["TokenLabels", "token_rows"]


@dataclass(frozen=True)
class TokenLabels:
    """Tags of the tokens of all samples, one sample after the other.

    Attributes
    ----------
    codes : ndarray of shape (n_tokens,)
        Number of the tag among the classes of the task as float64, NaN where the tag is
        missing, -1 where it was not seen in fit.
    offsets : ndarray of shape (n_samples + 1,), int64
        Sample i has ``codes[offsets[i]:offsets[i + 1]]``: none where its label is
        missing.
    """

    codes: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_parts(cls, parts: Sequence[np.ndarray]) -> TokenLabels:
        """Join the codes of each sample; an empty array where the label is missing."""
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        codes = np.concatenate([np.empty(0), *parts]).astype(np.float64, copy=False)
        return cls(codes, np.concatenate([np.zeros(1, dtype=np.int64), ends]))

    @property
    def lengths(self) -> np.ndarray:
        """Number of tags of each sample (n_samples,); 0 where the label is missing."""
        return np.diff(self.offsets)

    def take(self, rows: np.ndarray) -> TokenLabels:
        """Return the labels of some samples, given by their numbers or by a mask."""
        rows = np.arange(len(self.lengths))[rows]
        lengths = self.lengths[rows]
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        return TokenLabels(self.codes[token_rows(self.offsets[rows], lengths)], offsets)


def token_rows(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the numbers start, start + 1, ... of every run of tokens, joined.

    Shapes: starts (n_runs,), lengths (n_runs,) -> (sum of lengths,).
    """
    # where each run begins in the result, subtracted, makes its numbers count from 0
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
