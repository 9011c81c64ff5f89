"""Errors and warnings that sklearn_mtl raises, all in one place."""

from sklearn.exceptions import InconsistentVersionWarning

__all__ = [
    "DamagedFileError",
    "DifferentUnitsWarning",
    "FreeTextWarning",
    "IndexOrderWarning",
    "MissingLabelWarning",
    "NegativeTransferWarning",
    "OtherVersionWarning",
    "SingleClassWarning",
    "TaskError",
    "TaskTypeWarning",
    "UnseenCategoryWarning",
    "UnseenLabelWarning",
    "UpdateRefusedWarning",
]


class DamagedFileError(ValueError):
    """Raised when a saved model is cut short, was changed, or is no saved model."""


class OtherVersionWarning(InconsistentVersionWarning):
    """Warned when a saved model is from another version of a package it depends on.

    Parameters
    ----------
    message : str
        What was found.
    """

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        """Return the message."""
        return self.message


class TaskError(ValueError):
    """Raised when the labels or the settings of a task cannot be used.

    The message names the estimator, the task, what was found and what is allowed.
    """


class MissingLabelWarning(UserWarning):
    """Warned when something looks like a missing label but is read as a label.

    Also used when a task is kept although it has no observed label at all.
    """


class SingleClassWarning(UserWarning):
    """Warned when a classification task has one class, so that it is constant."""


class UnseenCategoryWarning(UserWarning):
    """Warned when most values of a categorical column of X were not seen in fit.

    They are treated as unknown. Often the column is written in another way than in fit,
    such as the text "1" in place of the number 1.
    """


class UnseenLabelWarning(UserWarning):
    """Warned when labels are scored that were not seen in fit; they count as wrong."""


class FreeTextWarning(UserWarning):
    """Warned when a model takes a column of free text for categories."""


class DifferentUnitsWarning(UserWarning):
    """Warned when targets or scores in different units are compared or averaged."""


class TaskTypeWarning(UserWarning):
    """Warned when a few labels decide whether a task has classes or is a regression."""


class IndexOrderWarning(UserWarning):
    """Warned when two frames have the same index labels in another order."""


class NegativeTransferWarning(UserWarning):
    """Warned when learning a task together with others costs more than noise."""


class UpdateRefusedWarning(UserWarning):
    """Warned when `update` would have made a net worse, so that it stays as it was."""
