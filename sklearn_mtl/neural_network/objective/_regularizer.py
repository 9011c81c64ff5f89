"""Terms of the objective in addition to the losses of the tasks."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sklearn_mtl.losses import OutputLayout, OutputRelation, comparable_tasks
from sklearn_mtl.modules import HeadRelation, MultiTaskModule
from sklearn_mtl.neural_network.objective._owners import head_weights

__all__ = ["Regularizer", "Relation", "squared_weights"]


class Relation:
    """Penalty R on differences between related tasks.

    Parameters
    ----------
    layout : OutputLayout
        Assignment of logits to tasks.
    given : Tensor of shape (n_trained, n_trained) or None
        Similarity of the tasks in the order of the layout; None learns it from the
        heads.
    on : {"outputs", "heads"}
        Quantities whose differences are penalised.
    strength : float
        Factor of R in the objective.
    is_begun : bool, default=False
        Whether the heads are trained already, so that the relation can be learned from
        them.
    """

    def __init__(
        self,
        layout: OutputLayout,
        given: Tensor | None,
        on: str,
        strength: float,
        *,
        is_begun: bool = False,
    ) -> None:
        self.layout = layout
        self.given = given
        self.on = on
        self.strength = strength
        self.is_begun = is_begun
        self.of_outputs = OutputRelation(layout)
        self.of_heads = HeadRelation([places for _, places in comparable_tasks(layout)])

    def start_epoch(self, module: MultiTaskModule) -> None:
        """Learn the relation from the current heads, unless it is given."""
        like = module.heads.weight.detach()
        if self.given is not None:
            similarity = self.given.to(like)[None]
            self._similarity = similarity
            self._precision = self.of_heads.precision(similarity)
        else:
            covariance, self._precision = self._learn(module)
            deviation = covariance.diagonal(dim1=1, dim2=2).clamp(min=1e-30).sqrt()
            correlation = covariance / (deviation[:, :, None] * deviation[:, None])
            # with negative similarities, the penalty would not be convex
            self._similarity = correlation.clamp(min=0.0)
        self.is_begun = True

    def _learn(self, module: MultiTaskModule) -> tuple[Tensor, Tensor]:
        """Return Omega and its inverse; multiples of I before the first epoch."""
        weights = head_weights(module, self.layout)
        covariance, precision = self.of_heads.covariance(weights)
        if not self.is_begun:
            for places in self.of_heads.sets:
                at = torch.as_tensor(places, device=covariance.device)
                # Omega = I / n has trace 1, like a learned one
                even = torch.eye(len(places)).to(covariance)
                covariance[:, at[:, None], at] = even / len(places)
                precision[:, at[:, None], at] = even * len(places)
        return covariance, precision

    def matrix(self, module: MultiTaskModule) -> Tensor:
        """Return the relation (n_trained, n_trained) at the end of a fit."""
        if self.given is not None:
            return self.given
        weights = head_weights(module, self.layout)
        return self.of_heads.covariance(weights)[0].mean(dim=0)

    def at_logits(self, logits: Tensor, rows: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return R of every member and its gradient; None if R is on the heads."""
        if self.on == "heads":
            return None
        return self.of_outputs(logits, self._similarity, rows)

    def at_heads(self, module: MultiTaskModule) -> Tensor | None:
        """Add the gradient of R to the heads, and return R; None if on outputs."""
        if self.on == "outputs":
            return None
        weights = head_weights(module, self.layout)
        return self.of_heads.add_gradient(weights, self._precision, self.strength)


class Regularizer:
    """Terms of the objective in addition to the losses, with gradients in closed form.

    Parameters
    ----------
    relation : Relation or None
        Penalty on differences between related tasks.
    shared_penalty : float
        Factor of the squared weights of the shared layers.
    factor : Tensor of shape (n_members, 1, n_trained)
        Factor by which the weights of labels were multiplied to normalise each task.
    """

    def __init__(
        self, relation: Relation | None, shared_penalty: float, factor: Tensor
    ) -> None:
        self.relation = relation
        self.shared_penalty = shared_penalty
        self.scale = torch.where(factor > 0, 1.0 / factor, 0.0)
        self._sums: dict[str, Tensor] = {}
        self._n_steps = 0

    def state_dict(self) -> dict[str, bool]:
        """Return the state on which later epochs depend, except for parameters."""
        return {"is_begun": self.relation is not None and self.relation.is_begun}

    def load_state_dict(self, state: dict[str, bool]) -> None:
        """Load a state returned by `state_dict`."""
        if self.relation is not None:
            self.relation.is_begun = state["is_begun"]

    def start_epoch(self, module: MultiTaskModule) -> None:
        """Prepare the relation, and reset the sums of the previous epoch."""
        self._sums, self._n_steps = {}, 0
        if self.relation is not None:
            self.relation.start_epoch(module)

    def see(self, weights: Tensor) -> None:
        """Store the label weights (n_members, n_rows or 1, n_trained) of a batch.

        The weight of a sample is the largest one of its labels, and 0 without labels.
        """
        self._weights = weights

    def at_logits(self, logits: Tensor) -> Tensor | None:
        """Return the gradient of the terms at the logits, or None.

        Shapes: logits (n_members, n_rows, n_outputs) -> (n_members, n_rows,
        n_outputs).
        """
        if self.relation is None:
            return None
        rows = (self._weights * self.scale).amax(dim=-1).expand(logits.shape[:2])
        found = self.relation.at_logits(logits, rows)
        if found is None:
            return None
        self._count("task_relation", self.relation.strength * found[0])
        return found[1].mul_(self.relation.strength)

    @torch.no_grad()
    def at_parameters(self, module: MultiTaskModule) -> None:
        """Add the gradients of the terms that depend on the parameters only."""
        self._n_steps += 1
        if self.relation is not None:
            found = self.relation.at_heads(module)
            if found is not None:
                self._count("task_relation", self.relation.strength * found)
        if self.shared_penalty:
            n_members = len(module.heads.weight)
            squares = squared_weights(module) / n_members
            self._count("shared_penalty", self.shared_penalty * squares)
            for parameter in _shared_weights(module):
                # weights that no loss of this step depends on are penalised too
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                parameter.grad.add_(parameter, alpha=2.0 * self.shared_penalty)

    def _count(self, name: str, values: Tensor) -> None:
        self._sums[name] = self._sums.get(name, 0.0) + values.mean()

    def means(self) -> dict[str, float]:
        """Return the mean of each term over the steps of the epoch and over members."""
        return {
            name: float(total) / self._n_steps for name, total in self._sums.items()
        }


def squared_weights(module: MultiTaskModule) -> Tensor:
    """Return the sum of the squared shared weights, without biases."""
    squares = [weight.detach().square().sum() for weight in _shared_weights(module)]
    return torch.stack(squares).sum() if squares else torch.zeros(())


def _shared_weights(module: MultiTaskModule) -> Iterator[nn.Parameter]:
    shared = {id(parameter) for parameter in module.shared_parameters()}
    for name, parameter in module.trunk.named_parameters():
        if id(parameter) in shared and not name.endswith("bias"):
            yield parameter
