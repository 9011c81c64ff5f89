import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.exceptions import TaskError, UnseenLabelWarning
from sklearn_mtl.metrics import mean_task_score, per_task_score


def binary_data(n=50):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(n, 3)).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    return y, rng.random(y.shape)


class TestObserved:
    @pytest.mark.parametrize("weighted", [False, True])
    def test_each_task_is_scored_over_its_observed_labels(self, weighted):
        y, p = binary_data()
        w = np.random.default_rng(1).uniform(0.5, 2, size=y.shape)
        scores = per_task_score(
            y, p, metric="roc_auc", sample_weight=w if weighted else None
        )
        for t, score in enumerate(scores.values()):
            seen = ~np.isnan(y[:, t])
            weight = w[seen, t] if weighted else None
            expected = metrics.roc_auc_score(
                y[seen, t], p[seen, t], sample_weight=weight
            )
            assert score == pytest.approx(expected)
        assert list(scores) == ["task0", "task1", "task2"]

    def test_predictions_of_missing_cells_do_not_matter(self):
        y, p = binary_data()
        other = np.where(np.isnan(y), 1 - p, p)
        assert per_task_score(y, p) == per_task_score(y, other)

    def test_weight_zero_is_missing(self):
        y, p = binary_data()
        w = np.ones(y.shape)
        w[:10, 1] = 0
        masked = np.where(w == 0, np.nan, y)
        assert per_task_score(y, p, sample_weight=w) == per_task_score(masked, p)

    def test_row_weights_of_whole_numbers_are_repeated_rows(self):
        y, p = binary_data()
        times = np.random.default_rng(0).integers(3, size=len(y))
        repeated = np.repeat(np.arange(len(y)), times)
        for metric in ("roc_auc", "log_loss", "brier_score"):
            scores = per_task_score(y, p, metric=metric, sample_weight=times)
            expected = per_task_score(y[repeated], p[repeated], metric=metric)
            assert scores == pytest.approx(expected)


