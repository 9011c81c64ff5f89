"""Tags of tokens, and their rows in a batch.

Every token has a separate row. In a batch of texts, the rows of the tokens follow those
of the texts. Text tasks have weight 0 in the rows of tokens, and token tasks have
weight 0 in the rows of texts and padding. Losses, task weights and balancing therefore
need no special treatment of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.data._batches import Batch, LabelledRows
from sklearn_mtl.neural_network.data._rows import gather
from sklearn_mtl.preprocessing import Texts
from sklearn_mtl.tasks import TaskSet, TokenLabels

__all__ = ["LabelledTexts", "label_sums", "refuse_tokens", "with_tags"]


def with_tags(
    X: Any, tokens: Mapping[int, TokenLabels], task_set: TaskSet, who: str
) -> Any:
    """Return texts with the tags of their tokens; NaN for missing tags.

    Raises
    ------
    TaskError
        If the numbers of tags and tokens of a sample differ.
    """
    if not tokens:
        return X
    tags = {}
    for t, labels in tokens.items():
        n_tags, n_tokens = labels.lengths, X.lengths
        wrong = np.flatnonzero((n_tags > 0) & (n_tags != n_tokens))
        if len(wrong):
            row = int(wrong[0])
            raise TaskError(
                f"{who}: task {task_set.names[t]!r}: sample {row} has {n_tags[row]} "
                f"tags in y, but its text has {n_tokens[row]} tokens. Pass lists of "
                "tokens as X, or set a tokenizer in Text that returns one token per "
                "tag."
            )
        tags[t] = np.full(len(X.tokens), np.nan)
        tags[t][np.repeat(n_tags > 0, n_tokens)] = labels.codes
    return replace(X, tags=tags)


def label_sums(weights: np.ndarray, X: Any) -> np.ndarray:
    """Return the sums of the label weights of each task; each tag is a label.

    Shapes: weights (n_samples, n_tasks) -> (n_tasks,).
    """
    sums: np.ndarray = weights.sum(axis=0)
    for t, tags in X.tags.items() if isinstance(X, Texts) else ():
        sums[t] = weights[X.samples[~np.isnan(tags)], t].sum()
    return sums


def refuse_tokens(task_set: TaskSet, method: str, advice: str, who: str) -> None:
    """Raise an error if there are token tasks."""
    found = [task.name for task in task_set.tasks if task.is_tokens]
    if found:
        raise TaskError(
            f"{who}: {method} does not support token tasks; got {found}. {advice}"
        )


@dataclass
class LabelledTexts(LabelledRows):
    """Texts with labels, and tokens with tags.

    Attributes
    ----------
    tag_targets : Tensor of shape (n_tokens, n_trained)
        Indices of the tags; 0 for missing tags and text tasks.
    tag_weights : Tensor of shape (n_tokens, n_trained)
        Weights of the tags; 0 for missing tags and text tasks.
    offsets : Tensor of shape (n_rows,), int64
        Index of the first token of each text, on the CPU.
    is_of_texts : Tensor of shape (n_trained,)
        1 for text tasks, 0 for token tasks.
    """

    tag_targets: Tensor
    tag_weights: Tensor
    offsets: Tensor
    is_of_texts: Tensor

    @classmethod
    def of(
        cls,
        texts: Texts,
        rows: LabelledRows,
        weights: np.ndarray,
        places: Mapping[int, int],
    ) -> LabelledTexts:
        """Add the tags of the token tasks {index in the layout: column of y}.

        Shapes: weights (n_rows, n_trained).
        """
        shape = len(texts.tokens), weights.shape[1]
        targets, tag_weights = np.zeros(shape), np.zeros(shape)
        is_of_texts = np.ones(shape[1])
        for place, column in places.items():
            tags = texts.tags[column]
            targets[:, place] = np.nan_to_num(tags, nan=0.0)
            tag_weights[:, place] = weights[texts.samples, place] * ~np.isnan(tags)
            is_of_texts[place] = 0.0
        made = [
            torch.as_tensor(values).to(rows.targets)
            for values in (targets, tag_weights, is_of_texts)
        ]
        offsets = torch.as_tensor(texts.offsets[:-1])
        return cls(
            rows.rows,
            rows.targets,
            rows.weights,
            rows.shift,
            rows.scale,
            rows.factor,
            tag_targets=made[0],
            tag_weights=made[1],
            offsets=offsets,
            is_of_texts=made[2],
        )

    def batch(self, index: Tensor) -> Batch:
        """Return the training batch of the texts with indices (n_members, n_batch)."""
        targets, weights = self.labels(index)
        # The loss divides by the number of rows, which depends on the longest text.
        # With this factor it divides by the number of texts, so that all tags count
        # equally.
        n_rows_a_text = targets.shape[1] / index.shape[1]
        return self.rows.take(index), (targets, weights * self.factor * n_rows_a_text)

    def labels(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return targets and weights of texts, followed by those of their tokens."""
        targets, weights = super().labels(index)
        weights = (weights * self.is_of_texts).expand(*index.shape, -1)
        numbers, is_token = map(self.placed, self.tokens(index))
        if not len(self.tag_targets):  # all texts are empty
            padding = targets.new_zeros(*numbers.shape, targets.shape[2])
            return torch.cat([targets, padding], 1), torch.cat([weights, padding], 1)
        tags = gather(self.tag_targets, numbers)
        tag_weights = gather(self.tag_weights, numbers) * is_token.unsqueeze(-1)
        return torch.cat([targets, tags], 1), torch.cat([weights, tag_weights], 1)

    def tokens(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the indices of the tokens of texts, and the mask of real tokens.

        Shapes: index (n_members, n_batch) -> (n_members, n_batch * n_tokens) each.
        """
        at = torch.arange(self._n_tokens(index))
        is_token = at < self._lengths[index].unsqueeze(-1)
        numbers = torch.where(is_token, self.offsets[index].unsqueeze(-1) + at, 0)
        return numbers.flatten(1), is_token.flatten(1)

    def spread(self, values: Tensor, index: Tensor) -> Tensor:
        """Append the values of texts (n_members, n_batch) repeated for their tokens."""
        tokens = values.repeat_interleave(self._n_tokens(index), dim=1)
        return torch.cat([values, tokens], dim=1)

    @property
    def _lengths(self) -> Tensor:
        assert self.rows.lengths is not None  # for the type checker
        return self.rows.lengths

    def _n_tokens(self, index: Tensor) -> int:
        """Return the length of the longest text, like `rows.take`."""
        return max(int(self._lengths[index].max()), 1)
