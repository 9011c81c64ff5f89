"""What is found when a task is added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

__all__ = ["AddedTask"]


@dataclass(frozen=True)
class AddedTask:
    """How well an added task does on the old trunk, and whether that helps.

    Scores are 1 - loss / prior loss of out-of-fold predictions, with the log-loss of a
    classification and the squared error of a regression; the prior predicts the class
    frequencies or the mean. They are None with fewer than four labels.

    Attributes
    ----------
    n_labels : int
        Number of labels with a weight above zero.
    score : float or None
        Of the head on the old trunk, as it was.
    fresh_score : float or None
        Of the same net, fitted on this task alone; None where no comparison was wanted.
    gain : float or None
        score - fresh_score.
    gain_error : float or None
        Standard error of the gain, over the labels.
    alpha : float or None
        Strength of the ridge of a linear head, relative to the mean loss and to a
        representation of total variance 1; None of other heads.
    n_steps : int or None
        Training steps of other heads; None of linear ones.
    n_tuning_steps : int
        Steps for which the trunk was tuned; 0 if it stayed as it was.
    changes : dict of str to float
        Of each old task, how much its predictions moved on samples that were held out
        while the trunk was tuned: the score that it loses if its old predictions were
        right. Empty where the trunk stayed as it was.
    oof_prediction : ndarray of shape (n_samples, n_classes) or (n_samples,), or None
        Out-of-fold predictions on the old trunk, NaN where a sample has no label. A
        file that was saved without the training state leaves them out.

    Examples
    --------
    >>> from sklearn_mtl.neural_network import AddedTask
    >>> AddedTask(n_labels=60, score=0.5, fresh_score=0.25, gain=0.25).trunk_helps
    True
    """

    #: What a file saved for predictions leaves out.
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
        """Whether the old trunk is better than a fresh net; None if unknown."""
        return None if self.gain is None else self.gain > 0
