import pickle

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.multioutput import ConformalPredictor, IndependentTasks
from tests.uncertainty.estimators import draw


def mixed():
    return IndependentTasks(classifier=LogisticRegression(), regressor=Ridge())


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@parametrize_with_checks(
    [ConformalPredictor(Ridge()), ConformalPredictor(LogisticRegression())]
)
def test_every_check_passes(estimator, check):
    check(estimator)


def test_errors_are_those_of_models_without_the_fold():
    X, y = draw("regressor", missing=False)
    cv = KFold(4)
    model = ConformalPredictor(LinearRegression(), cv=cv).fit(X, y)
    errors = y - cross_val_predict(LinearRegression(), X, y, cv=cv)
    np.testing.assert_allclose(model._calibration.truth, errors, rtol=1e-5, atol=1e-7)
    assert np.bincount(model._calibration.fold).tolist() == [60] * 4
    plain = LinearRegression().fit(X, y)
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))


@pytest.mark.parametrize(
    "estimator",
    [
        IndependentTasks(Ridge()),
        MultiTaskLinearRegressor(),
        GridSearchCV(IndependentTasks(Ridge()), {"estimator__alpha": [0.1, 10.0]}),
        make_pipeline(StandardScaler(), IndependentTasks(Ridge())),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_intervals_of_any_estimator_cover_with_missing_labels(estimator):
    (X, y), (X_new, y_new) = draw("regressor", 500), draw("regressor", 2000, seed=1)
    model = ConformalPredictor(estimator).fit(X, y)
    for coverage in (0.5, 0.8, 0.95):
        low, high = np.moveaxis(model.predict_interval(X_new, coverage), -1, 0)
        inside = ((low <= y_new) & (y_new <= high))[~np.isnan(y_new)]
        assert inside.mean() == pytest.approx(coverage, abs=0.05)
    predicted, std = model.predict(X_new, return_std=True)
    assert predicted.shape == std.shape == (2000, 2)


def test_mixed_tasks_have_sets_and_intervals():
    (X, y), (X_new, y_new) = draw("mixed", 500), draw("mixed", 2000, seed=1)
    model = ConformalPredictor(mixed()).fit(X, y)
    sets = model.predict_set(X_new, 0.9)
    assert sets[1] is None
    assert np.isnan(model.predict_interval(X_new)[:, 0]).all()
    codes = y_new[:, 0].astype(int)
    assert sets[0][np.arange(2000), codes].mean() == pytest.approx(0.9, abs=0.04)
    expected = mixed().fit(X, y).predict(X_new)
    np.testing.assert_array_equal(model.predict(X_new), expected)


def test_a_frozen_model_is_calibrated_on_the_samples_of_fit():
    (X, y), (X_val, y_val) = draw("regressor"), draw("regressor", seed=1)
    fitted = IndependentTasks(Ridge()).fit(X, y)
    model = ConformalPredictor(FrozenEstimator(fitted)).fit(X_val, y_val)
    errors = (y_val - fitted.predict(X_val))[~np.isnan(y_val)]
    found = model._calibration.truth
    np.testing.assert_allclose(
        np.sort(found[~np.isnan(found)]), np.sort(errors), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))


def test_groups_are_held_out_together():
    X, y = draw("regressor")
    groups = np.arange(240) // 6
    model = ConformalPredictor(IndependentTasks(Ridge()), cv=4)
    data = model.fit(X, y, groups=groups)._calibration
    errors = np.sort(data.truth[:, 0])
    folds = ConformalPredictor(IndependentTasks(Ridge()), cv=4).fit(X, y)._calibration
    assert not np.allclose(errors, np.sort(folds.truth[:, 0]))
    assert len(np.unique(data.fold)) == 4


def test_a_weight_of_0_is_a_missing_label():
    X, y = draw("regressor", missing=False)
    weights = np.ones((240, 2))
    weights[200:] = weights[:50, 1] = 0.0
    model = ConformalPredictor(IndependentTasks(Ridge()), cv=KFold(5))
    one = model.fit(X, y, sample_weight=weights).predict_interval(X)
    other = clone(model).fit(X, np.where(weights > 0, y, np.nan)).predict_interval(X)
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_weights_count_in_the_calibration():
    X, y = draw("regressor", missing=False)
    y[::2] += 20 * np.random.default_rng(0).normal(size=(120, 2))
    weights = np.where(np.arange(240) % 2, 1.0, 1e-4)
    model = ConformalPredictor(Ridge())
    narrow = np.diff(model.fit(X, y, sample_weight=weights).predict_interval(X))
    assert np.diff(model.fit(X, y).predict_interval(X)).mean() > 5 * narrow.mean()


def test_weights_are_routed_where_they_are_requested():
    X, y = draw("regressor", missing=False)
    weights = np.linspace(0.1, 1.0, 240)
    with config_context(enable_metadata_routing=True):
        inner = Ridge().set_fit_request(sample_weight=True)
        model = ConformalPredictor(inner).fit(X, y, sample_weight=weights)
    plain = Ridge().fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))


