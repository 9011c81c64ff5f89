"""Classification metrics of one task.

Every function takes class indices `y` (n,), scores or probabilities `given` (n,
n_classes), and positive weights `w` (n,). Undefined metrics are NaN. Predicted labels
are one-hot encoded. The classes are the union of the classes of the model and of y. A
class that the model does not know has the score 0, so its samples count as wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sklearn_mtl.metrics._ranking import area_under_roc, average_precision_of

__all__ = [
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "d2_log_loss_score",
    "expected_calibration_error",
    "f1",
    "log_loss",
    "matthews_corrcoef",
    "precision",
    "recall",
    "roc_auc",
    "zero_one_loss",
]

_BINS = 15


def accuracy(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the proportion of correct labels."""
    return float(np.average(_of_true(y, given), weights=w))


def zero_one_loss(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the proportion of wrong labels."""
    return 1.0 - accuracy(y, given, w)


def balanced_accuracy(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean recall of the classes that occur in y."""
    total = np.bincount(y, w)
    right = np.bincount(y, w * _of_true(y, given))
    return float(np.mean(right[total > 0] / total[total > 0]))


def f1(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the F1 score of the second of two classes, or the mean over classes."""
    n_classes = given.shape[1]
    # F1 = 2 TP / (2 TP + FP + FN): this is the denominator.
    found = w @ given + np.bincount(y, w, minlength=n_classes)
    right = np.bincount(y, w * _of_true(y, given), minlength=n_classes)
    score = np.divide(2 * right, found, out=np.full(n_classes, np.nan), where=found > 0)
    if n_classes == 2:
        return float(score[1])
    return float(np.mean(score[found > 0]))


def precision(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the precision of the second of two classes, or the mean over more classes.

    The mean is over the classes that occur. The precision of a class that is never
    predicted is 0.
    """
    return _mean_share(y, given, w, w @ given)


def recall(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the recall of the second of two classes, or the mean over more classes."""
    return _mean_share(y, given, w, np.bincount(y, w, minlength=given.shape[1]))


def _mean_share(
    y: np.ndarray, given: np.ndarray, w: np.ndarray, total: np.ndarray
) -> float:
    """Return correct labels / total of the second class, or the mean over classes."""
    n_classes = given.shape[1]
    right = np.bincount(y, w * _of_true(y, given), minlength=n_classes)
    share = np.divide(right, total, out=np.zeros(n_classes), where=total > 0)
    occurs = np.bincount(y, minlength=n_classes) > 0
    if n_classes == 2:
        return float(share[1]) if occurs[1] or total[1] > 0 else np.nan
    return float(np.mean(share[occurs | (w @ given > 0)]))


def matthews_corrcoef(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the correlation of y and the prediction; 0 if one of them is constant."""
    # Gorodkin's R_K sums covariances over the classes.
    is_y = (y[:, None] == np.arange(given.shape[1])) * 1.0
    of_y, of_given = (z - np.average(z, axis=0, weights=w) for z in (is_y, given))
    scale = np.sqrt((w @ of_y**2).sum() * (w @ of_given**2).sum())
    return float((w @ (of_y * of_given)).sum() / scale) if scale > 0 else 0.0


def roc_auc(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the area under the ROC curve, one-vs-rest."""
    return _one_against_rest(area_under_roc, y, given, w)


def average_precision(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the average precision, one-vs-rest."""
    return _one_against_rest(average_precision_of, y, given, w)


def log_loss(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean negative log-probability of the true class."""
    # clipped as in scikit-learn: a label with probability 0 costs 36, not infinity
    eps = np.finfo(given.dtype).eps
    return float(-np.average(np.log(np.maximum(_of_true(y, given), eps)), weights=w))


def d2_log_loss_score(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return 1 - log-loss / (log-loss of the class frequencies of y)."""
    share = np.bincount(y, w) / w.sum()
    # The loss of the best constant prediction is the entropy of the frequencies.
    prior = -float(np.sum(share[share > 0] * np.log(share[share > 0])))
    return 1.0 - log_loss(y, given, w) / prior if prior > 0 else np.nan


def brier_score(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean squared distance to the true class, halved for two classes."""
    is_right = y[:, None] == np.arange(given.shape[1])
    distance = np.sum((given - is_right) ** 2, axis=1)
    return float(np.average(distance, weights=w)) / (1 + (given.shape[1] <= 2))


def expected_calibration_error(
    y: np.ndarray, given: np.ndarray, w: np.ndarray
) -> float:
    """Return the expected calibration error in 15 bins of equal width.

    With two classes, it is computed for the probability of the second class. With more
    classes, it is computed for the most probable class [1]_.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern
       neural networks", ICML 2017; equation 3.
    """
    chosen = given.argmax(axis=1) if given.shape[1] > 2 else np.ones(len(y), dtype=int)
    p = given[np.arange(len(y)), chosen]
    place = np.minimum((p * _BINS).astype(np.intp), _BINS - 1)
    gaps = np.bincount(place, w * (p - (chosen == y)), minlength=_BINS)
    return float(np.abs(gaps).sum() / w.sum())


def _of_true(y: np.ndarray, given: np.ndarray) -> np.ndarray:
    return given[np.arange(len(y)), y]


def _one_against_rest(
    function: Callable[..., float], y: np.ndarray, given: np.ndarray, w: np.ndarray
) -> float:
    """Return the score of the second of two classes, or the mean over classes in y."""
    wanted = [1] if given.shape[1] == 2 else range(given.shape[1])
    scores = [
        function(y == k, given[:, k], w)
        for k in wanted
        if 0 < np.count_nonzero(y == k) < len(y)
    ]
    return float(np.mean(scores)) if scores else np.nan
