"""Outputs as scores, and scores of all tasks as columns."""

import numpy as np
import pytest
from scipy.special import logit

from sklearn_mtl.ensemble._scores import (
    SMALLEST,
    ScoreColumns,
    from_scores,
    to_scores,
)
from sklearn_mtl.tasks import TaskSet


def problem(n_samples=50):
    """Return tasks of two classes, three classes and values, and their outputs."""
    rng = np.random.default_rng(0)
    y = np.column_stack(
        [rng.integers(0, k, n_samples) for k in (2, 3)] + [rng.normal(size=n_samples)]
    )
    kinds = ["classification", "classification", "regression"]
    tasks = TaskSet.from_y(y, kind="mixed", task_types=kinds)[0].tasks
    outputs = [rng.dirichlet(np.ones(k), n_samples) for k in (2, 3)]
    return tasks, [*outputs, 5 + 2 * rng.normal(size=n_samples)]


def test_outputs_come_back_from_their_scores():
    tasks, outputs = problem()
    for task, output in zip(tasks, outputs, strict=True):
        back = from_scores(task, to_scores(task, output))
        np.testing.assert_allclose(back, output, rtol=1e-3, atol=3 * SMALLEST)


def test_scores_of_classes_are_logits_which_certain_ones_have_too():
    (binary, many, _), (proba, of_many, _) = problem()
    np.testing.assert_allclose(to_scores(binary, proba)[:, 0], logit(proba[:, 1]))
    np.testing.assert_allclose(to_scores(many, of_many), logit(of_many))
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    expected = [logit(SMALLEST), -logit(SMALLEST)]
    np.testing.assert_allclose(to_scores(binary, certain)[:, 0], expected)


def test_columns_have_mean_0_and_variance_1_and_a_missing_output_is_the_mean():
    tasks, outputs = problem()
    outputs[2][:10] = np.nan
    columns, values = ScoreColumns.learn(tasks, outputs)
    assert columns.task_of_column.tolist() == [0, 1, 1, 1, 2]
    assert (values[:10, 4] == 0.0).all()
    seen = values[10:, 4]
    assert seen.mean() == pytest.approx(0.0, abs=1e-12)
    assert seen.std() == pytest.approx(1.0)
    np.testing.assert_allclose(values[:, :4].std(axis=0), 1.0)
    np.testing.assert_allclose(columns.encode(tasks, outputs), values)


def test_new_outputs_stay_in_the_range_of_those_that_were_seen():
    tasks, outputs = problem()
    columns, values = ScoreColumns.learn(tasks, outputs)
    far = [outputs[0], outputs[1], np.full(50, 1e300)]
    found = columns.encode(tasks, far)
    assert (found[:, 4] == values[:, 4].max()).all()


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.MissingLabelWarning")
def test_constant_and_empty_tasks_have_no_column():
    y = np.column_stack([np.arange(20) % 2, np.ones(20), np.full(20, np.nan)])
    kinds = ["classification"] * 3
    task_set = TaskSet.from_y(
        y, kind="classification", task_types=kinds, on_empty_task="warn"
    )[0]
    outputs = [np.full((20, 2), 0.5), np.ones((20, 1)), np.empty((20, 0))]
    columns, values = ScoreColumns.learn(task_set.tasks, outputs)
    assert columns.task_of_column.tolist() == [0]
    assert (values == 0.0).all()  # constant outputs say nothing
