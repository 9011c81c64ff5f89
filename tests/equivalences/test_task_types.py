"""What a task is does not change between folds, or a warning says that it may."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.model_selection import cross_validate as sklearn_cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks, MultiTaskMixedEstimator
from sklearn_mtl.comparison import compare
from sklearn_mtl.ensemble import (
    MultiTaskBlendMixedEstimator,
    MultiTaskForestMixedEstimator,
    distill,
)
from sklearn_mtl.exceptions import TaskTypeWarning
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.inspection import MultiTaskLearningCurveDisplay
from sklearn_mtl.linear_model import MultiTaskLinearMixedEstimator
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import cross_val_predict, cross_validate
from tests.zoo import MIXED, SMALL_FOREST

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3))
# the first fold has the only labels above 19, so the others have 20 different ones
COUNT = np.r_[[20.0, 21.0], np.arange(148) % 20]
Y = pd.DataFrame({"count": COUNT, "flag": (X[:, 0] > 0).astype(float)})
CV = KFold(3)
TYPES = ["regression", "classification"]

ignored = pytest.mark.filterwarnings(
    "ignore::sklearn_mtl.exceptions.UnseenLabelWarning",
    "ignore::sklearn_mtl.exceptions.MissingLabelWarning",
)


def types_of(model):
    return [task.type for task in model.task_set_.tasks]


@ignored
@pytest.mark.parametrize("name", MIXED)
def test_a_close_call_is_said_once_and_task_types_end_it(name):
    with pytest.warns(TaskTypeWarning, match="'count' has 22 .* task_types=") as caught:
        model = MIXED[name]().fit(X, Y)
    assert len(caught) == 1
    assert types_of(model) == TYPES
    for told in ("regression", "classification"):
        model = MIXED[name]()
        if "task_types" in model.get_params():
            model.set_params(task_types={"count": told})
        else:
            model.set_params(estimator__task_types={"count": told})
        assert types_of(model.fit(X, Y))[0] == told


@ignored
@pytest.mark.parametrize("name", MIXED)
def test_folds_of_scikit_learn_are_told(name):
    with pytest.warns(TaskTypeWarning, match="task_types="):
        sklearn_cross_validate(MIXED[name](), X, Y, cv=CV, error_score="raise")


@pytest.mark.parametrize("name", MIXED)
def test_cross_validation_decides_once(name):
    with pytest.warns(TaskTypeWarning, match="^cross_validate: task 'count' has 22"):
        found = cross_validate(MIXED[name](), X, Y, cv=CV, return_estimator=True)
    for model in found["estimator"]:
        assert types_of(model) == TYPES
    assert not np.isnan(found["test_mean"]).any()


def test_the_end_of_a_pipeline_is_told_too():
    model = make_pipeline(StandardScaler(), MultiTaskLinearMixedEstimator())
    with pytest.warns(TaskTypeWarning, match="cross_val_predict"):
        predicted = cross_val_predict(model, X, Y, cv=CV)
    # values between the whole numbers, in every fold
    assert all((predicted[rows, 0] % 1 != 0).any() for _, rows in CV.split(X))


def test_what_is_for_one_type_stays_so():
    only = IndependentTasks(LogisticRegression())
    found = cross_validate(
        only, X, Y, cv=CV, return_estimator=True, scoring=lambda *_: 0.0
    )
    for model in found["estimator"]:
        assert types_of(model) == ["classification"] * 2
    special = IndependentTasks(
        classifier=LogisticRegression(),
        regressor=Ridge(),
        by_task={"count": LogisticRegression()},
    )
    found = cross_validate(
        special, X, Y, cv=CV, return_estimator=True, scoring=lambda *_: 0.0
    )
    assert types_of(found["estimator"][0]) == ["classification"] * 2


@ignored
def test_a_comparison_and_a_search_decide_once():
    models = [
        ("forest", MultiTaskForestMixedEstimator(**SMALL_FOREST)),
        (
            "blend",
            MultiTaskBlendMixedEstimator(
                [("a", MultiTaskForestMixedEstimator(**SMALL_FOREST))]
            ),
        ),
    ]
    with pytest.warns(TaskTypeWarning, match="^compare: task 'count'"):
        found = compare(X, Y, models, cv=CV)
    assert not found.problems
    assert np.isfinite(found.table["count"]).all()
    search = TaskGroupSearchCV(
        MultiTaskForestMixedEstimator(**SMALL_FOREST), method="gain", cv=CV
    )
    with pytest.warns(TaskTypeWarning, match="^TaskGroupSearchCV: .*'count'") as caught:
        search.fit(X, Y)
    assert len(caught) == 1
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_members_of_a_blend_learn_in_folds_what_the_blend_learns():
    members = [
        ("linear", MultiTaskLinearMixedEstimator()),
        ("forest", MultiTaskForestMixedEstimator(**SMALL_FOREST)),
    ]
    with pytest.warns(TaskTypeWarning) as caught:
        blend = MultiTaskBlendMixedEstimator(members, cv=CV).fit(X, Y)
    assert len(caught) == 1
    out_of_fold = blend.member_oof_predictions_["linear"][0]
    assert out_of_fold.shape == (150,)
    assert (out_of_fold % 1 != 0).mean() > 0.9


def test_a_student_learns_the_types_of_its_teacher():
    teacher = MultiTaskForestMixedEstimator(
        task_types={"count": "classification"}, **SMALL_FOREST
    )
    student = MultiTaskLinearMixedEstimator()
    student = distill(teacher.fit(X, Y), X, student=student)
    assert types_of(student)[0] == "classification"


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.TaskTypeWarning")
def test_a_learning_curve_decides_once():
    model = MultiTaskMixedEstimator(max_epochs=2, n_members=1, random_state=0)
    shown = MultiTaskLearningCurveDisplay.from_estimator(
        model, X, Y, train_sizes=[20, 100], cv=CV, random_state=0
    )
    # and no label is unseen, as classes would be
    assert np.isfinite(shown.scores).all()


def test_a_metric_that_depends_on_the_type_says_so():
    with pytest.warns(TaskTypeWarning, match="^per_task_score: task 'count' has 22"):
        per_task_score(Y, Y)
    per_task_score(Y[["count"]], Y[["count"]], metric="r2")
    per_task_score(Y, Y, task_types={"count": "regression"})