def test_a_fold_without_a_class_gives_it_the_probability_0():
    X, y = draw("classifier")
    labels = np.array(["a", "b", "c"])[y[:, 0].astype(int)]
    order = np.argsort(labels, kind="stable")
    model = ConformalPredictor(LogisticRegression(), cv=KFold(3))
    model.fit(X[order], labels[order])
    assert (model._calibration.outputs[0] == 0).any(axis=1).any()
    assert model.predict_set(X).shape == (240, 3)
    assert set(model.predict(X)) <= set("abc")


def test_a_classifier_without_probabilities_has_sets():
    X, y = draw("classifier", 500)
    model = ConformalPredictor(LinearSVC()).fit(X, y[:, 0])
    size = model.predict_set(X, 0.3).sum(axis=1)
    assert (size == 1).all()
    assert not hasattr(model, "predict_proba")


def test_parameters_of_the_estimator_can_be_searched():
    X, y = draw("regressor", missing=False)
    search = GridSearchCV(ConformalPredictor(Ridge()), {"estimator__alpha": [0.1, 1e4]})
    model = search.fit(X, y).best_estimator_
    assert model.estimator_.alpha == 0.1
    assert clone(model).get_params()["estimator__alpha"] == 0.1


def test_a_frame_gives_names_and_views():
    X, y = draw("mixed")
    frame = pd.DataFrame(y, columns=["colour", "size"])
    model = ConformalPredictor(mixed()).fit(X, frame)
    assert list(model.task_names_in_) == ["colour", "size"]
    view = model.task("size")
    np.testing.assert_array_equal(
        view.predict_interval(X), model.predict_interval(X)[:, 1]
    )
    np.testing.assert_array_equal(view.predict(X), model.predict(X)[:, 1])


def test_jobs_and_pickles_give_the_same_bits():
    X, y = draw("regressor", missing=False)
    one = ConformalPredictor(RandomForestRegressor(5, random_state=0), cv=3).fit(X, y)
    with parallel_config("threading"):
        other = clone(one).set_params(n_jobs=2).fit(X, y)
    expected = one.predict_interval(X, joint=True).tobytes()
    assert other.predict_interval(X, joint=True).tobytes() == expected
    again = pickle.loads(pickle.dumps(one))
    assert again.predict_interval(X, joint=True).tobytes() == expected


def test_what_cannot_be_is_refused():
    X, y = draw("mixed")
    with pytest.raises(NotFittedError):
        ConformalPredictor(Ridge()).predict_interval(X)
    with pytest.raises(ValueError, match="has no sample in a test set"):
        ConformalPredictor(Ridge(), cv=[(np.arange(9), np.arange(0))]).fit(X, y[:, 0])
    model = ConformalPredictor(mixed()).fit(X, y)
    with pytest.raises(ValueError, match="requires regression tasks, but 'task0' has"):
        model.predict(X, return_std=True)
