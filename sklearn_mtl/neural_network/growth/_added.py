"""Result of adding a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

__all__ = ["AddedTask"]


@dataclass(frozen=True)
class AddedTask:
    """Scores of a task added to a fitted net, with and without the existing trunk.

    Scores are 1 - loss / prior loss of out-of-fold predictions. The loss is the
    log-loss for classification and the squared error for regression. The prior loss is
    that of predicting the class frequencies or the mean. Scores are None with fewer
    than four labels.

    Attributes
    ----------
    n_labels : int
        Number of labels with a positive weight.
    score : float or None
        Score of the head on the existing trunk, before tuning.
    fresh_score : float or None
        Score of the same net fitted on this task alone; None without comparison.
    gain : float or None
        score - fresh_score.
    gain_error : float or None
        Standard error of the gain, over the labels.
    alpha : float or None
        Ridge penalty of a linear head, relative to the mean loss and to a
        representation of total variance 1; None for other heads.
    n_steps : int or None
        Number of training steps of other heads; None for linear heads.
    n_tuning_steps : int
        Number of steps for which the trunk was tuned; 0 if it was not changed.
    changes : dict of str to float
        Change of the predictions of each old task on samples that were held out from
        the tuning, measured as the decrease of its score if its old predictions were
        the labels. Empty if the trunk was not changed.
    oof_prediction : ndarray of shape (n_samples, n_classes) or (n_samples,), or None
        Out-of-fold predictions on the existing trunk; NaN for samples without label.
        None in a net loaded from a file without the training state.

    Examples
    --------
    >>> from sklearn_mtl.neural_network import AddedTask
    >>> AddedTask(n_labels=60, score=0.5, fresh_score=0.25, gain=0.25).trunk_helps
    True
    """

    #: Attributes that a file saved for predictions does not contain.
    _only_for_training: ClassVar = ("oof_prediction",)

    n_labels: int
    score: float | None = None
    fresh_score: float | None = None
    gain: float | None = None
    gain_error: float | None = None
    alpha: float | None = None
    n_steps: int | None = None
    n_tuning_steps: int = 0
    changes: dict[str, float] = field(default_factory=dict)
    oof_prediction: np.ndarray | None = None

    @property
    def trunk_helps(self) -> bool | None:
        """True if the existing trunk is better than a new net; None if unknown."""
        return None if self.gain is None else self.gain > 0
