import pickle

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.datasets import (
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.exceptions import MissingLabelWarning, SingleClassWarning, TaskError
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.inspection import task_affinity
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from tests.zoo import SMALL_NET

# sharing that helps related tasks, and hurts others
FORCED = MultiTaskLinearRegressor(penalty="mean", alpha=1.0)
TWINS = np.array([[9, 1, 0], [1, 9, 0], [0, 0, 9]])  # the first two belong together


def regressions(task_groups, seed=0, n_samples=200, **kwargs):
    return make_multitask_regression(
        n_samples,
        10,
        len(task_groups),
        n_groups=task_groups,
        relatedness=1.0,
        noise=1.0,
        random_state=seed,
        **kwargs,
    )


def is_same_partition(one, other):
    return np.array_equal(np.equal.outer(one, one), np.equal.outer(other, other))


@parametrize_with_checks(
    [
        TaskGroupSearchCV(DecisionTreeClassifier(random_state=0), cv=2),
        TaskGroupSearchCV(Ridge()),
        TaskGroupSearchCV(MultiTaskMixedEstimator(**{**SMALL_NET, "max_epochs": 10})),
    ]
)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


class TestKnownStructure:
    @pytest.mark.parametrize("method", ["gain", "label"])
    def test_groups_are_recovered(self, method):
        """The hit rate over more seeds is in benchmarks/grouping.py."""
        truth = [0, 1, 0, 1, 0]
        hits = 0
        for seed in range(5):
            X, y = regressions(truth, seed)
            search = TaskGroupSearchCV(FORCED, method=method, random_state=0).fit(X, y)
            hits += is_same_partition(search.task_groups_, truth)
        assert hits >= 4  # a guess is right once in 52, the number of partitions

    def test_unrelated_tasks_are_separated(self):
        for seed in range(3):
            X, y = regressions(range(4), seed)
            strict = clone(FORCED).set_params(alpha=10.0)
            search = TaskGroupSearchCV(strict, random_state=0).fit(X, y)
            assert search.groups_ == [["task0"], ["task1"], ["task2"], ["task3"]]

    def test_tasks_of_one_kind_stay_together(self):
        X, y = regressions([0] * 4, n_samples=60)
        search = TaskGroupSearchCV(FORCED, method="label", random_state=0).fit(X, y)
        assert len(search.groups_) == 1

    def test_a_flipped_task_stays_with_its_group(self):
        X, y = regressions([0, 0, 1, 1], nonlinear=True)
        y[:, 1] *= -1
        net = MultiTaskRegressor(**{**SMALL_NET, "hidden_layer_sizes": (3,)})
        search = TaskGroupSearchCV(
            net, method="gradient", max_groups=2, cv=3, random_state=0
        ).fit(X, y)
        two = search.cv_results_["groups"][1]
        assert two == [["task0", "task1"], ["task2", "task3"]]


class TestSearch:
    def test_together_and_apart_are_always_tried(self):
        X, y = regressions([0, 0, 1, 1])
        results = TaskGroupSearchCV(FORCED, cv=3).fit(X, y).cv_results_
        assert results["n_groups"].tolist() == [1, 2, 3, 4]
        assert results["groups"][0] == [["task0", "task1", "task2", "task3"]]

    def test_scores_are_means_over_splits_and_tasks(self):
        X, y = regressions([0, 0, 1])
        cv = MultiTaskStratifiedKFold(3, shuffle=True, random_state=3)
        search = TaskGroupSearchCV(FORCED, cv=cv).fit(X, y)
        results = search.cv_results_
        by_hand = [
            np.mean(
                [
                    per_task_scorers()(clone(FORCED).fit(X[a], y[a]), X[b], y[b])[
                        "mean"
                    ]
                    for a, b in cv.split(X, y)
                ]
            ),
            np.mean(
                [
                    per_task_scorers()(
                        IndependentTasks(FORCED).fit(X[a], y[a]), X[b], y[b]
                    )["mean"]
                    for a, b in cv.split(X, y)
                ]
            ),
        ]
        np.testing.assert_allclose(results["mean_test_score"][[0, -1]], by_hand)
        splits = np.stack([results[f"split{i}_test_score"] for i in range(3)])
        np.testing.assert_allclose(results["mean_test_score"], splits.mean(axis=0))
        np.testing.assert_allclose(results["std_test_score"], splits.std(axis=0))
        means = [np.mean(list(one.values())) for one in results["task_scores"]]
        np.testing.assert_allclose(means, results["mean_test_score"])
        assert search.best_score_ == results["mean_test_score"].max()
        assert results["rank_test_score"][search.best_index_] == 1

    def test_pairs_of_gain_are_not_fitted_again(self):
        X, y = regressions([0, 0, 1])
        search = TaskGroupSearchCV(FORCED, cv=3).fit(X, y)
        # 3 tasks alone, 3 pairs, and all together
        assert search.n_fits_ == 7 * 3

    def test_a_group_is_fitted_as_its_tasks_alone_are(self):
        X, y = regressions([0, 1, 0])
        search = TaskGroupSearchCV(FORCED, method=TWINS[::-1], max_groups=2).fit(X, y)
        expected = np.empty_like(y)
        for model, names in zip(search.estimators_, search.groups_, strict=True):
            columns = [int(name[4:]) for name in names]
            own = clone(FORCED).fit(X, y[:, columns])
            expected[:, columns] = own.predict(X).reshape(len(X), -1)
            assert isinstance(model, IndependentTasks) == (len(names) == 1)
        np.testing.assert_allclose(search.predict(X), expected)

    def test_arguments_by_name_reach_the_groups_of_an_array_too(self):
        X, y = regressions([0, 1, 0])
        net = MultiTaskRegressor(
            **{**SMALL_NET, "max_epochs": 2}, loss={"task2": CircularLoss(360)}
        )
        search = TaskGroupSearchCV(net, method=TWINS[::-1], cv=2).fit(X, y)
        periods = [task.period for task in search.task_set_.tasks]
        assert periods == [None, None, 360]

    def test_affinities_may_be_given(self):
        X, y = regressions([0, 0, 1])
        given = TaskGroupSearchCV(FORCED, method=TWINS).fit(X, y)
        assert given.cv_results_["groups"][1] == [["task0", "task1"], ["task2"]]
        assert given.affinity_.method == "given"
        affinity = task_affinity(FORCED, X, y, method="label")
        measured = TaskGroupSearchCV(FORCED, method=affinity).fit(X, y)
        assert measured.affinity_.method == "label"
        np.testing.assert_array_equal(measured.affinity_.values, affinity.values)

    def test_max_groups_is_kept(self):
        X, y = regressions(range(4))
        strict = clone(FORCED).set_params(alpha=10.0)
        search = TaskGroupSearchCV(strict, max_groups=2, random_state=0).fit(X, y)
        assert search.cv_results_["n_groups"].tolist() == [1, 2]

    def test_one_possible_partition_is_not_scored(self):
        X, y = regressions([0, 1, 2])
        search = TaskGroupSearchCV(FORCED, max_groups=1).fit(X, y)
        assert search.groups_ == [["task0", "task1", "task2"]]
        assert search.n_fits_ == 0
        assert np.isnan(search.best_score_)
        assert search.affinity_ is None

    def test_memory_keeps_scores_between_runs(self, tmp_path):
        X, y = regressions([0, 0, 1])
        search = TaskGroupSearchCV(FORCED, cv=2, memory=str(tmp_path), random_state=0)
        first = clone(search).fit(X, y)
        n_kept = len(list(tmp_path.rglob("output.pkl")))
        second = search.fit(X, y)
        assert n_kept == first.n_fits_ == 14
        assert len(list(tmp_path.rglob("output.pkl"))) == n_kept
        assert first.best_score_ == second.best_score_

    def test_two_jobs_find_the_same(self):
        X, y = regressions([0, 0, 1])
        search = TaskGroupSearchCV(FORCED, cv=2, random_state=0)
        one, two = clone(search).fit(X, y), search
        with parallel_config(backend="threading", n_jobs=2):
            two.fit(X, y)
        np.testing.assert_array_equal(
            one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
        )

    @pytest.mark.parametrize("search", ["greedy", "spectral"])
    def test_other_searches(self, search):
        X, y = regressions([0, 1, 0, 1])
        found = TaskGroupSearchCV(FORCED, search=search, random_state=0).fit(X, y)
        assert is_same_partition(found.task_groups_, [0, 1, 0, 1])

    def test_weights_of_zero_are_missing_labels(self):
        X, y = regressions([0, 0, 1])
        weights = np.ones_like(y)
        weights[:60, 1] = weights[90:140, 2] = 0
        gaps = np.where(weights > 0, y, np.nan)
        cv = [(np.arange(0, 200, 2), np.arange(1, 200, 2))]
        weighted = TaskGroupSearchCV(FORCED, cv=cv).fit(X, y, sample_weight=weights)
        without = TaskGroupSearchCV(FORCED, cv=cv).fit(X, gaps)
        np.testing.assert_allclose(
            weighted.cv_results_["mean_test_score"],
            without.cv_results_["mean_test_score"],
        )
        np.testing.assert_allclose(weighted.predict(X), without.predict(X))


class TestOutputs:
    def test_classes_and_values_side_by_side(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(90, 4))
        y = pd.DataFrame(
            {
                "ill": np.where(X[:, 0] > 0, "yes", "no"),
                "days": X[:, 1] + 0.1 * rng.normal(size=90),
                "grade": np.digitize(X[:, 2], [-0.5, 0.5]),
            }
        )
        y.loc[::7, "ill"] = None
        y.loc[1::7, "days"] = np.nan
        net = MultiTaskMixedEstimator(**SMALL_NET)
        search = TaskGroupSearchCV(
            net, method=[[0, 0, 1], [0, 0, 0], [1, 0, 0]], max_groups=2, cv=2
        ).fit(X, y)
        assert search.task_names_in_.tolist() == ["ill", "days", "grade"]
        assert [None if c is None else c.tolist() for c in search.classes_] == [
            ["no", "yes"],
            None,
            [0, 1, 2],
        ]
        assert [None if p is None else p.shape for p in search.predict_proba(X)] == [
            (90, 2),
            None,
            (90, 3),
        ]
        predicted = search.predict(X)
        assert set(predicted[:, 0]) == {"no", "yes"}
        assert search.score(X, y) > 0.4
        for t, name in enumerate(y.columns):
            np.testing.assert_array_equal(
                search.task(name).predict(X).astype(object), predicted[:, t]
            )
        assert next(iter(search.proba_frame(X).columns)) == ("ill", "no")
        assert not is_classifier(search)
        assert not is_regressor(search)

    def test_other_libraries_models_are_groups(self):
        X, y = make_multitask_classification(
            120, 5, 3, n_classes=[2, 3, 2], n_informative=5, random_state=0
        )
        forest = RandomForestClassifier(n_estimators=5, random_state=0)
        search = TaskGroupSearchCV(forest, method=TWINS, max_groups=2, cv=2).fit(X, y)
        assert is_classifier(search)
        assert search.predict(X).shape == (120, 3)
        assert [one.shape for one in search.predict_proba(X)] == [
            (120, 2),
            (120, 3),
            (120, 2),
        ]
        assert search.score(X, y) > 0.8

    def test_regressors_have_no_classes(self):
        X, y = regressions([0, 1])
        search = TaskGroupSearchCV(FORCED).fit(X, y)
        assert is_regressor(search)
        assert not hasattr(search, "classes_")
        assert not hasattr(search, "predict_proba")

    def test_a_classifier_without_probabilities_gives_labels(self):
        from sklearn.svm import LinearSVC

        X, y = make_multitask_classification(80, 5, 2, n_informative=5, random_state=0)
        alone = IndependentTasks(LinearSVC(random_state=0))
        search = TaskGroupSearchCV(alone, scoring="accuracy", cv=2).fit(X, y)
        expected = clone(alone).fit(X, y).predict(X)
        np.testing.assert_array_equal(search.predict(X), expected)
        assert search.score(X, y) == pytest.approx((expected == y).mean())

    def test_constant_and_empty_tasks_are_in_groups_of_their_own(self):
        X, y = make_multitask_classification(80, 5, 4, n_informative=5, random_state=0)
        y = y.astype(float)
        y[:, 1] = 1.0
        y[:, 3] = np.nan
        search = TaskGroupSearchCV(
            MultiTaskClassifier(**SMALL_NET), on_empty_task="warn", cv=2
        )
        with pytest.warns((SingleClassWarning, MissingLabelWarning)):
            search.fit(X, y)
        assert ["task1"] in search.groups_
        assert ["task3"] in search.groups_
        predicted = search.predict(X)
        assert (predicted[:, 1] == 1).all()
        assert np.isnan(predicted[:, 3]).all()

    def test_an_empty_task_is_an_error_unless_said_otherwise(self):
        X, y = regressions([0, 1, 2])
        y[:, 2] = np.nan
        with pytest.raises(TaskError, match="'task2' has no observed label"):
            TaskGroupSearchCV(FORCED).fit(X, y)

    def test_own_row_data(self):
        X, y = regressions([0, 0, 1, 1], n_samples=240)
        owner = np.arange(240) % 4
        y[owner[:, None] != np.arange(4)] = np.nan
        search = TaskGroupSearchCV(FORCED, method="gain", cv=3, random_state=0)
        assert np.isfinite(search.fit(X, y).predict(X)).all()

    def test_it_survives_pickle_and_one_target(self):
        X, y = regressions([0, 1])
        search = TaskGroupSearchCV(FORCED).fit(X, y[:, 0])
        assert search.groups_ == [["task0"]]
        assert search.predict(X).shape == (200,)
        again = pickle.loads(pickle.dumps(search))
        np.testing.assert_array_equal(again.predict(X), search.predict(X))

    def test_arguments_by_task_are_cut_to_the_group(self):
        X, y = make_multitask_classification(80, 5, 3, n_informative=5, random_state=0)
        y = pd.DataFrame(y, columns=["a", "b", "c"])
        net = MultiTaskClassifier(
            class_weight={"a": "balanced"}, task_weight=[1, 2, 3], **SMALL_NET
        )
        search = TaskGroupSearchCV(net, method=TWINS, max_groups=2, cv=2).fit(X, y)
        pair = next(
            model
            for model, names in zip(
                fitted_pairs(net, X, y).estimators_, [["a", "b"], ["c"]], strict=True
            )
            if names == ["a", "b"]
        )
        assert pair.class_weight == ["balanced", None]
        assert pair.task_weight == [1, 2]
        assert search.predict(X).shape == (80, 3)


def fitted_pairs(net, X, y):
    """Return a search whose only partition into two is {a, b}, {c}."""
    search = TaskGroupSearchCV(net, method=TWINS, max_groups=2, cv=2)
    search.fit(X, y)
    if len(search.groups_) == 1:  # the scores chose all together: fit the other one
        from sklearn_mtl.inspection._task_data import read_data
        from sklearn_mtl.inspection._task_sets import fit_tasks

        data = read_data(net, X, y, "test")
        search.estimators_ = [fit_tasks(net, data, one) for one in ((0, 1), (2,))]
    return search


class TestTools:
    def test_grid_search_reaches_the_estimator(self):
        X, y = regressions([0, 0, 1])
        grid = GridSearchCV(
            TaskGroupSearchCV(FORCED, method="label", cv=2),
            {"estimator__alpha": [0.1, 1.0], "max_groups": [1, 3]},
            cv=2,
            scoring=per_task_scorers("r2"),
            refit="mean",
        ).fit(X, y)
        assert set(grid.best_params_) == {"estimator__alpha", "max_groups"}
        assert grid.best_estimator_.predict(X).shape == y.shape

    def test_pipelines_inside_and_outside(self):
        X, y = regressions([0, 0, 1])
        inside = TaskGroupSearchCV(make_pipeline(StandardScaler(), FORCED)).fit(X, y)
        outside = make_pipeline(StandardScaler(), TaskGroupSearchCV(FORCED)).fit(X, y)
        assert inside.predict(X).shape == outside.predict(X).shape == y.shape

    def test_a_gradient_is_asked_of_a_net_only(self):
        X, y = regressions([0, 0, 1])
        search = TaskGroupSearchCV(LinearRegression(), method="gradient")
        with pytest.raises(TypeError, match="got LinearRegression"):
            search.fit(X, y)

    def test_affinities_of_another_shape_are_refused(self):
        X, y = regressions([0, 0, 1])
        with pytest.raises(TaskError, match=r"shape \(2, 2\).*\(3, 3\)"):
            TaskGroupSearchCV(FORCED, method=np.eye(2)).fit(X, y)
