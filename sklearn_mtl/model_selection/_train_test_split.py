"""One split of several arrays, stratified on all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import indexable

from sklearn_mtl.model_selection._checks import number_groups, read_tasks
from sklearn_mtl.model_selection._parts import TEST, TRAIN, generator
from sklearn_mtl.model_selection._shuffle_split import shuffle_sizes, split_once
from sklearn_mtl.tasks import as_targets
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["train_test_split"]

_WHO = "train_test_split"


def train_test_split(
    *arrays: Any,
    test_size: float | None = None,
    train_size: float | None = None,
    random_state: int | np.random.RandomState | None = None,
    shuffle: bool = True,
    stratify: Any = "tasks",
    groups: ArrayLike | None = None,
) -> list[Any]:
    """Split arrays into a training and a test part, stratified on all tasks.

    By default, unlike scikit-learn's function of this name, the split is stratified on
    every class of every task. Missing labels do not form a stratum, and regression
    tasks are divided into quantile bins. Every sample is in the test part with the same
    probability. With groups, this holds for every group that is not larger than the
    test part.

    Parameters
    ----------
    *arrays : array-likes of the same length
        Usually X and y, and other arrays with one entry per sample.
    test_size : float or int, default=None
        Proportion (float) or number (int) of test samples. None is the complement of
        train_size, or 0.25 if train_size is also None.
    train_size : float or int, default=None
        Proportion (float) or number (int) of training samples. None is the complement
        of test_size.
    random_state : int, RandomState instance or None, default=None
        Seed of the split.
    shuffle : bool, default=True
        If False, the first samples are the training part and the next ones the test
        part, without stratification.
    stratify : "tasks", array-like or None, default="tasks"
        "tasks" uses the second array as y and keeps the classes of all its tasks in
        proportion; a single array is not stratified. An array-like of shape
        (n_samples,) or (n_samples, n_tasks) is used instead of y. None disables
        stratification.
    groups : array-like of shape (n_samples,), default=None
        Group of each sample. The samples of a group are in the same part, so the sizes
        of the parts may only be met approximately.

    Returns
    -------
    list of length 2 * len(arrays)
        The training part and the test part of the first array, then those of the second
        array, and so on. Each part has the type of its array.

    Raises
    ------
    ValueError
        If there is no array, lengths differ, a size is invalid, stratify or groups are
        given with shuffle=False, or groups leave a part empty.
    TaskError
        If the labels of a task cannot be read.

    Warns
    -----
    MissingLabelWarning
        If a task with labels has no labels in the training part, which can happen with
        large groups.

    See Also
    --------
    MultiTaskStratifiedShuffleSplit : Splitter that draws such splits repeatedly.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import train_test_split
    >>> X = np.arange(16).reshape(8, 2)
    >>> y = np.array([[0, 1], [0, np.nan], [1, 1], [1, 0]] * 2)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, test_size=0.5, random_state=0
    ... )
    >>> np.nansum(y_train, axis=0), np.nansum(y_test, axis=0)
    (array([2., 2.]), array([2., 2.]))
    """
    if not arrays:
        raise ValueError(f"{_WHO}: at least one array is required.")
    named = {f"array {place}": one for place, one in enumerate(arrays)}
    warn_of_index_order(_WHO, **named, groups=groups)
    # a dict of columns cannot be indexed by samples
    given = [as_targets(a, _WHO) if isinstance(a, Mapping) else a for a in arrays]
    arrays = tuple(indexable(*given))
    n_samples = arrays[0].shape[0] if hasattr(arrays[0], "shape") else len(arrays[0])
    sizes = shuffle_sizes(n_samples, test_size, train_size, 0.25)
    y = _find_labels(arrays, stratify)
    if shuffle:
        rng = generator(random_state)
        part = _split(y, sizes, groups, rng)
        rows = [rng.permutation(np.flatnonzero(part == p)) for p in (TRAIN, TEST)]
    else:
        _check_order_alone(stratify, groups)
        rows = [np.arange(sizes[0]), np.arange(sizes[0], sizes[0] + sizes[1])]
    return [safe_indexing(array, at) for array in arrays for at in rows]


def _find_labels(arrays: tuple[Any, ...], stratify: Any) -> Any:
    if not isinstance(stratify, str):
        return stratify
    if stratify != "tasks":
        raise ValueError(
            f"{_WHO}: stratify must be 'tasks', an array of labels or None, got "
            f"{stratify!r}."
        )
    return arrays[1] if len(arrays) > 1 else None


def _split(
    y: TargetsLike,
    sizes: np.ndarray,
    groups: ArrayLike | None,
    rng: np.random.Generator,
) -> np.ndarray:
    n_samples = int(sizes.sum())
    # a constant task does not affect the split
    labels = np.zeros(n_samples) if y is None else y
    task_set, codes = read_tasks(labels, None, _WHO)
    if len(codes) != n_samples:
        raise ValueError(
            f"{_WHO}: stratify has {len(codes)} samples, but the arrays have "
            f"{n_samples}."
        )
    group = None if groups is None else number_groups(groups, _WHO)
    if group is not None and len(group) != n_samples:
        raise ValueError(
            f"{_WHO}: groups has {len(group)} samples, but the arrays have {n_samples}."
        )
    part = split_once(task_set, codes, sizes, rng, 5, _WHO, group)
    if group is not None:
        _check_parts(part, group, sizes)
    return part


def _check_parts(part: np.ndarray, group: np.ndarray, sizes: np.ndarray) -> None:
    """Raise if groups leave the training or the test part empty."""
    for number, name in ((TRAIN, "training"), (TEST, "test")):
        if not (part == number).any():
            counts = np.bincount(group)
            raise ValueError(
                f"{_WHO}: {len(counts)} groups of up to {counts.max()} samples leave "
                f"the {name} part empty, but {sizes[number]} of {len(part)} samples "
                "were requested. Groups are not divided: use smaller groups or other "
                "sizes."
            )


def _check_order_alone(stratify: Any, groups: ArrayLike | None) -> None:
    is_asked = stratify is not None and not isinstance(stratify, str)
    if is_asked or groups is not None:
        raise ValueError(
            f"{_WHO}: shuffle=False splits the samples in their order; stratify and "
            "groups require shuffle=True."
        )


# pytest would otherwise collect the function as a test because of its name
train_test_split.__test__ = False  # type: ignore[attr-defined]
