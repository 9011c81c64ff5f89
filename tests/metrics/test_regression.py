import numpy as np
import pytest
from sklearn import metrics

from sklearn_mtl.metrics import _regression as ours


def draw(n=40):
    rng = np.random.default_rng(0)
    y = rng.normal(size=n)
    return y, y + rng.normal(scale=0.5, size=n) + 0.2, rng.uniform(0.5, 2, size=n)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("mean_squared_error", metrics.mean_squared_error),
        ("root_mean_squared_error", metrics.root_mean_squared_error),
        ("mean_absolute_error", metrics.mean_absolute_error),
        ("r2", metrics.r2_score),
        ("explained_variance", metrics.explained_variance_score),
        ("d2_absolute_error_score", metrics.d2_absolute_error_score),
    ],
)
def test_metrics_are_scikit_learns(name, theirs):
    y, given, w = draw()
    expected = theirs(y, given, sample_weight=w)
    assert getattr(ours, name)(y, given, w) == pytest.approx(expected)


def test_relative_error_is_the_root_of_what_r2_lacks():
    y, given, w = draw()
    relative = ours.relative_root_mean_squared_error(y, given, w)
    assert relative**2 == pytest.approx(1 - ours.r2(y, given, w))


def test_labels_that_do_not_vary_have_the_r2_of_scikit_learn():
    y, w = np.full(3, 2.0), np.ones(3)
    for given in (y, y + 1):
        assert ours.r2(y, given, w) == metrics.r2_score(y, given)
        expected = metrics.d2_absolute_error_score(y, given)
        assert ours.d2_absolute_error_score(y, given, w) == expected
    assert np.isnan(ours.relative_root_mean_squared_error(y, y, w))


def test_one_label_has_no_r2():
    one = np.array([1.0])
    assert np.isnan(ours.d2_absolute_error_score(one, one, one))
    assert np.isnan(ours.r2(one, one, one))
    assert np.isnan(ours.explained_variance(one, one, one))
    assert ours.mean_squared_error(one, one + 2, one) == 4.0
