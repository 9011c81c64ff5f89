"""Standard errors and intervals against posteriors that are written out in full."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from scipy.stats import norm
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import BayesianRidge

import sklearn_mtl
from sklearn_mtl import (
    MultiTaskLinearClassifier,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.exceptions import SingleClassWarning
from sklearn_mtl.linear_model import MultiTaskLinearMixedEstimator, _deviations
from sklearn_mtl.linear_model import _evidence as evidence_module

FEATURES = ["age", "dose", "(Intercept)"]


def draw(n=40, p=3, n_tasks=4, part=0.7, seed=0):
    """Return samples, values of tasks in units of their own, gaps, and weights."""
    rng = np.random.default_rng(seed)
    X = 5.0 + rng.standard_normal((n, p)) * np.arange(1, p + 1)
    W = 1.0 + 0.5 * rng.standard_normal((p, n_tasks))
    y = X @ W + 3.0 * rng.standard_normal((n, n_tasks)) + np.arange(n_tasks)
    y = y * np.arange(1, n_tasks + 1)
    y[rng.random(y.shape) > part] = np.nan
    return X, y, rng.integers(1, 4, y.shape).astype(float)


def errors_of(model):
    """Return the standard errors, a row for each row of coefficients."""
    table = model.coef_table()
    n_columns = model.n_features_in_ + bool(model.fit_intercept)
    return table["std_err"].to_numpy().reshape(-1, n_columns)


class Dense:
    """All unknowns in one vector: (s, d_1 .. d_T, levels .., common level)."""

    def __init__(self, model, X, weights, x0=None):
        n_tasks, self.p = weights.shape[1], X.shape[1]
        self.n_tasks, self.pooled = n_tasks, x0 is not None
        self.x0 = np.zeros(self.p) if x0 is None else x0
        self.n = weights.sum() / n_tasks
        strengths = model.penalty_.get_params()
        levels = self.n * model.intercept_alpha_ if self.pooled else 0.0
        self.prior = np.diag(
            np.r_[
                np.full(self.p, self.n * strengths["shared__alpha"]),
                np.full(self.p * n_tasks, self.n * strengths["own__alpha"]),
                np.full(n_tasks, levels),
                np.zeros(int(self.pooled)),
            ]
        )
        self.total = np.zeros_like(self.prior)

    def row(self, x, t):
        """Return how the unknowns predict task t at x."""
        own, level = np.zeros((2, self.n_tasks))
        own[t] = level[t] = 1.0
        x = x - self.x0
        return np.r_[x, np.kron(own, x), level, np.ones(int(self.pooled))]

    def task_rows(self, t):
        """Return how the unknowns make the coefficients and intercept of task t."""
        # a task predicts its intercept at zero
        intercept = self.row(np.zeros(self.p), t)
        eye = np.eye(self.p)
        return np.vstack([[self.row(e, t) - intercept for e in eye], intercept[None]])


def dense_regression(model, X, y, weights, scales, x0=None):
    """Return coefficients and errors, noise by MacKay's fixed point."""
    seen = ~np.isnan(y)
    weights = np.where(seen, weights, 0.0)
    here = Dense(model, X, weights, x0)
    cells = np.argwhere(seen)
    A = np.stack([here.row(X[i], t) for i, t in cells])
    w, v = weights[seen], y[seen]
    covariance = np.linalg.inv((A.T * w) @ A + here.prior)
    theta = covariance @ (A.T * w) @ v
    n_free = 1 if here.pooled else here.n_tasks
    n_known = len(theta) - n_free - np.trace(here.prior @ covariance)
    noise = w @ (v - A @ theta) ** 2 / (w.sum() - n_free - n_known)
    L = np.stack([here.task_rows(t) for t in range(here.n_tasks)])
    variances = noise * np.einsum("tij,jk,tik->ti", L, covariance, L)
    return L @ theta, np.sqrt(variances) * scales[:, None]


def weighted_deviations(values, weights):
    mean = np.average(values, axis=0, weights=weights)
    return np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))


