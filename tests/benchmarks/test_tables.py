"""Rows of the accuracy benchmark: caps, groups, inner parts and hidden labels."""

import numpy as np
import pytest

from benchmarks._accuracy.tables import (
    MAX_TEST,
    MAX_TRAIN,
    Table,
    hide_labels,
    inner_split,
    load_table,
    split_rows,
)


def make_table(n_rows=200, groups=None, name="made"):
    rng = np.random.default_rng(0)
    return Table(
        name=name,
        X=rng.normal(size=(n_rows, 3)),
        y=rng.integers(2, size=(n_rows, 2)).astype(float),
        kinds=("binary", "binary"),
        n_classes=(2, 2),
        task_names=("a", "b"),
        categorical=np.array([False, False, True]),
        groups=groups,
    )


def test_seventy_percent_train_and_no_row_is_on_both_sides():
    split = split_rows(make_table(200), seed=1)
    assert len(split.train) == 140
    assert sorted([*split.train, *split.test]) == list(range(200))


def test_the_caps_drop_rows_from_each_side():
    split = split_rows(make_table(40_000), seed=0)
    assert (len(split.train), len(split.test)) == (MAX_TRAIN, MAX_TEST)
    assert not set(split.train) & set(split.test)


def test_a_group_is_on_one_side_and_in_one_inner_part():
    groups = np.random.default_rng(1).integers(30, size=300)
    table = make_table(300, groups)
    split = split_rows(table, seed=3)
    assert not set(groups[split.train]) & set(groups[split.test])
    assert 150 < len(split.train) < 260
    inner = inner_split(table, split.train, 3, (0, 3))
    assert not set(groups[inner.train]) & set(groups[inner.test])


def test_inner_parts_hold_out_every_training_row_once_and_no_test_row():
    table = make_table(100)
    split = split_rows(table, seed=0)
    parts = [inner_split(table, split.train, 0, (i, 4)) for i in range(4)]
    held_out = np.concatenate([part.test for part in parts])
    assert sorted(held_out) == sorted(split.train)
    for part in parts:
        assert sorted([*part.train, *part.test]) == sorted(split.train)


def test_splits_are_the_same_again_and_differ_by_seed():
    table = make_table(100)
    first, again, other = (split_rows(table, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.train, again.train)
    assert set(first.train) != set(other.train)


def test_a_share_of_the_labels_is_hidden_and_the_table_is_left_alone():
    table = make_table(5000)
    hidden = hide_labels(table, 0.8, seed=0)
    assert np.isnan(hidden.y).mean() == pytest.approx(0.8, abs=0.02)
    assert not np.isnan(table.y).any()
    assert hide_labels(table, 0.0, seed=0) is table


def test_a_file_is_read_with_its_kinds_and_codes(tmp_path):
    np.savez(
        tmp_path / "tiny.npz",
        X=np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 1.0]]),
        Y=np.array([[0, 0.5], [1, np.nan], [0, 1.5]], dtype=np.float32),
        task_names=np.array(["sick", "dose"]),
        task_types=np.array(["binary", "regression"]),
        n_classes=np.array([2, 0]),
        categorical=np.array([False, True]),
    )
    table = load_table("tiny", str(tmp_path))
    assert table.problem == "mixed"
    frame = table.frame(np.array([0, 2]))
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "category"]