class TestForms:
    def test_one_dimensional_labels(self):
        y = np.array([0, 1, 1, 0])
        assert per_task_score(y, [0, 1, 0, 0], metric="accuracy") == {"task0": 0.75}

    def test_probabilities_of_one_task(self):
        y = np.array(["a", "b", "c", "a"])
        proba = np.eye(3)[[0, 1, 2, 1]]
        assert per_task_score(y, proba, metric="accuracy") == {"task0": 0.75}
        assert per_task_score(y[:, None], proba, metric="accuracy") == {"task0": 0.75}

    def test_list_of_probabilities_with_classes_by_task(self):
        y = np.array([["a", "x"], ["b", "y"], ["c", "y"], ["a", "x"]], dtype=object)
        proba = [np.eye(3)[[0, 1, 2, 0]], np.eye(2)[[0, 1, 0, 0]]]
        scores = per_task_score(y, proba, metric="balanced_accuracy")
        assert scores == {"task0": 1.0, "task1": 0.75}

    def test_mixed_tasks_take_probabilities_and_values(self):
        y = pd.DataFrame({"sick": ["no", "yes", None, "yes"], "dose": [0.5, 1, 1.5, 2]})
        outputs = [
            np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.3, 0.7]]),
            y["dose"],
        ]
        assert per_task_score(y, outputs) == {"sick": 1.0, "dose": 1.0}

    def test_metric_tells_the_kind_of_integers(self):
        y = np.array([[1], [2], [3], [4]])
        assert per_task_score(y, y + 1.0, metric="r2") == {"task0": pytest.approx(0.2)}

    def test_task_types_tell_the_kind_where_the_metric_does_not(self):
        y = np.array([[1, 0], [2, 1], [3, 0], [4, 1]])
        scores = per_task_score(y, y.astype(float), task_types={"task0": "regression"})
        assert scores == {"task0": 1.0, "task1": 1.0}

    def test_classes_say_what_the_columns_are(self):
        y = np.array(["b", "c", "b"])
        proba = np.array([[0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])
        scores = per_task_score(y, proba, metric="accuracy", classes=["a", "b", "c"])
        assert scores == {"task0": pytest.approx(2 / 3)}

    def test_columns_of_whole_numbers_are_counted_from_zero(self):
        y = np.array([1, 2, 1])
        proba = np.array([[0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])
        assert per_task_score(y, proba, metric="accuracy") == {
            "task0": pytest.approx(2 / 3)
        }


class TestMetrics:
    def test_dict_by_kind_and_name(self):
        y, p = binary_data()
        scores = per_task_score(y, p, metric={"binary": "log_loss", "task2": "brier"})
        seen = ~np.isnan(y)
        assert scores["task0"] == pytest.approx(
            metrics.log_loss(y[seen[:, 0], 0], p[seen[:, 0], 0])
        )
        assert scores["task2"] == pytest.approx(
            metrics.brier_score_loss(y[seen[:, 2], 2], p[seen[:, 2], 2])
        )

    def test_negated_errors_are_negative(self):
        y, p = binary_data()
        losses = per_task_score(y, p, metric="log_loss")
        negated = per_task_score(y, p, metric="neg_log_loss")
        assert negated == {name: -loss for name, loss in losses.items()}

    def test_users_function_gets_labels_and_predictions_of_observed_cells(self):
        seen = []

        def share(y_true, y_pred, sample_weight=None):
            seen.append((y_true.tolist(), y_pred.tolist(), sample_weight))
            return np.mean(y_true == y_pred)

        y = np.array([["a"], [None], ["b"]], dtype=object)
        scores = per_task_score(y, np.array([["a"], ["b"], ["a"]]), metric=share)
        assert scores == {"task0": 0.5}
        assert seen == [(["a", "b"], ["a", "a"], None)]

    def test_users_function_gets_weights_that_are_given(self):
        y = np.array([[0.5], [1.5], [4.5]])
        scores = per_task_score(
            y, y + [[1], [0], [0]], metric=metrics.r2_score, sample_weight=[2, 1, 1]
        )
        expected = metrics.r2_score(y, y + [[1], [0], [0]], sample_weight=[2, 1, 1])
        assert scores == {"task0": pytest.approx(expected)}


class TestUndefined:
    def test_one_warning_counts_tasks_and_reasons(self):
        y = np.array([[0, 1, np.nan], [1, 1, np.nan], [0, 1, np.nan]])
        with pytest.warns(UndefinedMetricWarning) as told:
            scores = per_task_score(y, y * 0 + [[0.1], [0.9], [0.2]], metric="roc_auc")
        assert scores == pytest.approx(
            {"task0": 1.0, "task1": np.nan, "task2": np.nan}, nan_ok=True
        )
        assert str(told[0].message) == (
            "per_task_score: the scores of 2 of 3 tasks are undefined and NaN (a "
            "single class: ['task1']; no observed label: ['task2'])."
        )
        assert len(told) == 1

    def test_mean_is_over_the_tasks_that_have_a_score(self):
        y = np.array([[0, 1], [1, 1], [0, 1]])
        p = np.array([[0.1, 0.5], [0.9, 0.5], [0.2, 0.5]])
        with pytest.warns(UndefinedMetricWarning, match="mean_task_score: .* 1 of 2"):
            assert mean_task_score(y, p, metric="roc_auc") == 1.0

    def test_values_that_are_nan_have_no_score(self):
        y = np.array([[0.5, 1.5], [1.5, 2.5]])
        with pytest.warns(
            UndefinedMetricWarning, match=r"predictions are NaN: \['task1'\]"
        ):
            scores = per_task_score(y, np.array([[0.5, np.nan], [1.5, np.nan]]))
        assert scores["task0"] == 1.0

    def test_function_that_gives_nan_is_named_as_the_reason(self):
        y = np.array([[0.5], [1.5]])
        with pytest.warns(UndefinedMetricWarning, match="its metric is NaN: "):
            scores = per_task_score(y, y, metric=lambda y_true, y_pred: np.nan)
        assert np.isnan(scores["task0"])


class TestUnseen:
    def test_labels_outside_classes_are_wrong(self):
        y = np.array(["a", "b", "z", "a"])
        proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        with pytest.warns(UnseenLabelWarning, match=r"'task0': \['z'\]"):
            scores = per_task_score(y, proba, metric="accuracy", classes=["a", "b"])
        assert scores == {"task0": 0.75}

    def test_predicted_label_that_is_not_in_y_is_wrong(self):
        y = np.array(["a", "b", "a"])
        scores = per_task_score(y, np.array(["a", "z", "z"]), metric="accuracy")
        assert scores == {"task0": pytest.approx(1 / 3)}


class TestErrors:
    @pytest.mark.parametrize(
        ("y_pred", "arguments", "match"),
        [
            (np.zeros((4, 3)), {}, r"shapes .* for 2 tasks; .* with 4 samples"),
            (np.zeros((3, 2)), {}, r"shapes \[\(3,\), \(3,\)\] for 2 tasks"),
            (np.zeros((4, 2)), {"metric": "auc"}, "unknown metric 'auc'"),
            (np.zeros((4, 2)), {"metric": {"c": "r2"}}, r"names unknown .*\['c'\]"),
            (np.zeros((4, 2)), {"classes": [[0, 1]]}, "1 entries, but there are 2"),
            (
                np.full((4, 2), 3.0),
                {"metric": "log_loss"},
                "'log_loss' of task 'task0' requires probabilities of the",
            ),
            (
                [np.zeros((4, 3)), np.zeros((4, 2))],
                {"classes": [[0, 1], [0, 1]]},
                "task 'task0' has 2 classes, but y_pred has 3 columns",
            ),
        ],
    )
    def test_wrong_arguments_are_refused(self, y_pred, arguments, match):
        y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]])
        with pytest.raises(TaskError, match=f"per_task_score: .*{match}"):
            per_task_score(y, y_pred, **arguments)

    def test_labels_do_not_rank(self):
        y = np.array(["a", "b", "c"])
        with pytest.raises(TaskError, match="requires probabilities or scores"):
            per_task_score(y, y, metric="roc_auc")

    def test_text_columns_need_classes(self):
        y = np.array(["a", "b", "a"])
        with pytest.raises(TaskError, match=r"3 columns .* \['a', 'b'\]. Set classes"):
            per_task_score(y, np.full((3, 3), 1 / 3))

    def test_regression_has_no_columns(self):
        y = np.array([0.5, 1.5, 2.5])
        with pytest.raises(
            TaskError, match="is a regression task, but y_pred has 2 columns"
        ):
            per_task_score(y, np.zeros((3, 2)))

    def test_unknown_average_is_refused_before_anything_is_scored(self):
        with pytest.raises(TaskError, match="mean_task_score: unknown average 'best'"):
            mean_task_score([0, 1], [0, 1], average="best")


