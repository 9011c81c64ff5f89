"""Compiled inner loop of the group solvers, used if numba has compiled it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

__all__ = ["compile_kernels", "group_cycle"]

Kernel = Callable[..., float]


def cycle_groups(
    A: np.ndarray,
    squares: np.ndarray,
    W: np.ndarray,
    R: np.ndarray,
    groups: np.ndarray,
    ridge: float,
    is_gram: bool,
) -> float:
    """Minimise over one feature group at a time; return the largest change.

    Plain Python that numba compiles. The tests use it uncompiled as a reference.

    Shapes: A (n_groups, m), squares (n_groups,), W (n_groups, n_tasks), R
    (n_tasks, n_groups) or (n_tasks, n_samples), groups (n_groups,).
    """
    n_groups, n_tasks = W.shape
    m = n_groups if is_gram else A.shape[1]
    pull = np.empty(n_tasks)
    largest = 0.0
    for j in range(n_groups):
        square = squares[j]
        if square <= 0.0:
            continue
        length = 0.0
        used = 0.0
        for t in range(n_tasks):
            if is_gram:
                inner = R[t, j]
            else:
                inner = 0.0
                for i in range(m):
                    inner += A[j, i] * R[t, i]
            pull[t] = square * W[j, t] + inner
            length += pull[t] * pull[t]
            used += W[j, t] * W[j, t]
        length = np.sqrt(length)
        factor = 0.0
        if length > groups[j]:
            factor = (1.0 - groups[j] / length) / (square + ridge)
        elif used == 0.0:
            # A group that stays zero does not change the residuals.
            continue
        for t in range(n_tasks):
            change = factor * pull[t] - W[j, t]
            W[j, t] += change
            # In units of the gradient, like the tolerances.
            largest = max(largest, square * abs(change))
            for i in range(m):
                R[t, i] -= A[j, i] * change
    return largest


@cache
def group_cycle() -> Kernel | None:
    """Return the compiled `cycle_groups`, or None if it has not been compiled yet.

    Compiling takes about a second, too long for `fit`. Only a kernel that
    `compile_kernels` stored on disk or compiled in this process is used.
    """
    if find_spec("numba") is None:
        return None
    return _compiled() if _compiled.cache_info().currsize or _is_on_disk() else None


def _is_on_disk() -> bool:
    """Return whether numba has stored machine code of this file on disk."""
    source = Path(__file__)
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    pattern = f"__pycache__/{source.stem}.cycle_groups-*.{python}.nbi"
    since = source.stat().st_mtime
    return any(file.stat().st_mtime >= since for file in source.parent.glob(pattern))


def compile_kernels() -> None:
    """Compile the loops of the linear solvers for this and all later processes.

    Requires the extra `numba` and takes a second or two. The machine code is stored in
    the directory of the package if that is writable, so one call per installation is
    enough. Otherwise numba stores it in its own cache directory, and this function must
    be called once in each process. Afterwards squared-error fits and paths with the
    penalty "l21" use the compiled loops. They reach the same `tol`.

    Raises
    ------
    ImportError
        If numba is not installed.

    Examples
    --------
    >>> from sklearn_mtl.linear_model import compile_kernels
    >>> compile_kernels()  # doctest: +SKIP
    """
    if find_spec("numba") is None:
        raise ImportError(
            "compile_kernels needs numba: pip install 'sklearn-mtl[numba]'."
        )
    kernel = _compiled()
    zeros, ones = np.zeros((1, 1)), np.ones(1)
    kernel(zeros, ones, zeros.copy(), zeros.copy(), ones, 0.0, True)
    group_cycle.cache_clear()


@cache
def _compiled() -> Kernel:
    import numba

    # fastmath allows sums in any order, so dot products use vector registers.
    kernel: Kernel = numba.njit(cache=True, fastmath=True, error_model="numpy")(
        cycle_groups
    )
    return kernel
