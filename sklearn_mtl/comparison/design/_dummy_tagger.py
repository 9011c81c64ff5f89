"""Constant prediction of token tasks: the most frequent tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from sklearn_mtl.comparison.design._texts import samples_of
from sklearn_mtl.tasks import ClassOutputsMixin, TaskSet
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["DummyTagger"]


class DummyTagger(ClassOutputsMixin, ClassifierMixin, BaseEstimator):
    """Classifier that predicts the frequencies of the tags for every token."""

    def __init__(self, tokenizer: Callable[[str], Iterable[str]] | None = None) -> None:
        self.tokenizer = tokenizer

    def fit(self, X: FeaturesLike, y: TargetsLike) -> DummyTagger:
        """Count the tags.

        Shapes: X (n_samples,), y (n_samples,) or (n_samples, n_tasks).
        """
        self.task_set_, _ = TaskSet.from_y(
            y, kind="classification", who=type(self).__name__, allow_tokens=True
        )
        self.frequencies_ = []
        for t, labels in self.task_set_.encode_tokens(y).items():
            codes = labels.codes[~np.isnan(labels.codes)].astype(np.intp)
            n_tags = self.task_set_.tasks[t].n_classes
            self.frequencies_.append(np.bincount(codes, minlength=n_tags) / len(codes))
        return self

    def _task_outputs(self, X: FeaturesLike) -> list[Any]:
        cut = str.split if self.tokenizer is None else self.tokenizer
        lengths = [
            len([*cut(sample)] if isinstance(sample, str) else sample)
            for sample in samples_of(X)
        ]
        return [
            [np.tile(shares, (length, 1)) for length in lengths]
            for shares in self.frequencies_
        ]

    def __sklearn_tags__(self) -> Tags:
        """Declare that X is a list of texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags
