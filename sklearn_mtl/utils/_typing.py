"""Types of parameters that many functions share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

__all__ = [
    "ClassWeight",
    "CrossValidator",
    "Estimator",
    "FeaturesLike",
    "Frame",
    "Matrix",
    "MetricChoice",
    "MetricChoices",
    "Predictor",
    "Seed",
    "Splitter",
    "TargetsLike",
    "TaskKey",
    "TaskNumbers",
    "TaskTypes",
]


class Estimator(Protocol):
    """Any estimator with the interface of scikit-learn."""

    def fit(self, X: Any, y: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Fit to X and y; further arguments depend on the estimator."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor."""

    def set_params(self, **params: Any) -> Any:
        """Set parameters and return the estimator."""


class Predictor(Estimator, Protocol):
    """An estimator that predicts one or several tasks."""

    def predict(self, X: Any, /) -> Any:
        """Return a prediction for each sample."""


class Splitter(Protocol):
    """A cross-validation splitter, as accepted by `check_cv`."""

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and test indices of each fold."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""


class Frame(Protocol):
    """A table with named columns, of pandas or polars."""

    @property
    def columns(self) -> Any:
        """Labels of the columns."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and number of columns."""


# Input matrix after validation, dense or sparse.
Matrix: TypeAlias = np.ndarray | sparse.sparray | sparse.spmatrix
# X as a user passes it.
FeaturesLike: TypeAlias = ArrayLike | Frame | sparse.sparray | sparse.spmatrix
# A task, given by its name, its index or its column label, such as 2020 or a tuple.
TaskKey: TypeAlias = Hashable
# y as a user passes it, with one task per column or key; None is a missing label.
TargetsLike: TypeAlias = ArrayLike | Sequence[Any] | Frame | Mapping[Any, ArrayLike]
# One number for all tasks, a sequence in task order, or a mapping by task.
TaskNumbers: TypeAlias = ArrayLike | Sequence[float | None] | Mapping[Any, float | None]
# One type for all tasks, a sequence in task order, or a mapping by task. None is
# inferred from y.
TaskTypes: TypeAlias = str | Sequence[str] | Mapping[Any, str | None]
# Class weights by label; or class weights of each task, in task order or by task.
ClassWeight: TypeAlias = Literal["balanced"] | Mapping[Any, Any] | Sequence[Any]
# A metric, as a name or a function of (y_true, y_pred), or metrics by task or kind.
MetricChoice: TypeAlias = str | Callable[..., Any] | Mapping[Any, Any]
# One metric, or a sequence of metrics with different names.
MetricChoices: TypeAlias = MetricChoice | Sequence[MetricChoice]
# A number of folds, a splitter, or an iterable of splits.
CrossValidator: TypeAlias = int | Splitter | Iterable[tuple[ArrayLike, ArrayLike]]
# A seed or a source of seeds; None draws a seed from the operating system.
Seed: TypeAlias = int | np.random.RandomState | np.random.Generator | None
