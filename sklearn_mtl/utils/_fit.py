"""Decorators of fit, which check parameters and restore the estimator on failure."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sklearn_mtl.utils import _private

__all__ = ["fit_context", "keep_on_failure"]


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable:
    """Decorate fit to check parameters and to restore the estimator on failure.

    After an error or an interrupt, the estimator has the same attributes as before the
    call. A model that was fitted before can still be used.
    """
    check = _private.fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def decorate(method: Callable) -> Callable:
        checked = check(method)

        return keep_on_failure(checked)

    return decorate


def keep_on_failure(method: Callable) -> Callable:
    """Decorate a method to restore the attributes of the estimator if it fails."""

    @functools.wraps(method)
    def change(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(vars(estimator))
        try:
            return method(estimator, *args, **kwargs)
        except BaseException:  # includes interrupts
            vars(estimator).clear()
            vars(estimator).update(before)
            raise

    return change
