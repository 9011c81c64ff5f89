import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import (
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.tasks import stack_tasks, task_view
from tests.uncertainty.estimators import NAMES, NET, draw, make

LEVELS = (0.5, 0.8, 0.95)
CASES = [(kind, name) for kind in ("regressor", "mixed") for name in NAMES]
CLASS_CASES = [(kind, name) for kind in ("classifier", "mixed") for name in NAMES]
FITTED = {}


def fitted(kind, name):
    """Return an estimator that nobody changes."""
    if (kind, name) not in FITTED:
        FITTED[kind, name] = make(kind, name).fit(*draw(kind))
    return FITTED[kind, name]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_intervals_surround_the_prediction_and_grow_with_coverage(kind, name):
    model, (X, _) = fitted(kind, name), draw(kind, seed=1)
    narrow, middle, wide = (model.predict_interval(X, c) for c in LEVELS)
    assert middle.shape == (240, 2, 2)
    predicted = model.predict(X)[:, 1].astype(float)
    np.testing.assert_allclose(middle[:, 1].mean(axis=1), predicted, rtol=1e-12)
    assert (np.diff(narrow[:, 1]) > 0).all()
    assert (np.diff(wide[:, 1]) > np.diff(middle[:, 1])).all()
    assert (np.diff(middle[:, 1]) > np.diff(narrow[:, 1])).all()
    assert np.isnan(middle[:, 0]).all() == (kind == "mixed")


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_intervals_are_wider_where_errors_are_larger(kind, name):
    X, _ = draw(kind, n=400, seed=1)
    width = np.diff(fitted(kind, name).predict_interval(X)[:, 1])[:, 0]
    assert width[X[:, 0] > 1].mean() > 1.3 * width[X[:, 0] < -1].mean()


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_quantiles_ascend_and_the_interval_between_them_covers(kind, name):
    X, y = draw(kind, n=2000, seed=1, missing=False)
    q = [0.1, 0.3, 0.5, 0.7, 0.9]
    found = fitted(kind, name).predict_quantiles(X, q)
    assert found.shape == (2000, 2, 5)
    assert (np.diff(found[:, 1]) >= 0).all()
    below = (y[:, [1]] <= found[:, 1]).mean(axis=0)
    np.testing.assert_allclose(below, q, atol=0.12)
    one = fitted(kind, name).predict_quantiles(X, 0.3)
    np.testing.assert_array_equal(one[..., 0], found[..., 1])


@pytest.mark.parametrize("name", NAMES)
def test_standard_deviations_are_of_the_size_of_the_errors(name):
    X, y = draw("regressor", n=2000, seed=1, missing=False)
    model = fitted("regressor", name)
    predicted, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(predicted, model.predict(X))
    error = np.sqrt(((y - predicted) ** 2).mean(axis=0))
    # 240 training samples only estimate the size
    np.testing.assert_allclose(np.sqrt((std**2).mean(axis=0)), error, rtol=0.5)


@pytest.mark.parametrize(("kind", "name"), CLASS_CASES)
def test_sets_hold_the_likeliest_class_and_cover(kind, name):
    model = fitted(kind, name)
    X, y = draw(kind, n=2000, seed=1, missing=False)
    codes = y[:, 0].astype(int)
    for coverage in LEVELS:
        sets = model.predict_set(X, coverage)
        assert sets[0].shape == (2000, 3)
        assert sets[0].dtype == bool
        assert (sets[1] is None) == (kind == "mixed")
        top = model.predict_proba(X)[0].argmax(axis=1)
        assert sets[0][np.arange(2000), top].all()
        assert sets[0][np.arange(2000), codes].mean() > coverage - 0.06


@pytest.mark.parametrize("name", NAMES)
def test_joint_regions_are_wider_but_not_as_wide_as_bonferroni(name):
    model, (X, _) = fitted("regressor", name), draw("regressor", seed=1)
    alone, joint, bonferroni = (
        np.diff(model.predict_interval(X, c, joint=is_joint))
        for c, is_joint in [(0.8, False), (0.8, True), (0.91, False)]
    )
    assert (joint > alone).all()
    assert joint.mean() < bonferroni.mean()


def test_joint_sets_and_intervals_of_mixed_tasks_hold_together():
    X, y = draw("mixed", n=4000, seed=1, missing=False)
    model = fitted("mixed", "forest")
    interval = model.predict_interval(X, 0.8, joint=True)[:, 1]
    chosen = model.predict_set(X, 0.8, joint=True)[0]
    holds = (interval[:, 0] <= y[:, 1]) & (y[:, 1] <= interval[:, 1])
    holds &= chosen[np.arange(4000), y[:, 0].astype(int)]
    assert 0.75 < holds.mean() < 0.9


@pytest.mark.parametrize("name", NAMES)
def test_one_task_gives_arrays_without_tasks(name):
    X, y = draw("regressor", missing=False)
    model = make("regressor", name).fit(X, y[:, 0])
    assert model.predict_interval(X).shape == (240, 2)
    assert model.predict_quantiles(X, [0.2, 0.8]).shape == (240, 2)
    assert model.predict(X, return_std=True)[1].shape == (240,)
    X, y = draw("classifier", missing=False)
    assert make("classifier", name).fit(X, y[:, 0]).predict_set(X).shape == (240, 3)


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_methods_are_there_where_they_have_a_meaning(kind):
    model = make(kind, "forest")
    is_regressor = kind == "regressor"
    assert hasattr(model, "predict_interval") == is_regressor
    assert hasattr(model, "predict_quantiles") == is_regressor
    assert hasattr(model, "predict_set") != is_regressor


@pytest.mark.parametrize("kind", ["regressor", "mixed", "classifier"])
def test_views_give_what_the_model_gives_for_a_task(kind):
    model, (X, _) = fitted(kind, "forest"), draw(kind, seed=1)
    scaler = StandardScaler().fit(X)
    back = scaler.inverse_transform(X)
    for t in range(2):
        views = {"alone": (model.task(t), X)}
        pipeline = make_pipeline(scaler, model)
        views["behind a step"] = (task_view(pipeline, t), back)
        for view, inputs in views.values():
            if model.task_set_.tasks[t].is_classification:
                np.testing.assert_array_equal(
                    view.predict_set(inputs), model.predict_set(X)[t]
                )
                assert not hasattr(view, "predict_interval")
                continue
            np.testing.assert_allclose(
                view.predict_interval(inputs, 0.8), model.predict_interval(X, 0.8)[:, t]
            )
            np.testing.assert_allclose(
                view.predict_quantiles(inputs, [0.1]),
                model.predict_quantiles(X, [0.1])[:, t],
            )
            predicted, std = view.predict(inputs, return_std=True)
            np.testing.assert_allclose(predicted, view.predict(inputs))
            high = model.predict_interval(X, 0.8)[:, t, 1]
            # one scale of the errors is behind both
            ratio = (high - predicted) / std
            np.testing.assert_allclose(ratio, ratio[0])
            if kind == "regressor":
                both = model.predict(X, return_std=True)[1]
                np.testing.assert_allclose(std, both[:, t])
            assert not hasattr(view, "predict_set")


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_pickles_give_the_same_intervals(kind, name):
    model, (X, _) = fitted(kind, name), draw(kind, seed=1)
    before = model.predict_interval(X, joint=True)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_interval(X, joint=True).tobytes() == before.tobytes()


@pytest.mark.parametrize(
    "coverage", [0, 1.0, -0.1, "0.9", "high", None, True, float("nan"), [0.9], [0.5, 2]]
)
def test_a_coverage_that_is_no_probability_is_refused(coverage):
    model, (X, _) = fitted("mixed", "forest"), draw("mixed")
    with pytest.raises(ValueError, match="MixedEstimator: coverage must"):
        model.predict_interval(X, coverage)
    with pytest.raises(ValueError, match="MixedEstimator: coverage must"):
        model.predict_set(X, coverage)
    with pytest.raises(ValueError, match="MixedEstimator: q must"):
        model.predict_quantiles(X, [0.5, coverage])


@pytest.mark.parametrize("name", NAMES)
def test_without_held_out_samples_the_error_names_the_remedy(name):
    X, y = draw("regressor", n=60)
    model = make("regressor", name)
    if name == "net":
        model.set_params(early_stopping=False)
    model.fit(X, y)
    with pytest.raises(ValueError, match="fit a ConformalPredictor"):
        model.predict_interval(X)


def test_a_task_with_few_labels_has_infinite_intervals():
    X, y = draw("regressor", missing=False)
    y[8:, 1] = np.nan
    model = make("regressor", "forest").fit(X, y)
    assert np.isinf(model.predict_interval(X, 0.9)[:, 1]).all()
    assert np.isfinite(model.predict_interval(X, 0.8)).all()


def test_the_median_of_a_task_without_held_out_labels_is_the_prediction():
    X, y = draw("regressor")
    model = make("regressor", "forest").fit(X, y)
    model._calibration_data().truth[:, 1] = np.nan
    found = model.predict_quantiles(X, [0.4, 0.5, 0.6])[:, 1]
    np.testing.assert_array_equal(found[:, 1], model.predict(X)[:, 1])
    assert (found[:, 0] == -np.inf).all()
    assert (found[:, 2] == np.inf).all()


def test_a_view_of_a_model_without_held_out_errors_says_so():
    X, y = draw("mixed", missing=False)
    view = MultiTaskLinearMixedEstimator().fit(X, y).task(1)
    with pytest.raises(ValueError, match=r"MixedEstimator does not store.*Conformal"):
        view.predict(X, return_std=True)
    view = MultiTaskLinearRegressor().fit(X, y).task(1)
    with pytest.raises(ValueError, match="store_oof=True"):
        view.predict(X, return_std=True)


def test_tasks_with_separate_samples_are_warned_of():
    X, y = draw("regressor", missing=False)
    X, y = stack_tasks([(X[:120], y[:120, 0]), (X[120:], y[120:, 1])], names=["a", "b"])
    model = make("regressor", "forest").fit(X, y)
    with pytest.warns(MissingLabelWarning, match="1 pairs of tasks .* 'a' and 'b'"):
        model.predict_interval(X, joint=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_interval(X)


def test_a_circular_interval_is_no_longer_than_the_circle():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 2))
    hours = (12 + 8 * X[:, 0] + rng.normal(size=240)) % 24
    model = MultiTaskRegressor(**NET, loss=CircularLoss(24)).fit(X, hours)
    interval = model.predict_interval(X, 0.9)
    middle = interval.mean(axis=1)
    np.testing.assert_allclose(middle, model.predict(X), atol=1e-9)
    inside = (hours - interval[:, 0]) % 24 <= np.diff(interval)[:, 0]
    assert 0.85 < inside.mean() <= 1
    assert np.diff(model.predict_interval(X, 0.99)).max() <= 24


