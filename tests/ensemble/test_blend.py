import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.ensemble import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
)
from sklearn_mtl.exceptions import (
    MissingLabelWarning,
    SingleClassWarning,
    TaskError,
)
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from tests.ensemble.mixtures import blend_of_classes, blend_of_values

NET = {"hidden_layer_sizes": (8,), "n_members": 2, "max_epochs": 5}


def three(blend, net, forest):
    """Return a blend of all default kinds of members, small ones."""
    members = [
        ("net", net(**NET)),
        ("forest", forest(n_estimators=10)),
        ("linear", "default"),
    ]
    return blend(members)


@parametrize_with_checks(
    [
        three(MultiTaskBlendClassifier, MultiTaskClassifier, MultiTaskForestClassifier),
        three(MultiTaskBlendRegressor, MultiTaskRegressor, MultiTaskForestRegressor),
        three(
            MultiTaskBlendMixedEstimator,
            MultiTaskMixedEstimator,
            MultiTaskForestMixedEstimator,
        ),
    ]
)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.MissingLabelWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def noise(n_samples=400, n_tasks=6, missing=0.0):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(n_samples, 8)), rng.integers(0, 2, (n_samples, n_tasks))
    return X, np.where(rng.random(y.shape) < missing, np.nan, y)


def surprise(proba, labels):
    """Return by how many standard errors the log-loss is not that of tossed coins."""
    losses = -np.log(0.999 * proba + 0.0005)
    error = losses[np.arange(len(labels)), labels] - losses.mean(axis=1)
    return error.sum() / np.sqrt((np.ptp(losses, axis=1) ** 2 / 4).sum())


def weights_of(model):
    return np.array([list(one.values()) for one in model.weights_.values()])


class TestWeights:
    def test_they_are_a_simplex_named_by_task_and_member(self, classes, members):
        X, y = classes
        y = pd.DataFrame(y, columns=["sex", "size"])
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
        assert list(model.weights_) == ["sex", "size"]
        for weights in model.weights_.values():
            assert list(weights) == ["forest", "linear"]
            assert min(weights.values()) >= 0.0
            assert sum(weights.values()) == pytest.approx(1.0)

    def test_the_only_useful_member_gets_them_all(self, classes):
        X, y = classes
        members = [
            ("prior", DummyClassifier()),
            ("linear", "default"),
            ("wrong", DummyClassifier(strategy="uniform", random_state=0)),
        ]
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
        expected = blend_of_classes(model, y)
        np.testing.assert_allclose(weights_of(model), expected, atol=2e-3)
        assert expected[:, 1].min() > 0.9

    def test_a_task_that_sharing_hurts_goes_to_the_single_task_member(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(400, 2))
        y = np.column_stack([np.sin(5 * X[:, 0]), X[:, 0], -X[:, 0]])
        y += 0.1 * rng.normal(size=y.shape)
        members = [
            ("shared", LinearRegression()),
            ("own", IndependentTasks(KNeighborsRegressor(10))),
        ]
        model = MultiTaskBlendRegressor(members, n_common=20).fit(X, y)
        expected = blend_of_values(model, y)
        np.testing.assert_allclose(weights_of(model), expected, atol=1e-3)
        assert expected[0, 1] > 0.8
        assert expected[1, 0] > 0.6

    def test_the_blend_is_no_worse_out_of_fold_than_its_best_member(
        self, mixed, mixed_members
    ):
        X, y = mixed
        model = MultiTaskBlendMixedEstimator(mixed_members, random_state=0).fit(X, y)
        for t, name in enumerate(model.task_names_in_):
            seen = ~np.isnan(y[:, t])
            best = min(model.member_losses_[name].values())
            output = model.oof_prediction_[t][seen]
            if t == 2:
                loss = np.mean((output - y[seen, 2]) ** 2) / np.var(y[seen, 2])
            else:
                at = y[seen, t].astype(int)
                share = np.bincount(at) / len(at)
                loss = -np.mean(np.log(output[np.arange(len(at)), at]))
                loss /= -np.sum(share * np.log(share))
            assert loss < best + 0.02

    def test_small_data_weigh_all_members_alike(self, classes, members):
        X, y = classes
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X[:60], y[:60])
        assert model.weights_["task0"] == {"forest": 0.5, "linear": 0.5}
        assert np.isnan(list(model.member_losses_["task0"].values())).all()
        with pytest.raises(AttributeError, match="oof_prediction_ is only available"):
            _ = model.oof_prediction_

    def test_predictions_are_the_mixture(self, classes, members):
        X, y = classes
        model = MultiTaskBlendClassifier(members, stacking=False, random_state=0)
        model.fit(X, y)
        for t, found in enumerate(model.predict_proba(X)):
            parts = [
                weight * model.named_estimators_[name].predict_proba(X)[t]
                for name, weight in model.weights_[f"task{t}"].items()
            ]
            np.testing.assert_allclose(found, sum(parts))


