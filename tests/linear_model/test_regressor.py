import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    LinearRegression,
    MultiTaskElasticNet,
    MultiTaskLasso,
    Ridge,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.penalties import L21, Decomposition, TaskGraph, TaskL21, TraceNorm
from sklearn_mtl.tasks import stack_tasks
from tests.linear_model.strengths import strength

NAMES = [
    "empirical_bayes",
    "l21",
    "trace",
    "mean",
    "ridge",
    "partial_pooling",
    "l1",
    None,
]
NAMES += ["task_l21", "task_covariance", "chain"]
every_name = pytest.mark.parametrize("penalty", NAMES)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 6)) + 2.0
    W = np.ones((6, 1)) + 0.3 * rng.standard_normal((6, 4))
    return X, X @ W + rng.standard_normal((60, 4))


@pytest.fixture
def holes(data):
    X, y = data
    return X, np.where(np.random.default_rng(1).random(y.shape) < 0.3, np.nan, y)


@parametrize_with_checks(
    [MultiTaskLinearRegressor(), MultiTaskLinearRegressor(penalty="l21", alpha=0.1)]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("shape", [(60, 6), (20, 50)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_l21_is_multitasklasso(shape, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) + 1.0
    y = X[:, :3] @ rng.standard_normal((3, 4)) + rng.standard_normal((len(X), 4))
    ours = MultiTaskLinearRegressor(
        penalty="l21", alpha=0.2, tol=1e-12, fit_intercept=fit_intercept
    ).fit(X, y)
    theirs = MultiTaskLasso(0.2, tol=1e-10, fit_intercept=fit_intercept).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-4)
    assert ours.dual_gap_ <= 1e-12


def test_l1_ratio_is_multitaskelasticnet(data):
    X, y = data
    ours = MultiTaskLinearRegressor(penalty=L21(0.3, l1_ratio=0.4), tol=1e-12)
    theirs = MultiTaskElasticNet(0.3, l1_ratio=0.4, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.fit(X, y).coef_, theirs.coef_, atol=1e-6)


@pytest.mark.parametrize("shape", [(60, 6), (20, 50)])
def test_ridge_is_ridge_with_alpha_times_n(shape):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal(shape), rng.standard_normal((shape[0], 3))
    w = rng.uniform(0.5, 2.0, shape[0])
    ours = MultiTaskLinearRegressor(penalty="ridge", alpha=0.2)
    theirs = Ridge(0.2 * w.sum()).fit(X, y, sample_weight=w)
    np.testing.assert_allclose(ours.fit(X, y, w).coef_, theirs.coef_, atol=1e-9)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-9)


def test_no_penalty_is_least_squares_on_each_task_s_rows(holes):
    X, y = holes
    ours = MultiTaskLinearRegressor(penalty=None).fit(X, y)
    for t, column in enumerate(y.T):
        seen = ~np.isnan(column)
        alone = LinearRegression().fit(X[seen], column[seen])
        np.testing.assert_allclose(ours.coef_[t], alone.coef_, atol=1e-7)


def own_rows(dtype=np.float64):
    """Return three tasks with rows of their own, of different numbers."""
    rng = np.random.default_rng(0)
    pairs = []
    for n in (20, 45, 90):
        X = rng.standard_normal((n, 6)) + 2.0
        pairs.append((X, X[:, 0] - X[:, 1] + rng.standard_normal(n)))
    return [(X.astype(dtype), y.astype(dtype)) for X, y in pairs]


def test_ridge_of_own_rows_is_scikit_learns_of_each_task():
    pairs = own_rows()
    weights = [np.linspace(0.5, 1.5, len(y)) for _, y in pairs]
    mean = np.concatenate(weights).sum() / 3
    model = MultiTaskLinearRegressor(penalty="ridge", alpha=0.3)
    model.fit(*stack_tasks(pairs), sample_weight=np.concatenate(weights))
    for t, ((X, y), w) in enumerate(zip(pairs, weights, strict=True)):
        alone = Ridge(alpha=0.3 * mean).fit(X, y, sample_weight=w)
        np.testing.assert_allclose(model.coef_[t], alone.coef_, atol=1e-6)
        np.testing.assert_allclose(model.intercept_[t], alone.intercept_, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.02, 0.3])