def compare_regression(X, y, weights, **options):
    seen = ~np.isnan(y)
    model = MultiTaskLinearRegressor(tol=1e-12, **options).fit(X, y, weights)
    sd_x = weighted_deviations(X, np.where(seen, weights, 0.0).sum(axis=1))
    sd_y = np.ones(y.shape[1])
    x0 = None
    if "fit_intercept" in options:
        totals = np.where(seen, weights, 0.0).sum(axis=0)
        trust = totals / (totals + totals.mean() * model.intercept_alpha_)
        means = (X / sd_x).T @ np.where(seen, weights, 0.0) / totals
        x0 = means @ trust / trust.sum()
    elif y.shape[1] > 1:
        pairs = [(y[s, t], weights[s, t]) for t, s in enumerate(seen.T)]
        sd_y = np.array([weighted_deviations(*pair) for pair in pairs])
    coef, errors = dense_regression(model, X / sd_x, y / sd_y, weights, sd_y, x0)
    errors[:, :-1] /= sd_x
    found = errors_of(model)
    np.testing.assert_allclose(found, errors, rtol=2e-5)
    # the posterior mean of the levels takes the common one as known
    if x0 is None:
        coef = coef * sd_y[:, None]
        coef[:, :-1] /= sd_x
        np.testing.assert_allclose(model.coef_, coef[:, :-1], rtol=1e-6)
        np.testing.assert_allclose(model.intercept_, coef[:, -1], rtol=1e-6)


def test_errors_of_tasks_with_gaps_and_weights():
    compare_regression(*draw())


def test_errors_of_tasks_with_the_same_rows():
    X, y, weights = draw(part=1.0)
    compare_regression(X, y, np.ones_like(weights))


@pytest.mark.parametrize("part", [1.0, 0.8])
def test_errors_with_more_features_than_rows(part):
    X, y, weights = draw(n=12, p=20, n_tasks=3, part=part)
    compare_regression(X, y, np.ones_like(weights))


def test_errors_with_pooled_intercepts():
    X, y, weights = draw(n_tasks=6)
    y = y / np.arange(1, 7)
    compare_regression(X, y, weights, fit_intercept="partial_pooling")


def dense_classes(model, X, codes, weights, n_classes):
    """Return errors of tasks with so many classes each, at the fitted coefficients."""
    k = 1 if n_classes == 2 else n_classes
    sd = weighted_deviations(X, weights.sum(axis=1))
    X = X / sd
    here = Dense(model, X, weights)
    precision = np.kron(here.prior, np.eye(k))
    for t in range(weights.shape[1]):
        logits = X @ (model.coef_[t] * sd).T + model.intercept_[t]
        for x, z, w in zip(X, logits, weights[:, t], strict=True):
            p = expit(z) if k == 1 else softmax(z)
            curvature = np.diag(p) - np.outer(p, p)
            a = here.row(x, t)
            precision += w * np.kron(np.outer(a, a), curvature)
    covariance = np.linalg.pinv(precision, rcond=1e-11, hermitian=True)
    centre = np.eye(k) - (1.0 / k if k > 1 else 0.0)
    rows = []
    for t in range(weights.shape[1]):
        L = np.kron(here.task_rows(t), centre)
        rows.append(np.sqrt(np.diag(L @ covariance @ L.T)).reshape(-1, k).T)
    rows = np.vstack(rows)
    rows[:, :-1] /= sd
    return rows


@pytest.mark.parametrize("n_classes", [2, 3])
def test_errors_of_classes(n_classes):
    X, y, weights = draw(n=60, n_tasks=3)
    seen = ~np.isnan(y)
    codes = np.full(y.shape, np.nan)
    for t in range(3):
        edges = np.nanquantile(y[:, t], np.arange(1, n_classes) / n_classes)
        codes[seen[:, t], t] = np.digitize(y[seen[:, t], t], edges)
    flip = np.random.default_rng(1).random(y.shape) < 0.3
    codes[flip & seen] = 0.0
    weights = np.where(seen, weights, 0.0)
    model = MultiTaskLinearClassifier(tol=1e-12).fit(X, codes, weights)
    expected = dense_classes(model, X, codes, weights, n_classes)
    np.testing.assert_allclose(errors_of(model), expected, rtol=1e-5)


