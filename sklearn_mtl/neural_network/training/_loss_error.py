"""The error of a loss that is not finite, and its reason."""

from __future__ import annotations

from typing import NoReturn

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.data._batches import LabelledRows
from sklearn_mtl.preprocessing import ReadInputs, Table
from sklearn_mtl.utils._finite import outlying_column

__all__ = ["LossError", "raise_reason"]

_OUTLIER = 1e9  # so far from the others that it is taken for the reason


class LossError(TaskError):
    """Raised when a loss is not finite, before anyone has looked for the reason.

    Parameters
    ----------
    message : str
        What became of which loss.
    place : int
        Of the task, in the order of the losses.
    advice : str
        What to do if there is no other reason.
    """

    def __init__(self, message: str, place: int, advice: str) -> None:
        super().__init__(f"{message} {advice}")
        self.message, self.place, self.advice = message, place, advice


def raise_reason(error: LossError, data: LabelledRows, X: ReadInputs) -> NoReturn:
    """Say which number was too large, where one was; else the rate is the reason."""
    shift, scale = data.shift[:, 0, error.place], data.scale[:, 0, error.place]
    target = data.targets[:, error.place].abs().max()
    spreads = float(((target + shift.abs()) * scale).max())
    values = X.numeric if isinstance(X, Table) else X
    advice = error.advice
    if not spreads < _OUTLIER:
        advice = (
            f"A label is {spreads:.1g} standard deviations of the others away from "
            "them, and its square too large to compute with. Look for an error in the "
            "labels, or take their logarithm."
        )
    elif (found := outlying_column(values, _OUTLIER)) is not None:
        j, value, usual = found
        advice = (
            f"Column {j} of the numbers in X holds {value:g}, where {usual:.2g} is "
            "usual. Look for an error in X."
        )
    raise TaskError(f"{error.message} {advice}") from None
