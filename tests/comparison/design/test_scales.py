"""Means over tasks are of skills: 0 for a constant prediction, 1 for a perfect one."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
)
from sklearn.metrics import log_loss as sklearn_log_loss

from sklearn_mtl.comparison.design._scoring import describe_tasks
from sklearn_mtl.comparison.results._rows import skills
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
ILL = (RNG.random(80) < 0.3).astype(float)
KIND = RNG.choice(["a", "b", "c"], 80)
DOSE = RNG.gamma(2, size=80)
Y = pd.DataFrame({"ill": ILL, "kind": KIND, "dose": DOSE})


def scales(scoring, y=Y):
    tasks, codes = TaskSet.from_y(y, warn=False)
    return {row.name: row for row in describe_tasks(tasks, codes, scoring)}


def test_default_scores_run_from_a_constant_to_perfect():
    rows = scales(None)
    assert (rows["ill"].zero, rows["ill"].unit) == (0.5, 0.5)
    assert rows["kind"].zero == pytest.approx(1 / 3)
    assert rows["kind"].unit == pytest.approx(2 / 3)
    assert (rows["dose"].zero, rows["dose"].unit) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("metric", "constant"),
    [
        ("neg_mean_squared_error", -mean_squared_error(DOSE, np.full(80, DOSE.mean()))),
        ("r2", 0.0),
        ("d2_absolute_error_score", 0.0),
    ],
)
def test_a_constant_value_has_skill_zero(metric, constant):
    row = scales({"regression": metric})["dose"]
    assert row.zero == pytest.approx(constant, abs=1e-12)
    assert row.zero + row.unit == (0 if metric.startswith("neg_") else 1)


def test_the_median_is_the_constant_of_the_absolute_error():
    row = scales({"regression": "neg_mean_absolute_error"})["dose"]
    median = DummyRegressor(strategy="median").fit(DOSE, DOSE).predict(DOSE)
    assert row.zero == pytest.approx(-mean_absolute_error(DOSE, median))
    assert row.unit == -row.zero


@pytest.mark.parametrize(
    ("metric", "constant"),
    [
        ("accuracy", 1 - ILL.mean()),
        ("average_precision", average_precision_score(ILL, np.ones(80))),
        ("f1", f1_score(ILL, np.ones(80))),
        ("neg_log_loss", -sklearn_log_loss(ILL, np.full(80, ILL.mean()))),
        ("matthews_corrcoef", 0.0),
    ],
)
def test_a_constant_class_has_skill_zero(metric, constant):
    row = scales({"binary": metric})["ill"]
    assert row.zero == pytest.approx(constant)
    perfect = 0 if metric.startswith("neg_") else 1
    assert row.zero + row.unit == pytest.approx(perfect)


def test_one_metric_in_one_unit_needs_no_scale():
    y = pd.DataFrame({"a": DOSE, "b": 3 * DOSE})
    for metric in ("r2", "neg_mean_absolute_error"):
        rows = scales(metric, y).values()
        assert {(row.zero, row.unit) for row in rows} == {(0.0, 1.0)}


def test_skills_are_linear_in_the_scores():
    rows = [*scales(None).values()]
    constant = [row.zero for row in rows]
    perfect = [row.zero + row.unit for row in rows]
    np.testing.assert_allclose(
        skills(np.array([constant, perfect]), rows), [[0, 0, 0], [1, 1, 1]]
    )