@pytest.mark.parametrize("name", NAMES)
def test_a_task_in_other_units_has_its_interval_in_them(name):
    X, y = draw("regressor")
    one, other = (
        make("regressor", name).fit(X, y * factor) for factor in (1.0, 2.0**10)
    )
    a, b = one.predict_interval(X), other.predict_interval(X)
    np.testing.assert_allclose(a * 2.0**10, b, rtol=1e-4)


def test_members_of_a_net_have_the_prediction_as_their_mean():
    model, (X, _) = fitted("mixed", "net"), draw("mixed")
    proba, values = model.predict_members(X)
    assert proba.shape == (3, 240, 3)
    np.testing.assert_allclose(proba.mean(axis=0), model.predict_proba(X)[0], atol=1e-6)
    predicted = model.predict(X)[:, 1].astype(float)
    # values of members that are clipped have another mean than those before
    inside = ((values > values.min()) & (values < values.max())).all(axis=0)
    assert inside.sum() > 200
    np.testing.assert_allclose(
        values.mean(axis=0)[inside], predicted[inside], atol=1e-5
    )


def test_members_of_a_blend_are_named():
    X, y = draw("mixed")
    model = make("mixed", "blend").set_params(stacking=False).fit(X, y)
    members = model.predict_members(X)
    assert list(members) == ["net", "forest"]
    weights = model.weights_["task1"]
    mixed = sum(weights[name] * outputs[1] for name, outputs in members.items())
    np.testing.assert_allclose(mixed, model.predict(X)[:, 1].astype(float))


