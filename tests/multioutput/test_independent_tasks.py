import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.exceptions import MissingLabelWarning, SingleClassWarning, TaskError
from sklearn_mtl.multioutput import IndependentTasks, _jobs, _templates


def data(n=80, missing=0.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    signal = X @ rng.normal(size=(4, 3)) + 0.5 * rng.normal(size=(n, 3))
    y = np.column_stack([signal[:, 0] > 0, np.digitize(signal[:, 1], [-1, 1])]) * 1.0
    y = np.column_stack([y, signal[:, 2]])
    y[rng.random(y.shape) < missing] = np.nan
    return X, y


def forest(**kwargs):
    return RandomForestClassifier(n_estimators=5, random_state=0, **kwargs)


def mixed(**kwargs):
    return IndependentTasks(
        classifier=LogisticRegression(), regressor=Ridge(), **kwargs
    )


@parametrize_with_checks(
    [
        IndependentTasks(LogisticRegression()),
        IndependentTasks(Ridge()),
        mixed(),
        IndependentTasks(DecisionTreeClassifier(random_state=0), n_jobs=1),
    ]
)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


class TestTwin:
    @pytest.mark.parametrize("t", [0, 1])
    def test_each_model_is_the_estimator_alone_on_the_observed_rows(self, t):
        X, y = data(missing=0.3)
        model = IndependentTasks(forest()).fit(X, y[:, :2])
        seen = ~np.isnan(y[:, t])
        alone = forest().fit(X[seen], y[seen, t])
        np.testing.assert_array_equal(model.predict_proba(X)[t], alone.predict_proba(X))
        np.testing.assert_array_equal(model.predict(X)[:, t], alone.predict(X))

    def test_complete_labels_give_multi_output_classifier(self):
        X, y = data()
        ours = IndependentTasks(LogisticRegression()).fit(X, y[:, :2])
        theirs = MultiOutputClassifier(LogisticRegression()).fit(X, y[:, :2])
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        for a, b in zip(ours.predict_proba(X), theirs.predict_proba(X), strict=True):
            np.testing.assert_array_equal(a, b)

    def test_complete_values_give_multi_output_regressor(self):
        X, y = data()
        ours = IndependentTasks(Ridge()).fit(X, y)
        theirs = MultiOutputRegressor(Ridge()).fit(X, y)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))

    def test_weights_are_those_of_the_cells(self):
        X, y = data(missing=0.3)
        w = np.random.default_rng(1).uniform(size=y.shape)
        model = mixed().fit(X, y, sample_weight=w)
        seen = ~np.isnan(y[:, 2])
        alone = Ridge().fit(X[seen], y[seen, 2], sample_weight=w[seen, 2])
        np.testing.assert_array_equal(
            model.predict(X)[:, 2].astype(float), alone.predict(X)
        )

    def test_rows_without_any_label_change_nothing(self):
        X, y = data()
        more_X = np.vstack([X, np.full((5, 4), 9.0)])
        more_y = np.vstack([y, np.full((5, 3), np.nan)])
        one, other = mixed().fit(X, y), mixed().fit(more_X, more_y)
        np.testing.assert_array_equal(
            one.predict(X).astype(float), other.predict(X).astype(float)
        )


