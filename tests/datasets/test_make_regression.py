import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from sklearn_mtl.datasets import make_multitask_regression


def make(**arguments):
    return make_multitask_regression(return_X_y=False, random_state=0, **arguments)


def test_y_is_signal_plus_noise_and_signal_is_linear():
    made = make(n_samples=4000, noise=0.5)
    np.testing.assert_allclose(made.signal, made.X @ made.coef.T)
    np.testing.assert_allclose((made.y - made.signal).std(axis=0), 0.5, rtol=0.05)
    np.testing.assert_allclose(made.signal.std(axis=0), 1.0, rtol=0.05)


def test_least_squares_finds_the_coefficients_and_the_stated_ceiling():
    made = make(n_samples=20000, noise=1.0)
    model = LinearRegression().fit(made.X, made.y)
    np.testing.assert_allclose(model.coef_, made.coef, atol=0.04)
    np.testing.assert_allclose(model.score(made.X, made.y), 1 / 2, atol=0.02)


def test_only_the_informative_inputs_matter():
    made = make(n_features=12, n_informative=3)
    assert ((made.coef != 0).sum(axis=1) == 3).all()
    assert (made.coef != 0).any(axis=0).sum() == 3


@pytest.mark.parametrize("relatedness", [0.0, 0.3, 0.8])
def test_coefficients_correlate_by_the_relatedness(relatedness):
    made = make(
        n_samples=2,
        n_features=200,
        n_informative=200,
        n_tasks=60,
        n_groups=2,
        relatedness=relatedness,
    )
    cosine = made.coef @ made.coef.T
    same = made.task_groups[:, None] == made.task_groups
    apart = ~np.eye(60, dtype=bool)
    np.testing.assert_allclose(np.diag(cosine), 1.0)
    assert abs(cosine[same & apart].mean() - relatedness) < 0.05
    assert abs(cosine[~same].mean()) < 0.08


def test_full_relatedness_makes_the_signals_of_a_group_equal():
    signal = make(n_tasks=4, n_groups=2, relatedness=1.0, nonlinear=True).signal
    np.testing.assert_allclose(signal[:, 0], signal[:, 1])
    np.testing.assert_allclose(signal[:, 2], signal[:, 3])
    assert abs(np.corrcoef(signal[:, 0], signal[:, 2])[0, 1]) < 0.6


def test_nonlinear_signals_are_not_linear_in_the_inputs():
    made = make(n_samples=3000, nonlinear=True, noise=0.0)
    assert made.coef is None
    linear = LinearRegression().fit(made.X, made.y).score(made.X, made.y)
    assert linear < 0.95
    np.testing.assert_allclose(made.signal.std(axis=0), 1.0)


def test_groups_can_be_given():
    assert make(n_groups=["b", "a", "b", "a"]).task_groups.tolist() == [1, 0, 1, 0]
    assert make(n_groups=3).task_groups.tolist() == [0, 0, 1, 2]


def test_noise_and_missing_labels_by_task():
    made = make(
        n_samples=2000, n_tasks=2, noise=[0.0, 2.0], missing_fraction=[0.0, 0.3]
    )
    np.testing.assert_allclose(made.y[:, 0], made.signal[:, 0])
    assert np.isnan(made.y).sum(axis=0).tolist() == [0, 600]
    assert (made.y_complete - made.signal)[:, 1].std() > 1.8


def test_X_y_are_those_of_the_bunch_and_repeat():
    X, y = make_multitask_regression(random_state=0)
    made = make()
    np.testing.assert_array_equal(X, made.X)
    np.testing.assert_array_equal(y, made.y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_informative": 30}, "n_informative is 30; it must be between 1 and"),
        ({"relatedness": 1.5}, r"relatedness is 1.5; it must be in \[0, 1\]"),
        ({"n_groups": 9}, "n_groups is 9; it must be between 1 and n_tasks = 4"),
        ({"n_groups": [0, 1]}, "n_groups has 2 values, but there are 4 tasks"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"missing_fraction": 2.0}, "missing_fraction is 2.0; it must be in"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_multitask_regression(**arguments)
