"""The history of a fit as arrays, and a progress bar."""

from __future__ import annotations

from typing import Any

import numpy as np
from skorch.callbacks import Callback
from tqdm.auto import tqdm

from sklearn_mtl.neural_network._targets import TargetEncoder

__all__ = ["ProgressBar", "history_arrays"]


def history_arrays(
    history: Any, encoder: TargetEncoder, task_weight: np.ndarray
) -> dict[str, np.ndarray]:
    """Return one array an entry, epochs first, tasks in the order of y.

    Parameters
    ----------
    history : skorch.history.History
        Of the net.
    encoder : TargetEncoder
        Knows the order of the tasks in the losses.
    task_weight : ndarray of shape (n_tasks,)
        Weight of every task.

    Returns
    -------
    dict of str to ndarray
        As the estimators' `history_`.
    """
    out = {"train_loss": _by_task(history, "train_loss_by_task", encoder)}
    n_epochs = len(history)
    if any("valid_loss_by_task" in epoch for epoch in history):
        out["valid_loss"] = _by_task(history, "valid_loss_by_task", encoder)
        prior = np.full(encoder.task_set.n_tasks, np.nan)
        prior[encoder.layout.order] = encoder.prior_losses_
        out["valid_score"] = 1.0 - out["valid_loss"] / prior
        out["valid_criterion"] = _column(history, "valid_criterion")
    out["task_weight"] = np.tile(task_weight, (n_epochs, 1))
    # what a method multiplies them by
    if "factor_by_task" in history[0] if n_epochs else False:
        trained = encoder.layout.order
        factors = _by_task(history, "factor_by_task", encoder)
        out["task_weight"][:, trained] *= factors[:, trained]
        choices = [epoch["gramian"] for epoch in history]
        if choices[0] is not None:
            out["gramian"] = np.array(choices)
    if any("gradient_cosine" in epoch for epoch in history):
        out["gradient_norm"] = _by_task(history, "gradient_norm_by_task", encoder)
        for key in ("gradient_cosine", "gradient_conflict"):
            out[key] = _column(history, key)
    if any("task_turns_by_task" in epoch for epoch in history):
        out["task_turns"] = _by_task(history, "task_turns_by_task", encoder)
    for term in ("shared_penalty", "task_relation"):
        if any(term in epoch for epoch in history):
            out[term] = _column(history, term)
    out["lr"] = _column(history, "lr")
    out["duration"] = _column(history, "dur")
    return out


def _column(history: Any, key: str) -> np.ndarray:
    return np.array([epoch.get(key, np.nan) for epoch in history], dtype=np.float64)


def _by_task(history: Any, key: str, encoder: TargetEncoder) -> np.ndarray:
    out = np.full((len(history), encoder.task_set.n_tasks), np.nan)
    for e, epoch in enumerate(history):
        if key in epoch:
            out[e, encoder.layout.order] = epoch[key]
    return out


class ProgressBar(Callback):
    """Show the epochs as they pass."""

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.n_epochs_, desc=net.who, unit="epoch")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Move the bar and show the losses."""
        last = net.history[-1]
        keys = ("train_loss", "valid_loss")
        self.bar_.set_postfix({k: f"{last[k]:.4f}" for k in keys if k in last})
        self.bar_.update()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the bar of a fit that was interrupted."""
        return {key: v for key, v in self.__dict__.items() if key != "bar_"}

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Close the bar."""
        self.bar_.close()
        del self.bar_
