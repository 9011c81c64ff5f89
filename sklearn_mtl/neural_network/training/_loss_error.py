"""Error for a loss that is not finite."""

from __future__ import annotations

from typing import NoReturn

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.data._batches import LabelledRows
from sklearn_mtl.preprocessing import ReadInputs, Table
from sklearn_mtl.utils._finite import outlying_column

__all__ = ["LossError", "raise_reason"]

_OUTLIER = 1e9  # values this far from the others are reported as the cause


class LossError(TaskError):
    """Raised when a loss is not finite, before the cause is known.

    Parameters
    ----------
    message : str
        Names the task and the loss.
    place : int
        Index of the task in the order of the losses.
    advice : str
        Advice to the user if no outlier is found.
    """

    def __init__(self, message: str, place: int, advice: str) -> None:
        super().__init__(f"{message} {advice}")
        self.message, self.place, self.advice = message, place, advice


def raise_reason(error: LossError, data: LabelledRows, X: ReadInputs) -> NoReturn:
    """Raise a TaskError that names an outlier, or else advises a lower lr."""
    shift, scale = data.shift[:, 0, error.place], data.scale[:, 0, error.place]
    target = data.targets[:, error.place].abs().max()
    spreads = float(((target + shift.abs()) * scale).max())
    values = X.numeric if isinstance(X, Table) else X
    advice = error.advice
    if not spreads < _OUTLIER:
        advice = (
            f"A label differs from the other labels by {spreads:.1g} times their "
            "standard deviation, which causes an overflow. Check the labels for "
            "errors, or take their logarithm."
        )
    elif (found := outlying_column(values, _OUTLIER)) is not None:
        j, value, usual = found
        advice = (
            f"Numeric column {j} of X contains {value:g}; its usual values are about "
            f"{usual:.2g}. Check X for errors."
        )
    raise TaskError(f"{error.message} {advice}") from None