def test_one_task_has_the_errors_of_bayesian_ridge():
    X, y, _ = draw(n_tasks=1, part=1.0)
    X = X - X.mean(axis=0)
    y = y[:, 0] - y.mean()
    unit = np.sqrt(np.mean(X**2, axis=0))
    none = {"alpha_1": 0.0, "alpha_2": 0.0, "lambda_1": 0.0, "lambda_2": 0.0}
    ridge = BayesianRidge(fit_intercept=False, tol=1e-14, max_iter=10**4, **none)
    ridge.fit(X / unit, y)
    model = MultiTaskLinearRegressor(fit_intercept=False, tol=1e-12).fit(X, y)
    np.testing.assert_allclose(model.coef_, ridge.coef_ / unit, rtol=1e-5)
    expected = np.sqrt(np.diag(ridge.sigma_)) / unit
    np.testing.assert_allclose(errors_of(model)[0], expected, rtol=1e-4)


def test_common_axes_are_exact_where_matrices_are_multiples(monkeypatch):
    X, y, _ = draw(n=40, n_tasks=3, part=1.0)
    # each task has the same rows twice, thrice or once
    at = np.tile(np.arange(40), 6)
    task = np.repeat([0, 1, 1, 2, 2, 2], 40)
    gaps = np.full((240, 3), np.nan)
    gaps[np.arange(240), task] = y[at, task]
    exact = errors_of(MultiTaskLinearRegressor().fit(X[at], gaps))
    monkeypatch.setattr(evidence_module, "MAX_GRAM", 0)
    found = errors_of(MultiTaskLinearRegressor().fit(X[at], gaps))
    np.testing.assert_allclose(found, exact, rtol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_along_common_axes_are_near_their_own_hessians(monkeypatch, n_classes):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 3))
    codes = rng.integers(0, n_classes, (400, 2))
    exact = errors_of(MultiTaskLinearClassifier().fit(X, codes))
    monkeypatch.setattr(_deviations, "MAX_HESSIAN", 0)
    found = errors_of(MultiTaskLinearClassifier().fit(X, codes))
    np.testing.assert_allclose(found, exact, rtol=0.02)


def test_sparse_and_dense_samples_have_the_same_errors():
    from scipy import sparse

    X, y, _ = draw()
    X = np.where(X > 5.0, X, 0.0)
    for model, target in [
        (MultiTaskLinearRegressor(), y),
        (MultiTaskLinearClassifier(), np.nan_to_num(y) > 10.0),
    ]:
        dense = errors_of(model.fit(X, target))
        found = errors_of(model.fit(sparse.csr_array(X), target))
        np.testing.assert_allclose(found, dense, rtol=1e-5)


def test_whole_number_weights_are_repeated_samples():
    X, y, _ = draw()
    times = np.random.default_rng(1).integers(1, 4, len(X))
    whole = errors_of(MultiTaskLinearRegressor(tol=1e-10).fit(X, y, times))
    at = np.repeat(np.arange(len(X)), times)
    repeated = errors_of(MultiTaskLinearRegressor(tol=1e-10).fit(X[at], y[at]))
    np.testing.assert_allclose(whole, repeated, rtol=1e-6)


def test_a_unit_of_x_or_y_is_one_of_the_errors():
    X, y, _ = draw()
    plain = errors_of(MultiTaskLinearRegressor().fit(X, y))
    scaled = errors_of(MultiTaskLinearRegressor().fit(X * [1e-3, 1.0, 1e6], y * 1e9))
    np.testing.assert_allclose(scaled * [1e-3, 1.0, 1e6, 1.0], 1e9 * plain, rtol=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, "partial_pooling"])
def test_intervals_cover_as_often_as_they_say(fit_intercept):
    rng, covered = np.random.default_rng(0), []
    for _ in range(50):
        W = rng.standard_normal((3, 1)) + 0.5 * rng.standard_normal((3, 40))
        b = 2.0 + rng.standard_normal(40)
        X = rng.standard_normal((25, 3))
        y = X @ W + b + rng.standard_normal((25, 40))
        y[rng.random(y.shape) < 0.3] = np.nan
        model = MultiTaskLinearRegressor(
            fit_intercept=fit_intercept, scale_targets=False
        )
        table = model.fit(X, y).coef_table()
        truth = np.vstack([W, b]).T.ravel()
        covered.append((table["low"] < truth) & (truth < table["high"]))
    rates = np.mean(covered, axis=0).reshape(40, 4).mean(axis=0)
    np.testing.assert_allclose(rates, 0.95, atol=0.02)


