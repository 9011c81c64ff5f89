"""Errors of tasks on the test samples, averaged by kind."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

# A forest may predict a probability of 0. With scikit-learn's limit (2e-16), one such
# sample would dominate the mean. The limit is the same for all models.
SMALLEST_PROBABILITY = 1e-6
SMALLEST_ERROR = 1e-6  # the logarithm of a perfect score
L_KINDS = ("1-AUC", "1-accuracy", "log-loss", "aRRMSE")
#: L with the accuracy of binary tasks, at the threshold of one half.
L_KINDS_BINARY = (*L_KINDS, "1-accuracy binary")
LOG_LOSS_KINDS = ("log-loss", "log-loss binary")


def task_errors(
    kind: str, y_train: np.ndarray, y_test: np.ndarray, output: np.ndarray
) -> dict[str, float]:
    """Return the errors of one task over its observed test samples.

    `output` is (n_test, n_classes), or (n_test,) for a regression. An error that the
    test rows do not define (AUC of one class) is left out, for every model alike.
    """
    seen = ~np.isnan(y_test)
    truth, output = y_test[seen], output[seen]
    if not len(truth):
        return {}
    if kind == "regression":
        mean = np.nanmean(y_train)
        return {"aRRMSE": _ratio(np.square(truth - output), np.square(truth - mean))}
    codes = truth.astype(int)
    if kind == "multiclass":
        wrong = float(np.mean(output.argmax(axis=1) != codes))
        return {"1-accuracy": wrong, "log-loss": log_loss(codes, output)}
    errors = {
        "log-loss binary": log_loss(codes, output),
        "1-accuracy binary": float(np.mean(output.argmax(axis=1) != codes)),
    }
    if len(np.unique(codes)) == 2:
        errors["1-AUC"] = 1.0 - float(roc_auc_score(codes, output[:, 1]))
    return errors


def log_loss(codes: np.ndarray, proba: np.ndarray) -> float:
    """Return the mean of -log of the probability of the true class."""
    proba = np.clip(proba, SMALLEST_PROBABILITY, None)
    proba = proba / proba.sum(axis=1, keepdims=True)
    return float(-np.log(proba[np.arange(len(codes)), codes]).mean())


def mean_by_kind(per_task: dict[str, dict[str, float]]) -> dict[str, float]:
    """Average each kind of error over the tasks that have it."""
    found: dict[str, list[float]] = {}
    for errors in per_task.values():
        for kind, value in errors.items():
            found.setdefault(kind, []).append(value)
    return {
        kind: max(float(np.mean(values)), SMALLEST_ERROR)
        for kind, values in found.items()
    }


def _ratio(squares: np.ndarray, prior: np.ndarray) -> float:
    return float(np.sqrt(squares.sum() / max(prior.sum(), 1e-12)))