def test_own_rows_of_float32_reach_the_same_gap(alpha):
    double, single = (
        MultiTaskLinearRegressor(penalty="l21", alpha=alpha, tol=1e-9).fit(
            *stack_tasks(own_rows(dtype))
        )
        for dtype in (np.float64, np.float32)
    )
    assert max(double.dual_gap_, single.dual_gap_) <= 1e-9
    np.testing.assert_allclose(double.coef_, single.coef_, atol=1e-4)
    assert double.coef_.any()


@every_name
def test_own_rows_equal_missing_labels(penalty, holes):
    """A NaN in y, a weight of 0 and a row that is not there are the same."""
    X, y = holes
    model = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.1), tol=1e-10
    )
    expected = model.fit(X, y).coef_
    filled = model.fit(X, np.nan_to_num(y, nan=99.0), ~np.isnan(y) * 1.0).coef_
    np.testing.assert_allclose(filled, expected, atol=1e-6)
    pairs = [(X[~np.isnan(c)], c[~np.isnan(c)]) for c in y.T]
    stacked = model.fit(*stack_tasks(pairs)[:2]).coef_
    # Scaling of features inside weighs rows by their labels: the same as stacking.
    np.testing.assert_allclose(stacked, expected, atol=1e-6)


@every_name
def test_weights_of_0_and_2_drop_and_repeat_rows(penalty, holes):
    X, y = holes
    repeats = np.random.default_rng(2).integers(0, 3, len(X))
    model = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.1), tol=1e-10
    )
    weighted = model.fit(X, y, repeats).coef_
    index = np.repeat(np.arange(len(X)), repeats)
    np.testing.assert_allclose(model.fit(X[index], y[index]).coef_, weighted, atol=1e-6)


@every_name
def test_sparse_equals_dense(penalty, holes):
    X, y = holes
    model = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.1), tol=1e-10
    )
    expected = model.fit(X, y).predict(X)
    for container in (sparse.csr_array, sparse.csc_matrix):
        found = model.fit(container(X), y).predict(container(X))
        np.testing.assert_allclose(found, expected, atol=1e-5)


@every_name
def test_permuted_tasks_permute_coefficients(penalty, holes):
    if penalty == "chain":
        pytest.skip("a chain has an order")
    X, y = holes
    order = [2, 0, 3, 1]
    model = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.1), tol=1e-10
    )
    expected = model.fit(X, y).coef_[order]
    np.testing.assert_allclose(model.fit(X, y[:, order]).coef_, expected, atol=1e-6)


@every_name
def test_float32_input_gives_the_same_model(penalty, holes):
    X, y = holes
    model = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.1), tol=1e-9
    )
    expected = model.fit(X, y).predict(X)
    found = model.fit(X.astype(np.float32), y.astype(np.float32)).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_more_features_than_rows_with_missing_labels_is_certified():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 80)), rng.standard_normal((30, 4))
    y[rng.random(y.shape) < 0.3] = np.nan
    for penalty in ("empirical_bayes", "l21", "mean", "trace"):
        model = MultiTaskLinearRegressor(
            penalty=penalty, alpha=strength(penalty, 0.1)
        ).fit(X, y)
        assert model.dual_gap_ <= 1e-6


def test_empirical_bayes_shares_what_is_shared():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 10))
    common = rng.standard_normal((10, 1))
    y = X @ (common + 0.05 * rng.standard_normal((10, 8)))
    y += rng.standard_normal(y.shape)
    y[rng.random(y.shape) < 0.8] = np.nan
    model = MultiTaskLinearRegressor(scale_targets=False).fit(X, y)
    single = MultiTaskLinearRegressor(penalty="ridge", alpha=0.01).fit(X, y)
    error = np.mean((model.coef_ - common.T) ** 2)
    assert error < 0.2 * np.mean((single.coef_ - common.T) ** 2)
    assert model.penalty_.get_params()["shared__alpha"] < model.alpha_
    total = model.parts_["shared"] + model.parts_["own"]
    np.testing.assert_allclose(total, model.coef_, atol=1e-9)


def test_empirical_bayes_does_not_share_what_is_not():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 10))
    W = rng.standard_normal((10, 8))
    y = X @ W + 0.1 * rng.standard_normal((300, 8))
    model = MultiTaskLinearRegressor().fit(X, y)
    np.testing.assert_allclose(model.coef_, W.T, atol=0.05)


