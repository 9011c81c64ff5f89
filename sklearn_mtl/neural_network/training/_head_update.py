"""Newton steps of the heads for samples that arrive after a fit.

The learning rate of a fit decreases to zero. At any higher rate, a few new samples add
more noise to the trunk than information, because they change all of its weights. For a
fixed representation, the loss of the last layer is convex. A second-order step that
divides by the number of all labels so far approximates a refit of this layer on all
labels, and needs no learning rate.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mtl.losses import FusedLoss, OutputLayout
from sklearn_mtl.modules import MemberLinear, MultiTaskModule
from sklearn_mtl.neural_network.data._batches import Batch, BatchIterator, LabelledRows
from sklearn_mtl.neural_network.training._record import record_losses

__all__ = ["RAREST", "HeadUpdate", "last_layer"]

_MOMENT_ROWS = 1024  # number of samples for the second moments after a fit
_STEP_ROWS = 256
# Number of pseudo-samples of an isotropic representation. Without them, units with
# little variance would follow the noise of a few labels. On 20,000 samples 1 to 20 were
# equally good; on 200 samples 20 was best.
_RIDGE = 20.0
_LATE_STEPS = 30  # steps per batch if classes were added after the fit
#: Maximum total probability of added classes without labels.
RAREST = 1e-3


class HeadUpdate:
    r"""Second-order updates of the last layer with new samples.

    Let z be the inputs of the layer with a one appended. The step of the head of task t
    is

    .. math:: \Delta W_t = -\big(c_t N_t (C + \rho I)\big)^{-1}
        \sum_i w_{it} z_i s_{it}^T

    where :math:`s_{it}` are the derivatives of the loss of the new labels, :math:`c_t`
    is an upper bound of its second derivative, :math:`N_t` is the sum of the weights of
    all labels so far, and :math:`C` are the second moments of z.

    Parameters
    ----------
    module : MultiTaskModule
        The fitted module.
    layout : OutputLayout
        Assignment of logits to tasks.
    data : LabelledRows
        Training set of the fit.
    n_labels : Tensor of shape (n_members, n_trained)
        Sum of the weights of each member's labels.

    References
    ----------
    D. Böhning, "Multinomial Logistic Regression Algorithm", Annals of the Institute of
    Statistical Mathematics 44, 1992, for the bound of the softmax.
    """

    def __init__(
        self,
        module: MultiTaskModule,
        layout: OutputLayout,
        data: LabelledRows,
        n_labels: Tensor,
    ) -> None:
        n_members = len(module.heads.weight)
        self.n_labels = n_labels.expand(n_members, -1).clone()
        self._read_layout(layout)
        self.n_before = self.n_labels.new_zeros(n_members, layout.n_outputs)
        self.n_rows = float(len(data))
        self._take_moments(module, data)

    def _take_moments(self, module: MultiTaskModule, data: LabelledRows) -> None:
        n_members = len(module.heads.weight)
        index = torch.linspace(0, len(data) - 1, min(len(data), _MOMENT_ROWS)).long()
        index = index.to(data.rows.index_device)
        x, _ = data.batch(index.expand(n_members, -1))
        with torch.no_grad():
            z, _ = _read(module.eval(), x)
        self.moment = (z.mT @ z / len(index)).float().cpu()

    def _read_layout(self, layout: OutputLayout) -> None:
        places = layout.task_places
        self.places = torch.as_tensor(places)
        widths = np.bincount(places, minlength=layout.n_trained).tolist()
        curvature = [layout.loss(t).curvature(width) for t, width in enumerate(widths)]
        self.curvature = torch.as_tensor(curvature, dtype=torch.float64)

    def of_tasks(
        self,
        layout: OutputLayout,
        places: Sequence[int | None],
        n_labels: Sequence[float],
        n_before: Tensor,
        like: int | None,
    ) -> HeadUpdate:
        """Return the updates for the heads of another layout.

        `places` has the former index of each task, or None for a new task. The number
        of labels of a new task is that in `n_labels`, and its inputs are those of the
        task with the former index `like`.

        Shapes: n_before (n_members, n_outputs).
        """
        changed = copy.copy(self)
        changed._read_layout(layout)
        changed.n_before = n_before
        n_members = len(self.n_labels)
        changed.n_labels = self.n_labels.new_zeros(n_members, layout.n_trained)
        for place, old in enumerate(places):
            labels = n_labels[place] if old is None else self.n_labels[:, old]
            changed.n_labels[:, place] = labels
        if self.moment.shape[1] > 1:
            parts = [(like or 0) if old is None else old for old in places]
            changed.moment = self.moment[:, parts]
        return changed

    def after_training(
        self, module: MultiTaskModule, data: LabelledRows, n_new: int, labels: Tensor
    ) -> HeadUpdate:
        """Return the updates after all layers were trained on new samples.

        Shapes: labels (n_members, n_trained), the sum of their weights.
        """
        changed = copy.copy(self)
        changed.n_labels = self.n_labels + labels
        changed.n_rows += n_new
        changed._take_moments(module, data)
        return changed

    def measure(self, module: MultiTaskModule, place: int, x: Tensor) -> None:
        """Compute the second moments of one head's inputs if they are task-specific.

        Shapes: x (n_members, n_rows, ...).
        """
        with torch.no_grad():
            z, _ = _read(module.eval(), x)
        if z.shape[1] == 1:
            return
        moment = self.moment.expand(-1, z.shape[1], -1, -1).clone()
        own = z[:, place].cpu()
        moment[:, place] = (own.mT @ own / own.shape[1]).float()
        self.moment = moment

    def epoch(self, net: Any, batches: BatchIterator) -> None:
        """Make one pass over all new samples in order, and record their losses.

        Members skip the samples that they hold out.
        """
        data = batches.data
        net.module_.eval()
        net.history.new_batch()
        n_members, n_steps = len(self.n_labels), math.ceil(len(data) / _STEP_ROWS)
        rows = torch.arange(len(data), device=data.rows.index_device)
        total = torch.zeros(())
        learns = _learns(batches.members, n_members, len(data)).to(data.targets)
        for index in rows.tensor_split(n_steps):
            x, (targets, weights) = data.batch(index.expand(n_members, -1))
            batch = x, (targets, weights * learns[:, data.placed(index), None])
            values = self.step(net.module_, net.criterion_, batch, data.factor)
            total = total + values.cpu() * len(index) / len(data)
        record_losses(net, "train", total.mean(dim=0))
        net.history.record("task_weight", net.task_weight)
        net.history.record("train_batch_count", n_steps)

    @torch.no_grad()
    def step(
        self,
        module: MultiTaskModule,
        criterion: FusedLoss,
        batch: Batch,
        factor: Tensor,
    ) -> Tensor:
        """Update the heads with one batch.

        Shapes: factor (n_members, 1, n_trained) -> (n_members, n_trained).
        """
        x, (targets, weights) = batch
        z, logits = _read(module, x)
        values, slopes = criterion(logits, targets, weights)
        if not values.isfinite().all():
            return values  # the caller raises the error
        n_rows = z.shape[2]
        # The criterion multiplies means by these factors; Newton steps need sums.
        scale = factor * criterion.task_weight
        scale = torch.where(scale > 0, n_rows / scale, 0.0).double().cpu()
        scale = scale[..., self.places]
        own = torch.where(factor > 0, weights / factor, 0.0).double().cpu()
        z, older = z.cpu(), copy.copy(self)
        self._count(z, own.expand(-1, n_rows, -1))
        total = self._solve(self._gradient(z, slopes.double().cpu() * scale))
        _move(module, total)
        if not self.n_before.any():
            return values
        # The first step of an added class is far too short: at its probability of about
        # 0, the bound is a thousand times as large as the second derivative.
        for _ in range(_LATE_STEPS):
            _, logits = _read(module, x)
            _, slopes = criterion(logits, targets, weights)
            gradient = self._gradient(z, slopes.double().cpu() * scale)
            # the second term is the gradient of the loss of the earlier labels
            step = self._solve(gradient - older._pull(total))
            _move(module, step)
            total = total + step
        return values

    def _count(self, z: Tensor, weights: Tensor) -> None:
        """Add the new samples to the label counts and the second moments."""
        self.n_labels = self.n_labels + weights.sum(dim=1)
        is_seen = (weights > 0).any(dim=-1).double()[:, None, :, None]
        n_new = float(is_seen.sum()) / len(is_seen)
        self.n_rows += n_new
        total = (z * is_seen).mT @ z
        # a running mean, because earlier samples are not stored
        share = n_new / self.n_rows
        self.moment = ((1 - share) * self.moment + total / self.n_rows).float()

    def _gradient(self, z: Tensor, slopes: Tensor) -> Tensor:
        """Return the gradient of each output's weights, (n_members, h, n_outputs)."""
        if z.shape[1] == 1:
            return z[:, 0].mT @ slopes
        columns = [z[:, p].mT @ slopes[..., [k]] for k, p in enumerate(self.places)]
        return torch.cat(columns, dim=-1)

    @property
    def _ridged(self) -> Tensor:
        """Second moments with a ridge, (n_members, 1 or n_trained, h, h)."""
        moment = self.moment.double()
        mean = moment.diagonal(dim1=-2, dim2=-1).mean(dim=-1)[..., None, None]
        eye = torch.eye(moment.shape[-1], dtype=torch.float64)
        return moment + _RIDGE / self.n_rows * mean * eye

    @property
    def _mass(self) -> Tensor:
        """Bound of the summed curvatures of each output, (n_members, 1, n_outputs)."""
        curvature = self.curvature[self.places]
        mass = self.n_labels[:, self.places] * curvature
        # for labels from before a class was added, its curvature is about 0
        return (mass - self.n_before * (curvature - RAREST))[:, None]

    def _pull(self, moved: Tensor) -> Tensor:
        """Multiply by the bound of the Hessian, (n_members, h, n_outputs)."""
        moment = self._ridged
        if moment.shape[1] == 1:
            return self._mass * (moment[:, 0] @ moved)
        by_output = moment[:, self.places] @ moved.mT.unsqueeze(-1)
        return self._mass * by_output.squeeze(-1).mT

    def _solve(self, gradient: Tensor) -> Tensor:
        """Multiply by the inverse of the bound of the Hessian."""
        root = torch.linalg.cholesky(self._ridged)
        if root.shape[1] == 1:
            solved = torch.cholesky_solve(gradient, root[:, 0])
        else:
            by_output = gradient.mT.unsqueeze(-1)  # (n_members, n_outputs, h, 1)
            solved = torch.cholesky_solve(by_output, root[:, self.places])
            solved = solved.squeeze(-1).mT
        # with an upper bound instead of the Hessian, steps are never too long
        mass = self._mass
        return torch.where(mass > 0, solved / mass, 0.0)