class TestNoLeak:
    @pytest.mark.parametrize("missing", [0.0, 0.97])
    def test_noise_has_an_auc_of_a_half_in_every_fold(self, missing):
        X, y = noise(1500 if missing else 400, missing=missing)
        folds = MultiTaskStratifiedKFold(4, shuffle=True, random_state=0)
        folds = list(folds.split(X, y))
        members = [("logistic", LogisticRegression()), ("linear", "default")]
        model = MultiTaskBlendClassifier(members, cv=folds, random_state=0).fit(X, y)
        held_out = model.member_oof_predictions_["logistic"]
        areas = []
        for _, test in folds:  # pooled over folds it would be biased downwards
            for t in range(y.shape[1]):
                rows = test[~np.isnan(y[test, t])]
                if len(np.unique(y[rows, t])) == 2:
                    areas.append(roc_auc_score(y[rows, t], held_out[t][rows, 1]))
        assert abs(np.mean(areas) - 0.5) < 3 * np.std(areas) / np.sqrt(len(areas))

    @pytest.mark.parametrize("missing", [0.0, 0.97])
    def test_no_member_finds_anything_in_noise(self, missing, members):
        X, y = noise(1500 if missing else 400, missing=missing)
        members = [*members, ("net", MultiTaskClassifier(**NET))]
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
        for name, outputs in model.member_oof_predictions_.items():
            for output, labels in zip(outputs, y.T, strict=True):
                seen = ~np.isnan(labels)
                assert abs(surprise(output[seen], labels[seen].astype(int))) < 4, name

    def test_a_missing_label_has_no_influence(self, classes, members):
        X, y = classes
        weights = np.ones(y.shape)
        weights[::4, 1] = 0.0
        changed = y.copy()
        changed[::4, 1] = np.where(np.isnan(y[::4, 1]), np.nan, 2 - y[::4, 1])
        one, two = (
            MultiTaskBlendClassifier(members[:1], random_state=0).fit(
                X, labels, sample_weight=weights
            )
            for labels in (y, changed)
        )
        for a, b in zip(one.predict_proba(X), two.predict_proba(X), strict=True):
            np.testing.assert_array_equal(a, b)


