"""Backward passes that balance the tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing import (
    GradientBalancer,
    LossBalancer,
    as_array,
    feature_gramian,
)
from sklearn_mtl.losses import FusedLoss
from sklearn_mtl.modules import MemberLinear, MultiTaskModule, weight_gradient
from sklearn_mtl.neural_network.data._batches import Batch
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.data._ranks import Ranks
from sklearn_mtl.neural_network.objective._gradients import exact_gramian
from sklearn_mtl.neural_network.objective._regularizer import Regularizer

__all__ = ["Balance", "GradientBalance", "LossBalance"]


class Balance(ABC):
    """Base class of balanced backward passes.

    Attributes
    ----------
    balancer : LossBalancer or GradientBalancer
        The balancing method and its state.
    generators : sequence of torch.Generator
        One generator per member during training.
    gramian : str or None
        Gradients that are compared, for the history.
    needs_post_step_loss : bool
        Whether `use_post_step_loss` must be called after the step.
    regularizer : Regularizer or None
        Other terms of the objective, which are not balanced.
    """

    gramian: str | None = None
    needs_post_step_loss = False
    regularizer: Regularizer | None = None
    balancer: LossBalancer | GradientBalancer

    def __init__(self, order: TaskOrder) -> None:
        self.order = order
        self.generators: Sequence[Generator] = ()
        self.start_epoch()

    def start_epoch(self) -> None:
        """Reset the factors of the previous epoch."""
        self._steps: list[tuple[Tensor, Tensor]] = []

    def start(self, weights: Tensor, factor: Tensor) -> None:  # noqa: B027 - the same
        """Use the weights of all training labels, and their factors in a batch.

        Shapes: weights (n_rows or 1, n_trained), factor (n_members, 1,
        n_trained).
        """

    def see(self, weights: Tensor) -> None:  # noqa: B027 - the same
        """Use the label weights (n_members, n_rows or 1, n_trained) of a batch."""

    def end(self) -> None:
        """Remove the objects that are used during training only."""
        self.generators, self.regularizer = (), None

    def _regularizer_gradient(self, logits: Tensor) -> Tensor | None:
        """Return the gradient of the regulariser at the logits, or None."""
        if self.regularizer is None:
            return None
        return self.regularizer.at_logits(logits)

    @abstractmethod
    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Set the gradients of the parameters; return logits and task losses."""

    def use_post_step_loss(  # noqa: B027 - a hook that most leave empty
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch
    ) -> None:
        """Use the losses of the same batch after the optimiser step."""

    def end_epoch(self, losses: Tensor) -> None:  # noqa: B027 - the same
        """Use the mean losses (n_members, n_trained) of the epoch."""

    def mean_factors(self) -> list[float]:
        """Return the mean factor of each task in the epoch, in the layout's order."""
        factors, present = (torch.cat(kind) for kind in zip(*self._steps, strict=True))
        self._steps = []
        mean = (factors * present).sum(dim=0) / present.sum(dim=0)
        return mean[self.order.places.argsort()].double().tolist()


