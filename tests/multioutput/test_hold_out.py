"""Groups and validation sets are cut by task, and reach who takes them."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks, MultiTaskMixedEstimator
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from tests.neural_network.nets import table, tiny, with_gaps

BOOST = {"early_stopping": True, "max_iter": 15, "random_state": 0}


def boosting(**arguments):
    return IndependentTasks(
        classifier=HistGradientBoostingClassifier(**BOOST),
        regressor=HistGradientBoostingRegressor(**BOOST),
        **arguments,
    )


@pytest.fixture
def parts():
    X, y = table(160)
    y = with_gaps(y)
    return X[:100], y[:100], X[100:], y[100:]


def test_each_task_gets_its_samples_of_the_validation_set(parts):
    X, y, X_val, y_val = parts
    w = np.random.default_rng(0).uniform(1, 2, size=y_val.shape)
    w[:5] = 0.0
    given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": w}
    model = boosting().fit(X, y, **given)
    for t, fitted in enumerate(model.estimators_):
        seen = ~np.isnan(y[:, t])
        held = ~np.isnan(y_val[:, t]) & (w[:, t] > 0)
        kind = type(fitted)(**BOOST)
        alone = kind.fit(
            X[seen],
            y[seen, t],
            X_val=X_val[held],
            y_val=y_val[held, t],
            sample_weight_val=w[held, t],
        )
        np.testing.assert_array_equal(fitted.validation_score_, alone.validation_score_)


def test_a_validation_set_as_long_as_X_is_not_cut_with_it(parts):
    X, y, _, _ = parts
    model = boosting().fit(X, y, X_val=X, y_val=y)
    seen = ~np.isnan(y[:, 2])
    alone = HistGradientBoostingRegressor(**BOOST)
    alone.fit(X[seen], y[seen, 2], X_val=X[seen], y_val=y[seen, 2])
    found = model.estimators_[2].validation_score_
    np.testing.assert_array_equal(found, alone.validation_score_)


def test_frames_are_matched_by_the_names_of_tasks(parts):
    X, y, X_val, y_val = parts
    names = ["sick", "grade", "days"]
    frame, held = pd.DataFrame(y, columns=names), pd.DataFrame(y_val, columns=names)
    models = [
        boosting().fit(X, frame, X_val=X_val, y_val=one)
        for one in (held, held[["days", "sick", "grade"]])
    ]
    for one, two in zip(*(model.estimators_ for model in models), strict=True):
        np.testing.assert_array_equal(one.validation_score_, two.validation_score_)


def test_nets_get_the_groups_of_their_samples(parts, monkeypatch):
    X, y, _, _ = parts
    groups, drawn = np.array([f"subject {i // 10}" for i in range(100)]), []
    from sklearn_mtl.neural_network.training import _training

    draw_folds = _training.draw_folds
    monkeypatch.setattr(
        _training, "draw_folds", lambda *args: drawn.append(args) or draw_folds(*args)
    )
    net = tiny(MultiTaskMixedEstimator, early_stopping=True, max_epochs=1)
    IndependentTasks(net).fit(X, y, groups=groups)
    for t, args in enumerate(drawn):
        own = groups[~np.isnan(y[:, t])]
        same = own[:, None] == own[None, :]
        np.testing.assert_array_equal(args[-1][:, None] == args[-1][None, :], same)


def test_a_search_gets_groups_if_its_splitter_takes_them(parts):
    X, y, _, _ = parts
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=GroupKFold(3))
    y = y[:, [2, 2]]
    model = IndependentTasks(search).fit(X, y, groups=np.arange(100) // 10)
    assert all(one.n_splits_ == 3 for one in model.estimators_)
    with pytest.raises(ValueError, match="groups is given, but fit of GridSearchCV"):
        IndependentTasks(search.set_params(cv=3)).fit(X, y, groups=np.arange(100))


def test_only_those_that_take_a_validation_set_get_one(parts):
    X, y, X_val, y_val = parts
    model = IndependentTasks(
        classifier=LogisticRegression(),
        regressor=HistGradientBoostingRegressor(**BOOST),
    ).fit(X, y, X_val=X_val, y_val=y_val)
    seen, held = ~np.isnan(y), ~np.isnan(y_val)
    for t in range(2):
        alone = LogisticRegression().fit(X[seen[:, t]], y[seen[:, t], t])
        np.testing.assert_allclose(model.estimators_[t].coef_, alone.coef_)
    alone = HistGradientBoostingRegressor(**BOOST).fit(
        X[seen[:, 2]],
        y[seen[:, 2], 2],
        X_val=X_val[held[:, 2]],
        y_val=y_val[held[:, 2], 2],
    )
    found = model.estimators_[2].validation_score_
    np.testing.assert_array_equal(found, alone.validation_score_)


class TestErrors:
    @pytest.mark.parametrize("name", ["groups", "X_val"])
    def test_what_no_estimator_takes(self, parts, name):
        X, y, X_val, y_val = parts
        given = {"groups": np.arange(100)}
        if name == "X_val":
            given = {"X_val": X_val, "y_val": y_val}
        with pytest.raises(ValueError, match=f"IndependentTasks: {name} is given, but"):
            IndependentTasks(Ridge()).fit(X, y[:, 2], **given)

    def test_no_early_stopping_has_no_use_for_it(self, parts):
        X, y, X_val, y_val = parts
        inner = HistGradientBoostingRegressor(early_stopping=False)
        with pytest.raises(ValueError, match="X_val is given, but fit of Hist"):
            IndependentTasks(inner).fit(X, y[:, 2], X_val=X_val, y_val=y_val[:, 2])

    @pytest.mark.parametrize("prefix", ["", "histgradientboostingregressor__"])
    def test_an_untransformed_validation_set_in_a_pipeline(self, parts, prefix):
        X, y, X_val, y_val = parts
        inner = make_pipeline(StandardScaler(), HistGradientBoostingRegressor(**BOOST))
        given = {f"{prefix}X_val": X_val, f"{prefix}y_val": y_val[:, 2]}
        with pytest.raises(ValueError, match=r"transform_input=\['X_val'\]"):
            IndependentTasks(inner).fit(X, y[:, 2], **given)

    def test_half_of_it_and_both(self, parts):
        X, y, X_val, y_val = parts
        with pytest.raises(ValueError, match="X_val came without y_val"):
            boosting().fit(X, y, X_val=X_val)
        with pytest.raises(ValueError, match="groups and X_val are both given"):
            boosting().fit(X, y, X_val=X_val, y_val=y_val, groups=np.arange(100))

    def test_other_columns_tasks_and_classes(self, parts):
        X, y, X_val, y_val = parts
        with pytest.raises(ValueError, match="X_val does not match X: X has 3 feat"):
            boosting().fit(X, y, X_val=X_val[:, :3], y_val=y_val)
        with pytest.raises(TaskError, match="y_val has 2 tasks, but 3"):
            boosting().fit(X, y, X_val=X_val, y_val=y_val[:, :2])
        y_val[:, 1] = 9
        with pytest.raises(TaskError, match="'task1' has 60 labels in y_val"):
            boosting().fit(X, y, X_val=X_val, y_val=y_val)

    def test_a_task_without_a_label_there(self, parts):
        X, y, X_val, y_val = parts
        y_val[:, 1] = np.nan
        message = r"1 of 3 tasks have no label in y_val: \['task1'\]"
        with pytest.raises(TaskError, match=message):
            boosting().fit(X, y, X_val=X_val, y_val=y_val)
        with pytest.warns(MissingLabelWarning, match=message):
            model = boosting(on_empty_task="warn").fit(X, y, X_val=X_val, y_val=y_val)
        alone = HistGradientBoostingClassifier(**BOOST)
        seen = ~np.isnan(y[:, 1])
        alone.fit(X[seen], y[seen, 1])
        found = model.estimators_[1].validation_score_
        np.testing.assert_array_equal(found, alone.validation_score_)


class TestRouting:
    @pytest.fixture(autouse=True)
    def routing(self):
        with config_context(enable_metadata_routing=True):
            yield

    def test_a_pipeline_transforms_it_for_every_task(self, parts):
        X, y, X_val, y_val = parts
        boost = HistGradientBoostingRegressor(**BOOST)
        boost.set_fit_request(X_val=True, y_val=True)
        inner = Pipeline(
            [("scale", StandardScaler()), ("boost", boost)], transform_input=["X_val"]
        )
        y, y_val = y[:, [2, 2]], y_val[:, [2, 2]]
        model = IndependentTasks(inner).fit(X, y, X_val=X_val, y_val=y_val)
        seen, held = ~np.isnan(y[:, 0]), ~np.isnan(y_val[:, 0])
        scaler = StandardScaler().fit(X[seen])
        alone = HistGradientBoostingRegressor(**BOOST).fit(
            scaler.transform(X[seen]),
            y[seen, 0],
            X_val=scaler.transform(X_val[held]),
            y_val=y_val[held, 0],
        )
        found = model.estimators_[0][-1].validation_score_
        np.testing.assert_array_equal(found, alone.validation_score_)

    def test_only_those_that_request_it_get_it(self, parts):
        X, y, X_val, y_val = parts
        inner = boosting()
        inner.regressor.set_fit_request(X_val=True, y_val=True)
        inner.classifier.set_fit_request(X_val=False, y_val=False)
        model = inner.fit(X, y, X_val=X_val, y_val=y_val)
        plain = boosting().fit(X, y)
        for t in (0, 1):
            found = model.estimators_[t].validation_score_
            expected = plain.estimators_[t].validation_score_
            np.testing.assert_array_equal(found, expected)

    def test_what_is_requested_nowhere_is_refused(self, parts):
        X, y, _, _ = parts
        with pytest.raises(TypeError, match="groups"):
            IndependentTasks(Ridge()).fit(X, y[:, 2], groups=np.arange(100))
