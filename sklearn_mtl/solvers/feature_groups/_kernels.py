"""The one loop that pays to compile, where numba is installed and has compiled it."""

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
    """Minimise over one feature group after the other; return the largest change.

    Plain Python that numba compiles, and the reference of its tests.

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
            # A group that stays zero leaves the residuals as they are.
            continue
        for t in range(n_tasks):
            change = factor * pull[t] - W[j, t]
            W[j, t] += change
            # In units of the gradient, as tolerances are.
            largest = max(largest, square * abs(change))
            for i in range(m):
                R[t, i] -= A[j, i] * change
    return largest


@cache
def group_cycle() -> Kernel | None:
    """Return `cycle_groups` compiled, None where that has not been done before.

    Compiling takes about a second, which a fit must not wait for: only a kernel that
    `compile_kernels` left on disk, or made in this process, is taken.
    """
    if find_spec("numba") is None:
        return None
    return _compiled() if _compiled.cache_info().currsize or _is_on_disk() else None


def _is_on_disk() -> bool:
    """Whether numba has machine code of this very file beside it."""
    source = Path(__file__)
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    pattern = f"__pycache__/{source.stem}.cycle_groups-*.{python}.nbi"
    since = source.stat().st_mtime
    return any(file.stat().st_mtime >= since for file in source.parent.glob(pattern))


def compile_kernels() -> None:
    """Compile the loops of the linear solvers, for this and all later processes.

    Needs the extra `numba`. Takes a second or two, once an installation: the machine
    code is kept beside the package where that is writable, else where numba keeps such
    files, and then this must be called once a process. Squared-error fits and paths
    with the penalty "l21" use it from then on, and reach the same `tol`.

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

    # Sums in any order: dot products in vector registers.
    kernel: Kernel = numba.njit(cache=True, fastmath=True, error_model="numpy")(
        cycle_groups
    )
    return kernel
