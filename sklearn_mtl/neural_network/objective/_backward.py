"""How a step puts the gradients of the tasks together."""

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
from sklearn_mtl.neural_network.objective._gradients import exact_gramian
from sklearn_mtl.neural_network.objective._regularizer import Regularizer

__all__ = ["Balance", "GradientBalance", "LossBalance"]


class Balance(ABC):
    """Base of what does the backward pass of a step.

    Attributes
    ----------
    balancer : LossBalancer or GradientBalancer
        The method and what it has learnt.
    generators : sequence of torch.Generator
        One for each member while a training runs.
    gramian : str or None
        Where the gradients of the tasks are compared, for the history.
    needs_post_step_loss : bool
        Whether `use_post_step_loss` is to be called after the step.
    regularizer : Regularizer or None
        What the objective has beside the losses; no method weighs it.
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
        """Forget the factors of the epoch before."""
        self._steps: list[tuple[Tensor, Tensor]] = []

    def start(self, weights: Tensor, factor: Tensor) -> None:  # noqa: B027 - the same
        """See the weights of all training labels, and what a batch multiplies them by.

        Shapes: weights (n_rows or 1, n_trained), factor (n_members, 1,
        n_trained).
        """

    def see(self, weights: Tensor) -> None:  # noqa: B027 - the same
        """See the weights (n_members, n_rows or 1, n_trained) of a batch's labels."""

    def end(self) -> None:
        """Forget what belongs to one training."""
        self.generators, self.regularizer = (), None

    def _beside(self, logits: Tensor) -> Tensor | None:
        """Return the gradient at the logits of what is no loss of a task."""
        if self.regularizer is None:
            return None
        return self.regularizer.at_logits(logits)

    @abstractmethod
    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Put gradients into the parameters; return logits and losses of the tasks."""

    def use_post_step_loss(  # noqa: B027 - a hook that most leave empty
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch
    ) -> None:
        """See the losses of the same batch after the step of the optimiser."""

    def end_epoch(self, losses: Tensor) -> None:  # noqa: B027 - the same
        """See the mean losses (n_members, n_trained) of the epoch."""

    def mean_factors(self) -> list[float]:
        """Return the mean factor of each task in the epoch, in the layout's order."""
        factors, present = (torch.cat(kind) for kind in zip(*self._steps, strict=True))
        self._steps = []
        mean = (factors * present).sum(dim=0) / present.sum(dim=0)
        return mean[self.order.places.argsort()].double().tolist()


class LossBalance(Balance):
    """Weights from losses, which act on all parameters alike.

    Parameters
    ----------
    order : TaskOrder
        Numbers of the tasks.
    balancer : LossBalancer
        The method.
    """

    def __init__(self, order: TaskOrder, balancer: LossBalancer) -> None:
        super().__init__(order)
        self.balancer: LossBalancer = balancer
        self.needs_post_step_loss = balancer.method.needs_post_step_loss

    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Send the weighted gradient back from the logits."""
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
        # A factor of a loss is one of its gradient at the logits: no second backward.
        dlogits *= self.order.columns(factors)
        beside = self._beside(logits)
        if beside is not None:
            dlogits += beside
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
        """Compute the losses of the batch once more."""
        x, (targets, weights) = batch
        values, _ = criterion(module(x), targets, weights)
        losses = self.order.batch_means(values, weights)
        self.balancer.use_post_step_loss(losses, self.order.sort(criterion.task_weight))

    def end_epoch(self, losses: Tensor) -> None:
        """Hand over the losses."""
        self.balancer.end_epoch(self.order.sort(losses))


class GradientBalance(Balance):
    """Weights from the Gramian of the task gradients, for the shared parameters.

    Heads, and parts of a trunk that belong to one task, get the plain gradient, as in
    the papers: what no other task uses is in no conflict.

    Parameters
    ----------
    order : TaskOrder
        Numbers of the tasks.
    balancer : GradientBalancer
        The method.
    gramian : {"features", "shared"}
        Gradients of what: the shared representation of each row of the batch, in closed
        form, or all shared parameters.
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
        """Find out whether labels weigh other than 1, and whether those of a sample do.

        Shapes: weights (n_rows or 1, n_trained), factor (n_members, 1,
        n_trained).
        """
        # Labels of weight 1 need no care. Weights that are those of samples come off a
        # sample's gradients with one number, those of labels output by output.
        is_missing, largest = weights == 0, weights.amax(dim=1, keepdim=True)
        is_plain = bool(((weights == 1) | is_missing).all())
        self._is_by_sample = bool(((weights == largest) | is_missing).all())
        self._scale = None if is_plain else torch.where(factor > 0, 1.0 / factor, 0.0)

    def see(self, weights: Tensor) -> None:
        """Keep the weights of a batch, before a schedule leaves out tasks."""
        if self._scale is None or self.gramian != "features":
            self._label_weights = None
            return
        own = weights * self._scale
        by_output = own[..., self.order.place_of]
        largest = own.amax(dim=-1, keepdim=True)
        self._label_weights = largest if self._is_by_sample else by_output

    def end(self) -> None:
        """Forget the weights too."""
        super().end()
        self._scale = self._label_weights = None

    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Send the plain gradient into the heads, and the weighted one below them."""
        x, labels = batch
        parts = module.encode(x)
        penalty = module.penalty(parts, labels[1])
        if (
            penalty is None
            and module.is_linear_in_one_representation
            and type(module.heads) is MemberLinear
        ):
            return self._plain(module, criterion, parts, labels)
        # The graph is cut at the representation: heads get the plain gradient, and what
        # goes on below is weighted.
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
        """Do a step of linear heads on one representation: they need no graph."""
        z = parts[0]
        # No graph above z: the gradients of linear heads are two products.
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
        """Return losses, the gradient at the logits, and it with the tasks' factors."""
        targets, weights = labels
        values, dlogits = criterion(logits, targets, weights)
        task_weight = criterion.task_weight
        present = self.order.present(weights, task_weight, len(dlogits))
        if self.balancer.is_due:
            losses = None
            if self.balancer.method.uses_losses:
                losses = as_array(self.order.batch_means(values, weights))
            self.balancer.update(
                as_array(self._gramian(module, parts, dlogits)),
                as_array(present),
                as_array(self.order.sort(task_weight)),
                self.generators,
                losses,
            )
        factors = dlogits.new_tensor(self.balancer.factors())
        self._steps.append((factors, present))
        weighted = dlogits * self.order.columns(factors)
        beside = self._beside(logits)
        if beside is not None:
            dlogits, weighted = dlogits + beside, weighted + beside
        return values, dlogits, weighted

    def _gramian(
        self, module: MultiTaskModule, parts: Sequence[Tensor], dlogits: Tensor
    ) -> Tensor:
        task_of, n_tasks = self.order.task_of, self.order.n_tasks
        if self.gramian == "features":
            weight = module.heads.weight.detach()
            return feature_gramian(
                dlogits, weight, task_of, n_tasks, self._label_weights
            )
        return exact_gramian(module, parts, dlogits, task_of, n_tasks)

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
        """Continue the backward pass from the parts into the trunk."""
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
        if private:  # parts of the trunk of one task: in no conflict, so plain too
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
    """Put plain gradients into linear heads; return the weighted one below them."""
    # What autograd does, in one pass instead of two.
    if heads.weight.requires_grad:
        heads.weight.grad = weight_gradient(z, dlogits)
    if heads.bias.requires_grad:
        heads.bias.grad = dlogits.sum(dim=1, keepdim=True)
    return weighted @ heads.weight.mT
