"""scikit-learn's validation and search tools on tasks with missing labels."""

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    r2_score,
    roc_auc_score,
)
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_validate,
    learning_curve,
)
from sklearn.model_selection import cross_val_predict as sklearn_cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks
from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedKFold,
    cross_val_predict,
    per_task_scorers,
    task_scorer,
    train_test_split,
)
from sklearn_mtl.tasks import mask_labels
from tests.real_data import load_real

CV = MultiTaskStratifiedKFold(3, shuffle=True, random_state=0)


def over_seen(metric, y, predicted):
    """Return the metric of each task over its labelled samples."""
    return [
        metric(labels[seen], guess[seen].astype(float))
        for labels, guess in zip(y.T, predicted.T, strict=True)
        for seen in [~np.isnan(labels)]
    ]


def auto_by_hand(model, X, y):
    """Return the mean of task 0's area under the curve and task 1's balanced accuracy.

    These are the metrics that "auto" stands for with two and three classes.
    """
    of_second = model.predict_proba(X)[0][:, 1]
    area = over_seen(roc_auc_score, y[:, :1], of_second[:, None])
    right = over_seen(balanced_accuracy_score, y[:, 1:], model.predict(X)[:, 1:])
    return np.mean(area + right)


class TestCrossValidate:
    def test_missing_labels_with_a_score_for_each_task(self, classifier, gaps):
        X, y, _ = gaps
        result = cross_validate(classifier, X, y, cv=CV, scoring=per_task_scorers())
        tasks = np.stack([result["test_task0"], result["test_task1"]])
        assert tasks.min() > 0.5
        np.testing.assert_allclose(result["test_mean"], tasks.mean(axis=0))

    def test_mixed_tasks_by_name(self, mixed, frames):
        inputs, targets = frames
        scoring = per_task_scorers({"sick": "accuracy", "grade": "neg_log_loss"})
        result = cross_validate(
            mixed, inputs.drop(columns="ward"), targets, cv=CV, scoring=scoring
        )
        assert {"test_sick", "test_grade", "test_days", "test_mean"} < set(result)
        X = inputs.drop(columns="ward")
        for fold, (train, test) in enumerate(CV.split(X, targets)):
            model = clone(mixed).fit(X.iloc[train], targets.iloc[train])
            truth, guess = targets.iloc[test], model.predict(X.iloc[test])
            for t, name, metric in [(0, "sick", accuracy_score), (2, "days", r2_score)]:
                seen = truth[name].notna().to_numpy()
                known, given = truth[name][seen].tolist(), guess[seen, t].tolist()
                expected = metric(known, given)
                assert result[f"test_{name}"][fold] == pytest.approx(expected)

    def test_pipeline_with_one_number(self, regressor, table):
        X, y = table
        y[::3, 0] = np.nan
        model = make_pipeline(StandardScaler(), regressor)
        scores = cross_validate(model, X, y, cv=CV, scoring=task_scorer("r2"))
        for fold, (train, test) in enumerate(CV.split(X, y)):
            scaler = StandardScaler().fit(X[train])
            alone = clone(regressor).fit(scaler.transform(X[train]), y[train])
            guess = alone.predict(scaler.transform(X[test]))
            expected = np.mean(over_seen(r2_score, y[test], guess))
            assert scores["test_score"][fold] == pytest.approx(expected)

    def test_two_jobs_give_the_same_scores(self, classifier, gaps):
        X, y, _ = gaps
        arguments = {"cv": CV, "scoring": per_task_scorers("neg_log_loss")}
        one = cross_validate(classifier, X, y, **arguments)
        with parallel_config(backend="threading", n_jobs=2):
            two = cross_validate(classifier, X, y, **arguments)
        np.testing.assert_array_equal(one["test_mean"], two["test_mean"])

    def test_processes_give_the_same_scores(self, gaps):
        X, y, _ = gaps
        model = IndependentTasks(LogisticRegression())
        arguments = {"cv": CV, "scoring": per_task_scorers("neg_log_loss")}
        one = cross_validate(model, X, y, **arguments)
        two = cross_validate(model, X, y, n_jobs=2, **arguments)
        np.testing.assert_array_equal(one["test_mean"], two["test_mean"])

    def test_learning_curve(self, classifier, gaps):
        X, y, _ = gaps
        _, _, test = learning_curve(
            classifier, X, y, cv=CV, train_sizes=[0.5, 1.0], scoring=task_scorer()
        )
        assert test.shape == (2, 3)
        assert (test > 0.5).all()


