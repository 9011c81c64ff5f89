"""Groups and validation sets in blends, and in what is distilled from them."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskLinearRegressor,
    MultiTaskRegressor,
)
from sklearn_mtl.ensemble import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskForestClassifier,
    MultiTaskForestRegressor,
    distill,
)
from sklearn_mtl.ensemble._members import outputs_of
from sklearn_mtl.ensemble._simplex import blend_weights, read_mixture_loss
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from tests.chance import chance
from tests.ensemble.mixtures import blend_of_values
from tests.ensemble.test_hold_out import copies
from tests.neural_network.nets import table, tiny

BOOST = {"early_stopping": True, "max_iter": 20, "random_state": 0}


def small(*members, blend=MultiTaskBlendRegressor, **arguments):
    own = [("linear", "default"), ("tree", DecisionTreeRegressor(max_leaf_nodes=20))]
    return blend([*own, *members], random_state=0, **arguments)


def new(n=80):
    X, y = table(160 + n)
    y = y[:, [2, 2]] + 0.2 * np.random.default_rng(2).normal(size=(160 + n, 2))
    return X[:160], y[:160], X[160:], y[160:]


class TestGroups:
    def test_no_fold_and_no_member_divides_a_group(self):
        X, y, groups = copies(80, 3)
        forest = ("forest", MultiTaskForestRegressor(n_estimators=10))
        net = ("net", tiny(MultiTaskRegressor, n_members=3, early_stopping=True))
        model = small(forest, net)
        plain = model.fit(X, y).member_oof_predictions_["forest"]
        assert r2_score(y, np.column_stack(plain)) > 0.5
        model.fit(X, y, groups=groups.astype(str))
        assert r2_score(y, np.column_stack(model.oof_prediction_)) < 0.15
        for name, outputs in model.member_oof_predictions_.items():
            assert r2_score(y, np.column_stack(outputs)) < 0.15, name
            assert np.abs(chance(y, outputs, groups)).max() < 3, name

    def test_a_member_that_leaves_out_samples_of_a_group_is_fitted_to_folds(self):
        X, y, groups = copies(80, 3)
        model = small(("left out", MultiTaskLinearRegressor(store_oof=True)))
        model.fit(X, y)
        own = model.member_oof_predictions_["left out"]
        alone = model.named_estimators_["left out"].oof_prediction_
        np.testing.assert_array_equal(own, alone)
        model.fit(X, y, groups=groups)
        found = model.member_oof_predictions_["left out"]
        assert np.abs(chance(y, found, groups)).max() < 3

    def test_a_splitter_gets_them(self):
        X, y, groups = copies()
        model = small(cv=GroupKFold(3)).fit(X, y, groups=groups)
        tree = clone(model.named_estimators_["tree"])
        expected = cross_val_predict(tree, X, y, groups=groups, cv=GroupKFold(3))
        found = np.column_stack(model.member_oof_predictions_["tree"])
        np.testing.assert_array_equal(found, expected)

    def test_one_group_is_told_once_and_weighs_members_alike(self):
        X, y, _ = copies()
        model = small(("forest", "default"))
        with pytest.warns(UserWarning, match="all samples are in one") as told:
            model.fit(X, y, groups=np.ones(len(X)))
        assert len(told) == 1
        assert set(model.weights_["task0"].values()) == {1 / 3}

    def test_a_task_in_one_group_has_the_common_weights(self):
        X, y, groups = copies()
        y = np.column_stack([y, y[:, 0]])
        y[groups != 7, 2] = np.nan
        y[groups == 7, 2] += np.arange(6)
        with pytest.warns(MissingLabelWarning, match=r"1 of 3 .*: \['task2'\]") as told:
            model = small(("forest", "default")).fit(X, y, groups=groups)
        assert len(told) == 1
        assert np.isnan(model.oof_prediction_[2][groups == 7]).all()
        assert np.isnan(list(model.member_losses_["task2"].values())).all()
        assert np.isfinite(model.predict(X)).all()


class TestValidation:
    def test_weights_are_found_on_it(self):
        X, y, X_val, y_val = new()
        w = np.random.default_rng(0).uniform(size=len(X_val))
        model = small(n_common=0).fit(
            X, y, X_val=X_val, y_val=y_val, sample_weight_val=w
        )
        outputs = [outputs_of(one, X_val) for one in model.estimators_]
        losses = [
            read_mixture_loss(task, y_val[:, t], w, [one[t] for one in outputs])
            for t, task in enumerate(model.task_set_.tasks)
        ]
        expected = blend_weights(losses, np.array([False, False]), 0)
        for t, weights in enumerate(model.weights_.values()):
            np.testing.assert_allclose(list(weights.values()), expected[t])
        assert model.member_oof_predictions_ == {}
        assert not hasattr(model, "oof_prediction_")

    def test_members_are_fitted_once_to_all_samples(self, monkeypatch):
        X, y, X_val, y_val = new()
        sizes, fit = [], DecisionTreeRegressor.fit
        monkeypatch.setattr(
            DecisionTreeRegressor,
            "fit",
            lambda self, X, y, **kw: sizes.append(len(X)) or fit(self, X, y, **kw),
        )
        small().fit(X, y, X_val=X_val, y_val=y_val)
        assert sizes == [160]

    def test_few_samples_are_weighed_too(self):
        X, y, X_val, y_val = new()
        bad = ("bad", DummyRegressor(strategy="quantile", quantile=0.0))
        model = small(bad).fit(X[:60], y[:60], X_val=X_val, y_val=y_val)
        given = [outputs_of(one, X_val) for one in model.estimators_]
        expected = blend_of_values(model, y_val, given)
        found = np.array([list(one.values()) for one in model.weights_.values()])
        np.testing.assert_allclose(found, expected, atol=1e-3)
        assert expected[0, 2] < 0.1

    def test_members_that_stop_early_get_it(self):
        X, y, X_val, y_val = new()
        members = [
            ("boost", HistGradientBoostingRegressor(**BOOST)),
            ("net", tiny(MultiTaskRegressor, n_members=3)),
            ("whole", tiny(MultiTaskRegressor, early_stopping=False)),
        ]
        model = small(*members).fit(X, y, X_val=X_val, y_val=y_val)
        alone = HistGradientBoostingRegressor(**BOOST)
        alone.fit(X, y[:, 0], X_val=X_val, y_val=y_val[:, 0])
        found = model.named_estimators_["boost"].estimators_[0]
        np.testing.assert_array_equal(found.validation_score_, alone.validation_score_)
        net = tiny(MultiTaskRegressor, n_members=3)
        net.set_params(random_state=model.named_estimators_["net"].random_state)
        net.fit(X, y, X_val=X_val, y_val=y_val)
        np.testing.assert_array_equal(
            model.named_estimators_["net"].history_["valid_loss"],
            net.history_["valid_loss"],
        )
        assert "valid_loss" not in model.named_estimators_["whole"].history_

    def test_class_weights_count_there_too(self):
        X, y = table(240)
        y = (y[:, 2] > 1).astype(float)
        forest = MultiTaskForestClassifier(n_estimators=10)
        members = [("linear", "default"), ("forest", forest)]
        given = {"X_val": X[160:], "y_val": y[160:]}
        losses = [
            MultiTaskBlendClassifier(members, class_weight=one, random_state=0)
            .fit(X[:160], y[:160], **given)
            .member_losses_["task0"]["linear"]
            for one in (None, "balanced")
        ]
        assert losses[0] != losses[1]

    def test_a_task_without_a_label_there_has_the_common_weights(self):
        X, y, X_val, y_val = new()
        y_val[:, 1] = np.nan
        with pytest.raises(TaskError, match="1 of 2 tasks have no label in y_val"):
            small().fit(X, y, X_val=X_val, y_val=y_val)
        with pytest.warns(MissingLabelWarning, match="1 of 2 tasks have no label in"):
            model = small(on_empty_task="warn").fit(X, y, X_val=X_val, y_val=y_val)
        assert np.isnan(model.member_losses_["task1"]["tree"])

    def test_errors_name_the_blend(self):
        X, y, X_val, y_val = new()
        who = "MultiTaskBlendRegressor"
        with pytest.raises(ValueError, match=f"{who}: X_val came without y_val"):
            small().fit(X, y, X_val=X_val)
        with pytest.raises(ValueError, match=f"{who}: X_val does not match X"):
            small().fit(X, y, X_val=X_val[:, :2], y_val=y_val)
        scaled = ("net", make_pipeline(StandardScaler(), tiny(MultiTaskRegressor)))
        with pytest.raises(
            ValueError,
            match=f"{who}: member 'net': the Pipeline does not transform X_val",
        ):
            small(scaled).fit(X, y, X_val=X_val, y_val=y_val)


class TestRouting:
    @pytest.fixture(autouse=True)
    def routing(self):
        with config_context(enable_metadata_routing=True):
            yield

    def test_default_members_need_not_request_anything(self):
        X, y, groups = copies()
        members = [("linear", "default"), ("forest", "default")]
        blend = MultiTaskBlendRegressor(members, random_state=0)
        model = blend.fit(X, y, groups=groups, sample_weight=np.ones(len(X)))
        with config_context(enable_metadata_routing=False):
            plain = clone(blend).fit(X, y, groups=groups, sample_weight=np.ones(len(X)))
        for one, two in zip(model.oof_prediction_, plain.oof_prediction_, strict=True):
            np.testing.assert_array_equal(one, two)
        assert model.weights_ == plain.weights_

    def test_members_get_what_they_request(self):
        X, y, X_val, y_val = new()
        boost = HistGradientBoostingRegressor(**BOOST)
        boost.set_fit_request(X_val=True, y_val=True, sample_weight=True)
        scaled = Pipeline(
            [("scale", StandardScaler()), ("boost", boost)], transform_input=["X_val"]
        )
        scaled.named_steps["scale"].set_fit_request(sample_weight=False)
        plain = Ridge().set_fit_request(sample_weight=False)
        model = MultiTaskBlendRegressor([("boost", scaled), ("ridge", plain)])
        w = np.random.default_rng(0).uniform(size=len(X))
        model.fit(X, y, sample_weight=w, X_val=X_val, y_val=y_val)
        scaler = StandardScaler().fit(X)
        alone = HistGradientBoostingRegressor(**BOOST).fit(
            scaler.transform(X),
            y[:, 0],
            sample_weight=w,
            X_val=scaler.transform(X_val),
            y_val=y_val[:, 0],
        )
        found = model.named_estimators_["boost"].estimators_[0][-1].validation_score_
        np.testing.assert_array_equal(found, alone.validation_score_)
        ridge = model.named_estimators_["ridge"].estimator_
        np.testing.assert_array_equal(ridge.coef_, Ridge().fit(X, y).coef_)

    def test_a_member_that_says_nothing_of_weights_is_an_error(self):
        X, y, _, _ = new()
        model = MultiTaskBlendRegressor([("ridge", Ridge())])
        with pytest.raises(ValueError, match="not explicitly set as requested or not"):
            model.fit(X, y, sample_weight=np.ones(len(X)))


def test_mixed_tasks_and_members_of_one_kind():
    X, y = table(240)
    members = [("linear", "default"), ("forest", "default")]
    model = MultiTaskBlendMixedEstimator(members, random_state=0)
    model.fit(X[:160], y[:160], X_val=X[160:], y_val=y[160:])
    assert np.isfinite(list(model.member_losses_["task2"].values())).all()


def test_copies_of_a_sample_are_a_group_for_a_student(monkeypatch):
    X, y = table(120)
    teacher = MultiTaskForestClassifier(n_estimators=10, random_state=0)
    teacher.fit(X, y[:, :2])
    seen, fit = {}, MultiTaskClassifier.fit

    def record(self, X, y, sample_weight=None, *, groups=None):
        seen.update(groups=groups, X=X)
        return fit(self, X, y, sample_weight, groups=groups)

    monkeypatch.setattr(MultiTaskClassifier, "fit", record)
    student = tiny(MultiTaskClassifier, early_stopping=True, max_epochs=1)
    distill(teacher, X, student=student)
    own = np.unique(seen["X"], axis=0, return_inverse=True)[1].ravel()
    same = seen["groups"][:, None] == seen["groups"][None, :]
    np.testing.assert_array_equal(same, own[:, None] == own[None, :])
    distill(teacher, X, student=student, groups=np.arange(120) // 2)
    assert len(np.unique(seen["groups"])) == 60
    plain = LogisticRegression()
    with pytest.raises(TypeError, match="the student must be a multi-task estimator"):
        distill(teacher, X, student=plain)
