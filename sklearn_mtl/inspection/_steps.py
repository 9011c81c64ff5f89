"""What stands at the end of a pipeline, and what it is called there."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

__all__ = ["last_step", "require"]


def last_step(estimator: Any) -> tuple[str, Any]:
    """Return the prefix of the parameters of the last step, and the step."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def require(estimator: Any, attribute: str, who: str, hint: str) -> Any:
    """Return an attribute of the last step of a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        Fitted; perhaps a pipeline.
    attribute : str
        What is needed.
    who : str
        Who asks; the message begins with it.
    hint : str
        Who has it.

    Returns
    -------
    object
        The attribute.

    Raises
    ------
    TypeError
        If the estimator has none.
    """
    _, last = last_step(estimator)
    if not hasattr(last, attribute):
        raise TypeError(
            f"{who}: {type(last).__name__} has no {attribute}; it needs {hint}."
        )
    return getattr(last, attribute)
