"""Monitor of the task gradients, once per epoch."""

from __future__ import annotations

import torch

from sklearn_mtl.losses import FusedLoss
from sklearn_mtl.modules import MultiTaskModule
from sklearn_mtl.neural_network.data._batches import Batch, first_samples
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.objective._gradients import exact_gramian

__all__ = ["GradientMonitor"]

_MONITORED_ROWS = 128


class GradientMonitor:
    """Measure the exact task gradients on a few samples, without side effects.

    The net is in evaluation mode during the measurement, so that no random numbers are
    drawn.

    Parameters
    ----------
    order : TaskOrder
        Order of the tasks.
    """

    def __init__(self, order: TaskOrder) -> None:
        self.order = order

    def __call__(
        self, module: MultiTaskModule, criterion: FusedLoss, batch: Batch
    ) -> tuple[list[float], float, float]:
        """Return gradient norms, mean cosine, and fraction of conflicting pairs.

        Norms are in the order of the layout. Two tasks are in conflict if the cosine of
        their gradients is negative. All values are means over members. They are NaN for
        a task without labels among the samples, and for pairs if there are no two tasks
        with labels.
        """
        x, (targets, weights) = first_samples(batch, _MONITORED_ROWS)
        was_training = module.training
        module.eval()
        parts = module.encode(x)
        with torch.no_grad():
            logits = module.decode(parts)
            _, dlogits = criterion(logits, targets, weights)
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
        pairs = cosine[:, above]
        known = pairs[~pairs.isnan()]
        conflict = float((known < 0).double().mean())
        return in_layout.double().tolist(), float(pairs.nanmean()), conflict
