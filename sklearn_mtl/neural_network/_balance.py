"""How a step puts the gradients of the tasks together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing import GradientBalancer, LossBalancer, feature_gramian
from sklearn_mtl.losses import FusedLoss, OutputLayout
from sklearn_mtl.modules import MemberLinear, MultiTaskModule
from sklearn_mtl.neural_network._batches import Batch
from sklearn_mtl.neural_network._gradients import exact_gramian
from sklearn_mtl.neural_network._regularizer import Regularizer

__all__ = ["Balance", "GradientBalance", "GradientMonitor", "LossBalance"]

_MONITORED_ROWS = 128


class TaskOrder:
    """The tasks as a user numbers them: in the order of the columns of y.

    The layout of the logits has another one; methods, and objects that a user made, see
    this one.

    Parameters
    ----------
    layout : OutputLayout
        Which logits belong to which task.
    device : torch.device
        Where the net is.
    """

    def __init__(self, layout: OutputLayout, device: torch.device) -> None:
        order = torch.as_tensor(layout.order)
        self.n_tasks = layout.n_trained
        self.places = order.argsort().to(device)
        places_of_outputs = torch.as_tensor(layout.task_places, device=device)
        self.task_of = self.places.argsort()[places_of_outputs]
        tasks = torch.arange(self.n_tasks, device=device)
        self._is_layout = torch.equal(self.places, tasks)
        self._is_output = torch.equal(self.task_of, tasks)

    def sort(self, by_place: Tensor) -> Tensor:
        """Bring (..., n_tasks) from the order of the layout into that of y."""
        # small steps are made of many small operations: do not do what does nothing
        return by_place if self._is_layout else by_place[..., self.places]

    def columns(self, by_task: Tensor) -> Tensor:
        """Spread (n_members, n_tasks) over the outputs, (n_members, 1, n_outputs)."""
        if not self._is_output:
            by_task = by_task.index_select(1, self.task_of)
        return by_task.unsqueeze(1)

    def present(self, weights: Tensor, task_weight: Tensor, n_members: int) -> Tensor:
        """Say which tasks (n_members, n_tasks) have a label in the batch."""
        seen = (weights.amax(dim=1) > 0) & (task_weight > 0)
        return self.sort(seen).expand(n_members, -1)


class Balance(ABC):
    """Base of what does the backward pass of a step.

    Parameters
    ----------
    order : TaskOrder
        Numbers of the tasks.

    Attributes
    ----------
    generators : sequence of torch.Generator
        One for each member while a training runs.
    gramian : str or None
        Where the gradients of the tasks are compared, for the history.
    looks_again : bool
        Whether `look_again` is to be called after the step.
    regularizer : Regularizer or None
        What the objective has beside the losses; no method weighs it.
    """

    gramian: str | None = None
    looks_again = False
    regularizer: Regularizer | None = None

    def __init__(self, order: TaskOrder) -> None:
        self.order = order
        self.generators: Sequence[Generator] = ()
        self.start_epoch()

    def start_epoch(self) -> None:
        """Forget the factors of the epoch before."""
        self._steps: list[tuple[Tensor, Tensor]] = []

    def _beside(self, logits: Tensor, weights: Tensor) -> Tensor | None:
        """Return the gradient at the logits of what is no loss of a task."""
        if self.regularizer is None:
            return None
        return self.regularizer.at_logits(logits, weights)

    @abstractmethod
    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Put gradients into the parameters; return logits and losses of the tasks."""

    def look_again(  # noqa: B027 - a hook that most leave empty
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
        self.balancer = balancer
        self.looks_again = balancer.method.looks_again

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
            self._batch_means(values, weights),
            present,
            self.order.sort(task_weight),
            lr,
            self.generators,
        )
        self._steps.append((factors, present))
        dlogits *= self.order.columns(factors)
        beside = self._beside(logits, weights)
        if beside is not None:
            dlogits += beside
        penalty = module.penalty(parts, weights)
        if penalty is None:
            torch.autograd.backward(logits, dlogits)
        else:
            torch.autograd.backward([logits, penalty.sum()], [dlogits, None])
        return logits, values

    def _batch_means(self, values: Tensor, weights: Tensor) -> Tensor:
        """Return mean losses over the labels there; `values` divides by the expected.

        A method that looks at a loss, and not only at its gradient, would take a batch
        with few labels for one that is well predicted.
        """
        mass = weights.mean(dim=1).clamp(min=1e-30)
        return self.order.sort(values / mass)

    @torch.no_grad()
    def look_again(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch
    ) -> None:
        """Compute the losses of the batch once more."""
        x, (targets, weights) = batch
        values, _ = criterion(module(x), targets, weights)
        losses = self._batch_means(values, weights)
        self.balancer.look_again(losses, self.order.sort(criterion.task_weight))

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
        self.balancer = balancer
        self.gramian = gramian

    def backward(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch, lr: float
    ) -> tuple[Tensor, Tensor]:
        """Send the plain gradient into the heads, and the weighted one below them."""
        x, (targets, weights) = batch
        parts = module.encode(x)
        cut = tuple(part.detach().requires_grad_(part.requires_grad) for part in parts)
        logits = module.decode(cut)
        values, dlogits = criterion(logits, targets, weights)
        task_weight = criterion.task_weight
        present = self.order.present(weights, task_weight, len(x))
        if self.balancer.is_due:
            gramian = self._gramian(module, parts, dlogits)
            self.balancer.update(
                gramian, present, self.order.sort(task_weight), self.generators
            )
        factors = self.balancer.factors()
        self._steps.append((factors, present))
        weighted = dlogits * self.order.columns(factors)
        beside = self._beside(logits, weights)
        if beside is not None:
            dlogits, weighted = dlogits + beside, weighted + beside
        penalty = module.penalty(parts, weights)
        is_plain = module.is_linear_in_one_representation and penalty is None
        if is_plain and type(module.heads) is MemberLinear:
            below = _linear_heads(module.heads, cut[0], dlogits, weighted)
            if parts[0].requires_grad:
                torch.autograd.backward(parts[0], below)
            return logits, values
        heads = module.head_parameters()
        torch.autograd.backward(logits, dlogits, inputs=heads, retain_graph=True)
        self._below(module, parts, cut, logits, dlogits, weighted, penalty)
        return logits, values

    def _gramian(
        self, module: MultiTaskModule, parts: Sequence[Tensor], dlogits: Tensor
    ) -> Tensor:
        task_of, n_tasks = self.order.task_of, self.order.n_tasks
        if self.gramian == "features":
            weight = module.heads.weight.detach()
            return feature_gramian(dlogits, weight, task_of, n_tasks)
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
        if private:
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


