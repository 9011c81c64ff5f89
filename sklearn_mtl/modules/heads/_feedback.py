"""Heads that see what the other tasks say."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from sklearn_mtl.modules._checks import check_count
from sklearn_mtl.modules.heads._spec import HeadSpec, HeadTail
from sklearn_mtl.modules.heads._task_heads import (
    HeadBlock,
    soft_outputs,
    tasks_of_columns,
)
from sklearn_mtl.modules.heads._token_levels import TokenLevels

__all__ = ["FeedbackHead", "FeedbackTail"]


class FeedbackHead(HeadSpec):
    r"""Linear heads that also read the soft outputs of the other tasks.

    .. math:: y_t = head_t(z, y_{others}): \quad
        a_t^{(0)} = W_t z + b_t, \quad
        a_t^{(k)} = W_t z + b_t + \sum_{s \ne t} V_{ts}\, p_s(a_s^{(k-1)})

    with the probabilities of a classification, or the standardised value of a
    regression, for :math:`p`. V begins at zero, so that training begins with linear
    heads. Use it where one task's answer decides another's: once a digit is known,
    so is its parity. The same :math:`p` are read whether or not labels are missing.

    A task of texts reads of a task of tokens the largest probability of each tag over
    the tokens, and a task of tokens reads at each token what is said of the text.

    Parameters
    ----------
    n_passes : int, default=1
        How often the outputs are fed back.

    Notes
    -----
    Costs O(n_rows * n_outputs^2) for each pass: many tasks of many classes are better
    off with another head.

    References
    ----------
    H. Bilen, A. Vedaldi, "Integrated Perception with Recurrent Multi-Task Neural
    Networks", NeurIPS 2016, who feed outputs back into the shared representation; D.
    Xu, W. Ouyang, X. Wang, N. Sebe, "PAD-Net: Multi-Tasks Guided
    Prediction-and-Distillation Network", CVPR 2018.

    Examples
    --------
    >>> from sklearn_mtl import MultiTaskClassifier
    >>> from sklearn_mtl.modules import FeedbackHead
    >>> model = MultiTaskClassifier(head=FeedbackHead())
    >>> model.set_params(head__n_passes=2).head
    FeedbackHead(n_passes=2)
    """

    def __init__(self, n_passes: int = 1) -> None:
        self.n_passes = n_passes

    def check(self) -> None:
        """Raise ValueError unless there is at least one pass."""
        check_count(self, "n_passes")

    def maps(self, blocks: Sequence[HeadBlock]) -> list[HeadBlock]:
        """Return the blocks: a map is a logit before the feedback."""
        return list(blocks)

    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> HeadTail:
        """Return the feedback."""
        return FeedbackTail(n_members, list(blocks), self.n_passes)


class FeedbackTail(HeadTail):
    """Add to each task's logits a linear map of the other tasks' soft outputs."""

    is_other: Tensor

    def __init__(
        self, n_members: int, blocks: Sequence[HeadBlock], n_passes: int
    ) -> None:
        super().__init__()
        self.blocks = list(blocks)
        self.n_passes = n_passes
        task_of = tasks_of_columns(blocks)
        n_outputs = len(task_of)
        self.weight = nn.Parameter(torch.zeros(n_members, n_outputs, n_outputs))
        self.register_buffer("is_other", task_of[:, None] != task_of, persistent=False)

    @property
    def output_bias(self) -> None:
        """The maps have it."""
        return

    @property
    def task_of_maps(self) -> Tensor:
        """Maps are logits."""
        return tasks_of_columns(self.blocks)

    def owners(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return V; a column belongs to the task that reads."""
        return [(self.weight, self.task_of_maps)]

    def readers(self) -> list[nn.Parameter]:
        """Return V; a row belongs to the output that is read."""
        return [self.weight]

    def draw(self, generators: Sequence[Generator]) -> None:
        """Leave V at zero, whatever the generators say."""

    def forward(self, maps: Tensor, levels: TokenLevels | None = None) -> Tensor:
        """Feed the outputs back as often as wanted, also between texts and tokens."""
        weight = self.weight * self.is_other
        logits = maps
        for _ in range(self.n_passes):
            soft = soft_outputs(logits, self.blocks)
            if levels is not None:
                soft = levels.exchange(soft)
            # Added to the maps and not to the last logits: the feedback does not add
            # up.
            logits = maps + torch.bmm(soft, weight)
        return logits
