import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    KFold,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskLinearClassifier,
    MultiTaskLinearMixedEstimator,
    task_view,
)
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedKFold,
    TaskDecisionsCV,
    cross_val_predict,
    per_task_scorers,
)

LINEAR = MultiTaskLinearClassifier(penalty="mean", alpha=0.1)
MIXED = MultiTaskLinearMixedEstimator(classifier=LINEAR)
# By design, the most probable class is not always predicted.
ARGMAX = ("check_classifiers_train", "check_classifier_multioutput")


def table(n_samples=300, missing=0.2):
    """Return X and y: a rare class, three classes, and a value, some missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    noise = rng.normal(size=(n_samples, 3))
    signal = X[:, :3] + noise
    columns = {
        "rare": np.where(signal[:, 0] > 1.8, "yes", "no").astype(object),
        "grade": np.digitize(signal[:, 1], [-0.5, 1.6]).astype(float),
        "value": signal[:, 2],
    }
    for name, column in columns.items():
        column[rng.random(n_samples) < missing] = None if name == "rare" else np.nan
    return X, pd.DataFrame(columns)


X, Y = table()
CLASSES = Y[["rare", "grade"]]


def checks(estimator, leave_out=()):
    found = []
    for one, check in estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        if name not in leave_out:
            found.append(pytest.param(one, check, id=name))
    return found


@pytest.mark.parametrize(
    ("estimator", "check"), checks(TaskDecisionsCV(LINEAR, cv=2), ARGMAX)
)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        *checks(TaskDecisionsCV(LINEAR, scoring=None, calibrate="temperature", cv=2)),
        *checks(TaskDecisionsCV(MIXED, calibrate="sigmoid", cv=2), ARGMAX),
        *checks(TaskDecisionsCV(LogisticRegression()), ARGMAX),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.MissingLabelWarning")
def test_scikit_learns_checks_of_other_settings(estimator, check):
    check(estimator)


class TestOneTask:
    """A single task without missing labels is what scikit-learn's tools are for."""

    @pytest.fixture
    def data(self):
        return make_classification(400, weights=[0.9], flip_y=0.1, random_state=0)

    def test_a_threshold_of_given_costs_is_a_fixed_threshold(self, data):
        ours = TaskDecisionsCV(LogisticRegression(), costs=[[0, 0.2], [0.8, 0]])
        theirs = FixedThresholdClassifier(LogisticRegression(), threshold=0.2)
        np.testing.assert_array_equal(
            ours.fit(*data).predict(data[0]), theirs.fit(*data).predict(data[0])
        )
        assert ours.thresholds_ == {"task0": pytest.approx(0.2)}

    @pytest.mark.parametrize("metric", ["f1", "balanced_accuracy"])
    def test_the_tuned_threshold_is_at_least_as_good_out_of_fold(self, data, metric):
        cv = KFold(5)
        ours = TaskDecisionsCV(LogisticRegression(), scoring=metric, cv=cv).fit(*data)
        theirs = TunedThresholdClassifierCV(
            LogisticRegression(), scoring=metric, cv=cv
        ).fit(*data)
        held = cross_val_predict(
            LogisticRegression(), *data, cv=cv, method="predict_proba"
        )
        scores = [
            per_task_score(data[1], (held[:, 1] > t) * 1, metric=metric)["task0"]
            for t in (ours.thresholds_["task0"], theirs.best_threshold_)
        ]
        assert ours.best_scores_["task0"] == pytest.approx(scores[0])
        assert scores[0] >= scores[1]

    def test_any_multi_output_classifier_of_scikit_learn_will_do(self):
        X, y = make_classification(200, random_state=0)
        y = np.column_stack([y, np.digitize(X[:, 0], [-1, 1])])
        model = TaskDecisionsCV(RandomForestClassifier(10, random_state=0), cv=2)
        model.fit(X, y)
        assert list(model.thresholds_) == ["task0", "task1"]
        assert [p.shape for p in model.predict_proba(X)] == [(200, 2), (200, 3)]
        assert model.score(X, y) > 0.9


