"""The boosted member: which tasks it learns, from which samples, and when it pays."""

from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score

from sklearn_mtl.ensemble import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    _boosted_task,
)
from sklearn_mtl.ensemble._boosted_task import BoostedTask, Part, with_few_values
from sklearn_mtl.ensemble._boosting import BoostingMember
from sklearn_mtl.persistence import load, save
from sklearn_mtl.tasks import TaskSet
from tests.chance import chance
from tests.ensemble.test_hold_out import copies


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Grow few trees, for labels that are sums of few steps."""
    monkeypatch.setattr(_boosted_task, "_MOST_TREES", 20)
    monkeypatch.setattr(_boosted_task, "_FEWEST_ROUNDS", 20)


def steps(n_samples=240, missing=0.0):
    """Return a task of values and one of three classes on a grid, which trees learn."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, size=(n_samples, 3)).astype(float)
    value = np.array([3.0, -1.0, 2.0, 0.0])[X[:, 0].astype(int)] * (X[:, 1] > 1)
    y = np.column_stack([value, (X[:, 0] + 2 * X[:, 2]) % 3])
    y[rng.random(y.shape) < missing] = np.nan
    return X, y


def member(**arguments):
    types = ["regression", "classification"]
    return BoostingMember(task_types=types, random_state=0, **arguments)


def blend(
    X, y, names=("linear", "boosting"), model=MultiTaskBlendMixedEstimator, **fit
):
    types = {"task_types": ["regression", "classification"]}
    own = types if model is MultiTaskBlendMixedEstimator else {}
    members = [(name, "default") for name in names]
    return model(members, random_state=0, **own).fit(X, y, **fit)


