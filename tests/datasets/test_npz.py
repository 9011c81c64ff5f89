from pathlib import Path

import numpy as np
import pytest

from sklearn_mtl.datasets import load_npz
from tests.real_data import FOLDER


@pytest.fixture
def folder(tmp_path):
    np.savez(
        tmp_path / "small.npz",
        X=np.array([[1.0, 0.0], [np.nan, 2.0], [3.0, 1.0]], dtype=np.float32),
        Y=np.array([[0, 1.5], [np.nan, 2.5], [1, np.nan]], dtype=np.float32),
        task_names=["sick", "dose"],
        task_types=["binary", "regression"],
        n_classes=[2, 0],
        feature_names=["age", "ward"],
        categorical=[False, True],
        groups=[7, 7, 8],
    )
    return tmp_path


def test_all_keys_come_back(folder):
    table = load_npz("small", data_home=folder)
    assert table.data.shape == (3, 2)
    assert table.target.dtype == np.float64
    assert table.task_names == ["sick", "dose"]
    assert table.task_types == ["binary", "regression"]
    assert table.feature_names == ["age", "ward"]
    assert table.categorical.tolist() == [False, True]
    assert table.groups.tolist() == [7, 7, 8]
    assert table.is_train is None
    assert Path(table.filename).name == "small.npz"


def test_name_may_be_a_path_a_file_name_or_a_stem(folder, monkeypatch):
    monkeypatch.setenv("SKLEARN_MTL_DATA", str(folder))
    for name in (folder / "small.npz", "small.npz", "small"):
        assert load_npz(name).target.shape == (3, 2)