class TestMembers:
    def test_out_of_fold_predictions_of_a_member_are_used_as_they_are(
        self, classes, members
    ):
        X, y = classes
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
        for name, member in model.named_estimators_.items():
            pairs = zip(
                model.member_oof_predictions_[name], member.oof_prediction_, strict=True
            )
            assert all(a is b for a, b in pairs)

    def test_others_are_cross_validated_on_the_folds_given(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(120, 2))
        y = (X[:, 0] > 0).astype(int)
        folds = list(MultiTaskStratifiedKFold(3).split(X, y))
        model = MultiTaskBlendClassifier([("m", LogisticRegression())], cv=folds)
        held_out = model.fit(X, y).oof_prediction_
        for train, test in folds:
            alone = LogisticRegression().fit(X[train], y[train])
            np.testing.assert_allclose(held_out[test], alone.predict_proba(X[test]))

    def test_an_estimator_of_several_outputs_learns_them_together(self):
        X, y = noise(150)
        forest = RandomForestClassifier(5, random_state=0)
        model = MultiTaskBlendClassifier([("m", forest)], stacking=False).fit(X, y)
        theirs = clone(forest).fit(X, y.astype(int)).predict_proba(X)
        for a, b in zip(model.predict_proba(X), theirs, strict=True):
            np.testing.assert_allclose(a, b)

    def test_with_missing_labels_it_learns_each_task_alone(self):
        X, y = noise(150, missing=0.2)
        forest = RandomForestClassifier(5, random_state=0)
        model = MultiTaskBlendClassifier([("m", forest)], stacking=False).fit(X, y)
        theirs = IndependentTasks(forest).fit(X, y).predict_proba(X)
        for a, b in zip(model.predict_proba(X), theirs, strict=True):
            np.testing.assert_allclose(a, b)

    @pytest.mark.parametrize(
        "regressor", [Ridge(), make_pipeline(StandardScaler(), Ridge())]
    )
    def test_regressors_and_pipelines_can_be_members(self, regressor):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(150, 3))
        y = X[:, :2] + 0.1 * rng.normal(size=(150, 2))
        members = [("m", regressor), ("mean", DummyRegressor())]
        model = MultiTaskBlendRegressor(members).fit(X, y)
        weights = blend_of_values(model, y)
        np.testing.assert_allclose(weights_of(model), weights, atol=1e-3)
        apart = clone(regressor).fit(X, y).predict(X), y.mean(axis=0)
        mixed = sum(
            w * part for w, part in zip(weights_of(model).T, apart, strict=True)
        )
        np.testing.assert_allclose(model.predict(X), mixed)

    def test_a_pipeline_that_ends_in_a_multi_task_model_can_be_one(self, classes):
        X, y = classes
        pipe = make_pipeline(
            StandardScaler(), MultiTaskForestClassifier(n_estimators=9)
        )
        model = MultiTaskBlendClassifier([("m", pipe)], random_state=0).fit(X, y)
        alone = clone(model.named_estimators_["m"]).fit(X, y)
        np.testing.assert_array_equal(model.predict(X), alone.predict(X))

    def test_a_classifier_without_probabilities_votes(self, classes):
        X, y = classes
        members = [("svc", LinearSVC()), ("linear", "default")]
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
        for votes in model.member_oof_predictions_["svc"]:
            assert set(np.unique(votes)) == {0.0, 1.0}
        expected = blend_of_classes(model, y)
        np.testing.assert_allclose(weights_of(model), expected, atol=2e-3)

    def test_members_of_both_kinds_learn_mixed_tasks(self, mixed):
        X, y = mixed
        own = IndependentTasks(classifier=LogisticRegression(), regressor=Ridge())
        model = MultiTaskBlendMixedEstimator(
            [("own", own), ("linear", "default")], random_state=0
        )
        found = model.fit(X, y)._task_outputs(X)
        apart = clone(own).fit(X, y)._task_outputs(X)
        linear = model.named_estimators_["linear"]._task_outputs(X)
        for t, (w, v) in enumerate(weights_of(model)):
            np.testing.assert_allclose(found[t], w * apart[t] + v * linear[t])

    def test_a_class_that_a_fold_has_not_seen_has_probability_0_there(self):
        X = np.random.default_rng(0).normal(size=(120, 2))
        y = np.repeat(["a", "b"], 60)
        y = np.where(np.arange(120) == 5, "c", y)
        folds = [
            (np.arange(60, 120), np.arange(60)),
            (np.arange(60), np.arange(60, 120)),
        ]
        tree = RandomForestClassifier(5, random_state=0)
        model = MultiTaskBlendClassifier([("m", tree)], cv=folds)
        held_out = model.fit(X, y).oof_prediction_
        assert not held_out[:60, 2].any()

    def test_the_default_members_are_net_forest_linear_and_boosting(self, classes):
        X, y = (part[:40] for part in classes)
        model = MultiTaskBlendClassifier(random_state=0).fit(X, y)
        found = {k: type(m).__name__ for k, m in model.named_estimators_.items()}
        assert found == {
            "net": "MultiTaskClassifier",
            "forest": "MultiTaskForestClassifier",
            "linear": "RidgeMember",
            "boosting": "BoostingMember",
        }


