"""The tables of the benchmarks."""

import numpy as np
import pytest

from benchmarks._npz import load_npz
from tests.real_data import FOLDER

ARRAYS = {
    "X": np.array([[1.0, 0.0], [np.nan, 2.0], [3.0, 1.0]], dtype=np.float32),
    "Y": np.array([[0, 1.5], [np.nan, 2.5], [1, np.nan]], dtype=np.float32),
    "task_names": ["sick", "dose"],
    "task_types": ["binary", "regression"],
    "n_classes": [2, 0],
    "categorical": [False, True],
}


@pytest.mark.parametrize("groups", [None, [7, 7, 8]])
def test_all_arrays_come_back(tmp_path, groups):
    more = {} if groups is None else {"groups": groups}
    np.savez(tmp_path / "small.npz", **ARRAYS, **more)
    table = load_npz(tmp_path / "small.npz")
    np.testing.assert_array_equal(table.data, ARRAYS["X"])
    np.testing.assert_array_equal(table.target, ARRAYS["Y"])
    assert table.target.dtype == np.float64
    assert table.task_names == ["sick", "dose"]
    assert table.task_types == ["binary", "regression"]
    assert table.n_classes.tolist() == [2, 0]
    assert table.categorical.tolist() == [False, True]
    assert (None if table.groups is None else table.groups.tolist()) == groups


def test_pickled_objects_are_not_loaded(tmp_path):
    objects = np.array([[{}], [None]], dtype=object)
    np.savez(tmp_path / "bad.npz", **{**ARRAYS, "X": objects})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_npz(tmp_path / "bad.npz")


@pytest.mark.parametrize(
    ("name", "shape"), [("ml_yeast", (2417, 14)), ("tox21", (7823, 12))]
)
def test_real_tables_load(name, shape):
    path = FOLDER / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"real data {name} is not in {FOLDER}")
    table = load_npz(path)
    assert table.target.shape == shape
    assert len(table.task_names) == len(table.task_types) == shape[1]
    assert len(table.n_classes) == shape[1]
