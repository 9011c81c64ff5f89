import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sklearn_mtl
from sklearn_mtl.solvers import compile_kernels
from sklearn_mtl.solvers.feature_groups import _kernels

# Compiled elsewhere, so that other tests do not find it: their path stays NumPy's.
COMPILE_AND_COMPARE = """
import numpy as np
from sklearn_mtl.linear_model import MultiTaskLinearRegressor, compile_kernels
from sklearn_mtl.solvers.feature_groups import _kernels
rng = np.random.default_rng(0)
X = rng.standard_normal((40, 90))
y = X[:, :3] @ rng.standard_normal((3, 2)) + 0.1 * rng.standard_normal((40, 2))
model = MultiTaskLinearRegressor(penalty="l21", alpha=0.05, tol=1e-12)
_kernels._is_on_disk = lambda: False
assert _kernels.group_cycle() is None
plain = model.fit(X, y).coef_
compile_kernels()
assert _kernels.group_cycle() is not None
np.testing.assert_allclose(model.fit(X, y).coef_, plain, atol=1e-5)
assert model.dual_gap_ <= 1e-12
A, W, R = np.ones((4, 4)) + np.eye(4), np.zeros((4, 2)), rng.standard_normal((2, 4))
both = []
for cycle in (_kernels.cycle_groups, _kernels.group_cycle()):
    V, S = W.copy(), R.copy()
    moved = cycle(A, A.diagonal().copy(), V, S, np.full(4, 0.1), 0.5, True)
    both.append((moved, V, S))
for one, other in zip(*both, strict=True):
    np.testing.assert_allclose(one, other, atol=1e-12)
"""


def test_the_compiled_loop_agrees_with_the_plain_one(tmp_path):
    pytest.importorskip("numba")
    root = Path(sklearn_mtl.__file__).parents[1]
    subprocess.run(
        [sys.executable, "-c", COMPILE_AND_COMPARE],
        check=True,
        cwd=root,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(root)},
    )
    assert list(tmp_path.rglob("*.nbi"))


def test_without_numba_fits_run_and_compiling_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_kernels, "find_spec", lambda name: None)
    _kernels.group_cycle.cache_clear()
    try:
        assert _kernels.group_cycle() is None
        with pytest.raises(ImportError, match=r"sklearn-mtl\[numba\]"):
            compile_kernels()
    finally:
        _kernels.group_cycle.cache_clear()


@pytest.mark.parametrize(("age", "is_used"), [(10.0, True), (-10.0, False)])
def test_machine_code_older_than_its_source_is_not_used(
    age, is_used, tmp_path, monkeypatch
):
    source = tmp_path / "_kernels.py"
    source.touch()
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    code = tmp_path / "__pycache__" / f"_kernels.cycle_groups-1.{python}.nbi"
    code.parent.mkdir()
    code.touch()
    then = source.stat().st_mtime + age
    os.utime(code, (then, then))
    monkeypatch.setattr(_kernels, "__file__", str(source))
    assert _kernels._is_on_disk() is is_used


def test_a_cycle_minimises_over_each_row():
    # One row: the proximal step of a quadratic, in closed form.
    W, R = np.zeros((1, 2)), np.array([[3.0], [4.0]])
    G, square = np.array([[2.0]]), np.array([2.0])
    moved = _kernels.cycle_groups(G, square, W, R, np.ones(1), 0.0, True)
    np.testing.assert_allclose(W, [[1.2, 1.6]])
    np.testing.assert_allclose(R, [[0.6], [0.8]])
    assert moved == pytest.approx(3.2)