class TestSearch:
    def test_grid_search_refits_on_the_mean_over_tasks(self, gaps):
        X, y, _ = gaps
        model = IndependentTasks(LogisticRegression())
        search = GridSearchCV(
            model,
            {"estimator__C": [1e-9, 1.0]},
            cv=CV,
            scoring=per_task_scorers("accuracy"),
            refit="mean",
        ).fit(X, y)
        assert search.best_params_ == {"estimator__C": 1.0}
        assert "mean_test_task1" in search.cv_results_
        assert search.predict(X).shape == y.shape
        assert search.best_score_ == pytest.approx(
            search.cv_results_["mean_test_mean"].max()
        )

    def test_random_search_by_the_worst_task(self, gaps):
        X, y, _ = gaps
        search = RandomizedSearchCV(
            IndependentTasks(LogisticRegression()),
            {"estimator__C": uniform(0.1, 1)},
            n_iter=2,
            cv=CV,
            random_state=0,
            scoring=task_scorer("balanced_accuracy", average="min"),
        ).fit(X, y)
        found = []
        for C in search.cv_results_["param_estimator__C"]:
            worst = []
            for train, test in CV.split(X, y):
                guess = np.empty_like(y[test])
                for t, labels in enumerate(y[train].T):
                    seen = ~np.isnan(labels)
                    alone = LogisticRegression(C=C).fit(X[train][seen], labels[seen])
                    guess[:, t] = alone.predict(X[test])
                worst.append(min(over_seen(balanced_accuracy_score, y[test], guess)))
            found.append(np.mean(worst))
        np.testing.assert_allclose(search.cv_results_["mean_test_score"], found)
        assert search.best_score_ == pytest.approx(max(found))

    def test_search_within_cross_validation(self, classifier, gaps):
        X, y, _ = gaps
        search = GridSearchCV(
            make_pipeline(StandardScaler(), classifier),
            {"standardscaler__with_mean": [True, False]},
            cv=CV,
            scoring=per_task_scorers(),
            refit="mean",
        )
        scores = cross_validate(
            search, X, y, cv=CV, scoring=per_task_scorers(), return_estimator=True
        )
        for fold, (train, test) in enumerate(CV.split(X, y)):
            best = scores["estimator"][fold].best_params_
            model = clone(search.estimator).set_params(**best).fit(X[train], y[train])
            expected = auto_by_hand(model, X[test], y[test])
            assert scores["test_mean"][fold] == pytest.approx(expected)


class TestNanIsNoClass:
    """`cross_val_predict` of scikit-learn makes NaN a class; ours does not."""

    def test_scikit_learns_shifts_the_columns(self, gaps):
        X, y, _ = gaps
        model = IndependentTasks(LogisticRegression())
        proba = sklearn_cross_val_predict(model, X, y, cv=CV, method="predict_proba")
        assert proba[0].shape[1] == 3  # the reason for our own function

    def test_ours_has_the_classes_of_y_and_is_right(self, classifier, gaps):
        X, y, truth = gaps
        proba = cross_val_predict(classifier, X, y, cv=CV, method="predict_proba")
        assert [one.shape for one in proba] == [(120, 2), (120, 3)]
        right = [
            np.mean(one.argmax(axis=1) == truth[:, t]) for t, one in enumerate(proba)
        ]
        assert min(right) > 0.65

    def test_labels_of_missing_cells_are_predicted(self, classifier, gaps):
        X, y, truth = gaps
        labels = cross_val_predict(classifier, X, y, cv=CV)
        was_missing = np.isnan(y)
        assert np.isfinite(labels).all()
        assert np.mean(labels[was_missing] == truth[was_missing]) > 0.65


class TestSentinelIsSaid:
    """A sentinel such as -1 is learned as a class, but not in silence."""

    def test_warning_names_the_task_and_the_remedy(self, classifier, gaps):
        X, _, truth = gaps
        y = truth.astype(int)
        y[::3, 1] = -1
        with pytest.warns(MissingLabelWarning, match=r"'task1' .* -1, .*mask_labels"):
            classifier.fit(X, y)
        assert classifier.classes_[1].tolist() == [-1, 0, 1, 2]

    def test_masked_labels_are_no_class(self, classifier, gaps):
        X, _, truth = gaps
        y = truth.astype(int)
        y[::3, 1] = -1
        classifier.fit(X, mask_labels(y))
        assert classifier.classes_[1].tolist() == [0, 1, 2]


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.UnseenLabelWarning")
def test_class_with_a_single_row_of_real_data(classifier):
    X, y, _ = load_real("mdc_thyroid")
    found = [np.unique(c[~np.isnan(c)], return_counts=True) for c in y.T]
    rare = int(np.argmin([counts.min() for _, counts in found]))
    labels, counts = found[rare]
    assert counts.min() == 1
    lone = np.flatnonzero(y[:, rare] == labels[counts.argmin()])
    some = [np.flatnonzero(c == label)[:8] for c in y.T for label in np.unique(c)]
    rows = np.unique(np.concatenate([lone, *some]))
    X = np.nan_to_num(X[rows])
    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    scores = cross_validate(
        classifier,
        X,
        y[rows],
        cv=MultiTaskStratifiedKFold(3),
        scoring=per_task_scorers("neg_log_loss"),
        error_score="raise",
    )
    assert np.isfinite(scores["test_mean"]).all()


def test_split_fit_and_score_as_in_the_readme(classifier, gaps):
    X, y, _ = gaps
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = make_pipeline(StandardScaler(), classifier).fit(X_train, y_train)
    scaler = StandardScaler().fit(X_train)
    alone = clone(classifier).fit(scaler.transform(X_train), y_train)
    found = per_task_scorers()(model, X_test, y_test)["mean"]
    scaled = scaler.transform(X_test)
    assert found == pytest.approx(auto_by_hand(alone, scaled, y_test))
    again = clone(model).fit(X_train, y_train).score(X_test, y_test)
    accuracies = over_seen(accuracy_score, y_test, alone.predict(scaled))
    assert again == pytest.approx(np.mean(accuracies))


class NanBlind(ClassifierMixin, BaseEstimator):
    """Takes every distinct label for a class, as an unwary estimator does."""

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, np.where(np.isnan(y), -9, y))
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


def test_nan_class_of_another_estimator_is_found_out(gaps):
    X, y, _ = gaps
    with pytest.raises(ValueError, match=r"learned the classes \[-9.0\]"):
        cross_val_predict(NanBlind(), X, y[:, 0], method="predict_proba")
