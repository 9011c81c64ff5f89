import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mean_pinball_loss

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import mean_task_score, per_task_score

LEVELS = [0.1, 0.5, 0.9]


@pytest.fixture
def values():
    """Values of two regressions with gaps, their quantiles, and weights."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=(100, 2)) * [1.0, 5.0]
    y[rng.random(y.shape) < 0.2] = np.nan
    middle = rng.normal(size=(100, 2, 1)) * 0.3
    quantiles = middle + np.array([-1.5, 0.0, 1.5]) * np.array([1.0, 4.0])[:, None]
    return y, quantiles, rng.uniform(0.5, 2.0, size=y.shape)


@pytest.mark.parametrize("metric", ["coverage", "interval_coverage"])
def test_coverage_is_the_share_of_labels_inside(values, metric):
    y, quantiles, w = values
    found = per_task_score(y, quantiles[:, :, [0, 2]], metric=metric, sample_weight=w)
    for t, score in enumerate(found.values()):
        seen = ~np.isnan(y[:, t])
        low, high = quantiles[seen, t, 0], quantiles[seen, t, 2]
        is_in = (low <= y[seen, t]) & (y[seen, t] <= high)
        assert score == pytest.approx(np.average(is_in, weights=w[seen, t]))
        assert 0.5 < score < 1


@pytest.mark.parametrize("metric", ["mean_width", "interval_width"])
def test_width_is_the_mean_over_labelled_samples(values, metric):
    y, quantiles, w = values
    found = per_task_score(y, quantiles[:, :, [0, 2]], metric=metric, sample_weight=w)
    assert found == pytest.approx({"task0": 3.0, "task1": 12.0})
    alone = per_task_score(y[:, 0], quantiles[:, 0, [0, 2]], metric=metric)
    assert alone == {"task0": pytest.approx(3.0)}


def test_the_ends_of_an_interval_are_in_it():
    ends = np.array([[0.0, 1.0], [0.0, 1.0], [-np.inf, np.inf]])
    y = np.array([0.0, 1.0, 7.5])
    assert per_task_score(y, ends, metric="interval_coverage") == {"task0": 1.0}


def test_pinball_is_scikit_learns_mean_over_levels(values):
    y, quantiles, w = values
    found = per_task_score(
        y, quantiles, metric="pinball", levels=LEVELS, sample_weight=w
    )
    for t, score in enumerate(found.values()):
        seen = ~np.isnan(y[:, t])
        losses = [
            mean_pinball_loss(
                y[seen, t], quantiles[seen, t, q], sample_weight=w[seen, t], alpha=level
            )
            for q, level in enumerate(LEVELS)
        ]
        assert score == pytest.approx(np.mean(losses))
    mean = mean_task_score(
        y, quantiles, metric="pinball", levels=LEVELS, sample_weight=w
    )
    assert mean == pytest.approx(np.mean(list(found.values())))


@pytest.mark.parametrize("levels", [None, [], [0.0, 0.5], ["a"], [[0.1, 0.5, 0.9]]])
def test_pinball_without_levels_between_0_and_1_is_refused(values, levels):
    with pytest.raises(ValueError, match=r"requires levels|levels must contain"):
        per_task_score(*values[:2], metric="pinball", levels=levels)


def test_levels_of_another_number_are_refused(values):
    with pytest.raises(TaskError, match="3 quantiles for each sample, but there are 2"):
        per_task_score(*values[:2], metric="pinball", levels=[0.1, 0.9])


def sets():
    """Labels of two classifications, and sets of their classes."""
    y = pd.DataFrame({"a": list("xyzx"), "b": [0.0, 1.0, np.nan, 1.0]})
    of_a = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 1], [0, 1, 1]], dtype=bool)
    of_b = np.array([[1, 0], [1, 1], [0, 0], [1, 0]], dtype=bool)
    return y, [of_a, of_b]


def test_sets_hold_the_label_or_not():
    y, given = sets()
    assert per_task_score(y, given, metric="coverage") == {
        "a": 0.5,
        "b": pytest.approx(2 / 3),
    }
    assert per_task_score(y, given, metric="set_size") == {
        "a": 2.0,
        "b": pytest.approx(4 / 3),
    }
    w = np.array([3.0, 0.0, 0.0, 1.0])
    classes = {"a": list("xyz"), "b": [0.0, 1.0]}
    found = per_task_score(
        y, given, metric="coverage", sample_weight=w, classes=classes
    )
    assert found == {"a": 0.75, "b": 0.75}


def test_a_label_that_no_set_knows_is_not_covered():
    y, given = sets()
    with pytest.warns(UserWarning, match=r"\['y'\]"):
        found = per_task_score(
            y["a"], given[0][:, [0, 2]], metric="coverage", classes=["x", "z"]
        )
    assert found == {"a": 0.5}


def test_tasks_that_have_nothing_of_the_kind_are_nan_and_said():
    y = np.array([[0, 1.5], [1, 2.5], [1, np.nan]])
    intervals = np.full((3, 2, 2), np.nan)
    intervals[:, 1] = [1.0, 2.0]
    given = {"metric": "interval_coverage", "task_types": ["classification"] * 2}
    given["task_types"][1] = "regression"
    with pytest.raises(TaskError, match="cannot score"):  # asked for by one name
        per_task_score(y, intervals, **given)
    with pytest.warns(UndefinedMetricWarning, match=r"1 of 2 .* NaN: \['task0'\]"):
        found = per_task_score(y, intervals, metric="coverage")
    assert found == pytest.approx({"task0": np.nan, "task1": 0.5}, nan_ok=True)
    sets = [np.array([[1, 0], [1, 1], [1, 0]], dtype=bool), None]
    with pytest.warns(UndefinedMetricWarning, match=r"1 of 2 .* NaN: \['task1'\]"):
        found = per_task_score(y, sets, metric="coverage")
    assert found == pytest.approx({"task0": 2 / 3, "task1": np.nan}, nan_ok=True)


def test_whole_numbers_with_intervals_are_values():
    y = np.array([0.0, 1.0, 2.0, 3.0])
    intervals = np.stack([y - 0.5, y + 0.25], axis=1)[:, None]
    found = per_task_score(y[:, None], intervals, metric="mean_width")
    assert found == {"task0": 0.75}


@pytest.mark.parametrize(
    ("metric", "given", "said"),
    [
        ("coverage", np.zeros(3), "requires an interval for each sample"),
        ("interval_width", np.zeros((3, 4)), "have 4 columns; there must be two"),
        ("r2", np.zeros((3, 2)), "is a regression task, but y_pred has 2 columns"),
    ],
)
def test_other_predictions_are_refused(metric, given, said):
    with pytest.raises(TaskError, match=f"task 'task0'.*{said}"):
        per_task_score(np.array([0.5, 1.5, 2.5]), given, metric=metric)


def test_the_mean_over_tasks_warns_of_units(values):
    y, quantiles, _ = values
    y[:, 1] *= 100
    found = mean_task_score(y, quantiles[:, :, [0, 2]], metric="interval_coverage")
    assert 0 < found < 1
    with pytest.warns(UserWarning, match="the units of the tasks"):
        mean_task_score(y, quantiles[:, :, [0, 2]], metric="interval_width")


class TestSeveralMetrics:
    def data(self):
        rng = np.random.default_rng(0)
        y = (rng.random((50, 2)) < 0.4) * 1.0
        y[rng.random(y.shape) < 0.2] = np.nan
        proba = [np.column_stack([1 - p, p]) for p in rng.random((2, 50))]
        return y, proba

    def test_a_list_gives_what_each_gives(self):
        y, proba = self.data()
        names = ["log_loss", "brier", "ece", "roc_auc", "accuracy", "auto"]
        found = per_task_score(y, proba, metric=names)
        expected = {
            f"{name}_{task}": score
            for name in names
            for task, score in per_task_score(y, proba, metric=name).items()
        }
        assert found == expected
        assert list(found)[:2] == ["log_loss_task0", "log_loss_task1"]

    @pytest.mark.parametrize(
        ("metrics", "said"),
        [
            ([], "at least one"),
            (["f1", "f1"], "different names"),
            ([{"task0": "f1"}], "a list of metrics must not contain a dict"),
            (["f1", "auc"], "unknown metric 'auc'"),
        ],
    )
    def test_lists_that_make_no_sense_are_refused(self, metrics, said):
        with pytest.raises(TaskError, match=said):
            per_task_score(*self.data(), metric=metrics)
