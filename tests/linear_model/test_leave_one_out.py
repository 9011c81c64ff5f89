import pickle

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.penalties import Decomposition, Ridge, Shared, TaskGraph
from sklearn_mtl.persistence import load, save
from sklearn_mtl.tasks import stack_tasks

GRAPH = np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 0.5], [0.0, 0.5, 0.0]])
PENALTIES = {
    "none": None,
    "ridge": "ridge",
    "a ridge per task": Ridge([0.1, 0.0, 3.0]),
    "shared and own": "partial_pooling",
    "shared, free": Decomposition([("s", Shared(0.0)), ("own", Ridge(0.3))]),
    "shared and almost no own": Decomposition(
        [("s", Shared(0.1)), ("own", Ridge(1e3))]
    ),
    "shared": "shared",
    "mean": "mean",
    "graph": TaskGraph(graph=GRAPH),
}


def draw(n=16, p=4, n_tasks=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 1.0
    y = X @ rng.normal(size=(p, n_tasks)) + rng.normal(size=(n, n_tasks)) + 3.0
    return X, y


def with_gaps(y, seed=1):
    y = y.copy()
    y[np.random.default_rng(seed).random(y.shape) < 0.4] = np.nan
    return y


def left_out(model, X, y):
    """Return the predictions as (n_samples, n_tasks)."""
    return np.stack(model.fit(X, y).oof_prediction_, axis=1)


def refitted(penalty, X, y, weights=None, alpha=0.2, **options):
    """Return the same by a fit for each sample, with the penalty's weight kept."""
    if weights is None:
        weights = np.ones(y.shape)
    weights = np.where(np.isnan(y), 0.0, np.broadcast_to(weights, y.shape))
    out = np.full(y.shape, np.nan)
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        ratio = weights.sum() / weights[rest].sum()
        model = MultiTaskLinearRegressor(
            penalty=penalty,
            alpha=None if penalty is None else alpha * ratio,
            scale_targets=False,
            tol=1e-12,
            **options,
        )
        model.fit(X[rest], y[rest], sample_weight=weights[rest])
        out[i] = model.predict(X[[i]])[0]
    return out


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("has_gaps", [False, True])
@pytest.mark.parametrize("name", PENALTIES)
def test_leave_one_out_is_that_of_fits_without_each_sample(
    name, has_gaps, fit_intercept
):
    X, y = draw()
    y = with_gaps(y) if has_gaps else y
    penalty, options = PENALTIES[name], {"fit_intercept": fit_intercept}
    model = MultiTaskLinearRegressor(
        penalty=penalty,
        alpha=None if penalty is None else 0.2,
        scale_targets=False,
        store_oof=True,
        tol=1e-12,
        **options,
    )
    expected = refitted(penalty, X, y, **options)
    np.testing.assert_allclose(left_out(model, X, y), expected, atol=1e-6)


@pytest.mark.parametrize("per_label", [False, True])
def test_weights_count_and_more_features_than_samples_are_no_obstacle(per_label):
    X, y = draw(n=14, p=30)
    y = with_gaps(y)
    weights = np.random.default_rng(2).uniform(0.3, 3.0, (14, 3 if per_label else 1))
    model = MultiTaskLinearRegressor(
        penalty="partial_pooling",
        alpha=0.2,
        scale_targets=False,
        store_oof=True,
        tol=1e-12,
    )
    model.fit(X, y, sample_weight=weights if per_label else weights[:, 0])
    expected = refitted("partial_pooling", X, y, weights)
    np.testing.assert_allclose(
        np.stack(model.oof_prediction_, axis=1), expected, atol=1e-6
    )


@pytest.mark.parametrize("has_gaps", [False, True])
def test_empirical_bayes_leaves_out_at_its_strengths_and_scales(has_gaps):
    X, y = draw(n=30)
    y = with_gaps(y) if has_gaps else y
    model = MultiTaskLinearRegressor(store_oof=True, tol=1e-12)
    found = left_out(model, X, y)
    deviations, means = np.nanstd(y, axis=0), np.nanmean(y, axis=0)
    n_labels = (~np.isnan(y)).sum(axis=1)
    scaled_X = X / X.std(axis=0)
    if has_gaps:
        mean = n_labels @ X / n_labels.sum()
        scaled_X = X / np.sqrt(n_labels @ (X - mean) ** 2 / n_labels.sum())
    scaled = refitted(model.penalty_, scaled_X, (y - means) / deviations, alpha=1.0)
    np.testing.assert_allclose(found, scaled * deviations + means, atol=1e-5)


@pytest.mark.parametrize("has_gaps", [False, True])
def test_pooled_intercepts_are_drawn_to_the_common_mean_of_all_samples(has_gaps):
    X, y = draw()
    y = with_gaps(y) if has_gaps else y
    seen = ~np.isnan(y)
    model = MultiTaskLinearRegressor(
        penalty="partial_pooling",
        alpha=0.2,
        fit_intercept="partial_pooling",
        store_oof=True,
        tol=1e-12,
    )
    found, totals = left_out(model, X, y), seen.sum(axis=0)
    strength = model.intercept_alpha_ * totals.mean()
    shares = totals / (totals + strength)
    means = np.where(seen, y, 0.0).sum(axis=0) / totals, (seen.T @ X) / totals[:, None]
    common_y, common_X = (np.average(m, axis=0, weights=shares) for m in means)
    # a sample at the common mean draws the intercepts as the pooling does
    X, y = np.vstack([X, common_X]), np.vstack([y, np.full(3, common_y)])
    weights = np.ones(y.shape)
    weights[-1] = strength
    alpha = 0.2 * totals.sum() / (totals.sum() + 3 * strength)
    expected = refitted("partial_pooling", X, y, weights, alpha)[:-1]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_tasks_with_separate_samples_and_sparse_X_give_the_same():
    parts = [draw(n=12, n_tasks=1, seed=s) for s in range(4)]
    X, y = stack_tasks([(X, y[:, 0]) for X, y in parts])
    model = MultiTaskLinearRegressor(
        penalty="partial_pooling", alpha=0.2, store_oof=True, tol=1e-12
    )
    dense = left_out(model, X, y)
    expected = refitted("partial_pooling", np.asarray(X), np.asarray(y))
    np.testing.assert_allclose(dense, expected, atol=1e-6)
    np.testing.assert_allclose(
        left_out(model, sparse.csr_array(X), y), dense, atol=1e-6
    )


def test_a_label_that_no_other_sample_determines_has_no_prediction():
    X, y = draw(n=9, p=2)
    X[4] = [0.0, 0.0]
    X[:, 1] = 0.0
    X[4, 1] = 1.0  # the only sample with the second feature
    y[5, 1] = np.nan
    model = MultiTaskLinearRegressor(penalty=None, store_oof=True)
    for labels in (y, y[:, [0, 2]]):
        found = left_out(model, X, labels)
        assert np.isnan(found[4]).all()
        assert np.isfinite(np.delete(found, 4, axis=0)).all()


@pytest.mark.parametrize("name", ["mean", "chain"])
@pytest.mark.parametrize("n_more", [0, 20])
def test_a_part_that_no_sample_determines_moves_no_prediction(name, n_more):
    X, y = draw(p=3 + n_more)
    X, y = np.c_[X, np.full(len(X), 3.0)], with_gaps(y)
    options = {"penalty": name, "alpha": 0.3, "scale_targets": False}
    held_out = np.column_stack(
        MultiTaskLinearRegressor(store_oof=True, **options).fit(X, y).oof_prediction_
    )
    for i in np.flatnonzero(np.isfinite(held_out).all(axis=1)):
        same = y.copy()  # labels on the surface of the other samples do not move it
        same[i] = np.where(np.isnan(y[i]), np.nan, held_out[i])
        found = MultiTaskLinearRegressor(**options).fit(X, same).predict(X[i : i + 1])
        np.testing.assert_allclose(found[0], held_out[i], atol=1e-9)
    assert np.isfinite(held_out).mean() > 0.3


def test_intervals_quantiles_and_deviations_cover_new_samples():
    X, y = draw(n=4000, p=5)
    train, new = slice(0, 300), slice(300, None)
    y[train] = with_gaps(y[train])
    model = MultiTaskLinearRegressor(store_oof=True).fit(X[train], y[train])
    interval = model.predict_interval(X[new], 0.8)
    held = (interval[..., 0] <= y[new]) & (y[new] <= interval[..., 1])
    np.testing.assert_allclose(held.mean(axis=0), 0.8, atol=0.06)
    below = y[new, :, None] <= model.predict_quantiles(X[new], [0.2, 0.7])
    np.testing.assert_allclose(below.mean(axis=0), [[0.2, 0.7]] * 3, atol=0.08)
    predicted, std = model.predict(X[new], return_std=True)
    np.testing.assert_array_equal(predicted, model.predict(X[new]))
    np.testing.assert_allclose(std.mean(axis=0), 1.0, atol=0.15)


def test_one_task_and_a_task_without_labels_keep_their_shapes():
    X, y = draw(n=40)
    model = MultiTaskLinearRegressor(store_oof=True).fit(X, y[:, 0])
    assert model.oof_prediction_.shape == (40,)
    assert model.predict_interval(X).shape == (40, 2)
    y[:, 1] = np.nan
    model.set_params(on_empty_task="warn")
    with pytest.warns(UserWarning, match="task1"):
        model.fit(X, y)
    assert np.isnan(model.oof_prediction_[1]).all()
    assert np.isfinite(model.predict_interval(X)[:, [0, 2]]).all()


def test_what_has_no_closed_form_names_the_remedy():
    X, y = draw()
    for options, reason in (
        ({"penalty": "l21"}, "the penalty is not quadratic"),
        ({"penalty": "task_covariance"}, "the penalty is not quadratic"),
    ):
        model = MultiTaskLinearRegressor(store_oof=True, **options)
        with pytest.raises(ValueError, match=f"{reason}.*ConformalPredictor"):
            model.fit(X, y)
        assert not hasattr(model, "coef_")
    model = MultiTaskLinearRegressor().fit(X, y)
    with pytest.raises(ValueError, match=r"store_oof=True.*ConformalPredictor"):
        model.predict_interval(X)
    with pytest.raises(AttributeError, match="store_oof=True"):
        model.oof_prediction_  # noqa: B018


def test_files_and_pickles_keep_the_calibration(tmp_path):
    X, y = draw(n=60)
    plain = MultiTaskLinearRegressor().fit(X, y)
    model = MultiTaskLinearRegressor(store_oof=True).fit(X, y)
    save(model, tmp_path / "model")
    expected = model.predict_interval(X)
    for again in (pickle.loads(pickle.dumps(model)), load(tmp_path / "model")):
        np.testing.assert_array_equal(again.predict_interval(X), expected)
    more = len(pickle.dumps(model)) - len(pickle.dumps(plain))
    assert more < 2 * y.nbytes
    model.set_params(store_oof=False).fit(X, y)
    assert not hasattr(model, "oof_prediction_")
