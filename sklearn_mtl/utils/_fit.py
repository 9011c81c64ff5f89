"""The frame of every fit: parameters are checked, and a failure changes nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sklearn_mtl.utils import _private
from sklearn_mtl.utils._typing import Estimator

__all__ = ["fit_context"]


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

        @functools.wraps(method)
        def fit(estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
            before = dict(vars(estimator))
            try:
                return checked(estimator, *args, **kwargs)
            except BaseException:  # an interrupt as well
                vars(estimator).clear()
                vars(estimator).update(before)
                raise

        return fit

    return decorate
