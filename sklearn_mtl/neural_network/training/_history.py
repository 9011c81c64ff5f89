"""Conversion of the history of a fit to arrays, and a progress bar."""

from __future__ import annotations

from typing import Any

import numpy as np
from skorch.callbacks import Callback
from tqdm.auto import tqdm

from sklearn_mtl.neural_network.data._targets import TargetEncoder

__all__ = ["ProgressBar", "history_arrays"]


def history_arrays(history: Any, encoder: TargetEncoder) -> dict[str, np.ndarray]:
    """Return one array per entry, with epochs first and tasks in the order of y."""
    order, n_tasks = encoder.layout.order, encoder.task_set.n_tasks
    weight = np.array([epoch["task_weight"] for epoch in history], dtype=np.float64)

    def by_task(key: str) -> np.ndarray:
        out = np.full((len(history), n_tasks), np.nan)
        for e, epoch in enumerate(history):
            if key in epoch:
                out[e, order] = epoch[key]
        return out

    seen = {key for epoch in history for key in epoch}
    out = {"train_loss": by_task("train_loss_by_task")}
    if "valid_loss_by_task" in seen:
        out["valid_loss"] = by_task("valid_loss_by_task")
        out["valid_score"] = by_task("valid_score_by_task")
        out["valid_criterion"] = _column(history, "valid_criterion")
    out["task_weight"] = weight.reshape(len(history), n_tasks)
    if "factor_by_task" in seen:  # factors of the balancing method
        out["task_weight"][:, order] *= by_task("factor_by_task")[:, order]
        choices = [epoch.get("gramian") for epoch in history]
        if any(choices):
            out["gramian"] = np.array(choices)
    if "gradient_cosine" in seen:
        out["gradient_norm"] = by_task("gradient_norm_by_task")
        for key in ("gradient_cosine", "gradient_conflict"):
            out[key] = _column(history, key)
    if "task_turns_by_task" in seen:
        out["task_turns"] = by_task("task_turns_by_task")
    for term in ("shared_penalty", "task_relation"):
        if term in seen:
            out[term] = _column(history, term)
    out["lr"] = _column(history, "lr")
    out["duration"] = _column(history, "dur")
    return out


def _column(history: Any, key: str) -> np.ndarray:
    return np.array([epoch.get(key, np.nan) for epoch in history], dtype=np.float64)


class ProgressBar(Callback):
    """Show a progress bar over the epochs."""

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.n_epochs_, desc=net.who, unit="epoch")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Update the bar and show the losses."""
        last = net.history[-1]
        keys = ("train_loss", "valid_loss")
        self.bar_.set_postfix({k: f"{last[k]:.4f}" for k in keys if k in last})
        # not by 1, because training may resume from a later epoch
        self.bar_.update(net.n_done_ - self.bar_.n)

    def __getstate__(self) -> dict[str, Any]:
        """Exclude the bar, which remains after an interrupted fit."""
        return {key: v for key, v in self.__dict__.items() if key != "bar_"}

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Close the bar."""
        self.bar_.close()
        del self.bar_
