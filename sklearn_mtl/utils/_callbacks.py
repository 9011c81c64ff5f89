"""scikit-learn's own callbacks, which estimators can be given from 1.9 on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["CallbackSupportMixin", "FitEvents", "with_callbacks"]

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # until scikit-learn 1.8: estimators have no set_callbacks

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Adds nothing where scikit-learn has no callbacks."""

    def with_callbacks(method: Callable) -> Callable:
        """Return the method as it is."""
        return method


class FitEvents:
    """What the callbacks of an estimator are told: its fit, and the parts of it.

    Nothing is told, and nothing computed, where neither the estimator nor one around it
    has a callback.

    Parameters
    ----------
    estimator : estimator
        What is fitted; its fit is decorated by `with_callbacks`.
    X, y : object
        As the user gave them.
    sample_weight : object, default=None
        As the user gave it.
    """

    def __init__(
        self,
        estimator: Any,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        self.estimator = estimator
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        names = ("_skl_callbacks", "_parent_callback_ctx")
        self.are_heard = any(hasattr(estimator, name) for name in names)
        self._root: Any = None
        self._part: Any = None
        self._fitted: Callable[[], dict[str, Any]] | None = None

    def begin(
        self, n_parts: int | None, fitted: Callable[[], dict[str, Any]] | None = None
    ) -> None:
        """Tell that a fit of at most so many parts begins.

        `fitted` returns the attributes with which the estimator could predict now.
        """
        if self.are_heard:
            self._fitted = fitted
            self._root = self.estimator._init_callback_context(max_subtasks=n_parts)
            self._root.call_on_fit_task_begin(**self._data)

    def begin_part(self, name: str, n_parts: int = 0) -> Any:
        """Tell that the next part begins, and return its context."""
        if self._root is not None:
            self._part = self._root.subcontext(name, max_subtasks=n_parts)
            self._part.call_on_fit_task_begin(**self._data)
        return self._part

    def end_part(self) -> bool:
        """Tell that the part ends, and return whether a callback wants to stop."""
        return self._end(self._part)

    def end(self) -> None:
        """Tell that the fit ends, once the estimator has its attributes."""
        self._end(self._root)

    def _end(self, context: Any) -> bool:
        if context is None:
            return False
        told = {**self._data, "reconstruction_attributes": self._fitted}
        return bool(context.call_on_fit_task_end(**told))
