"""Tags of tokens beside the texts that have them, and their rows in a batch.

A token is a row of its own: in a batch of texts, the rows of all tokens stand below
those of the texts, and a task of texts has weight 0 in the rows of tokens, as has a
task of tokens in those of texts and of padding. So losses, weights of tasks and
balancing need to know nothing of tokens.
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

__all__ = ["LabelledTexts", "refuse_tokens", "with_tags"]


def with_tags(
    X: Any, tokens: Mapping[int, TokenLabels], task_set: TaskSet, who: str
) -> Any:
    """Return texts with the tags of their tokens, NaN where there is none.

    Raises
    ------
    TaskError
        If a sample has another number of tags than of tokens.
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
                f"tags in y, but its text has {n_tokens[row]} tokens. Give X as lists "
                "of tokens, or Text a tokenizer that cuts texts into those that have "
                "the tags."
            )
        tags[t] = np.full(len(X.tokens), np.nan)
        tags[t][np.repeat(n_tags > 0, n_tokens)] = labels.codes
    return replace(X, tags=tags)


def refuse_tokens(task_set: TaskSet, method: str, advice: str, who: str) -> None:
    """Refuse what is not possible once there is a task of tokens."""
    found = [task.name for task in task_set.tasks if task.is_tokens]
    if found:
        raise TaskError(
            f"{who}: {method} is not possible with tasks of tokens; found {found}. "
            f"{advice}"
        )


@dataclass
class LabelledTexts(LabelledRows):
    """Texts with labels, and tokens with tags.

    Attributes
    ----------
    tag_targets : Tensor of shape (n_tokens, n_trained)
        Numbers of the tags, 0 where missing and for tasks of texts.
    tag_weights : Tensor of shape (n_tokens, n_trained)
        Weights of the tags, 0 where missing and for tasks of texts.
    offsets : Tensor of shape (n_rows,), int64
        Number of the first token of each text.
    is_of_texts : Tensor of shape (n_trained,)
        1 for tasks of texts, 0 for those of tokens.
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
        """Add the tags of the tasks at some places of the layout, {place: column}.

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
        offsets = torch.as_tensor(texts.offsets[:-1], device=rows.targets.device)
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
        """Return the training batch of texts (n_members, n_batch) given by number."""
        targets, weights = self.labels(index)
        # The loss divides by the number of rows, which follows the longest text: with
        # this it divides by the number of texts, and a tag weighs the same everywhere.
        n_rows_a_text = targets.shape[1] / index.shape[1]
        return self.rows.take(index), (targets, weights * self.factor * n_rows_a_text)

    def labels(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return targets and weights of texts, and of all tokens below them."""
        targets, weights = super().labels(index)
        weights = (weights * self.is_of_texts).expand(*index.shape, -1)
        numbers, is_token = self.tokens(index)
        if not len(self.tag_targets):  # all texts are empty
            padding = targets.new_zeros(*numbers.shape, targets.shape[2])
            return torch.cat([targets, padding], 1), torch.cat([weights, padding], 1)
        tags = gather(self.tag_targets, numbers)
        tag_weights = gather(self.tag_weights, numbers) * is_token.unsqueeze(-1)
        return torch.cat([targets, tags], 1), torch.cat([weights, tag_weights], 1)

    def tokens(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the numbers of the tokens of texts, and which of them are no padding.

        Shapes: index (n_members, n_batch) -> (n_members, n_batch * n_tokens) each.
        """
        at = torch.arange(self._n_tokens(index), device=index.device)
        is_token = at < self._lengths[index].unsqueeze(-1)
        numbers = torch.where(is_token, self.offsets[index].unsqueeze(-1) + at, 0)
        return numbers.flatten(1), is_token.flatten(1)

    def spread(self, values: Tensor, index: Tensor) -> Tensor:
        """Repeat what holds for a text (n_members, n_batch) for its tokens."""
        tokens = values.repeat_interleave(self._n_tokens(index), dim=1)
        return torch.cat([values, tokens], dim=1)

    @property
    def _lengths(self) -> Tensor:
        assert self.rows.lengths is not None  # for the type checker
        return self.rows.lengths

    def _n_tokens(self, index: Tensor) -> int:
        """Return the tokens of the longest text, as `rows.take` does."""
        return max(int(self._lengths[index].max()), 1)
