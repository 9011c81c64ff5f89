"""Tasks with which a model shares nothing get the same predictions as from its twin."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.comparison import compare
from sklearn_mtl.comparison.design._alone import tasks_alone
from sklearn_mtl.comparison.design._inputs import read_inputs
from sklearn_mtl.comparison.design._models import Situation
from sklearn_mtl.linear_model import (
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearMixedEstimatorCV,
)
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
CLASSES = (X @ RNG.normal(size=(3, 2)) > 0).astype(float)
VALUES = X @ RNG.normal(size=(3, 2)) + RNG.normal(size=(60, 2))
MIXED = MultiTaskLinearMixedEstimator()


def situation(*columns):
    y = np.column_stack(columns)
    return Situation(TaskSet.from_y(y, warn=False)[0], read_inputs(X), 0)


@pytest.mark.parametrize(
    "estimator",
    [
        MIXED,
        MultiTaskLinearMixedEstimatorCV(),
        make_pipeline(StandardScaler(), MIXED),
        GridSearchCV(make_pipeline(StandardScaler(), MIXED), {}),
    ],
    ids=["plain", "CV", "Pipeline", "search"],
)
def test_the_only_task_of_its_kind_shares_nothing_in_a_linear_model(estimator):
    assert tasks_alone(estimator, situation(CLASSES, VALUES[:, 0])) == ("task2",)
    assert tasks_alone(estimator, situation(CLASSES[:, 0], VALUES)) == ("task0",)
    assert tasks_alone(estimator, situation(CLASSES, VALUES)) == ()
    both = situation(CLASSES[:, 0], VALUES[:, 0])
    assert tasks_alone(estimator, both) == ("task0", "task1")


def test_models_that_share_across_kinds_share_with_every_task():
    assert tasks_alone(Ridge(), situation(CLASSES, VALUES[:, 0])) == ()


def test_a_single_task_shares_nothing():
    assert tasks_alone(Ridge(), situation(VALUES[:, 0])) == ("task0",)


def test_the_comparison_says_that_there_is_nothing_to_share():
    y = np.column_stack([CLASSES, VALUES[:, 0]])
    found = compare(X, y, ["shared-linear"], cv=3, learning_curve=[0.5])
    scores = found.measured.scores
    np.testing.assert_allclose(scores[1, :, 2], scores[0, :, 2])
    effects = {gain.task: gain.effect for gain in found.gains}
    assert effects["task2"] == "nothing to share"
    assert "nothing to share" not in (effects["task0"], effects["task1"])
    assert "; nothing to share for task2." in found.verdict
    assert "nothing to share" in found.to_text()
    curve = found.learning_curve.set_index(["task", "share"])["gain"]
    mean = (scores[1] - scores[0])[:, :2].mean() / found.tasks[0].unit
    np.testing.assert_allclose(curve["mean", 1.0], mean)
