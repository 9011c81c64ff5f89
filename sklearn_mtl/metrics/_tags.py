"""True tags of token tasks, where each tag is a separate label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._truth import TaskTruth
from sklearn_mtl.tasks import as_cells

__all__ = ["TagTruth"]

_OUTSIDE = "O"


@dataclass(frozen=True)
class TagTruth(TaskTruth):
    """The observed tags of one task.

    `rows` are the indices of the tags among all tokens of `samples`.

    Attributes
    ----------
    samples : ndarray of shape (n_samples,)
        Indices of the samples that have tags.
    lengths : ndarray of shape (n_samples,)
        Number of tokens of each of these samples.
    """

    samples: np.ndarray
    lengths: np.ndarray

    @property
    def kind(self) -> str:
        return "tokens"

    @property
    def labels(self) -> Any:
        return self.regroup(super().labels)

    def regroup(self, values: np.ndarray) -> Any:
        """Return a list with the values at the observed tags of each sample."""
        counts = np.bincount(self._sample_of_tags, minlength=len(self.samples))
        parts = np.split(values, np.cumsum(counts)[:-1]) if len(counts) else []
        return [part.tolist() for part in parts]

    @property
    def weight_of_labels(self) -> np.ndarray:
        first = np.unique(self._sample_of_tags, return_index=True)[1]
        return self.weight[first]

    def align(self, given: Any, who: str) -> Any:
        """Return the predictions for each token of the samples."""
        predicted, scores = (
            None if cells is None else [cells[row] for row in self.samples.tolist()]
            for cells in (given.predicted, given.scores)
        )
        if predicted is not None:
            self._check(predicted, who)
            given = replace(given, predicted=as_cells(chain.from_iterable(predicted)))
        if scores is not None:
            self._check(scores, who)
            given = replace(given, scores=np.concatenate(scores))
        return given

    def in_sequence(
        self, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return tags, predictions and weights of tokens, with "O" between samples.

        A missing tag is "O" in tags and predictions.

        Shapes: values (n_tags,) -> (n_places,) each.
        """
        tags = super().labels
        places = self.rows + self._sample_of_tags  # one "O" per previous sample
        sequences = []
        for part in (tags, values):
            whole = np.full(self.lengths.sum() + len(self.samples), _OUTSIDE, object)
            whole[places] = part
            sequences.append(whole)
        weights = np.repeat(self.weight_of_labels, self.lengths + 1)
        return sequences[0], sequences[1], weights

    @property
    def _sample_of_tags(self) -> np.ndarray:
        """Return the index in `samples` of the sample of each tag."""
        return np.repeat(np.arange(len(self.samples)), self.lengths)[self.rows]

    def _check(self, cells: Sequence[Any], who: str) -> None:
        rows, lengths = self.samples.tolist(), self.lengths.tolist()
        for row, cell, length in zip(rows, cells, lengths, strict=True):
            if not isinstance(cell, list | tuple | np.ndarray):
                raise TaskError(
                    f"{who}: task {self.name!r} has lists of tags in y, but its "
                    f"prediction of sample {row} is {cell!r}. The estimator must "
                    "predict a tag for each token."
                )
            if len(cell) != length:
                raise TaskError(
                    f"{who}: task {self.name!r}: sample {row} has {length} tags in y, "
                    f"but {len(cell)} tokens were predicted."
                )