class TestKinds:
    def test_classifier_and_regressor_by_kind(self):
        X, y = data()
        model = mixed().fit(X, y)
        assert [type(m) for m in model.estimators_] == [
            LogisticRegression,
            LogisticRegression,
            Ridge,
        ]
        assert [None if c is None else c.tolist() for c in model.classes_] == [
            [0, 1],
            [0, 1, 2],
            None,
        ]
        proba = model.predict_proba(X)
        assert [None if p is None else p.shape for p in proba] == [
            (80, 2),
            (80, 3),
            None,
        ]
        assert model.predict(X).dtype == float  # all labels are numbers

    def test_by_task_goes_before_all_others(self):
        X, y = data()
        frame = pd.DataFrame(y, columns=["a", "b", "c"])
        model = mixed(by_task={"b": DecisionTreeClassifier(), "c": forest_regressor()})
        types = [type(m).__name__ for m in model.fit(X, frame).estimators_]
        assert types == [
            "LogisticRegression",
            "DecisionTreeClassifier",
            "RandomForestRegressor",
        ]

    def test_by_task_says_the_kind(self):
        X, y = data()
        model = IndependentTasks(LogisticRegression(), by_task={"task1": Ridge()})
        model.fit(X, y[:, :2])
        assert model.task_set_.kinds == ["binary", "regression"]

    def test_one_kind_alone_is_for_all_tasks(self):
        X, y = data()
        model = IndependentTasks(regressor=Ridge()).fit(X, y)
        assert model.task_set_.kinds == ["regression"] * 3
        with pytest.raises(TaskError, match="task 'task2' has fractional class labels"):
            IndependentTasks(classifier=LogisticRegression()).fit(X, y)

    def test_task_types_overrule_the_inference(self):
        X, y = data()
        model = mixed(task_types={"task1": "regression"}).fit(X, y)
        assert model.task_set_.kinds == ["binary", "regression", "regression"]
        with pytest.raises(TaskError, match=r"'task0' is a regression .* estimator is"):
            IndependentTasks(
                LogisticRegression(), task_types={"task0": "regression"}
            ).fit(X, y[:, :2])

    def test_strings_and_missing_labels(self):
        X, y = data(missing=0.2)
        text = np.where(np.isnan(y[:, 0]), None, np.where(y[:, 0] > 0, "yes", "no"))
        frame = pd.DataFrame({"sick": text, "dose": y[:, 2]})
        model = mixed().fit(X, frame)
        labels = model.predict(X)
        assert set(labels[:, 0]) == {"yes", "no"}
        assert labels.dtype == object
        assert model.task_names_in_.tolist() == ["sick", "dose"]
        assert model.proba_frame(X).columns.tolist() == [
            ("sick", "no"),
            ("sick", "yes"),
        ]


class TestForms:
    def test_one_dimensional_labels_give_arrays(self):
        X, y = data()
        model = IndependentTasks(LogisticRegression()).fit(X, y[:, 1])
        assert model.predict(X).shape == (80,)
        assert model.predict_proba(X).shape == (80, 3)
        assert model.classes_.tolist() == [0, 1, 2]

    def test_one_column_stays_two_dimensional(self):
        X, y = data()
        model = IndependentTasks(LogisticRegression()).fit(X, y[:, [1]])
        assert model.predict(X).shape == (80, 1)
        assert [p.shape for p in model.predict_proba(X)] == [(80, 3)]

    def test_frames_reach_the_models_with_their_columns(self):
        X, y = data(missing=0.2)
        frame = pd.DataFrame(X, columns=list("abcd"))
        frame["ward"] = np.where(X[:, 0] > 0, "north", "south")
        inner = make_pipeline(
            make_column_transformer(
                (StandardScaler(), ["a", "b"]), (OneHotEncoder(), ["ward"])
            ),
            LogisticRegression(),
        )
        model = IndependentTasks(inner).fit(frame, y[:, :2])
        assert model.feature_names_in_.tolist() == [*"abcd", "ward"]
        assert model.n_features_in_ == 5
        with pytest.raises(ValueError, match="feature names"):
            model.predict(frame[["ward", *"abcd"]])

    def test_polars_frames(self):
        X, y = data(missing=0.2)
        frame = pl.DataFrame(y[:, :2], schema=["a", "b"]).fill_nan(None)
        model = IndependentTasks(LogisticRegression())
        model.fit(pl.DataFrame(X, schema=list("wxyz")), frame)
        assert model.feature_names_in_.tolist() == list("wxyz")
        assert model.task_names_in_.tolist() == ["a", "b"]

    def test_sparse_inputs(self):
        X, y = data(missing=0.2)
        X[X < 0] = 0
        dense = IndependentTasks(LogisticRegression()).fit(X, y[:, :2])
        thin = IndependentTasks(LogisticRegression()).fit(sparse.coo_array(X), y[:, :2])
        np.testing.assert_array_equal(
            dense.predict(X), thin.predict(sparse.csr_array(X))
        )

    def test_missing_inputs_where_the_estimator_takes_them(self):
        X, y = data(missing=0.2)
        X[::3, 0] = np.nan
        inner = HistGradientBoostingClassifier(max_iter=5, random_state=0)
        model = IndependentTasks(inner).fit(X, y[:, :2])
        assert model.predict(X).shape == (80, 2)
        with pytest.raises(ValueError, match="Input X contains NaN") as raised:
            IndependentTasks(LogisticRegression()).fit(X, y[:, :2])
        assert raised.value.__notes__ == [
            "IndependentTasks: task 'task0': LogisticRegression could not be fitted."
        ]

    def test_text_inputs(self):
        from sklearn.feature_extraction.text import CountVectorizer

        texts = ["good day", "bad day", "good night", "bad night"]
        y = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
        inner = make_pipeline(CountVectorizer(), LogisticRegression())
        model = IndependentTasks(inner).fit(texts, y)
        np.testing.assert_array_equal(model.predict(texts), y)


