"""What the shared suite in tests/test_displays.py does not know of each Display."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.datasets import (
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.inspection import (
    GradientConflictDisplay,
    MultiTaskLearningCurveDisplay,
    TaskAffinityDisplay,
    TaskCoefficientDisplay,
    TaskConfusionDisplay,
    TaskImportanceDisplay,
    TaskWeightDisplay,
    task_affinity,
    task_permutation_importance,
)
from sklearn_mtl.linear_model import MultiTaskLinearClassifier, MultiTaskLinearRegressor
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from tests.zoo import SMALL_NET

SHORT = {**SMALL_NET, "max_epochs": 6}


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def regressions():
    return make_multitask_regression(
        120, 6, 4, n_groups=[0, 1, 0, 1], n_informative=6, random_state=0
    )


@pytest.fixture(scope="module")
def classes():
    X, y = make_multitask_classification(
        120, 6, 3, n_classes=[2, 3, 2], n_informative=6, random_state=0
    )
    y = y.astype(float)
    y[::4, 1] = np.nan
    return X, pd.DataFrame(y, columns=["ill", "stage", "dead"])


class TestAffinity:
    def test_what_was_measured_is_drawn(self, regressions):
        affinity = task_affinity(None, *regressions, method="label")
        shown = TaskAffinityDisplay.from_affinity(affinity)
        np.testing.assert_array_equal(shown.values, affinity.values)
        drawn = np.ma.filled(shown.ax_.images[0].get_array(), np.nan)
        others = np.where(np.eye(4), np.nan, affinity.values)
        np.testing.assert_array_equal(drawn, others)
        same = TaskAffinityDisplay.from_estimator(None, *regressions, method="label")
        np.testing.assert_array_equal(same.values, affinity.values)

    def test_groups_stand_beside_each_other(self, regressions):
        search = TaskGroupSearchCV(
            MultiTaskLinearRegressor(penalty="mean", alpha=1.0), max_groups=2, cv=2
        ).fit(*regressions)
        search.groups_ = [["task0", "task2"], ["task1", "task3"]]
        shown = TaskAffinityDisplay.from_search(search)
        assert shown.task_names == ["task0", "task2", "task1", "task3"]
        order = [0, 2, 1, 3]
        values = search.affinity_.values[np.ix_(order, order)]
        np.testing.assert_array_equal(shown.values, values)
        assert shown.group_sizes == [2, 2]
        assert len(shown.ax_.lines) == 2

    def test_a_search_without_affinities_is_refused(self, regressions):
        X, y = regressions
        search = TaskGroupSearchCV(LinearRegression(), cv=2).fit(X, y[:, :2])
        with pytest.raises(TypeError, match="TaskGroupSearchCV has no affinities"):
            TaskAffinityDisplay.from_search(search)

    def test_values_and_groups_must_fit(self):
        with pytest.raises(ValueError, match=r"values has shape \(2, 2\); for 3 tasks"):
            TaskAffinityDisplay(np.eye(2), ["a", "b", "c"])
        with pytest.raises(ValueError, match="groups has the tasks"):
            TaskAffinityDisplay(np.eye(2), ["a", "b"], groups=[["a"]])


class TestHistories:
    def test_conflict_is_what_the_net_recorded(self, regressions):
        net = MultiTaskRegressor(monitor="gradients", **SHORT)
        model = make_pipeline(StandardScaler(), net).fit(*regressions)
        shown = GradientConflictDisplay.from_estimator(model)
        history = model[-1].history_
        np.testing.assert_array_equal(shown.cosine, history["gradient_cosine"])
        np.testing.assert_array_equal(shown.conflict, history["gradient_conflict"])
        assert ((shown.conflict >= 0) & (shown.conflict <= 1)).all()
        ticks = shown.ax_.get_xticks()
        np.testing.assert_array_equal(ticks, np.round(ticks))  # whole epochs

    def test_tasks_that_need_one_unit_each_are_in_conflict_over_one(self):
        """Where the sum of two gradients vanishes, they point at each other."""
        rng = np.random.default_rng(0)
        X = rng.normal(size=(100, 2))
        small = {**SMALL_NET, "hidden_layer_sizes": (1,), "max_epochs": 100, "lr": 0.1}
        net = MultiTaskRegressor(**small, monitor="gradients", weight_decay=0.0)
        history = net.fit(X, X).history_
        np.testing.assert_array_equal(
            history["gradient_conflict"], history["gradient_cosine"] < 0
        )
        assert history["gradient_conflict"][-10:].mean() > 0.8

    def test_a_net_without_a_monitor_is_refused(self, regressions):
        net = MultiTaskRegressor(**SHORT).fit(*regressions)
        with pytest.raises(ValueError, match="monitor='gradients'"):
            GradientConflictDisplay.from_estimator(net)
        with pytest.raises(TypeError, match="Ridge has no history_"):
            GradientConflictDisplay.from_estimator(Ridge())

    def test_weights_are_those_of_the_history(self, regressions):
        net = MultiTaskRegressor(balancing="uncertainty", **SHORT).fit(*regressions)
        shown = TaskWeightDisplay.from_estimator(net)
        np.testing.assert_array_equal(shown.weights, net.history_["task_weight"])
        drawn = {line.get_label(): line.get_ydata() for line in shown.ax_.lines}
        np.testing.assert_array_equal(drawn["task2"], shown.weights[:, 2])


class TestCoefficients:
    def test_a_row_for_each_task(self, regressions):
        model = MultiTaskLinearRegressor().fit(*regressions)
        shown = TaskCoefficientDisplay.from_estimator(model)
        np.testing.assert_array_equal(shown.coefficients, model.coef_)
        assert shown.row_names == ["task0", "task1", "task2", "task3"]
        assert shown.feature_names == [f"x{i}" for i in range(6)]

    def test_a_row_for_each_class_where_there_are_more_than_two(self, classes):
        X, y = classes
        X = pd.DataFrame(X, columns=list("abcdef"))
        model = MultiTaskLinearClassifier().fit(X, y)
        shown = TaskCoefficientDisplay.from_estimator(model)
        assert shown.row_names == [
            *("ill", "stage: 0.0", "stage: 1.0", "stage: 2.0", "dead"),
        ]
        assert shown.feature_names == list("abcdef")

    def test_scikit_learns_models_have_coefficients_too(self, regressions, classes):
        shown = TaskCoefficientDisplay.from_estimator(Ridge().fit(*regressions))
        assert shown.coefficients.shape == (4, 6)
        X, y = classes
        seen = y["stage"].notna()
        one = LogisticRegression().fit(X[seen], y["stage"][seen])
        names = TaskCoefficientDisplay.from_estimator(one).row_names
        assert names == ["task0: 0.0", "task0: 1.0", "task0: 2.0"]

    def test_only_the_largest_are_drawn(self, regressions):
        model = MultiTaskLinearRegressor().fit(*regressions)
        shown = TaskCoefficientDisplay.from_estimator(model, max_features=2)
        largest = np.sort(np.argsort(-np.abs(model.coef_).max(axis=0))[:2])
        assert shown.feature_names == [f"x{i}" for i in largest]

    def test_names_must_fit(self, regressions):
        model = MultiTaskLinearRegressor().fit(*regressions)
        with pytest.raises(ValueError, match="1 feature_names for 6 features"):
            TaskCoefficientDisplay.from_estimator(model, feature_names=["a"])


class TestConfusion:
    def test_matrices_are_scikit_learns_over_the_observed_rows(self, classes):
        X, y = classes
        net = MultiTaskClassifier(**SHORT).fit(X, y)
        shown = TaskConfusionDisplay.from_estimator(net, X, y, normalize=None)
        seen = y["stage"].notna()
        expected = confusion_matrix(y["stage"][seen], net.predict(X)[seen, 1])
        np.testing.assert_array_equal(shown.matrices[1], expected)
        assert [ax.get_title() for ax in shown.axes_] == ["ill", "stage", "dead"]

    def test_rows_sum_to_one_by_default(self, classes):
        X, y = classes
        net = MultiTaskClassifier(**SHORT).fit(X, y)
        shown = TaskConfusionDisplay.from_estimator(net, X, y, tasks=["stage"])
        np.testing.assert_allclose(shown.matrices[0].sum(axis=1), 1)
        assert shown.task_names == ["stage"]

    def test_regressions_are_left_out(self):
        y = pd.DataFrame({"ill": ["no", "yes", None], "dose": [0.1, 0.2, 0.3]})
        guess = np.array([["no", 0.1], ["no", 0.1], ["yes", 0.1]], dtype=object)
        shown = TaskConfusionDisplay.from_predictions(y, guess, normalize=None)
        assert shown.task_names == ["ill"]
        np.testing.assert_array_equal(shown.matrices[0], [[1, 0], [1, 0]])
        with pytest.raises(TaskError, match="task 'dose' has no classes"):
            TaskConfusionDisplay.from_predictions(y, guess, tasks=["dose"])

    def test_tokens_are_left_out(self):
        tags = [["O", "B"], ["O"]]
        y = pd.DataFrame({"intent": ["a", "b"], "slots": tags})
        shown = TaskConfusionDisplay.from_predictions(y, y.to_numpy())
        assert list(shown.task_names) == ["intent"]
        with pytest.raises(TaskError, match="'slots' has one label per token"):
            TaskConfusionDisplay.from_predictions(y, y.to_numpy(), tasks=["slots"])

    def test_a_class_that_is_only_predicted_has_a_column(self):
        shown = TaskConfusionDisplay.from_predictions([0, 0, 1], [0, 2, 1])
        assert shown.labels[0].tolist() == [0, 1, 2]

    def test_axes_for_every_task_are_used(self):
        _, axes = plt.subplots(1, 2)
        y = np.array([[0, 1], [1, 0]])
        shown = TaskConfusionDisplay.from_predictions(y, y, ax=axes)
        assert list(shown.axes_) == list(axes)
        with pytest.raises(ValueError, match="3 axes for 2 tasks"):
            shown.plot(ax=[*axes, axes[0]])

    def test_labels_are_matched_to_the_tasks_of_the_model(self, classes):
        X, y = classes
        net = MultiTaskClassifier(**SHORT).fit(X, y)
        expected = TaskConfusionDisplay.from_estimator(net, X, y, normalize=None)
        for other in (y[y.columns[::-1]], y.astype(object).to_numpy()):
            shown = TaskConfusionDisplay.from_estimator(net, X, other, normalize=None)
            assert shown.task_names == expected.task_names
            for one, matrix in zip(shown.matrices, expected.matrices, strict=True):
                np.testing.assert_array_equal(one, matrix)
        unknown = y.rename(columns={"ill": "well"})
        with pytest.raises(TaskError, match=r"columns of y are \['well', .* tasks are"):
            TaskConfusionDisplay.from_estimator(net, X, unknown)

    def test_the_model_says_which_tasks_have_classes(self, regressions):
        X, y = regressions
        model = MultiTaskLinearRegressor().fit(X, y)
        with pytest.raises(TaskError, match="none of the tasks"):
            TaskConfusionDisplay.from_estimator(model, X, np.round(y))

    def test_labels_of_another_type_are_refused(self):
        y = np.array([[0, 1], [1, 0]])
        with pytest.raises(TaskError, match="task 'task0' has numbers as labels"):
            TaskConfusionDisplay.from_predictions(y, y.astype(str))

    def test_missing_predictions_are_refused(self):
        with pytest.raises(TaskError, match="task 'task0' has missing predictions"):
            TaskConfusionDisplay.from_predictions([0, 1, 1], [0, 1, np.nan])

    def test_values_are_no_classes(self):
        guess = [1.2, 2.1, 2.8]
        with pytest.raises(TaskError, match="task 'task0' has no classes"):
            TaskConfusionDisplay.from_predictions([1, 2, 3], guess, tasks=["task0"])

    def test_long_names_of_classes_stay_whole(self):
        shown = TaskConfusionDisplay.from_predictions(["a", "b"], ["a", "blue"])
        assert shown.labels[0].tolist() == ["a", "b", "blue"]

    def test_shapes_must_agree(self):
        with pytest.raises(TaskError, match=r"y_pred has the shapes \[\(2,\)\]"):
            TaskConfusionDisplay.from_predictions([0, 1, 1], [0, 1])


class TestLearningCurve:
    def test_scores_are_those_of_fits_by_hand(self, regressions):
        X, y = regressions
        y = np.where(np.arange(120)[:, None] % 7 == 0, np.nan, y)
        cv = list(MultiTaskStratifiedKFold(2).split(X, y))
        model = MultiTaskLinearRegressor()
        shown = MultiTaskLearningCurveDisplay.from_estimator(
            model, X, y, train_sizes=[20, 60], cv=cv, random_state=0
        )
        assert shown.scores.shape == (2, 2, 4)
        train, test = cv[1]
        whole = per_task_scorers()(model.fit(X[train], y[train]), X[test], y[test])
        names = [f"task{t}" for t in range(4)]
        np.testing.assert_allclose(
            shown.scores[1, 1], [whole[name] for name in names], rtol=1e-6
        )
        assert shown.means_[1].mean() > shown.means_[0].mean()

    def test_shares_are_of_the_smallest_training_part(self, regressions):
        shown = MultiTaskLearningCurveDisplay.from_estimator(
            Ridge(), *regressions, train_sizes=[0.25, 1.0], cv=3
        )
        assert shown.train_sizes.tolist() == [20, 80]

    @pytest.mark.parametrize("train_sizes", [[0.0, 1.0], [1.5], [10, 500], []])
    def test_sizes_must_be_in_range(self, regressions, train_sizes):
        with pytest.raises(ValueError, match="train_sizes is"):
            MultiTaskLearningCurveDisplay.from_estimator(
                Ridge(), *regressions, train_sizes=train_sizes
            )

    def test_errors_in_different_units_have_no_mean(self, regressions):
        X, y = regressions
        for factor, lines in ((1.0, 5), (1e3, 4)):
            shown = MultiTaskLearningCurveDisplay.from_estimator(
                Ridge(),
                X,
                y * [factor, 1.0, 1.0, 1.0],
                scoring="neg_mean_absolute_error",
                train_sizes=[0.5, 1.0],
                cv=2,
            )
            assert len(shown.ax_.lines) == lines

    def test_scores_must_fit_their_names(self):
        with pytest.raises(ValueError, match=r"scores has shape \(1, 1, 2\)"):
            MultiTaskLearningCurveDisplay([10], [[[0.1, 0.2]]], ["a"])


class TestImportance:
    def test_what_was_measured_is_drawn(self, regressions):
        model = MultiTaskLinearRegressor().fit(*regressions)
        found = task_permutation_importance(model, *regressions, random_state=0)
        shown = TaskImportanceDisplay.from_importance(found)
        np.testing.assert_array_equal(shown.importances, found.importances_mean)
        few = TaskImportanceDisplay.from_estimator(
            model, *regressions, max_features=2, random_state=0
        )
        best = np.sort(np.argsort(-found.importances_mean.max(axis=0))[:2])
        assert few.feature_names == [f"x{i}" for i in best]