def test_robust_decomposition_names_the_outlier(data):
    X, y = data
    y[:, 2] = X @ [5.0, -5.0, 5.0, -5.0, 5.0, -5.0]
    penalty = Decomposition([("common", TraceNorm(0.5)), ("outlier", TaskL21(0.4))])
    parts = MultiTaskLinearRegressor(penalty=penalty).fit(X, y).parts_
    lengths = np.linalg.norm(parts["outlier"], axis=1)
    assert lengths.argmax() == 2
    assert (np.delete(lengths, 2) < 0.2 * lengths[2]).all()


def test_task_covariance_finds_opposed_tasks(data):
    X, y = data
    y[:, 1] = -y[:, 1]
    model = MultiTaskLinearRegressor(penalty="task_covariance", alpha=0.01).fit(X, y)
    Omega = model.task_covariance_
    assert np.trace(Omega) == pytest.approx(1.0)
    assert Omega[0, 1] < 0 < Omega[0, 2]


def test_one_dimensional_y_gives_one_dimensional_attributes(data):
    X, y = data
    model = MultiTaskLinearRegressor(penalty="l21", alpha=0.1).fit(X, y[:, 0])
    assert model.coef_.shape == (6,)
    assert isinstance(model.intercept_, float)
    assert model.predict(X).shape == (60,)
    assert MultiTaskLinearRegressor().fit(X, y[:, :1]).coef_.shape == (1, 6)


def test_stopping_early_warns_with_the_gap(data):
    X, y = data
    model = MultiTaskLinearRegressor(penalty="trace", alpha=1e-3, max_iter=10)
    model.set_params(tol=1e-14)
    with pytest.warns(ConvergenceWarning, match="relative duality gap of .* max_iter"):
        model.fit(X, y)


def test_advice_is_only_what_can_help():
    rng = np.random.default_rng(0)
    with pytest.warns(ConvergenceWarning) as told:  # noqa: PT031 - any of the fits
        for smallest in range(20):  # a processor may round some gaps to zero
            X = rng.normal(size=(200, 30)) * np.logspace(0, -smallest / 3, 30)
            X, y = X @ rng.normal(size=(30, 30)), rng.normal(size=(200, 8))
            MultiTaskLinearRegressor(penalty=None, tol=1e-30).fit(X, y)
    advice = "Possible remedies: standardise X, accept a larger tol."
    assert all(advice in str(one.message) for one in told)


@pytest.mark.parametrize("penalty", NAMES[1:])
def test_alpha_zero_is_least_squares_in_all_units_of_the_features(penalty, data):
    X, _ = data
    y = X @ np.random.default_rng(2).standard_normal((6, 4)) + 1.0
    truth, units = y.copy(), np.array([1e4, 1e-4, 1e4, 1e-4, 1.0, 1e-6])
    y[::5, 0] = np.nan
    model = MultiTaskLinearRegressor(penalty=penalty, alpha=0.0).fit(X * units, y)
    expected, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(60)]), truth)
    np.testing.assert_allclose(model.coef_ * units, expected[:-1].T, atol=1e-9)
    np.testing.assert_allclose(model.intercept_, expected[-1], atol=1e-9)
    np.testing.assert_allclose(model.predict(X * units), truth, atol=1e-9)
    assert model.dual_gap_ <= 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalty": "lasso"}, "penalty 'lasso' is unknown; allowed are .'chain'"),
        ({"alpha": -1.0}, "'alpha' parameter of MultiTaskLinearRegressor must be"),
        ({"penalty": TaskGraph(graph=np.tri(4))}, "graph must be symmetric"),
        ({"penalty": L21(feature_weights=[1.0])}, "must be 6 positive numbers"),
    ],
)
def test_wrong_parameters_are_named(data, change, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**{"penalty": "l21", **change}).fit(*data)


def test_a_task_without_label_is_an_error_or_predicts_nan(data):
    X, y = data
    y[:, 1] = np.nan
    with pytest.raises(TaskError, match="task1"):
        MultiTaskLinearRegressor().fit(X, y)
    model = MultiTaskLinearRegressor(on_empty_task="warn")
    with pytest.warns(UserWarning, match="task1"):
        model.fit(X, y)
    predicted = model.predict(X)
    assert np.isnan(predicted[:, 1]).all()
    assert not np.isnan(np.delete(predicted, 1, axis=1)).any()