class TestTuning:
    def test_each_task_has_what_its_name_or_kind_says(self):
        model = TaskDecisionsCV(
            MIXED,
            scoring={"binary": "f1", "grade": "matthews_corrcoef"},
            cv=3,
        ).fit(X, Y)
        cv = MultiTaskStratifiedKFold(3)
        held = cross_val_predict(MIXED, X, Y, cv=cv, method="predict_proba")
        labels = {
            "rare": np.where(held[0][:, 1] > model.thresholds_["rare"], "yes", "no"),
            "grade": (held[1] @ model.costs_["grade"]).argmin(axis=1) * 1.0,
        }
        found = per_task_score(
            CLASSES,
            pd.DataFrame(labels),
            metric={"rare": "f1", "grade": "matthews_corrcoef"},
        )
        assert model.best_scores_["rare"] == pytest.approx(found["rare"])
        assert model.best_scores_["grade"] == pytest.approx(found["grade"])
        assert np.isnan(model.best_scores_["value"])
        assert model.costs_["value"] is None

    def test_new_samples_are_decided_better(self):
        model = TaskDecisionsCV(LINEAR, cv=3).fit(X[:200], CLASSES[:200])
        new = X[200:], CLASSES[200:]
        score = per_task_scorers("balanced_accuracy")
        tuned, plain = score(model, *new), score(model.estimator_, *new)
        assert tuned["rare"] > plain["rare"] + 0.1
        assert tuned["grade"] > plain["grade"] + 0.05

    def test_values_and_probabilities_are_those_of_the_estimator(self):
        model = TaskDecisionsCV(MIXED, cv=2).fit(X, Y)
        plain = clone(MIXED).fit(X, Y)
        np.testing.assert_array_equal(
            model.predict(X)[:, 2].astype(float), plain.predict(X)[:, 2].astype(float)
        )
        for one, other in zip(
            model.predict_proba(X)[:2], plain.predict_proba(X)[:2], strict=True
        ):
            np.testing.assert_array_equal(one, other)
        assert model.predict_proba(X)[2] is None

    def test_without_a_metric_the_likeliest_class_is_predicted(self):
        model = TaskDecisionsCV(LINEAR, scoring={"grade": "f1"}, cv=2)
        model.fit(X, CLASSES)
        expected = clone(LINEAR).fit(X, CLASSES).predict(X)[:, 0]
        np.testing.assert_array_equal(model.predict(X)[:, 0], expected)
        assert model.thresholds_["rare"] == 0.5

    def test_a_constraint_is_met_out_of_fold(self):
        model = TaskDecisionsCV(
            LINEAR,
            scoring={"rare": "balanced_accuracy"},
            constraint={"rare": ("accuracy", 0.85)},
            cv=3,
        ).fit(X, CLASSES)
        free = clone(model).set_params(constraint=None).fit(X, CLASSES)
        held = cross_val_predict(
            LINEAR, X, CLASSES, cv=MultiTaskStratifiedKFold(3), method="predict_proba"
        )[0][:, 1]

        def accuracy(threshold):
            labels = np.where(held > threshold, "yes", "no")
            return per_task_score(CLASSES["rare"], labels, metric="accuracy")["rare"]

        assert accuracy(free.thresholds_["rare"]) < 0.85
        assert accuracy(model.thresholds_["rare"]) >= 0.85
        assert model.best_scores_["rare"] < free.best_scores_["rare"]

    def test_weights_decide_where_the_threshold_is(self):
        w = np.ones(CLASSES.shape)
        w[:, 0] = np.where(CLASSES["rare"] == "yes", 9.0, 1.0)
        model = TaskDecisionsCV(FrozenEstimator(clone(LINEAR).fit(X, CLASSES)))
        plain = clone(model).set_params(scoring={"rare": "accuracy"}).fit(X, CLASSES)
        heavy = clone(plain).fit(X, CLASSES, sample_weight=w)
        assert heavy.thresholds_["rare"] < plain.thresholds_["rare"] - 0.1

    def test_a_class_that_is_never_held_out_with_another_is_said(self):
        y = CLASSES.copy()
        y["rare"] = np.where(np.arange(300) < 200, "no", None)
        y.loc[0, "rare"] = "yes"
        cv = [
            (np.arange(200), np.arange(200, 300)),
            (np.arange(200, 300), np.arange(200)),
        ]
        inner = clone(LINEAR).set_params(on_empty_task="warn")
        model = TaskDecisionsCV(inner, cv=cv)
        said = r"1 of 2 tasks .*: \['rare'\]"
        with pytest.warns(MissingLabelWarning, match=said) as caught:
            model.fit(X, y)
        assert caught[0].filename == __file__
        assert model.thresholds_["rare"] == 0.5