class TestWeighted:
    def test_a_weight_of_two_is_the_same_as_the_row_twice_on_small_data(
        self, mixed, mixed_members
    ):
        X, y = (part[:40] for part in mixed)
        weights = np.arange(40) % 3
        rows = np.repeat(np.arange(40), weights)
        model = MultiTaskBlendMixedEstimator(mixed_members, random_state=0)
        one = clone(model).fit(X, y, sample_weight=weights)._task_outputs(X)
        two = clone(model).fit(X[rows], y[rows])._task_outputs(X)
        for a, b in zip(one, two, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-7)

    def test_class_weight_reaches_all_members(self, members):
        X, _ = noise(300)
        y = (np.random.default_rng(0).random(300) < 0.1).astype(int)
        # before scikit-learn 1.9 weights do not tell in leaves of a single class
        forest = MultiTaskForestClassifier(n_estimators=20, min_samples_leaf=20)
        members = [("forest", forest), members[1], ("logistic", LogisticRegression())]
        balanced = len(y) / 2 / np.bincount(y)
        told, weighed, plain = (
            MultiTaskBlendClassifier(members, class_weight=one, random_state=0)
            .fit(X, y, sample_weight=weights)
            .member_oof_predictions_
            for one, weights in (("balanced", None), (None, balanced[y]), (None, None))
        )
        for name in told:
            np.testing.assert_allclose(told[name][0], weighed[name][0], err_msg=name)
            # from the share of the second class in noise towards a half
            assert told[name][0][:, 1].mean() > plain[name][0][:, 1].mean() + 0.1, name

    def test_a_member_that_takes_no_weights_is_named(self, classes):
        X, _ = classes
        neighbours = IndependentTasks(KNeighborsRegressor())
        model = MultiTaskBlendRegressor([("m", neighbours)])
        with pytest.raises(ValueError, match="KNeighborsRegressor does not support"):
            model.fit(X, X, sample_weight=np.ones(len(X)))


