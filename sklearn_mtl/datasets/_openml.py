"""Data sets from OpenML with several targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.datasets import fetch_openml

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._typing import TaskTypes

__all__ = ["fetch_multitask_openml"]


def fetch_multitask_openml(
    name: str | None = None,
    *,
    targets: Sequence[str],
    version: str | int = "active",
    data_id: int | None = None,
    data_home: str | None = None,
    task_types: TaskTypes | None = None,
    return_X_y: bool = False,
) -> Any:
    """Fetch a data set from OpenML and use several of its columns as targets.

    This is a thin wrapper of `sklearn.datasets.fetch_openml`, which downloads a data
    set once and stores it in scikit-learn's data folder.

    Parameters
    ----------
    name : str, default=None
        Name of the data set on OpenML. Either `name` or `data_id` is required.
    targets : sequence of str
        Names of the target columns.
    version : int or "active", default="active"
        Version of the data set.
    data_id : int, default=None
        OpenML ID of the data set.
    data_home : str, default=None
        Folder for the downloads; None uses scikit-learn's data folder.
    task_types : str, sequence or dict, default=None
        Types of the tasks, as in `MultiTaskMixedEstimator`; None infers them from the
        labels.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        Bunch with the attributes of `fetch_openml` and

        data : DataFrame of shape (n_samples, n_features)
            Columns that are not targets.
        target : DataFrame of shape (n_samples, n_tasks)
            Target columns.
        feature_names, task_names, task_types : list of str
            Names of the features, and names and types of the tasks.

        If `return_X_y` is True, the tuple `(data, target)` is returned instead.

    Raises
    ------
    TypeError
        If `targets` is a string.
    ValueError
        If `targets` is empty.

    See Also
    --------
    load_table : Load a table from a local file.

    Examples
    --------
    >>> from sklearn_mtl.datasets import fetch_multitask_openml
    >>> energy = fetch_multitask_openml(  # doctest: +SKIP
    ...     data_id=1472, targets=["y1", "y2"]
    ... )
    """
    if isinstance(targets, str):
        raise TypeError(
            f"fetch_multitask_openml: targets is the string {targets!r}; it must be a "
            "list of column names."
        )
    if not len(targets):
        raise ValueError(
            "fetch_multitask_openml: targets is empty; it must name at least one "
            "column."
        )
    bunch = fetch_openml(
        name=name,
        version=version,
        data_id=data_id,
        data_home=data_home,
        target_column=list(targets),
        as_frame=True,
        parser="auto",
    )
    # fetch_openml returns a single target as a Series
    target = bunch.target.to_frame() if bunch.target.ndim == 1 else bunch.target
    bunch.target = target
    if return_X_y:
        return bunch.data, target
    task_set, _ = TaskSet.from_y(
        target, who="fetch_multitask_openml", task_types=task_types, warn=False
    )
    bunch.feature_names = [str(column) for column in bunch.data.columns]
    bunch.task_names, bunch.task_types = task_set.names, task_set.kinds
    return bunch
