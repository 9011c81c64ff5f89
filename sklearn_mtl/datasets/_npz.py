"""Read multi-task tables from .npz files on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from sklearn_mtl.tasks import stack_tasks

__all__ = ["load_npz"]

_VARIABLE = "SKLEARN_MTL_DATA"
_TYPES = ("classification", "binary", "multiclass", "regression", "infer")
_LENGTHS = {
    "n_samples": ("is_train", "groups", "task_id"),
    "n_features": ("feature_names", "categorical"),
    "n_tasks": ("task_names", "task_types", "n_classes"),
}


def load_npz(
    name: str | os.PathLike[str],
    *,
    data_home: str | os.PathLike[str] | None = None,
    as_frame: bool = False,
    return_X_y: bool = False,
) -> Any:
    """Load a multi-task table from an .npz file.

    The file holds `X` (n_samples, n_features) and `Y` (n_samples, n_tasks), NaN where
    missing, and optionally `task_names`, `task_types`, `n_classes`, `feature_names`,
    `categorical`, `is_train`, `groups` and `task_id`. With `task_id` every row belongs
    to one task and `Y` has one column; the target then gets a column for each task,
    NaN elsewhere. Nothing is downloaded and nothing is unpickled.

    Parameters
    ----------
    name : str or path-like
        A file, or the name of one in `data_home`, with or without ".npz".
    data_home : str or path-like, default=None
        Folder of the files; None takes the environment variable SKLEARN_MTL_DATA.
    as_frame : bool, default=False
        Whether data and target are DataFrames; categorical inputs then have the dtype
        category.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        With data (n_samples, n_features); target, float (n_samples, n_tasks);
        feature_names, task_names, task_types, lists of str; n_classes (n_tasks,), 0
        for a regression; categorical, bool (n_features,); is_train, groups and task_id,
        (n_samples,) or None; filename. With `return_X_y=True` it is the tuple
        `(data, target)`.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message says where it was looked for.
    ValueError
        If the file lacks `X` or `Y`, their shapes do not fit or are empty, they are
        complex, `Y` has text, names come twice, a task type is unknown, or a task has
        more labels than `n_classes` says.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn_mtl.datasets import load_npz
    >>> folder = tempfile.mkdtemp()
    >>> np.savez(Path(folder) / "tiny.npz", X=np.eye(3), Y=[[0.0], [1.0], [np.nan]])
    >>> load_npz("tiny", data_home=folder).target.shape
    (3, 1)
    """
    path = _find(os.fspath(name), data_home)
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    X, Y = _check_shapes(arrays, path)
    task_names = _strings(arrays, "task_names", "task", Y.shape[1])
    task_types = _strings(arrays, "task_types", None, Y.shape[1])
    _check_tasks(arrays, Y, task_names, path)
    n_classes = arrays.get("n_classes", _count_classes(Y, task_types))
    if "task_id" in arrays:
        owner = arrays["task_id"]
        n_tasks = len(np.unique(owner))
        Y, task_names = _spread(X, Y, owner, task_names[0])
        task_types = task_types[:1] * n_tasks
        n_classes = np.repeat(n_classes[:1], n_tasks)
    bunch = Bunch(
        data=X,
        target=Y,
        feature_names=_strings(arrays, "feature_names", "x", X.shape[1]),
        task_names=task_names,
        task_types=task_types,
        n_classes=n_classes,
        categorical=arrays.get("categorical", np.zeros(X.shape[1], dtype=bool)),
        is_train=arrays.get("is_train"),
        groups=arrays.get("groups"),
        task_id=arrays.get("task_id"),
        filename=str(path),
    )
    if as_frame:
        _make_frames(bunch)
    return (bunch.data, bunch.target) if return_X_y else bunch


def _find(name: str, data_home: str | os.PathLike[str] | None) -> Path:
    """Return the file of that name: itself, or in the folder."""
    folder = os.environ.get(_VARIABLE) if data_home is None else os.fspath(data_home)
    candidates = [Path(name)]
    if folder:
        candidates += [Path(folder) / name, Path(folder) / f"{name}.npz"]
    for path in candidates:
        if path.is_file():
            return path
    looked = ", ".join(str(path) for path in candidates)
    advice = "" if folder else f" Name the folder: data_home=, or set {_VARIABLE}."
    raise FileNotFoundError(f"load_npz: no file {name!r}; looked for {looked}.{advice}")


def _check_shapes(
    arrays: dict[str, np.ndarray], path: Path
) -> tuple[np.ndarray, np.ndarray]:
    absent = [key for key in ("X", "Y") if key not in arrays]
    if absent:
        raise ValueError(
            f"load_npz: {path.name} has no array {absent[0]!r}; it has "
            f"{sorted(arrays)}."
        )
    X, Y = arrays["X"], arrays["Y"]
    _check_numbers(X, Y, path)
    Y = Y.astype(np.float64)
    Y = Y[:, None] if Y.ndim == 1 else Y
    if X.ndim != 2 or Y.ndim != 2:
        raise ValueError(
            f"load_npz: {path.name} has X of shape {X.shape} and Y of shape {Y.shape}; "
            "X must be (n_samples, n_features), Y (n_samples,) or (n_samples, n_tasks)."
        )
    if not X.size or not Y.size:
        raise ValueError(
            f"load_npz: {path.name} has X of shape {X.shape} and Y of shape {Y.shape}; "
            "at least one sample, feature and task are needed."
        )
    if len(X) != len(Y):
        raise ValueError(
            f"load_npz: {path.name} has {len(X)} rows in X but {len(Y)} in Y."
        )
    sizes = {"n_samples": len(X), "n_features": X.shape[1], "n_tasks": Y.shape[1]}
    for size, keys in _LENGTHS.items():
        for key in keys:
            if key in arrays and arrays[key].shape != (sizes[size],):
                raise ValueError(
                    f"load_npz: {path.name} has {key!r} of shape {arrays[key].shape}; "
                    f"it must be ({size},), which is ({sizes[size]},)."
                )
    if "task_id" in arrays and Y.shape[1] != 1:
        raise ValueError(
            f"load_npz: {path.name} has 'task_id', so that each row belongs to one "
            f"task, but Y has {Y.shape[1]} columns; it must have one."
        )
    return X, Y


def _check_numbers(X: np.ndarray, Y: np.ndarray, path: Path) -> None:
    if Y.dtype.kind not in "biuf":
        raise ValueError(
            f"load_npz: {path.name} has Y of dtype {Y.dtype}; labels must be real "
            "numbers. Encode classes as whole numbers, NaN where missing."
        )
    if X.dtype.kind == "c":
        raise ValueError(f"load_npz: {path.name} has X of complex numbers.")


def _check_tasks(
    arrays: dict[str, np.ndarray], Y: np.ndarray, task_names: list[str], path: Path
) -> None:
    """Refuse names that come twice, unknown types, and too few classes."""
    for key in ("task_names", "feature_names"):
        found = [str(name) for name in arrays.get(key, [])]
        double = sorted({name for name in found if found.count(name) > 1})
        if double:
            raise ValueError(f"load_npz: {path.name} has {double} twice in {key!r}.")
    types = [str(kind) for kind in arrays.get("task_types", [])]
    for name, kind in zip(task_names, types, strict=False):
        if kind not in _TYPES:
            raise ValueError(
                f"load_npz: {path.name} has the task type {kind!r} for task {name!r}; "
                f"allowed are {list(_TYPES)}."
            )
    needed = _count_classes(Y, types or ["infer"] * len(task_names))
    said = arrays.get("n_classes", needed)
    for t, name in enumerate(task_names):
        is_claimed = said[t] > 0 or (types and types[t] not in ("regression", "infer"))
        if is_claimed and said[t] < needed[t]:
            raise ValueError(
                f"load_npz: {path.name} has n_classes {said[t]} for task {name!r}, but "
                f"Y has {needed[t]} different labels of it."
            )


def _strings(
    arrays: dict[str, np.ndarray], key: str, stem: str | None, length: int
) -> list[str]:
    """Return names from the file, else numbered ones, or "infer" without a stem."""
    if key in arrays:
        return [str(value) for value in arrays[key]]
    return [f"{stem}{i}" if stem else "infer" for i in range(length)]


def _count_classes(Y: np.ndarray, task_types: list[str]) -> np.ndarray:
    counts = [len(np.unique(column[~np.isnan(column)])) for column in Y.T]
    numeric = np.array([kind == "regression" for kind in task_types])
    return np.where(numeric, 0, counts)


def _spread(
    X: np.ndarray, Y: np.ndarray, task_id: np.ndarray, stem: str
) -> tuple[np.ndarray, list[str]]:
    """Give each task a column of its own, NaN in the rows of the others."""
    ids = np.unique(task_id)
    names = [f"{stem}_{i}" for i in ids]
    _, spread = stack_tasks(X, Y[:, 0], np.searchsorted(ids, task_id))
    return np.asarray(spread, dtype=np.float64), names


def _make_frames(bunch: Bunch) -> None:
    import pandas as pd

    data = pd.DataFrame(bunch.data, columns=bunch.feature_names)
    chosen = [n for n, c in zip(data.columns, bunch.categorical, strict=True) if c]
    bunch.data = data.astype(dict.fromkeys(chosen, "category"))
    bunch.target = pd.DataFrame(bunch.target, columns=bunch.task_names)