class TestFolds:
    def test_each_model_predicts_the_fold_that_it_has_not_seen(self):
        X, y = steps(missing=0.2)
        model = member().fit(X, y)
        for t, parts in enumerate(model.models_):
            said = np.stack([part.outputs(X) for part in parts])
            matches = np.isclose(said, model.oof_prediction_[t])
            assert matches.reshape(5, len(X), -1).all(axis=2).any(axis=0).all()
            np.testing.assert_allclose(model._task_outputs(X)[t], said.mean(axis=0))

    def test_it_learns_what_is_made_of_steps(self):
        X, y = steps()
        model = member().fit(X, y)
        value, proba = model.oof_prediction_
        assert r2_score(y[:, 0], value) > 0.95
        assert np.mean(proba.argmax(axis=1) == y[:, 1]) > 0.95

    def test_labels_without_signal_stay_at_chance(self):
        X, y, _ = copies(160, 1)
        found = BoostingMember(task_types="regression", random_state=0).fit(X, y)
        assert np.abs(chance(y, found.oof_prediction_, np.arange(160))).max() < 3

    def test_no_fold_divides_a_group(self):
        X, y, groups = copies()
        model = BoostingMember(task_types="regression", random_state=0)
        assert r2_score(y, np.column_stack(model.fit(X, y).oof_prediction_)) > 0.5
        model.fit(X, y, groups=groups)
        assert r2_score(y, np.column_stack(model.oof_prediction_)) < 0.3
        assert np.abs(chance(y, model.oof_prediction_, groups)).max() < 3

    def test_a_label_of_weight_0_has_no_influence(self):
        X, y = steps()
        weights = np.ones(y.shape)
        weights[::3, 0] = 0.0
        changed = y.copy()
        changed[::3, 0] = np.where(np.arange(80) % 2, 99.0, -99.0)
        one, two = (
            member().fit(X, labels, sample_weight=weights)._task_outputs(X)
            for labels in (y, changed)
        )
        for a, b in zip(one, two, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_units_of_weights_do_not_matter(self):
        X, y = steps()
        weights = np.random.default_rng(0).uniform(1, 2, len(X))
        one, two = (
            member().fit(X, y, sample_weight=unit * weights)._task_outputs(X)
            for unit in (1.0, 64.0)
        )
        for a, b in zip(one, two, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9)

    def test_a_class_that_a_fold_has_not_seen_has_probability_0_there(self):
        X, y = steps()
        y[7, 1] = 5.0
        model = member().fit(X, y)
        proba = model.oof_prediction_[1]
        assert proba.shape == (240, 4)
        assert proba[7, 3] == 0.0
        np.testing.assert_allclose(proba.sum(axis=1), 1.0)
        np.testing.assert_allclose(model._task_outputs(X)[1].sum(axis=1), 1.0)

    def test_a_validation_set_stops_one_model_per_task(self):
        X, y = steps(400)
        model = member().fit(X[:240], y[:240], X_val=X[240:], y_val=y[240:])
        assert [len(parts) for parts in model.models_] == [1, 1]
        found = model.models_[0][0].model
        alone = HistGradientBoostingRegressor(**found.get_params())
        alone.fit(X[:240], y[:240, 0], X_val=X[240:], y_val=y[240:, 0])
        n_trees = np.argmax(alone.validation_score_[1:]) + 1
        np.testing.assert_array_equal(
            found.validation_score_, alone.validation_score_[: n_trees + 1]
        )
        alone.set_params(max_iter=n_trees, early_stopping=False).fit(
            X[:240], y[:240, 0]
        )
        np.testing.assert_array_equal(model._task_outputs(X)[0], alone.predict(X))

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_outputs_are_those_of_scikit_learns_model(self, n_classes):
        X, y = steps()
        labels = y[:, 1] % n_classes
        task = TaskSet.from_y(labels)[0].tasks[0]
        part = Part(X, labels, np.ones(240))
        model = BoostedTask.fit(task, part, part, np.zeros(3, dtype=bool), 0)
        theirs = model.model.predict_proba(X)
        np.testing.assert_allclose(model.outputs(X), theirs, rtol=1e-12)
        n_trees = model.model.n_iter_ - 3
        staged = list(model.model.staged_predict_proba(X))[n_trees - 1]
        np.testing.assert_allclose(model.first(n_trees).outputs(X), staged, rtol=1e-12)


class TestColumns:
    def test_categories_are_split_as_sets(self):
        rng = np.random.default_rng(0)
        city = rng.integers(0, 12, 400)
        frame = pd.DataFrame({"city": city.astype(str), "size": rng.normal(size=400)})
        y = np.where(np.isin(city, rng.permutation(12)[:6]), 1.0, -1.0)[:, None]
        model = BoostingMember(task_types="regression", random_state=0).fit(frame, y)
        assert r2_score(y, model.oof_prediction_[0]) > 0.9
        assert model.models_[0][0].model.is_categorical_.tolist() == [False, True]
        frame.loc[0, "city"] = "new"
        assert np.isfinite(model._task_outputs(frame)[0]).all()

    def test_too_many_categories_are_taken_for_numbers(self):
        name = [f"{i:03d}" for i in range(300)]
        frame, y = pd.DataFrame({"name": name}), (np.arange(300) > 150.0) + 0.0
        model = BoostingMember(task_types="regression", random_state=0).fit(frame, y)
        assert model.models_[0][0].model.is_categorical_ is None

    def test_missing_values_are_split_on(self):
        X, y = steps()
        X[y[:, 1] == 1, 2] = np.nan
        proba = member().fit(X, y).oof_prediction_[1]
        assert np.mean((proba[:, 1] > 0.5) == (y[:, 1] == 1)) > 0.97

    def test_a_column_without_a_value_in_a_fold_is_no_input_there(self):
        X, y = steps()
        frame = pd.DataFrame(X, columns=list("abc")).assign(gap=np.nan, text=None)
        frame.loc[3, "gap"] = 1.0
        frame.loc[5, "text"] = "one"
        frame["text"] = frame["text"].astype("category")
        plain, gappy = (member().fit(one, y) for one in (frame[list("abc")], frame))
        assert gappy.is_boosted_.all()
        assert r2_score(y[:, 0], gappy.oof_prediction_[0]) > 0.9
        assert r2_score(y[:, 0], plain.oof_prediction_[0]) > 0.9
        assert np.isfinite(gappy._task_outputs(frame.iloc[:9])[0]).all()

    def test_few_values_are_on_the_same_side_of_every_threshold(self):
        rng = np.random.default_rng(0)
        X = np.column_stack(
            [rng.normal(size=300), rng.integers(0, 9, 300), 1e300 * rng.random(300)]
        )
        X[::7, 0] = np.nan
        found = with_few_values(X, np.zeros(3, dtype=bool))
        assert [len(np.unique(one[~np.isnan(one)])) for one in found.T] == [63, 9, 63]
        np.testing.assert_array_equal(found[:, 1], X[:, 1])
        np.testing.assert_array_equal(np.isnan(found), np.isnan(X))
        part = Part(found, rng.normal(size=300), np.ones(300))
        task = TaskSet.from_y(part.codes, kind="regression")[0].tasks[0]
        model = BoostedTask.fit(task, part, part, np.zeros(3, dtype=bool), 0)
        np.testing.assert_array_equal(model.outputs(found), model.outputs(X))


class TestWhatIsNotBoosted:
    @pytest.mark.parametrize(
        "case", ["few samples", "one group", "sparse", "few labels", "no gain"]
    )
    def test_it_has_no_weight_and_no_loss(self, case):
        X, y = steps()
        fit = {}
        if case == "few samples":
            X, y = X[:100], y[:100]
        elif case == "one group":
            fit["groups"] = np.zeros(len(X))
        elif case == "sparse":
            X = sparse.csr_array(X)
        elif case == "few labels":
            y[100:] = np.nan
        else:
            y = np.column_stack([X[:, 0], X[:, 1] > 1]).astype(float)
        if case == "one group":
            with pytest.warns(UserWarning, match="all samples are in one group"):
                model = blend(X, y, **fit)
        else:
            model = blend(X, y, **fit)
        assert not model.named_estimators_["boosting"].is_boosted_.any()
        for name, weights in model.weights_.items():
            assert weights == {"linear": 1.0, "boosting": 0.0}
            assert np.isnan(model.member_losses_[name]["boosting"])
        assert all(np.isfinite(one).all() for one in model._task_outputs(X))

    def test_a_task_with_few_labels_is_left_to_the_others(self):
        X, y = steps()
        y[100:, 1] = np.nan
        model = blend(X, y)
        assert model.named_estimators_["boosting"].is_boosted_.tolist() == [True, False]
        assert model.weights_["task0"]["boosting"] > 0.9
        assert model.weights_["task1"] == {"linear": 1.0, "boosting": 0.0}
        assert np.isfinite(model.oof_prediction_[1][:100]).all()

    def test_one_fold_decides_whether_it_pays(self, monkeypatch):
        fits, fit = [], HistGradientBoostingRegressor.fit
        monkeypatch.setattr(
            HistGradientBoostingRegressor,
            "fit",
            lambda self, X, y, **kw: fits.append(len(X)) or fit(self, X, y, **kw),
        )
        rng = np.random.default_rng(0)
        X = rng.normal(size=(500, 4))
        line = X[:, :2] + 1.5 * rng.normal(size=(500, 2))
        blend(X, line, model=MultiTaskBlendRegressor)
        assert fits == [400, 400]
        fits.clear()
        blend(X, np.sign(X[:, :2]), model=MultiTaskBlendRegressor)
        assert len(fits) == 10

    def test_it_needs_another_member(self):
        X, y = steps()
        with pytest.raises(ValueError, match="the only member is 'boosting', which on"):
            blend(X, y, names=["boosting"])


class TestInBlends:
    def test_it_takes_the_weight_where_trees_fit_best(self):
        model = blend(*steps(), names=("forest", "linear", "boosting"))
        for weights in model.weights_.values():
            assert weights["boosting"] > 0.5

    def test_threads_and_order_of_members_do_not_matter(self):
        X, y = steps(160)
        names = ("linear", "boosting", "forest")
        one = blend(X, y, names=names)
        two = blend(X, y, names=names[::-1])
        two.set_params(n_jobs=2).fit(X, y)
        for name, parts in one.member_oof_predictions_.items():
            pairs = zip(parts, two.member_oof_predictions_[name], strict=True)
            assert all(np.array_equal(a, b) for a, b in pairs)

    def test_a_task_without_labels_is_missing_and_one_class_is_certain(self):
        X, y = steps()
        y = np.column_stack([y[:, 1], np.full(240, np.nan), np.ones(240)])
        members = [("linear", "default"), ("boosting", "default")]
        model = MultiTaskBlendClassifier(members, on_empty_task="warn", random_state=0)
        with pytest.warns(UserWarning, match="no observed label|single class"):
            proba = model.fit(X, y).predict_proba(X)
        assert np.isnan(proba[1]).all()
        assert (proba[2] == 1.0).all()
        assert model.weights_["task0"]["boosting"] > 0.5

    def test_a_validation_set_weighs_it(self):
        X, y = steps(400)
        model = blend(X[:240], y[:240], X_val=X[240:], y_val=y[240:])
        for name, weights in model.weights_.items():
            assert weights["boosting"] > 0.9
            assert model.member_losses_[name]["boosting"] < 0.2

    def test_files_hold_it_without_skops(self, tmp_path):
        X, y = steps(160)
        frame = pd.DataFrame(X, columns=list("abc")).astype({"a": "category"})
        model = blend(frame, y)
        save(model, tmp_path / "it.mtl")
        with ZipFile(tmp_path / "it.mtl") as file:
            assert "parts.skops" not in file.namelist()
        again = load(tmp_path / "it.mtl")
        assert again.weights_ == model.weights_
        assert again.named_estimators_["boosting"].is_boosted_.all()
        for a, b in zip(
            model._task_outputs(frame), again._task_outputs(frame), strict=True
        ):
            np.testing.assert_array_equal(a, b)