class TestDegenerate:
    def test_single_class_is_predicted_and_told(self):
        X, y = data()
        y[:, 0] = 1
        with pytest.warns(SingleClassWarning, match="'task0' has the single class 1"):
            model = mixed().fit(X, y)
        assert model.estimators_[0] is None
        assert (model.predict(X)[:, 0] == 1).all()
        assert (model.predict_proba(X)[0] == 1).all()

    def test_empty_task_is_an_error_or_nan(self):
        X, y = data()
        y[:, 0] = np.nan
        with pytest.raises(TaskError, match="'task0' has no observed label"):
            mixed().fit(X, y)
        with pytest.warns(MissingLabelWarning, match="'task0' has no observed"):
            model = mixed(on_empty_task="warn").fit(X, y)
        assert np.isnan(model.predict(X)[:, 0].astype(float)).all()
        assert model.predict_proba(X)[0].shape == (80, 0)

    def test_class_with_a_single_row(self):
        X, y = data()
        y[0, 1] = 7
        model = mixed().fit(X, y)
        assert model.classes_[1].tolist() == [0, 1, 2, 7]

    def test_only_constant_tasks_still_check_the_features(self):
        X, y = data()
        with pytest.warns(SingleClassWarning):
            model = IndependentTasks(LogisticRegression()).fit(X, y[:, 0] * 0)
        with pytest.raises(ValueError, match="X has 3 features"):
            model.predict(X[:, :3])


class TestOutputs:
    def test_predict_is_what_the_models_predict(self):
        X, y = data(n=200)
        inner = TunedThresholdClassifierCV(LogisticRegression(), scoring="recall", cv=3)
        model = IndependentTasks(inner).fit(X, y[:, :1])
        tuned = model.predict(X)[:, 0]
        assert (tuned != model.predict_proba(X)[0].argmax(axis=1)).any()
        np.testing.assert_array_equal(tuned, model.estimators_[0].predict(X))
        np.testing.assert_array_equal(model.task(0).predict(X), tuned)
        assert model.score(X, y[:, :1]) == np.mean(tuned == y[:, 0])

    def test_a_search_may_choose_a_classifier_with_probabilities(self):
        X, y = np.arange(20.0)[:, None], np.tile([[0, 1], [1, 0]], (10, 1))
        pipe = Pipeline([("model", Perceptron())])
        search = GridSearchCV(pipe, {"model": [LogisticRegression()]}, cv=2)
        model = IndependentTasks(search)
        assert not hasattr(model, "predict_proba")
        assert [p.shape for p in model.fit(X, y).predict_proba(X)] == [(20, 2)] * 2
        assert model.task(0).predict_proba(X).shape == (20, 2)

    def test_classifiers_without_probabilities_predict_and_score(self):
        X, y = data()
        model = IndependentTasks(LinearSVC()).fit(X, y[:, :2])
        assert not hasattr(model, "predict_proba")
        assert not hasattr(model, "proba_frame")
        assert model.score(X, y[:, :2]) > 0.7
        calibrated = IndependentTasks(CalibratedClassifierCV(LinearSVC(), cv=2))
        assert hasattr(calibrated, "predict_proba")

    def test_regressors_have_no_classes(self):
        X, y = data()
        model = IndependentTasks(Ridge()).fit(X, y)
        assert not hasattr(model, "classes_")
        assert not hasattr(model, "predict_proba")

    def test_score_is_the_mean_over_tasks_of_observed_cells(self):
        X, y = data(missing=0.3)
        model = IndependentTasks(LogisticRegression()).fit(X, y[:, :2])
        labels = model.predict(X)
        expected = [
            np.mean(labels[seen, t] == y[seen, t])
            for t, seen in enumerate(~np.isnan(y[:, :2]).T)
        ]
        assert model.score(X, y[:, :2]) == pytest.approx(np.mean(expected))

    def test_views_have_one_task(self):
        X, y = data()
        model = mixed().fit(X, y)
        view = model.task("task1")
        np.testing.assert_array_equal(view.predict_proba(X), model.predict_proba(X)[1])
        assert view.classes_.tolist() == [0, 1, 2]
        np.testing.assert_array_equal(
            model.task(2).predict(X), model.estimators_[2].predict(X)
        )

    def test_own_rows_predict_their_own_task(self):
        X, y = data()
        model = mixed().fit(X, y)
        rows = np.array(["task0", "task2"])[np.arange(80) % 2]
        own = model.predict_task(X, rows)
        expected = model.predict(X)[np.arange(80), 2 * (np.arange(80) % 2)]
        np.testing.assert_array_equal(own.astype(float), expected.astype(float))


