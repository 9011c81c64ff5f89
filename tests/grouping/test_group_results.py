import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_mtl.grouping._group_results import summarise

NAN = float("nan")
TOGETHER, APART = ((0, 1),), ((0,), (1,))


def summary(together, apart, units=None):
    """Return the results of two partitions with scores (n_splits, 2)."""
    together, apart = np.array(together), np.array(apart)
    by_group = {(t,): apart[:, [t]] for t in (0, 1)}
    scores = [{(0, 1): together}, by_group]
    return summarise([TOGETHER, APART], ["a", "b"], scores, None, units)


@given(st.lists(st.booleans(), min_size=5, max_size=5), st.integers(0, 99))
def test_the_mean_is_that_of_the_task_scores(observed, seed):
    rng = np.random.default_rng(seed)
    scores = rng.random((2, 5, 2)) + [0, 3]
    scores[:, ~np.array(observed), 1] = NAN
    found = summary(*scores)
    counted = ["a", "b"] if sum(observed) > 2 else ["a"]
    for own, mean in zip(found["task_scores"], found["mean_test_score"], strict=True):
        assert mean == pytest.approx(np.mean([own[name] for name in counted]))


def test_a_task_that_few_splits_score_decides_no_more_than_others():
    # Together, a gains 0.2 and b loses 0.22; the means of splits gain 0.04.
    a, b = np.full(5, 0.5), np.array([0.5, 0.5, 0.5, NAN, NAN])
    found = summary(np.stack([a + 0.2, b - 0.22], axis=1), np.stack([a, b], axis=1))
    np.testing.assert_allclose(found["mean_test_score"], [0.49, 0.5])
    assert found["rank_test_score"].tolist() == [2, 1]


def test_differences_between_tasks_are_no_noise_of_splits():
    scores = np.tile([0.1, 0.9], (5, 1))
    scores[3:, 1] = NAN
    found = summary(scores, scores)
    np.testing.assert_allclose(found["std_test_score"], 0, atol=1e-15)


def test_scores_in_units_are_brought_to_one_before_the_mean():
    scores = np.tile([2.0, 300.0], (3, 1))
    found = summary(scores, scores, units=np.array([1.0, 100.0]))
    np.testing.assert_allclose(found["mean_test_score"], 2.5)