class TestWhereHeldOutPredictionsComeFrom:
    def forest(self):
        return MultiTaskForestClassifier(n_estimators=20, random_state=0)

    def counting(self, monkeypatch):
        fits = []
        fit = MultiTaskForestClassifier.fit

        def counted(model, *args, **kwargs):
            fits.append(len(args[0]))
            return fit(model, *args, **kwargs)

        monkeypatch.setattr(MultiTaskForestClassifier, "fit", counted)
        return fits

    def test_a_forest_is_fitted_once(self, monkeypatch):
        fits = self.counting(monkeypatch)
        model = TaskDecisionsCV(self.forest()).fit(X, CLASSES)
        assert fits == [300]
        # from out-of-bag predictions
        oob = model.estimator_.oof_prediction_
        labels = np.where(oob[0][:, 1] > model.thresholds_["rare"], "yes", "no")
        metric = "balanced_accuracy"
        found = per_task_score(CLASSES["rare"], labels, metric=metric)["rare"]
        assert model.best_scores_["rare"] == pytest.approx(found)

    def test_folds_are_fitted_where_they_are_asked_for(self, monkeypatch):
        fits = self.counting(monkeypatch)
        TaskDecisionsCV(self.forest(), cv=3).fit(X, CLASSES)
        assert fits == [300, 200, 200, 200]

    def test_costs_alone_need_no_folds(self, monkeypatch):
        fits = self.counting(monkeypatch)
        costs = {"rare": [[0, 1], [5, 0]]}
        TaskDecisionsCV(self.forest(), scoring=None, costs=costs, cv=3).fit(X, CLASSES)
        assert fits == [300]

    def test_a_net_behind_a_scaler_gives_its_own(self):
        net = MultiTaskClassifier(
            hidden_layer_sizes=(8,),
            n_members=2,
            max_epochs=3,
            early_stopping=True,
            random_state=0,
        )
        pipe = make_pipeline(StandardScaler(), net)
        model = TaskDecisionsCV(pipe, cv="oof").fit(X, CLASSES)
        oof = model.estimator_[-1].oof_prediction_
        labels = (oof[1] @ model.costs_["grade"]).argmin(axis=1) * 1.0
        found = per_task_score(CLASSES["grade"], labels, metric="balanced_accuracy")
        assert model.best_scores_["grade"] == pytest.approx(found["grade"])

    def test_a_frozen_model_is_tuned_on_new_samples(self):
        fitted = clone(LINEAR).fit(X[:150], CLASSES[:150])
        model = TaskDecisionsCV(FrozenEstimator(fitted)).fit(X[150:], CLASSES[150:])
        proba = fitted.predict_proba(X[150:])[0][:, 1]
        labels = np.where(proba > model.thresholds_["rare"], "yes", "no")
        found = per_task_score(
            CLASSES["rare"][150:], labels, metric="balanced_accuracy"
        )
        assert model.best_scores_["rare"] == pytest.approx(found["rare"])
        assert model.estimator_.estimator is fitted

    def test_a_frozen_forest_is_tuned_on_its_out_of_bag_predictions(self, monkeypatch):
        fitted = self.forest().fit(X, CLASSES)
        expected = TaskDecisionsCV(self.forest()).fit(X, CLASSES)
        fits = self.counting(monkeypatch)
        model = TaskDecisionsCV(FrozenEstimator(fitted), cv="oof").fit(X, CLASSES)
        assert fits == []
        assert model.thresholds_ == expected.thresholds_
        with pytest.raises(
            ValueError, match="predictions of 300 samples, but y has 99"
        ):
            model.fit(X[:99], CLASSES[:99])

    def test_oof_without_any_is_an_error_that_says_why(self):
        said = r"cv='oof' requires oof_prediction_\. .*no attribute 'oof_prediction_'"
        with pytest.raises(ValueError, match=said):
            TaskDecisionsCV(LINEAR, cv="oof").fit(X, CLASSES)

    def test_folds_do_not_divide_groups(self):
        # copies of a subject: across folds each label would be known
        rng = np.random.default_rng(0)
        groups = np.tile(np.arange(60), 4)
        Z = rng.normal(size=(60, 10))[groups] + 0.01 * rng.normal(size=(240, 10))
        y = (rng.random((60, 2)) < 0.5)[groups] * 1.0
        model = TaskDecisionsCV(
            IndependentTasks(RandomForestClassifier(10, random_state=0)),
            scoring="accuracy",
            cv=3,
        )
        assert min(model.fit(Z, y).best_scores_.values()) > 0.95
        assert max(model.fit(Z, y, groups=groups).best_scores_.values()) < 0.75


