"""Tables with several targets from OpenML."""

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
    """Fetch a table from OpenML, with several of its columns as targets.

    A thin wrapper of `sklearn.datasets.fetch_openml`, which downloads the table once
    and then keeps it in scikit-learn's data folder.

    Parameters
    ----------
    name : str, default=None
        Name of the table on OpenML; give it or `data_id`.
    targets : sequence of str
        The columns that are targets.
    version : int or "active", default="active"
        Version of the table.
    data_id : int, default=None
        OpenML's number of the table.
    data_home : str, default=None
        Folder of the downloads; None is scikit-learn's.
    task_types : str, sequence or dict, default=None
        As in `MultiTaskMixedEstimator`; None infers.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        With data, a DataFrame without the targets; target, a DataFrame (n_samples,
        n_tasks); feature_names, task_names, task_types, lists of str; DESCR and details
        of OpenML. With `return_X_y=True` it is the tuple `(data, target)`.

    Raises
    ------
    TypeError
        If `targets` is one string.
    ValueError
        If no target is given.

    See Also
    --------
    load_table : Tables that already are on this machine.

    Examples
    --------
    >>> from sklearn_mtl.datasets import fetch_multitask_openml
    >>> energy = fetch_multitask_openml(  # doctest: +SKIP
    ...     data_id=1472, targets=["y1", "y2"]
    ... )
    """
    if isinstance(targets, str):
        raise TypeError(
            f"fetch_multitask_openml: targets is the string {targets!r}; give a list "
            "of column names."
        )
    if not len(targets):
        raise ValueError("fetch_multitask_openml: targets is empty; name the columns.")
    bunch = fetch_openml(
        name=name,
        version=version,
        data_id=data_id,
        data_home=data_home,
        target_column=list(targets),
        as_frame=True,
        parser="auto",
    )
    # One target comes as a Series; here it stays a table of one task.
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
