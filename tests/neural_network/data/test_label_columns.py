"""Labels as columns for the edges of the embedding, for few and for many tasks."""

import numpy as np
import pytest

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.losses import OutputLayout, read_losses
from sklearn_mtl.neural_network.data import _label_columns
from sklearn_mtl.neural_network.data._label_columns import label_columns
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils import _axes

N_ROWS = 120


def labels_of_all_kinds():
    """Return arguments of `label_columns` with gaps, weights and three members."""
    rng = np.random.default_rng(0)
    size = (N_ROWS, 3)
    blocks = [rng.integers(0, 2, size), rng.integers(0, 5, size)]
    blocks += [rng.normal(1e3, 2.0, size), rng.uniform(0.0, 24.0, size)]
    y = np.hstack(blocks)
    y[rng.random(y.shape) < 0.4] = np.nan
    types = ["classification"] * 6 + ["regression"] * 6
    tasks, codes = TaskSet.from_y(y, task_types=types)
    tasks = tasks.with_periods([None] * 9 + [24.0] * 3)
    layout = OutputLayout(tasks.tasks, read_losses("auto", tasks.tasks, "test"))
    weights = np.where(np.isnan(codes), 0.0, rng.integers(0, 3, codes.shape))
    members = rng.random((3, N_ROWS)) < 0.8
    return tasks, layout, codes, weights, weights.max(axis=1), members


@pytest.mark.parametrize("m", range(3))
def test_many_outputs_are_the_principal_axes_of_the_columns(m, monkeypatch):
    given = labels_of_all_kinds()
    members, row_weights = given[-1][m], given[-2]
    root = np.sqrt(members * row_weights)[:, None]
    columns = label_columns(*given, m)
    assert columns.shape == (N_ROWS, 3 + 3 * 5 + 3 + 3 * 2)
    monkeypatch.setattr(_label_columns, "MANY", 1)
    # with as many spare axes as columns, the iteration is exact
    monkeypatch.setattr(_axes, "_N_SPARE", columns.shape[1] - 8)
    axes = label_columns(*given, m)
    assert axes.shape == (N_ROWS, 8)
    left, sizes, _ = np.linalg.svd(root * columns, full_matrices=False)
    wanted = (left[:, :8] * sizes[:8] ** 2) @ left[:, :8].T
    np.testing.assert_allclose((root * axes) @ (root * axes).T, wanted, atol=1e-8)


def test_eight_spare_axes_keep_most_of_the_variance(monkeypatch):
    given = labels_of_all_kinds()
    columns = label_columns(*given, 0)
    monkeypatch.setattr(_label_columns, "MANY", 1)
    axes = label_columns(*given, 0)
    root = np.sqrt(given[-1][0] * given[-2])[:, None]
    most = np.linalg.svd(root * columns, compute_uv=False)[:8]
    assert (root * axes**2 * root).sum() > 0.95 * (most**2).sum()


def test_of_six_hundred_sparse_tasks_no_dense_columns_are_made(monkeypatch):
    rng = np.random.default_rng(0)
    X, shape = rng.normal(size=(130, 3)), (130, 600)
    y = np.where(rng.random(shape) < 0.05, rng.integers(0, 2, shape), np.nan)
    y[0], y[1] = 0, 1
    monkeypatch.delattr(_label_columns, "column_moments")
    model = MultiTaskClassifier(n_members=2, max_epochs=1, random_state=0)
    assert len(model.fit(X, y).predict_proba(X)) == 600
