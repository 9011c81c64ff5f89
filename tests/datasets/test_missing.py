import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.datasets import hide_labels


def test_classes_keep_their_shares_and_none_is_lost():
    y = np.repeat([0, 1, 2], [200, 50, 2])[:, None]
    hidden = np.isnan(hide_labels(y, 0.6, random_state=0))[:, 0]
    counts = [hidden[y[:, 0] == k].sum() for k in range(3)]
    assert counts == [120, 30, 1]


def test_at_the_highest_share_one_label_of_each_class_stays():
    y = np.repeat([0, 1], [30, 5])
    left = hide_labels(y, 0.99, random_state=0)
    assert sorted(left[~np.isnan(left)]) == [0, 1]


def test_labels_that_are_missing_are_not_counted():
    y = np.arange(100) % 2.0
    y[:40] = np.nan
    assert np.isnan(hide_labels(y, 0.5, random_state=0)).sum() == 40 + 30


def test_regression_hides_its_share_of_all_values():
    y = np.random.default_rng(0).normal(size=(200, 2))
    hidden = np.isnan(hide_labels(y, [0.1, 0.7], random_state=0))
    assert hidden.sum(axis=0).tolist() == [20, 140]


def test_frame_keeps_columns_and_what_is_left():
    y = pd.DataFrame({"grade": ["a", "b"] * 10, "hours": np.linspace(0, 1, 20)})
    out = hide_labels(y, 0.5, random_state=0)
    assert out.columns.tolist() == ["grade", "hours"]
    assert out.isna().sum().tolist() == [10, 10]
    kept = out["grade"].notna()
    assert (out["grade"][kept] == y["grade"][kept]).all()
    assert not y.isna().to_numpy().any()


def test_series_stays_a_series():
    out = hide_labels(pd.Series(["a", "b"] * 5, name="s"), 0.4, random_state=0)
    assert isinstance(out, pd.Series)
    assert out.isna().sum() == 4


def test_strings_become_objects_with_nan():
    out = hide_labels(np.array(["a", "b"] * 5), 0.4, random_state=0)
    assert out.dtype == object
    assert sum(v != v for v in out) == 4


def test_integers_with_few_values_can_be_said_to_be_a_regression():
    y = np.arange(10)[:, None]
    assert np.isnan(hide_labels(y, 0.5, random_state=0)).sum() == 0
    numbers = hide_labels(y, 0.5, task_types="regression", random_state=0)
    assert np.isnan(numbers).sum() == 5


def test_tasks_are_hidden_independently():
    y = np.tile(np.arange(400)[:, None] % 2, (1, 2))
    first, second = np.isnan(hide_labels(y, 0.5, random_state=0)).T
    assert 0.15 < (first & second).mean() < 0.35


@pytest.mark.parametrize("fraction", [-0.1, 1.0, np.nan])
def test_shares_outside_the_range_are_refused(fraction):
    with pytest.raises(ValueError, match=r"fraction .*must be in \[0, 1\)"):
        hide_labels([[0], [1]], fraction)


def test_wrong_number_of_shares_is_refused():
    with pytest.raises(
        ValueError, match="fraction has 3 entries, but there are 2 tasks"
    ):
        hide_labels([[0, 1], [1, 0]], [0.1, 0.2, 0.3])
