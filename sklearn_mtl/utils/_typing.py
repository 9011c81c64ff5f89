"""Types that many signatures share: each says what a caller may pass."""

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
    """What `clone` and `fit` take: any estimator that keeps scikit-learn's contract."""

    def fit(self, X: Any, y: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Learn from X and y; what else it takes is its own."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor."""

    def set_params(self, **params: Any) -> Any:
        """Change parameters and return itself."""


class Predictor(Estimator, Protocol):
    """An estimator that predicts, of one task or of many."""

    def predict(self, X: Any, /) -> Any:
        """Return a prediction for each row."""


class Splitter(Protocol):
    """What `check_cv` passes on: it yields the rows of each fold."""

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows to fit on and the rows to test on."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""


class Frame(Protocol):
    """A table with named columns, of pandas or polars."""

    @property
    def columns(self) -> Any:
        """The labels of the columns."""

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""


# A matrix after reading, dense or sparse.
Matrix: TypeAlias = np.ndarray | sparse.sparray | sparse.spmatrix
# X as a user passes it.
FeaturesLike: TypeAlias = ArrayLike | Frame | sparse.sparray | sparse.spmatrix
# A task by its name, its number or the label of its column, such as 2020 or a tuple.
TaskKey: TypeAlias = Hashable
# y as a user passes it: one task a column or a key; None in a list is a missing label.
TargetsLike: TypeAlias = ArrayLike | Sequence[Any] | Frame | Mapping[Any, ArrayLike]
# One number for all tasks, numbers in task order, or by task.
TaskNumbers: TypeAlias = ArrayLike | Sequence[float | None] | Mapping[Any, float | None]
# One kind for all tasks, kinds in task order, or by task, where None is found in y.
TaskTypes: TypeAlias = str | Sequence[str] | Mapping[Any, str | None]
# Weights of classes by label, or of each task: in task order or by task.
ClassWeight: TypeAlias = Literal["balanced"] | Mapping[Any, Any] | Sequence[Any]
# A metric by name, as a function of (y_true, y_pred), or by task or kind.
MetricChoice: TypeAlias = str | Callable[..., Any] | Mapping[Any, Any]
# One metric, or several, whose scores are told apart by their names.
MetricChoices: TypeAlias = MetricChoice | Sequence[MetricChoice]
# A number of folds, what splits, or the folds themselves.
CrossValidator: TypeAlias = int | Splitter | Iterable[tuple[ArrayLike, ArrayLike]]
# What draws a seed; None takes a fresh one of the system.
Seed: TypeAlias = int | np.random.RandomState | np.random.Generator | None