class TestCalibration:
    def test_all_tasks_are_calibrated_in_one_call(self):
        weak = IndependentTasks(
            RandomForestClassifier(
                5, max_depth=2, random_state=0, class_weight="balanced"
            )
        )
        model = TaskDecisionsCV(weak, scoring=None, calibrate="sigmoid", cv=3)
        model.fit(X[:200], CLASSES[:200])
        loss = per_task_scorers("neg_log_loss")
        calibrated = loss(model, X[200:], CLASSES[200:])
        plain = loss(model.estimator_, X[200:], CLASSES[200:])
        assert calibrated["rare"] > plain["rare"] + 0.05
        for p in model.predict_proba(X):
            np.testing.assert_allclose(p.sum(axis=1), 1.0)

    def test_thresholds_are_those_of_calibrated_probabilities(self):
        model = TaskDecisionsCV(LINEAR, calibrate="temperature", cv=3).fit(X, CLASSES)
        p = model.predict_proba(X)[0][:, 1]
        expected = np.where(p > model.thresholds_["rare"], "yes", "no")
        np.testing.assert_array_equal(model.predict(X)[:, 0], expected)


class TestAsAnEstimator:
    def test_views_give_the_decisions(self):
        model = TaskDecisionsCV(MIXED, cv=2).fit(X, Y)
        expected = model.predict(X)
        np.testing.assert_array_equal(model.task("rare").predict(X), expected[:, 0])
        np.testing.assert_array_equal(model.task("value").predict(X), expected[:, 2])
        pipe = make_pipeline(StandardScaler(), TaskDecisionsCV(MIXED, cv=2)).fit(X, Y)
        view = task_view(pipe, "rare")
        np.testing.assert_array_equal(view.predict(X), pipe.predict(X)[:, 0])
        assert (view.predict(X) != view.classes_[view.predict_proba(X).argmax(1)]).any()

    def test_a_search_sees_the_parameters_of_the_estimator(self):
        model = TaskDecisionsCV(LINEAR, cv=2)
        grid = {"estimator__alpha": [0.01, 1.0], "calibrate": [None, "sigmoid"]}
        scoring = per_task_scorers("balanced_accuracy")
        cv = MultiTaskStratifiedKFold(2)
        search = GridSearchCV(model, grid, cv=cv, scoring=scoring, refit="mean")
        search.fit(X, CLASSES)
        assert set(search.best_params_) == set(grid)
        assert search.best_score_ > 0.6

    def test_a_pickle_predicts_the_same(self):
        model = TaskDecisionsCV(MIXED, calibrate="isotonic", cv=2).fit(X, Y)
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict(X), model.predict(X))

    def test_weights_are_routed(self):
        w = np.random.default_rng(0).exponential(size=300)
        with config_context(enable_metadata_routing=True):
            inner = clone(LINEAR).set_fit_request(sample_weight=True)
            cv = MultiTaskStratifiedKFold(2)
            model = TaskDecisionsCV(inner, cv=cv).fit(X, CLASSES, sample_weight=w)
        expected = TaskDecisionsCV(LINEAR, cv=2).fit(X, CLASSES, sample_weight=w)
        np.testing.assert_array_equal(model.predict(X), expected.predict(X))


REFUSED = {
    "a metric that ranks": (
        {"scoring": "roc_auc"},
        "'rare': 'roc_auc' does not depend",
    ),
    "an error": ({"scoring": "zero_one_loss"}, "Use 'neg_zero_one_loss'"),
    "an unknown metric": ({"scoring": "f17"}, "unknown metric 'f17'"),
    "an unknown task": ({"scoring": {"rar": "f1"}}, "rar"),
    "a regression": ({"scoring": {"value": "f1"}}, r"\['value'\] are regression or"),
    "costs of another shape": (
        {"costs": {"grade": [[0, 1], [1, 0]]}},
        r"'grade': costs must be finite numbers of shape \(3, 3\)",
    ),
    "costs of a regression": ({"costs": {"value": [[0]]}}, r"\['value'\] are regress"),
    "a constraint without a number": (
        {"constraint": ("f1", "a")},
        "constraint must be",
    ),
    "a constraint of three classes": (
        {"constraint": ("accuracy", 0.1)},
        "'grade' has 3 classes, but constraint is",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_make_no_sense_are_named(name):
    params, said = REFUSED[name]
    model = TaskDecisionsCV(MIXED, cv=2, **params)
    with pytest.raises(TaskError, match=f"TaskDecisionsCV.*{said}"):
        model.fit(X, Y)
    assert not hasattr(model, "estimator_")


def test_an_estimator_without_probabilities_is_named():
    model = TaskDecisionsCV(IndependentTasks(RidgeClassifier()))
    with pytest.raises(ValueError, match="IndependentTasks has no predict_proba"):
        model.fit(X, CLASSES)


def test_regressions_alone_are_refused():
    model = TaskDecisionsCV(IndependentTasks(Ridge()))
    with pytest.raises(TaskError, match=r"all tasks are regressions.*'a', 'b'"):
        model.fit(X, Y[["value", "value"]].set_axis(["a", "b"], axis=1))
    assert not hasattr(model, "estimator_")