@pytest.mark.exhaustive
@pytest.mark.parametrize("k", [1, 3])
def test_intervals_of_classes_cover_as_often_as_they_say(k):
    rng, covered = np.random.default_rng(0), []
    for _ in range(20):
        W = rng.standard_normal((3, 1, k)) + 0.5 * rng.standard_normal((3, 24, k))
        # only differences between classes change a probability
        W -= W.mean(axis=2, keepdims=True) if k > 1 else 0.0
        X = rng.standard_normal((300, 3))
        scores = np.einsum("ij,jtk->itk", X, W)
        if k == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=2)
        codes = (scores + rng.gumbel(size=scores.shape)).argmax(axis=2)
        table = MultiTaskLinearClassifier().fit(X, codes).coef_table()
        truth = np.zeros((24, k, 4))
        truth[:, :, :3] = np.moveaxis(W, 0, 2)
        inside = (table["low"] < truth.ravel()) & (truth.ravel() < table["high"])
        covered.append(inside)
    rates = np.mean(covered, axis=0).reshape(-1, 4).mean(axis=0)
    # of all features together: in a draw the errors of a feature have a common part
    np.testing.assert_allclose([rates[:3].mean(), rates[3]], 0.95, atol=0.02)


def test_rows_columns_and_quantiles():
    X, y, _ = draw(p=2)
    X = pd.DataFrame(X, columns=FEATURES[:2])
    y = pd.DataFrame(y, columns=list("abcd"))
    model = MultiTaskLinearRegressor().fit(X, y)
    table = model.coef_table(confidence=0.8)
    assert list(table.columns) == ["coef", "std_err", "low", "high"]
    assert table.index.names == ["task", "feature"]
    assert list(table.index) == [(t, j) for t in "abcd" for j in FEATURES]
    assert table.loc[("b", "dose"), "coef"] == model.coef_[1, 1]
    assert table.loc[("c", "(Intercept)"), "coef"] == model.intercept_[2]
    reach = norm.ppf(0.9) * table["std_err"]
    np.testing.assert_allclose(table["high"], table["coef"] + reach)
    np.testing.assert_allclose(table["low"], table["coef"] - reach)


def test_classes_have_a_level_of_the_index():
    X, _, _ = draw(p=2)
    y = pd.DataFrame({"colour": list("rgby") * 10, "big": [True, False] * 20})
    table = MultiTaskLinearClassifier().fit(X, y).coef_table()
    assert table.index.names == ["task", "class", "feature"]
    rows = [("colour", c) for c in "bgry"] + [("big", True)]
    features = ["x0", "x1", "(Intercept)"]
    assert list(table.index) == [(*row, j) for row in rows for j in features]


def test_without_an_intercept_it_has_no_row():
    X, y, _ = draw()
    table = MultiTaskLinearRegressor(fit_intercept=False).fit(X, y).coef_table()
    assert set(table.index.get_level_values("feature")) == {"x0", "x1", "x2"}


def test_one_target_has_one_task():
    X, y, _ = draw(part=1.0)
    table = MultiTaskLinearRegressor().fit(X, y[:, 0]).coef_table()
    assert table.shape == (4, 4)
    assert np.isfinite(table.to_numpy()).all()


def test_a_task_without_anything_to_learn_has_no_errors():
    X, _, _ = draw()
    y = np.column_stack([np.arange(40) % 2, np.ones(40)])
    with pytest.warns(SingleClassWarning):
        model = MultiTaskLinearClassifier().fit(X, y)
    table = model.coef_table()
    assert np.isfinite(table.loc["task0"].to_numpy()).all()
    assert table.loc["task1", "std_err"].isna().all()
    with pytest.warns(SingleClassWarning):
        model.fit(X, y[:, 1:])
    assert model.coef_table()["std_err"].isna().all()