class TestParallel:
    @pytest.mark.parametrize("backend", ["threading", "loky"])
    def test_backends_give_the_same_bytes(self, backend):
        X, y = data(missing=0.2)
        model = IndependentTasks(classifier=forest(), regressor=forest_regressor())
        serial = clone(model).fit(X, y).predict_proba(X)
        with parallel_config(backend=backend):
            parallel = clone(model).set_params(n_jobs=2).fit(X, y).predict_proba(X)
        for a, b in zip(serial[:2], parallel[:2], strict=True):
            assert a.tobytes() == b.tobytes()

    def test_global_seeds_do_not_matter(self):
        X, y = data()
        results = []
        for seed in (0, 1):
            np.random.seed(seed)  # noqa: NPY002 - the seed that must not matter
            model = IndependentTasks(forest()).fit(X, y[:, :2])
            results.append(model.predict_proba(X)[0].tobytes())
        assert results[0] == results[1]

    def test_a_random_state_instance_is_not_advanced(self):
        X, y = data()
        inner = RandomForestClassifier(5, random_state=np.random.RandomState(0))
        one, two = (
            IndependentTasks(inner).fit(X, y[:, :2]).predict_proba(X)[1]
            for _ in range(2)
        )
        np.testing.assert_array_equal(one, two)


class TestWeightsAndRouting:
    def test_weights_reach_the_last_step_of_a_pipeline(self):
        X, y = data(missing=0.2)
        w = np.random.default_rng(0).uniform(size=80)
        inner = make_pipeline(StandardScaler(), make_pipeline(LogisticRegression()))
        model = IndependentTasks(inner).fit(X, y[:, :2], sample_weight=w)
        seen = ~np.isnan(y[:, 0])
        scaled = StandardScaler().fit(X[seen])
        alone = LogisticRegression().fit(
            scaled.transform(X[seen]), y[seen, 0], sample_weight=w[seen]
        )
        np.testing.assert_allclose(
            model.predict_proba(X)[0], alone.predict_proba(scaled.transform(X))
        )

    def test_weights_that_are_not_supported_are_refused(self):
        X, y = data()
        with pytest.raises(ValueError, match="KNeighborsClassifier does not support"):
            IndependentTasks(KNeighborsClassifier()).fit(
                X, y[:, :2], sample_weight=np.ones(80)
            )

    @pytest.mark.parametrize("shape", [(79,), (80, 2), (80, 3, 1)])
    def test_weights_of_another_shape_are_refused(self, shape):
        X, y = data()
        with pytest.raises(ValueError, match="IndependentTasks: sample_weight has sha"):
            mixed().fit(X, y, sample_weight=np.ones(shape))

    def test_routed_weights_by_cell_equal_unrouted_ones(self):
        X, y = data(missing=0.2)
        w = np.random.default_rng(0).uniform(size=y.shape)
        plain = mixed().fit(X, y, sample_weight=w).predict_proba(X)
        with config_context(enable_metadata_routing=True):
            model = IndependentTasks(
                classifier=LogisticRegression().set_fit_request(sample_weight=True),
                regressor=Ridge().set_fit_request(sample_weight=False),
            ).fit(X, y, sample_weight=w)
        np.testing.assert_array_equal(model.predict_proba(X)[1], plain[1])
        unweighted = mixed().fit(X, y)
        np.testing.assert_array_equal(
            model.estimators_[2].coef_, unweighted.estimators_[2].coef_
        )

    def test_weights_that_nobody_requests_are_refused_by_routing(self):
        X, y = data()
        with (
            config_context(enable_metadata_routing=True),
            pytest.raises(
                ValueError, match=r"\[sample_weight\] are passed but are not"
            ),
        ):
            mixed().fit(X, y, sample_weight=np.ones(80))

    def test_other_parameters_of_fit_are_cut_to_the_rows(self):
        class Noting(DecisionTreeClassifier):
            def fit(self, X, y, rows=None, note=None):
                self.seen_ = (rows, note)
                return super().fit(X, y)

        X, y = data(missing=0.4)
        rows = np.arange(80)
        model = IndependentTasks(Noting()).fit(X, y[:, :2], rows=rows, note="one")
        for t, inner in enumerate(model.estimators_):
            np.testing.assert_array_equal(
                inner.seen_[0], np.flatnonzero(~np.isnan(y[:, t]))
            )
            assert inner.seen_[1] == "one"


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "error", "match"),
        [
            ({}, ValueError, "set estimator, or classifier and/or regressor"),
            (
                {"estimator": Ridge(), "classifier": LogisticRegression()},
                ValueError,
                "cannot be combined",
            ),
            ({"estimator": 3}, ValueError, "'estimator' parameter of IndependentTasks"),
            (
                {"estimator": Ridge},
                TypeError,
                "estimator must be an estimator; got <class",
            ),
            ({"classifier": Ridge()}, TypeError, "classifier must be a classifier"),
            ({"by_task": {"task0": "ridge"}}, TypeError, r"by_task\['task0'\] must be"),
            (
                {"estimator": Ridge(), "on_empty_task": "skip"},
                ValueError,
                "'on_empty_task' parameter",
            ),
        ],
    )
    def test_wrong_arguments_are_refused(self, arguments, error, match):
        X, y = data()
        with pytest.raises(error, match=match):
            IndependentTasks(**arguments).fit(X, y)

    def test_unknown_task_is_named_with_the_known_ones(self):
        X, y = data()
        with pytest.raises(TaskError, match=r"unknown tasks \['a'\]. Known .*'task0'"):
            mixed(by_task={"a": Ridge()}).fit(X, y)

    def test_task_without_an_estimator_is_named(self):
        X, y = data()
        model = IndependentTasks(by_task={"task0": LogisticRegression()})
        with pytest.raises(TaskError, match=r"task 'task1' .* there is no classifier"):
            model.fit(X, y[:, :2])

    def test_one_dimensional_inputs_are_refused(self):
        X, y = data()
        model = mixed().fit(X, y)
        with pytest.raises(ValueError, match=r"X has shape \(4,\).*Reshape your data"):
            model.predict(X[0])

    def test_nothing_is_predicted_before_fit(self):
        X, y = data()
        broken = mixed()
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            broken.fit(X, y[:-1])
        for ask in (broken.predict, broken.predict_proba, broken.task):
            with pytest.raises(NotFittedError):
                ask(X)