def test_a_new_fit_has_a_new_calibration():
    X, y = draw("regressor")
    model = make("regressor", "forest").fit(X, y)
    before = model.predict_interval(X)
    after = model.fit(X, 3.0 * y).predict_interval(X)
    assert np.diff(after).mean() > 2 * np.diff(before).mean()
    fresh = clone(model).fit(X, 3.0 * y).predict_interval(X)
    assert after.tobytes() == fresh.tobytes()


def test_a_validation_set_calibrates_a_blend():
    (X, y), (X_val, y_val) = draw("regressor"), draw("regressor", seed=1)
    model = make("regressor", "blend").set_params(stacking=False)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    errors = model._calibration_data().truth
    # weights that were fitted to a label would make its error look small
    weights = model._fold_weights.of_folds[model._fold_weights.fold]
    members = np.moveaxis(list(model.predict_members(X_val).values()), 0, -1)
    mixed = np.einsum("ntm,tnm->nt", weights, members)
    np.testing.assert_allclose(errors, y_val - mixed, atol=1e-5)
    assert np.abs(mixed - model.predict(X_val)).max() > 1e-3
    np.testing.assert_array_equal(np.isnan(errors), np.isnan(y_val))


@pytest.mark.parametrize("name", NAMES)
def test_no_group_is_divided(name):
    X, y = draw("regressor")
    groups = np.arange(240) // 4
    # labels of a group are alike: whoever has seen one knows the others
    y = y + 5 * np.random.default_rng(2).normal(size=(60, 2))[groups]
    X = np.c_[X, np.random.default_rng(3).normal(size=60)[groups] * 100]
    X_new, y_new = draw("regressor", n=1000, seed=4)
    y_new = y_new + 5 * np.random.default_rng(5).normal(size=(1000, 2))
    X_new = np.c_[X_new, np.random.default_rng(6).normal(size=1000) * 100]
    model = make("regressor", name).fit(X, y, groups=groups)
    low, high = np.moveaxis(model.predict_interval(X_new, 0.8), -1, 0)
    inside = ((low <= y_new) & (y_new <= high))[~np.isnan(y_new)]
    assert inside.mean() > 0.7
