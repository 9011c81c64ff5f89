"""The frame of every fit: parameters are checked, and a failure changes nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sklearn_mtl.utils import _private

__all__ = ["fit_context", "keep_on_failure"]


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable:
    """Decorate a method that fits.

    If it ends with an error or an interrupt, the estimator has the attributes that it
    had before: a model that was fitted predicts as before, and knows the same tasks and
    columns.
    """
    check = _private.fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def decorate(method: Callable) -> Callable:
        checked = check(method)

        return keep_on_failure(checked)

    return decorate


def keep_on_failure(method: Callable) -> Callable:
    """Decorate a method that changes an estimator: if it fails, nothing has changed."""

    @functools.wraps(method)
    def change(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(vars(estimator))
        try:
            return method(estimator, *args, **kwargs)
        except BaseException:  # an interrupt as well
            vars(estimator).clear()
            vars(estimator).update(before)
            raise

    return change
