"""Penalty on differences between the heads of related tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

__all__ = ["HeadRelation", "HeadWeights"]

# A weight (n_members, n_in, n_columns), and the task index of each column.
HeadWeights = Sequence[tuple[nn.Parameter, Tensor]]

_LEAST = 1e-2  # minimum relative to the mean standard deviation, so Omega is invertible


class HeadRelation:
    r"""Quadratic penalty on the weights of comparable heads.

    Let :math:`w_t` be all weights of the head of task t, without biases, and W the
    matrix of these columns. The penalty is

    .. math:: R = \tfrac12 tr(W Q W^T)

    where Q is either twice the Laplacian of a similarity A, in which case R is
    :math:`\frac12 \sum_{s,t} A_{st} \|w_s - w_t\|^2`, or the inverse of the covariance
    :math:`\Omega = (W^T W)^{1/2} / tr (W^T W)^{1/2}`.

    Parameters
    ----------
    sets : sequence of sequence of int
        Sets of indices of tasks whose heads are comparable.

    References
    ----------
    T. Evgeniou, C. Micchelli, M. Pontil, "Learning Multiple Tasks with Kernel Methods",
    JMLR 6, 2005, section 3.1; Y. Zhang, D.-Y. Yeung, "A Convex Formulation for Learning
    Task Relationships in Multi-Task Learning", UAI 2010, eqs. 7 and 12.
    """

    def __init__(self, sets: Sequence[Sequence[int]]) -> None:
        self.sets = [list(places) for places in sets if len(places) > 1]

    def precision(self, similarity: Tensor) -> Tensor:
        """Return Q (n_members, n_trained, n_trained) for a similarity of that shape."""
        precision = torch.zeros_like(similarity)
        for places in self.sets:
            at = _pairs(places, similarity)
            part = similarity[at]
            laplacian = torch.diag_embed(part.sum(dim=-1)) - part
            # 1/2 tr(W Q W') is then the sum over pairs of S_st ||w_s - w_t||^2.
            precision[at] = 2.0 * laplacian
        return precision

    @torch.no_grad()
    def covariance(self, weights: HeadWeights) -> tuple[Tensor, Tensor]:
        """Return Omega and its inverse, both (n_members, n_trained, n_trained).

        Entries of tasks that are not comparable are zero. The trace of Omega in each
        set of comparable tasks is 1.
        """
        n_members, n_tasks = _shape(weights)
        covariance = weights[0][0].new_zeros(n_members, n_tasks, n_tasks)
        precision = torch.zeros_like(covariance)
        for places in self.sets:
            parts = (w.flatten(1, 2) for _, _, w in _select(weights, places))
            # Zhang and Yeung, eq. 12: Omega = (W'W)^1/2 / tr (W'W)^1/2.
            gram = torch.stack([w.mT @ w for w in parts]).sum(dim=0)
            values, vectors = torch.linalg.eigh(gram)
            roots = values.clamp(min=0.0).sqrt()
            floor = _LEAST * roots.mean(dim=-1, keepdim=True)
            roots = torch.maximum(roots, floor.clamp(min=1e-12))
            roots = roots / roots.sum(dim=-1, keepdim=True)
            at = _pairs(places, covariance)
            covariance[at] = (vectors * roots[:, None]) @ vectors.mT
            precision[at] = (vectors / roots[:, None]) @ vectors.mT
        return covariance, precision

    @torch.no_grad()
    def add_gradient(
        self, weights: HeadWeights, precision: Tensor, strength: float
    ) -> Tensor:
        """Return R of every member, and add its gradient times `strength` to grad.

        Shapes: precision (n_members, n_trained, n_trained) -> (n_members,).
        """
        value = weights[0][0].new_zeros(_shape(weights)[0])
        for places in self.sets:
            part = precision[_pairs(places, precision)]
            for parameter, columns, w in _select(weights, places):
                slope = w @ part[:, None]  # (n_members, n_in, K, n_tasks)
                value += 0.5 * (w * slope).sum(dim=(1, 2, 3))
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                parameter.grad[..., columns] += strength * slope
        return value


def _pairs(places: Sequence[int], like: Tensor) -> tuple[slice, Tensor, Tensor]:
    index = torch.as_tensor(places).to(like.device, non_blocking=True)
    return slice(None), index[:, None], index


def _shape(weights: HeadWeights) -> tuple[int, int]:
    parameter, task_of = weights[0]
    return len(parameter), int(task_of.max()) + 1


def _select(
    weights: HeadWeights, places: Sequence[int]
) -> Iterator[tuple[nn.Parameter, Tensor, Tensor]]:
    """Yield parameters, columns (K, tasks), and weights (n_members, n_in, K, tasks)."""
    for parameter, task_of in weights:
        columns = torch.stack([(task_of == t).nonzero()[:, 0] for t in places], dim=1)
        columns = columns.to(parameter.device, non_blocking=True)
        yield parameter, columns, parameter.detach()[..., columns]
