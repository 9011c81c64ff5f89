"""Linear heads on a fixed representation for a path of ridge penalties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from sklearn_mtl.losses import TaskLoss
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.growth._labels import TaskLabels, encoded_targets

__all__ = ["ALPHAS", "LinearHeads", "fit_ridge_path"]

#: Ridge penalties relative to the mean loss, for a representation of total variance 1.
#: The largest is first, so that ties select the simpler head.
ALPHAS = np.logspace(1, -6, 8)
_MAX_ITER = 300
_MANY = 5000  # labels
_TINY = 1e-12  # avoids a division by zero for constant columns


class LinearHeads:
    """Linear heads of one task.

    Parameters
    ----------
    labels : TaskLabels
        Labels of the task.
    Z : Tensor of shape (n_members, n_labels, n_hidden)
        Inputs of the heads.
    """

    settings: Sequence[float] = ALPHAS.tolist()

    def __init__(self, labels: TaskLabels, Z: Tensor) -> None:
        self.labels = labels
        self.mean = Z.mean(dim=1, keepdim=True)
        total = Z.var(dim=1, correction=0).sum(dim=1).sqrt()[:, None, None]
        # relative to the values, because a constant representation has rounding errors
        is_flat = total <= 1e-12 * Z.abs().amax(dim=(1, 2), keepdim=True)
        self.scale = torch.where(is_flat, torch.ones_like(total), total)
        Z = torch.where(is_flat, torch.zeros_like(Z), (Z - self.mean) / self.scale)
        # uncorrelated columns, which `fit_ridge_path` can scale separately
        _, self.axes = torch.linalg.eigh(Z.mT @ Z)
        self.Z = Z @ self.axes

    def path(
        self, train: np.ndarray, encoder: TargetEncoder, test: np.ndarray
    ) -> list[Tensor]:
        """Return logits of test rows for each alpha.

        Shapes: train, test (n_labels,), masks -> (n_members, n_test, n_outputs).
        """
        # with many labels, two members are enough to select alpha
        n_members = len(self.Z) if len(self.labels.codes) <= _MANY else 2
        members = range(min(n_members, len(self.Z)))
        by_member = [self._solve(m, train, encoder) for m in members]
        return [
            torch.stack(
                [
                    self.Z[m, test] @ torch.from_numpy(path[i][0])
                    + torch.from_numpy(path[i][1])
                    for m, path in enumerate(by_member)
                ]
            )
            for i in range(len(self.settings))
        ]

    def solution(
        self, setting: int, rows: np.ndarray, encoder: TargetEncoder
    ) -> tuple[Tensor, Tensor]:
        """Return weights and bias fitted to some rows, for the unscaled representation.

        Shapes: rows (n_labels,), a mask -> (n_members, n_hidden, n_outputs),
        (n_members, 1, n_outputs).
        """
        found = [self._solve(m, rows, encoder, setting)[-1] for m in range(len(self.Z))]
        W = torch.stack([torch.from_numpy(w) for w, _ in found])
        W = self.axes @ W / self.scale
        b = torch.stack([torch.from_numpy(b) for _, b in found])[:, None]
        return W, b - self.mean @ W

    def _solve(
        self,
        member: int,
        rows: np.ndarray,
        encoder: TargetEncoder,
        last: int | None = None,
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        alphas = self.settings if last is None else self.settings[: last + 1]
        labels = self.labels
        return fit_ridge_path(
            self.Z[member, rows],
            encoded_targets(encoder, labels.codes[rows]),
            labels.weights[rows],
            labels.loss,
            encoder.bias_[0],
            alphas,
            # the selection of alpha needs less precision than predictions
            1e-8 if last is None else 1e-11,
        )


def fit_ridge_path(
    Z: Tensor,
    targets: Tensor,
    weights: np.ndarray,
    loss: TaskLoss,
    bias: np.ndarray,
    alphas: Sequence[float],
    tol: float = 1e-11,
) -> list[tuple[np.ndarray, np.ndarray]]:
    r"""Minimise a mean loss plus a ridge penalty for each alpha.

    .. math:: \sum_i w_i \ell(W^T z_i + b, y_i) / \sum_i w_i + \alpha/2 \|W\|^2

    A class without labels keeps its initial logit, because the optimal one is minus
    infinity.

    Shapes: Z (n, h), targets (n, 1), weights (n,), bias (n_outputs,) -> list of W (h,
    n_outputs), b (n_outputs,).
    """
    n_in, n_out = Z.shape[1], len(bias)
    share = torch.as_tensor(weights / weights.sum())
    free = _free_outputs(targets, loss, n_out)

    def parameters(flat: np.ndarray) -> np.ndarray:
        theta = np.zeros((n_in + 1, n_out))
        theta[-1] = bias
        theta[:, free] = flat.reshape(n_in + 1, -1)
        return theta

    def objective(
        flat: np.ndarray, alpha: float, step: np.ndarray
    ) -> tuple[float, np.ndarray]:
        theta = parameters(flat * step)
        W, b = torch.from_numpy(theta[:-1]), torch.from_numpy(theta[-1])
        logits = torch.addmm(b, Z, W)
        z = logits.unsqueeze(1) if n_out > 1 else logits
        values, slopes = loss.cells(z, targets, -1 if n_out > 1 else None)
        slopes = slopes.reshape(logits.shape) * share[:, None]
        value = float(values[:, 0] @ share) + 0.5 * alpha * float((W * W).sum())
        gradient = torch.cat([Z.mT @ slopes + alpha * W, slopes.sum(0, keepdim=True)])
        return value, gradient.numpy()[:, free].ravel() * step

    start = np.zeros((n_in + 1, len(free)))
    start[-1] = bias[free]
    path, flat = [], start.ravel()
    curvature = loss.curvature(n_out) * np.append((share @ Z**2).numpy(), 1.0)
    for alpha in alphas:
        # scaled so that the curvature is about 1 in each direction
        ridge = np.append(np.full(n_in, alpha), 0.0)
        step = np.repeat(1.0 / np.sqrt(curvature + ridge + _TINY), len(free))
        if len(free):
            options = {"maxiter": _MAX_ITER, "ftol": tol, "gtol": 1e4 * tol}
            found = minimize(
                objective,
                flat / step,
                (alpha, step),
                "L-BFGS-B",
                jac=True,
                options=options,
            )
            flat = found.x * step
        theta = parameters(flat)
        path.append((theta[:-1], theta[-1]))
    return path


def _free_outputs(targets: Tensor, loss: TaskLoss, n_outputs: int) -> np.ndarray:
    """Return the indices of the outputs that have labels."""
    if loss.period is not None or "regression" in loss.kinds:
        return np.arange(n_outputs)
    seen = np.unique(targets.numpy()).astype(np.intp)
    if n_outputs == 1:
        return np.arange(len(seen) - 1)  # none if there is only one class
    return seen