def test_a_column_that_never_varies_keeps_its_prior():
    X, y, _ = draw()
    X[:, 1] = 7.0
    model = MultiTaskLinearRegressor().fit(X, y)
    table = model.coef_table().xs("x1", level="feature")
    assert (table["coef"] == 0.0).all()
    others = model.coef_table().xs("x0", level="feature")["std_err"]
    assert (table["std_err"] > others).all()


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskLinearRegressor(penalty="l21"),
        MultiTaskLinearRegressor(penalty=None),
        MultiTaskLinearRegressorCV(alphas=3),
        MultiTaskLinearClassifier(penalty="trace"),
    ],
)
def test_other_penalties_say_which_gives_intervals(model):
    X, y, _ = draw(part=1.0)
    y = y > np.median(y, axis=0) if "Class" in type(model).__name__ else y
    with pytest.raises(ValueError, match="penalty='empirical_bayes'"):
        model.fit(X, y).coef_table()


def test_errors_of_an_earlier_fit_are_not_kept():
    X, y, _ = draw()
    model = MultiTaskLinearRegressor().fit(X, y)
    model.set_params(penalty="ridge").fit(X, y)
    with pytest.raises(ValueError, match="penalty='ridge' has none"):
        model.coef_table()


def test_both_kinds_of_tasks_are_in_one_table():
    X, y, _ = draw(part=1.0)
    y = pd.DataFrame({"a": y[:, 0], "b": y[:, 1] > np.median(y[:, 1]), "c": y[:, 2]})
    model = MultiTaskLinearMixedEstimator().fit(X, y)
    table = model.coef_table(0.5)
    assert table.index.get_level_values("task").unique().tolist() == ["a", "b", "c"]
    alone = model.regressor_.coef_table(0.5)
    pd.testing.assert_frame_equal(
        table.loc[["a", "c"]].droplevel("class"), alone, check_index_type=False
    )
    expected = model.classifier_.coef_table(0.5)
    np.testing.assert_array_equal(table.loc["b"], expected.loc["b"])
    other = MultiTaskLinearMixedEstimator(
        regressor=MultiTaskLinearRegressorCV(alphas=2)
    )
    with pytest.raises(
        ValueError, match="MultiTaskLinearRegressorCV: coef_table needs"
    ):
        other.fit(X, y).coef_table()


def test_a_mixed_table_names_features_and_classes():
    X, y, _ = draw(part=1.0)
    X = pd.DataFrame(X, columns=["age", "dose", "x0"])
    large = np.where(y[:, 1] > np.median(y[:, 1]), "yes", "no")
    third = np.array(["low", "mid", "top"])[np.argsort(np.argsort(y[:, 3])) % 3]
    y = pd.DataFrame({"a": y[:, 0], "large": large, "third": third})
    table = MultiTaskLinearMixedEstimator().fit(X, y).coef_table()
    features = ["age", "dose", "x0", "(Intercept)"]
    assert table.loc["a"].droplevel("class").index.tolist() == features
    assert table.loc["large"].index.tolist() == [("yes", name) for name in features]
    classes = ["low", "mid", "top"]
    expected = [(label, name) for label in classes for name in features]
    assert table.loc["third"].index.tolist() == expected


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, np.nan, "0.95", True, None])
def test_confidence_is_between_zero_and_one(confidence):
    X, y, _ = draw()
    model = MultiTaskLinearRegressor().fit(X, y)
    with pytest.raises(ValueError, match="confidence must be a number above 0"):
        model.coef_table(confidence)


def test_an_unfitted_model_has_no_table():
    with pytest.raises(NotFittedError):
        MultiTaskLinearRegressor().coef_table()


def test_a_loaded_model_has_the_same_table(tmp_path):
    X, y, _ = draw()
    model = MultiTaskLinearRegressor().fit(X, y)
    sklearn_mtl.save(model, tmp_path / "model.mtl")
    found = sklearn_mtl.load(tmp_path / "model.mtl")
    pd.testing.assert_frame_equal(found.coef_table(), model.coef_table())