@st.composite
def scored(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n_samples, n_tasks = draw(st.integers(2, 20)), draw(st.integers(1, 4))
    n_classes = draw(st.integers(1, 4))
    labels = draw(st.sampled_from([np.arange(4), np.array(list("abcd")), None]))
    codes = rng.integers(n_classes, size=(n_samples, n_tasks))
    if labels is None:
        y = rng.normal(size=codes.shape)
        outputs = rng.normal(size=codes.shape)
        classes = [None] * n_tasks
    else:
        y = labels[codes].astype(object)
        outputs = [rng.dirichlet(np.ones(n_classes), n_samples) for _ in range(n_tasks)]
        classes = [labels[:n_classes]] * n_tasks
    y[rng.random(y.shape) < draw(st.sampled_from([0, 0.5, 1]))] = np.nan
    return y, outputs, classes


@given(data=scored(), metric=st.sampled_from(["auto", "loss"]))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_any_input_gives_a_score_in_its_range_or_a_counted_nan(data, metric):
    y, outputs, classes = data
    if metric == "loss":
        metric = {"classification": "neg_log_loss", "regression": "neg_brier"}
        if classes[0] is None:
            metric = "neg_mean_squared_error"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        scores = per_task_score(y, outputs, metric=metric, classes=classes)
    n_nan = sum(np.isnan(score) for score in scores.values())
    assert all(np.isnan(s) or s <= 1 for s in scores.values())
    messages = [str(w.message) for w in told]
    assert messages == [] if n_nan == 0 else f"{n_nan} of {len(scores)}" in messages[0]
    if n_nan < len(scores):
        observed = ~pd.isna(pd.DataFrame(y)).to_numpy()
        assert all(
            np.isnan(score) or observed[:, t].any()
            for t, score in enumerate(scores.values())
        )