class TestTools:
    def test_the_seed_gives_the_same_bits_for_any_number_of_jobs(
        self, mixed, mixed_members
    ):
        X, y = mixed
        members = [
            *mixed_members,
            ("net", MultiTaskMixedEstimator(**NET)),
            (
                "own",
                IndependentTasks(classifier=LogisticRegression(), regressor=Ridge()),
            ),
        ]
        one, two = (
            MultiTaskBlendMixedEstimator(members, n_jobs=n, random_state=3).fit(X, y)
            for n in (1, 2)
        )
        assert one.weights_ == two.weights_
        for a, b in zip(one._task_outputs(X), two._task_outputs(X), strict=True):
            assert a.tobytes() == b.tobytes()

    def test_it_can_be_pickled(self, classes, members):
        X, y = classes
        model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
        again = pickle.loads(pickle.dumps(model))
        for a, b in zip(model.predict_proba(X), again.predict_proba(X), strict=True):
            np.testing.assert_array_equal(a, b)

    def test_parameters_of_members_can_be_searched(self, classes, members):
        X, y = classes
        model = MultiTaskBlendClassifier(members, random_state=0)
        search = GridSearchCV(
            model,
            {"forest__min_samples_leaf": [2, 30], "linear": ["default"]},
            cv=MultiTaskStratifiedKFold(2),
            scoring=per_task_scorers(),
            refit="mean",
        ).fit(X, y)
        assert search.best_params_["forest__min_samples_leaf"] in (2, 30)
        assert members[0][1].min_samples_leaf == 2

    def test_a_blend_of_one_task_is_cross_validated_like_any_classifier(self, members):
        X, _ = noise(240)
        y = X[:, 0] > 0
        model = MultiTaskBlendClassifier(members, random_state=0)
        scores = cross_val_score(model, X, y, cv=2, scoring="roc_auc")
        by_hand = [
            roc_auc_score(
                y[test],
                clone(model).fit(X[train], y[train]).predict_proba(X[test])[:, 1],
            )
            for train, test in StratifiedKFold(2).split(X, y)
        ]
        np.testing.assert_array_equal(scores, by_hand)

    def test_a_view_of_a_task_predicts_it(self, mixed, mixed_members):
        X, y = mixed
        model = MultiTaskBlendMixedEstimator(mixed_members, random_state=0).fit(X, y)
        np.testing.assert_array_equal(
            model.task("task2").predict(X), model._task_outputs(X)[2]
        )
        assert model.task(1).predict_proba(X).shape == (160, 3)

    def test_an_empty_task_is_nan_and_a_constant_one_certain(self, classes, members):
        X, y = classes
        y = np.column_stack([y, np.full(len(y), np.nan), np.ones(len(y))])
        model = MultiTaskBlendClassifier(members, on_empty_task="warn", random_state=0)
        members[0][1].set_params(on_empty_task="warn")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model.fit(X, y)
        kinds = {warning.category for warning in said}
        assert kinds == {MissingLabelWarning, SingleClassWarning}
        assert len(said) == 2
        found = model.predict(X)
        assert np.isnan(found[:, 2]).all()
        assert (found[:, 3] == 1).all()


@pytest.mark.parametrize(
    ("estimators", "error", "message"),
    [
        ([], ValueError, "at least one"),
        ([LogisticRegression()], ValueError, r"list of at least one \(name"),
        ([("a", Ridge()), ("a", Ridge())], ValueError, "must be unique"),
        ([("a__b", Ridge())], ValueError, "without '__'"),
        ([("a", "default")], ValueError, r"Only the members .* can be 'default'"),
        ([("net", "forest")], ValueError, r"Only the members .* can be 'default'"),
        ([("a", Ridge)], TypeError, "must be an estimator"),
        ([("a", 3)], TypeError, "must be an estimator"),
    ],
)
def test_a_list_of_members_that_is_none_is_refused(estimators, error, message):
    model = MultiTaskBlendRegressor(estimators)
    with pytest.raises(error, match=message):
        model.fit(np.eye(4), np.arange(4.0))


def test_a_member_that_takes_classes_for_numbers_is_refused():
    X = np.random.default_rng(0).normal(size=(120, 2))
    y = np.column_stack([X[:, 0] > 0, X[:, 1]]).astype(float)
    member = MultiTaskForestMixedEstimator(task_types="regression", n_estimators=5)
    with pytest.raises(TaskError, match="member 'm' treats task 'task0' as a reg"):
        MultiTaskBlendMixedEstimator([("m", member)]).fit(X, y)


def test_one_row_too_flat_says_how_to_reshape(classes, members):
    X, y = classes
    model = MultiTaskBlendClassifier(members, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="Reshape your data"):
        model.predict(X[0])


def test_a_member_that_learns_on_a_circle_is_refused():
    y = np.random.default_rng(0).uniform(0, 360, (60, 2))
    net = MultiTaskRegressor(loss={"task1": CircularLoss(360)}, **NET)
    with pytest.raises(
        TaskError, match="member 'm' treats the values of task 'task1' as periodic"
    ):
        MultiTaskBlendRegressor([("m", net)]).fit(y, y)