def _learns(members: Sequence[Tensor], n_members: int, n_rows: int) -> Tensor:
    """Return the mask of the samples of each member, (n_members, n_rows)."""
    learns = torch.zeros(n_members, n_rows)
    for member, rows in enumerate(members):
        learns[member, rows] = 1.0
    return learns


def _move(module: MultiTaskModule, step: Tensor) -> None:
    """Subtract a step from the parameters of the last layer."""
    layer, bias = last_layer(module)
    if layer is not None:
        layer.weight.sub_(step[:, :-1].to(layer.weight))
    bias.sub_(step[:, -1:].to(bias))


def last_layer(module: MultiTaskModule) -> tuple[MemberLinear | None, nn.Parameter]:
    """Return the linear layer that computes the logits, or None, and the bias."""
    tail = module.tail
    if tail is None or tail.output_bias is None:
        return module.heads, module.heads.bias
    return tail.last_layer, tail.output_bias


def _read(module: MultiTaskModule, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the inputs of the last layer with a one appended, and the logits.

    Shapes: x (n_members, n_rows, ...) -> z (n_members, 1 or n_trained,
    n_rows, h + 1), logits (n_members, n_rows, n_outputs).
    """
    parts, (layer, _) = module.encode(x), last_layer(module)
    if layer is module.heads:
        z = module.head_inputs(parts)
        logits = module.decode(parts)
    elif layer is None:
        logits = module.decode(parts)
        z = logits[:, None, :, :0]
    else:
        with _inputs_of(layer) as seen:
            logits = module.decode(parts)
        z = seen[-1]
    z = z.double()
    return torch.cat([z, torch.ones_like(z[..., :1])], dim=-1), logits


@contextmanager
def _inputs_of(layer: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the inputs of a layer inside the block."""
    seen: list[Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        yield seen
    finally:
        handle.remove()
