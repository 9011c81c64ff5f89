"""Heads that use the outputs of the other tasks."""

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
    r"""Linear heads that also use the soft outputs of the other tasks.

    .. math:: y_t = head_t(z, y_{others}): \quad
        a_t^{(0)} = W_t z + b_t, \quad
        a_t^{(k)} = W_t z + b_t + \sum_{s \ne t} V_{ts}\, p_s(a_s^{(k-1)})

    where :math:`p` are the probabilities of a classification task, or the standardised
    value of a regression task. V is initialised with zeros, so that training starts
    from linear heads. Use it if the label of one task determines that of another; for
    example, a digit determines its parity. Missing labels do not affect :math:`p`.

    A text task uses the maximum probability of each tag over the tokens of the text. A
    token task uses the outputs for the whole text at each token.

    Parameters
    ----------
    n_passes : int, default=1
        Number of times that the outputs are fed back.

    Notes
    -----
    Each pass costs O(n_rows * n_outputs^2). For many tasks with many classes, use
    another head.

    References
    ----------
    H. Bilen, A. Vedaldi, "Integrated Perception with Recurrent Multi-Task Neural
    Networks", NeurIPS 2016, where outputs are fed back into the shared representation;
    D. Xu, W. Ouyang, X. Wang, N. Sebe, "PAD-Net: Multi-Tasks Guided
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
        """Return the blocks of the outputs: maps are the logits before feedback."""
        return list(blocks)

    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> HeadTail:
        """Return the feedback tail."""
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
        """None, because the maps have a bias."""
        return

    @property
    def task_of_maps(self) -> Tensor:
        """Task index of each linear map."""
        return tasks_of_columns(self.blocks)

    def owners(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return V; each column belongs to the task whose head uses it."""
        return [(self.weight, self.task_of_maps)]

    def readers(self) -> list[nn.Parameter]:
        """Return V; each row belongs to an output that heads use."""
        return [self.weight]

    def draw(self, generators: Sequence[Generator]) -> None:
        """Keep the initial zeros."""

    def forward(self, maps: Tensor, levels: TokenLevels | None = None) -> Tensor:
        """Feed the outputs back; `levels` connects text tasks and token tasks."""
        weight = self.weight * self.is_other
        logits = maps
        for _ in range(self.n_passes):
            soft = soft_outputs(logits, self.blocks)
            if levels is not None:
                soft = levels.exchange(soft)
            # added to the maps, not to the logits of the previous pass
            logits = maps + torch.bmm(soft, weight)
        return logits