class LossBalance(Balance):
    """Backward pass with task weights computed from losses, for all parameters.

    Parameters
    ----------
    order : TaskOrder
        Order of the tasks.
    balancer : LossBalancer
        The balancing method.
    """

    def __init__(self, order: TaskOrder, balancer: LossBalancer) -> None:
        super().__init__(order)
        self.balancer: LossBalancer = balancer
        self.needs_post_step_loss = balancer.method.needs_post_step_loss

    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Backpropagate the weighted gradient at the logits."""
        x, (targets, weights) = batch
        parts = module.encode(x)
        logits = module.decode(parts)
        values, dlogits = criterion(logits, targets, weights)
        task_weight = criterion.task_weight
        present = self.order.present(weights, task_weight, len(x))
        factors = self.balancer.factors(
            self.order.batch_means(values, weights),
            present,
            self.order.sort(task_weight),
            lr,
            self.generators,
        )
        self._steps.append((factors, present))
        # Factors of the losses are factors of the gradients at the logits, so that one
        # backward pass is enough.
        dlogits *= self.order.columns(factors)
        extra = self._regularizer_gradient(logits)
        if extra is not None:
            dlogits += extra
        penalty = module.penalty(parts, weights)
        if penalty is None:
            torch.autograd.backward(logits, dlogits)
        else:
            torch.autograd.backward([logits, penalty.sum()], [dlogits, None])
        return logits, values

    @torch.no_grad()
    def use_post_step_loss(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch
    ) -> None:
        """Compute the losses of the batch again."""
        x, (targets, weights) = batch
        values, _ = criterion(module(x), targets, weights)
        losses = self.order.batch_means(values, weights)
        self.balancer.use_post_step_loss(losses, self.order.sort(criterion.task_weight))

    def end_epoch(self, losses: Tensor) -> None:
        """Pass the mean losses of the epoch to the balancing method."""
        self.balancer.end_epoch(self.order.sort(losses))


class GradientBalance(Balance):
    """Backward pass with weights computed from the Gramian of the task gradients.

    The weights apply to the shared parameters. Heads and task-specific parts of a trunk
    get the unweighted gradient, as in the papers, because task-specific parameters
    cannot conflict.

    Parameters
    ----------
    order : TaskOrder
        Order of the tasks.
    balancer : GradientBalancer
        The balancing method.
    gramian : {"features", "shared"}
        Gradients in the Gramian: with respect to the shared representation of each
        sample in the batch, in closed form, or with respect to all shared parameters.
    """

    def __init__(
        self, order: TaskOrder, balancer: GradientBalancer, gramian: str
    ) -> None:
        super().__init__(order)
        self.balancer: GradientBalancer = balancer
        self.gramian = gramian
        self._scale: Tensor | None = None
        self._label_weights: Tensor | None = None

    def start(self, weights: Tensor, factor: Tensor) -> None:
        """Check whether all weights are 1, and whether they are equal within a sample.

        Shapes: weights (n_rows or 1, n_trained), factor (n_members, 1,
        n_trained).
        """
        # The Gramian is computed without the weights: weights of samples are divided
        # out by one number per sample, weights of labels by one number per output.
        is_missing, largest = weights == 0, weights.amax(dim=1, keepdim=True)
        is_plain = bool(((weights == 1) | is_missing).all())
        self._is_by_sample = bool(((weights == largest) | is_missing).all())
        self._scale = None if is_plain else torch.where(factor > 0, 1.0 / factor, 0.0)

    def see(self, weights: Tensor) -> None:
        """Store the label weights of a batch, before a schedule sets some to zero."""
        if self._scale is None or self.gramian != "features":
            self._label_weights = None
            return
        own = weights * self._scale
        by_output = own[..., self.order.place_of]
        largest = own.amax(dim=-1, keepdim=True)
        self._label_weights = largest if self._is_by_sample else by_output

    def end(self) -> None:
        """Remove the weights too."""
        super().end()
        self._scale = self._label_weights = None

    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Backpropagate plain gradients to the heads, weighted ones to the trunk."""
        x, labels = batch
        parts = module.encode(x)
        penalty = module.penalty(parts, labels[1])
        if (
            penalty is None
            and module.gradient_scale is None
            and module.is_linear_in_one_representation
            and type(module.heads) is MemberLinear
        ):
            return self._plain(module, criterion, parts, labels)
        # The graph is cut at the representation, because the heads get the plain
        # gradient and the shared parameters the weighted one.
        cut = tuple(part.detach().requires_grad_(part.requires_grad) for part in parts)
        logits = module.decode(cut)
        values, dlogits, weighted = self._gradients(
            module, criterion, parts, logits, labels
        )
        heads = module.head_parameters()
        torch.autograd.backward(logits, dlogits, inputs=heads, retain_graph=True)
        self._below(module, parts, cut, logits, dlogits, weighted, penalty)
        return logits, values

    @torch.no_grad()
    def _plain(
        self,
        module: MultiTaskModule,
        criterion: FusedLoss,
        parts: Sequence[Tensor],
        labels: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Compute gradients for linear heads on one representation."""
        z = parts[0]
        # without a graph above z: the gradients of linear heads are two products
        logits = module.heads(z)
        values, dlogits, weighted = self._gradients(
            module, criterion, parts, logits, labels
        )
        below = _linear_heads(module.heads, z, dlogits, weighted)
        if z.requires_grad:
            torch.autograd.backward(z, below)
        return logits, values

    def _gradients(
        self,
        module: MultiTaskModule,
        criterion: FusedLoss,
        parts: Sequence[Tensor],
        logits: Tensor,
        labels: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return losses, and the plain and the weighted gradient at the logits."""
        targets, weights = labels
        values, dlogits = criterion(logits, targets, weights)
        task_weight = criterion.task_weight
        present = self.order.present(weights, task_weight, len(dlogits))
        if self.balancer.is_due:
            losses = None
            if self.balancer.method.uses_losses:
                losses = self.order.batch_means(values, weights)
            gramian = self._gramian(module, parts, dlogits)
            self._update(gramian, present, self.order.sort(task_weight), losses)
        factors = torch.tensor(self.balancer.factors(), dtype=dlogits.dtype)
        factors = factors.to(dlogits.device, non_blocking=True)
        self._steps.append((factors, present))
        weighted = dlogits * self.order.columns(factors)
        extra = self._regularizer_gradient(logits)
        if extra is not None:
            dlogits, weighted = dlogits + extra, weighted + extra
        return values, dlogits, weighted

    def _update(
        self,
        gramian: Tensor,
        present: Tensor,
        task_weight: Tensor,
        losses: Tensor | None,
    ) -> None:
        """Pass the values of a step to the method, which computes with NumPy.

        Shapes: gramian (n_members, n_tasks, n_tasks), present, losses (n_members,
        n_tasks), task_weight (n_tasks,).
        """
        # one tensor, so that the host waits for a GPU only once
        weight = task_weight.to(gramian).expand_as(present).unsqueeze(1)
        rows = [gramian, present.to(gramian).unsqueeze(1), weight]
        if losses is not None:
            rows.append(losses.to(gramian).unsqueeze(1))
        n_tasks = len(task_weight)
        found = as_array(torch.cat(rows, dim=1))
        self.balancer.update(
            found[:, :n_tasks],
            found[:, n_tasks] > 0,
            found[0, n_tasks + 1],
            self.generators,
            None if losses is None else found[:, n_tasks + 2],
        )

    def _gramian(
        self, module: MultiTaskModule, parts: Sequence[Tensor], dlogits: Tensor
    ) -> Tensor:
        task_of, n_tasks = self.order.task_of, self.order.n_tasks
        if self.gramian == "features":
            weight, ranks = module.heads.weight.detach(), self.order.ranks
            gramian = feature_gramian(
                dlogits, weight, task_of, n_tasks, self._label_weights
            )
            return gramian if ranks is None else self._sum(gramian, ranks)
        return exact_gramian(module, parts, dlogits, task_of, n_tasks, self.order.ranks)

    def _sum(self, gramian: Tensor, ranks: Ranks) -> Tensor:
        """Return the Gramian of the samples of all processes."""
        # Each process divides the gradients by its number of samples.
        share = 1.0 if self._label_weights is None else ranks.padding
        return ranks.mean(gramian) * (share**2 / ranks.n_ranks)

    def _below(
        self,
        module: MultiTaskModule,
        parts: Sequence[Tensor],
        cut: Sequence[Tensor],
        logits: Tensor,
        dlogits: Tensor,
        weighted: Tensor,
        penalty: Tensor | None,
    ) -> None:
        """Continue the backward pass from the representation into the trunk."""
        moved = [number for number, part in enumerate(parts) if part.requires_grad]
        if not moved:
            return
        leaves = [cut[number] for number in moved]
        roots = [parts[number] for number in moved]
        extra = [] if penalty is None else [penalty.sum()]
        shared = {id(parameter) for parameter in module.shared_parameters()}
        private = [
            parameter
            for parameter in module.trunk.parameters()
            if parameter.requires_grad and id(parameter) not in shared
        ]
        if private:  # task-specific parts of the trunk get the plain gradient too
            plain = torch.autograd.grad(logits, leaves, dlogits, retain_graph=True)
            torch.autograd.backward(
                roots + extra,
                [*plain, *[None] * len(extra)],
                inputs=private,
                retain_graph=True,
            )
        below = torch.autograd.grad(logits, leaves, weighted)
        torch.autograd.backward(
            roots + extra,
            [*below, *[None] * len(extra)],
            inputs=module.shared_parameters() if private else None,
        )


def _linear_heads(
    heads: MemberLinear, z: Tensor, dlogits: Tensor, weighted: Tensor
) -> Tensor:
    """Set the plain gradients of linear heads; return the weighted one at z."""
    # same result as autograd, in one pass instead of two
    if heads.weight.requires_grad:
        heads.weight.grad = weight_gradient(z, dlogits)
    if heads.bias.requires_grad:
        heads.bias.grad = dlogits.sum(dim=1, keepdim=True)
    return weighted @ heads.weight.mT
