"""Support of scikit-learn's callbacks, which exist since version 1.9."""

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
        """Empty mixin for versions of scikit-learn without callbacks."""

    def with_callbacks(method: Callable) -> Callable:
        """Return the method unchanged."""
        return method


class FitEvents:
    """Calls of the callbacks of an estimator for its fit and the parts of the fit.

    Without callbacks on the estimator or on a meta-estimator around it, the methods do
    nothing.

    Parameters
    ----------
    estimator : estimator
        Estimator whose fit is decorated by `with_callbacks`.
    X, y : object
        Arguments of fit, unchanged.
    sample_weight : object, default=None
        Argument of fit, unchanged.
    """

    def __init__(
        self,
        estimator: Any,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        self.estimator = estimator
        names = ("_skl_callbacks", "_parent_callback_ctx")
        self.are_heard = any(hasattr(estimator, name) for name in names)
        self._data: dict[str, Any] = {}
        if self.are_heard:  # otherwise the data could not be deleted during the fit
            metadata = None
            if sample_weight is not None:
                metadata = {"sample_weight": sample_weight}
            self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._root: Any = None
        self._part: Any = None
        self._fitted: Callable[[], dict[str, Any]] | None = None

    def begin(
        self, n_parts: int | None, fitted: Callable[[], dict[str, Any]] | None = None
    ) -> None:
        """Notify the callbacks that a fit of at most `n_parts` parts begins.

        `fitted` returns the attributes with which the estimator could predict at that
        time.
        """
        if self.are_heard:
            self._fitted = fitted
            self._root = self.estimator._init_callback_context(max_subtasks=n_parts)
            self._root.call_on_fit_task_begin(**self._data)

    def begin_part(self, name: str, n_parts: int = 0) -> Any:
        """Notify the callbacks that the next part begins, and return its context."""
        if self._root is not None:
            self._part = self._root.subcontext(name, max_subtasks=n_parts)
            self._part.call_on_fit_task_begin(**self._data)
        return self._part

    def end_part(self) -> bool:
        """Notify the callbacks that the part ends; return whether one asks to stop."""
        return self._end(self._part)

    def end(self) -> None:
        """Notify the callbacks that the fit ends; the estimator must be fitted."""
        self._end(self._root)

    def _end(self, context: Any) -> bool:
        if context is None:
            return False
        told = {**self._data, "reconstruction_attributes": self._fitted}
        return bool(context.call_on_fit_task_end(**told))