class TestTags:
    def test_tags_are_those_that_hold_for_all(self):
        tags = get_tags(mixed())
        assert tags.estimator_type is None
        assert tags.classifier_tags.multi_label
        assert tags.regressor_tags is not None
        assert tags.target_tags.multi_output
        assert tags.input_tags.sparse
        assert not tags.input_tags.allow_nan

    def test_missing_inputs_are_forwarded(self):
        inner = HistGradientBoostingClassifier()
        assert get_tags(IndependentTasks(inner)).input_tags.allow_nan
        assert not get_tags(
            IndependentTasks(inner, by_task={"a": LogisticRegression()})
        ).input_tags.allow_nan

    def test_type_is_the_estimators(self):
        assert get_tags(IndependentTasks(Ridge())).estimator_type == "regressor"
        assert get_tags(IndependentTasks(forest())).estimator_type == "classifier"


def test_it_can_be_pickled_and_cloned():
    X, y = data(missing=0.2)
    model = mixed(by_task={"task0": forest()}).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(X)[0], model.predict_proba(X)[0])
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X)[0], model.predict_proba(X)[0])


def test_parameters_of_the_estimators_are_searchable():
    model = mixed().set_params(classifier__C=0.5, regressor__alpha=3)
    assert (model.classifier.C, model.regressor.alpha) == (0.5, 3)


def forest_regressor():
    return RandomForestRegressor(n_estimators=5, random_state=0)


def test_weights_and_estimators_are_read_once_for_all_tasks(monkeypatch):
    calls = []

    def counting(function):
        def counted(*arguments, **options):
            calls.append(function)
            return function(*arguments, **options)

        return counted

    for module, name in ((_jobs, "check_sample_weight"), (_templates, "match_tasks")):
        monkeypatch.setattr(module, name, counting(getattr(module, name)))
    n_calls = []
    for n_tasks in (2, 9):
        X, y = np.arange(12.0)[:, None], np.ones((12, n_tasks))
        by_task = {f"task{t}": Ridge() for t in range(n_tasks)}
        IndependentTasks(by_task=by_task).fit(X, y, sample_weight=np.arange(12))
        n_calls.append(len(calls))
        calls.clear()
    assert n_calls[0] == n_calls[1] > 0