@torch.no_grad()
def _linear_heads(
    heads: MemberLinear, z: Tensor, dlogits: Tensor, weighted: Tensor
) -> Tensor:
    """Put plain gradients into linear heads; return the weighted one below them.

    What autograd does, in one pass instead of two.
    """
    for parameter, gradient in (
        (heads.weight, z.mT @ dlogits),
        (heads.bias, dlogits.sum(dim=1, keepdim=True)),
    ):
        if parameter.requires_grad:
            parameter.grad = gradient
    return weighted @ heads.weight.mT


class GradientMonitor:
    """Measure the exact gradients of the tasks on a few rows, and change nothing.

    The net is switched to evaluation meanwhile, so that nothing is drawn.

    Parameters
    ----------
    order : TaskOrder
        Numbers of the tasks.
    """

    def __init__(self, order: TaskOrder) -> None:
        self.order = order

    def __call__(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch
    ) -> tuple[list[float], float]:
        """Return norms of the gradients of L_t, in layout order, and the mean cosine.

        Both are means over the members; NaN for a task, or where no two tasks, have
        labels among the rows.
        """
        x, (targets, weights) = batch
        n = min(x.shape[1], _MONITORED_ROWS)
        weights = weights[:, :n] if weights.shape[1] > 1 else weights
        was_training = module.training
        module.eval()
        parts = module.encode(x[:, :n])
        with torch.no_grad():
            logits = module.decode(parts)
            _, dlogits = criterion(logits, targets[:, :n], weights)
        task_weight = criterion.task_weight
        gramian = exact_gramian(
            module, parts, dlogits, self.order.task_of, self.order.n_tasks
        )
        module.train(was_training)
        present = self.order.present(weights, task_weight, len(x))
        norms = gramian.diagonal(dim1=1, dim2=2).sqrt()
        norms = norms.masked_fill(~present, torch.nan)
        cosine = gramian / (norms[:, :, None] * norms[:, None])
        n_tasks = self.order.n_tasks
        above = torch.ones(n_tasks, n_tasks, device=x.device).triu(1) > 0
        bare = (norms / self.order.sort(task_weight)).nanmean(dim=0)
        in_layout = bare[self.order.places.argsort()]
        return in_layout.double().tolist(), float(cosine[:, above].nanmean())