def test_argument_wins_over_the_environment(folder, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("SKLEARN_MTL_DATA", str(tmp_path_factory.mktemp("other")))
    assert load_npz("small", data_home=folder).data.shape == (3, 2)


def test_frame_has_names_and_categories(folder):
    table = load_npz("small", data_home=folder, as_frame=True)
    assert table.data.columns.tolist() == ["age", "ward"]
    assert str(table.data["ward"].dtype) == "category"
    assert table.target["dose"].isna().tolist() == [False, False, True]


def test_bare_file_gets_names_and_leaves_the_types_to_be_inferred(tmp_path):
    np.savez(tmp_path / "bare.npz", X=np.eye(4), Y=np.array([0, 1, 0, 1]))
    table = load_npz("bare", data_home=tmp_path)
    assert table.task_names == ["task0"]
    assert table.task_types == ["infer"]
    assert table.n_classes.tolist() == [2]
    assert table.feature_names == ["x0", "x1", "x2", "x3"]


def test_rows_of_one_task_each_become_columns_with_gaps(tmp_path):
    np.savez(
        tmp_path / "own.npz",
        X=np.eye(4),
        Y=np.array([[1.0], [2.0], [3.0], [4.0]]),
        task_names=["score"],
        task_types=["regression"],
        n_classes=[0],
        task_id=[5, 9, 5, 9],
    )
    table = load_npz("own", data_home=tmp_path)
    nan = np.nan
    np.testing.assert_array_equal(
        table.target, [[1, nan], [nan, 2], [3, nan], [nan, 4]]
    )
    assert table.task_names == ["score_5", "score_9"]
    assert table.task_types == ["regression"] * 2
    assert table.n_classes.tolist() == [0, 0]


def test_return_X_y(folder):
    X, y = load_npz("small", data_home=folder, return_X_y=True)
    assert X.shape == (3, 2)
    assert y.shape == (3, 2)


def test_absent_file_says_where_it_was_looked_for(folder, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no file 'big'.*big\.npz"):
        load_npz("big", data_home=folder)
    monkeypatch.delenv("SKLEARN_MTL_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="set SKLEARN_MTL_DATA"):
        load_npz("big")


def test_file_without_targets_is_refused(tmp_path):
    np.savez(tmp_path / "half.npz", X=np.eye(2))
    with pytest.raises(ValueError, match=r"half.npz has no array 'Y'; it has \['X'\]"):
        load_npz("half", data_home=tmp_path)


def test_rows_that_do_not_match_are_refused(tmp_path):
    np.savez(tmp_path / "odd.npz", X=np.eye(2), Y=np.zeros((3, 1)))
    with pytest.raises(ValueError, match="2 rows in X but 3 in Y"):
        load_npz("odd", data_home=tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"X": np.zeros((3, 2, 2))}, r"X of shape \(3, 2, 2\)"),
        ({"X": np.zeros(3)}, r"X of shape \(3,\)"),
        ({"Y": np.zeros((3, 2, 1))}, r"Y of shape \(3, 2, 1\)"),
        ({"task_names": ["a"]}, r"'task_names' of shape \(1,\); .*\(n_tasks,\)"),
        ({"n_classes": [2, 0, 1]}, "'n_classes' of shape"),
        ({"feature_names": ["a"]}, r"must be \(n_features,\), which is \(2,\)"),
        ({"categorical": [[True, False]]}, r"'categorical' of shape \(1, 2\)"),
        ({"groups": [1, 2]}, r"'groups' of shape \(2,\); .*\(n_samples,\)"),
        ({"task_id": [0, 0, 1]}, "'task_id'.*but Y has 2 columns"),
    ],
)
def test_arrays_of_other_lengths_are_refused(tmp_path, changed, message):
    arrays = {"X": np.zeros((3, 2)), "Y": np.zeros((3, 2)), **changed}
    np.savez(tmp_path / "odd.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_npz("odd", data_home=tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"task_names": ["a", "a"]}, r"\['a'\] twice in 'task_names'"),
        ({"feature_names": ["x", "x"]}, r"\['x'\] twice in 'feature_names'"),
        (
            {"task_types": ["foo", "binary"]},
            "task type 'foo' for task 'task0'; allowed",
        ),
        ({"n_classes": [2, 2]}, "n_classes 2 for task 'task1', but Y has 3 different"),
        ({"n_classes": [2, 0], "task_types": ["binary"] * 2}, "n_classes 0 for task"),
        ({"Y": np.zeros((3, 0))}, r"Y of shape \(3, 0\); at least one sample"),
        ({"X": np.zeros((3, 0))}, r"X of shape \(3, 0\)"),
        ({"X": np.zeros((0, 2)), "Y": np.zeros((0, 2))}, r"X of shape \(0, 2\)"),
        ({"Y": np.zeros((3, 2)) + 1j}, "Y of dtype complex128; labels must be real"),
        ({"X": np.zeros((3, 2)) + 1j}, "X of complex numbers"),
        ({"Y": [["a", "b"]] * 3}, "Y of dtype <U1; labels must be real numbers"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, changed, message):
    Y = [[0, 0], [1, 1], [0, 2]]
    np.savez(tmp_path / "odd.npz", **{"X": np.zeros((3, 2)), "Y": Y, **changed})
    with pytest.raises(ValueError, match=rf"load_npz: odd.npz has .*{message}"):
        load_npz("odd", data_home=tmp_path)


def test_regressions_may_have_any_labels_and_n_classes_more_than_are_there(tmp_path):
    Y = [[0, 0.5], [1, 1.5], [0, 2.5]]
    arrays = {"n_classes": [9, 0], "task_types": ["multiclass", "regression"]}
    np.savez(tmp_path / "own.npz", X=np.zeros((3, 2)), Y=Y, **arrays)
    assert load_npz("own", data_home=tmp_path).n_classes.tolist() == [9, 0]


def test_pickled_objects_are_not_loaded(tmp_path):
    np.savez(
        tmp_path / "bad.npz", X=np.eye(2), Y=np.array([[{}], [None]], dtype=object)
    )
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_npz("bad", data_home=tmp_path)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the real data are not here")
@pytest.mark.parametrize(
    ("name", "shape"), [("ml_yeast", (2417, 14)), ("school_139", (15362, 139))]
)
def test_real_tables_load(name, shape):
    table = load_npz(name, data_home=FOLDER)
    assert table.target.shape == shape
    assert len(table.task_names) == len(table.task_types) == shape[1]
    assert len(table.n_classes) == shape[1]
