import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from sklearn_mtl.comparison.design._scoring import TaskScores, describe_tasks
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
Y = pd.DataFrame(
    {
        "ill": RNG.integers(0, 2, 60).astype(float),
        "kind": RNG.choice(["a", "b", "c"], 60),
        "dose": RNG.normal(size=60),
    }
)
Y.loc[:9, "ill"] = np.nan


def describe(y=Y, scoring=None, **arguments):
    tasks, codes = TaskSet.from_y(y, warn=False, on_empty_task="warn", **arguments)
    return describe_tasks(tasks, codes, scoring)


def test_default_scores_fit_rare_classes():
    rows = describe()
    assert [row.metric for row in rows] == ["roc_auc", "balanced_accuracy", "r2"]
    assert [row.second_metric for row in rows] == ["neg_log_loss", "neg_log_loss", None]
    assert [row.n_labels for row in rows] == [50, 60, 60]
    assert [row.n_classes for row in rows] == [2, 3, 0]


def test_scoring_by_name_and_kind_keeps_the_rest():
    rows = describe(scoring={"ill": "average_precision", "regression": "r2"})
    assert [r.metric for r in rows] == ["average_precision", "balanced_accuracy", "r2"]
    assert {row.second_metric for row in rows} == {None}
    assert describe(Y[["kind"]], "accuracy")[0].metric == "accuracy"


def test_scores_are_scikit_learn_s_over_observed_cells():
    y = Y[["ill", "kind"]]
    X = RNG.normal(size=(60, 2))
    model = IndependentTasks(DecisionTreeClassifier(max_depth=2, random_state=0))
    model.fit(X, y)
    scores = TaskScores(describe(y))
    seen = y["ill"].notna().to_numpy()
    first, second = scores.first(model, X, y), scores.second(model, X, y)
    proba = model.predict_proba(X)
    predicted = model.predict(X)[:, 1].astype(str)
    np.testing.assert_allclose(
        first,
        [
            roc_auc_score(y["ill"][seen], proba[0][seen, 1]),
            balanced_accuracy_score(y["kind"], predicted),
        ],
    )
    losses = [
        log_loss(y["ill"][seen], proba[0][seen]),
        log_loss(y["kind"], proba[1]),
    ]
    np.testing.assert_allclose(second, np.negative(losses))


def test_without_second_scores_there_are_only_gaps():
    model = IndependentTasks(DummyClassifier()).fit(np.zeros((60, 1)), Y[["ill"]])
    scores = TaskScores(describe(Y[["ill"]], "roc_auc"))
    assert np.isnan(scores.second(model, np.zeros((60, 1)), Y[["ill"]])).all()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (pd.DataFrame({"a": ["x"] * 4}), "task 'a' has the single class 'x'; at"),
        (pd.DataFrame({"a": [0.5] * 4}), "all labels of task 'a' are 0.5; a"),
        *(
            (pd.DataFrame({name: [0, 1]}), f"a task has the name '{name}', which is a")
            for name in ("mean", "model", "fit seconds", "gain from sharing low")
        ),
    ],
)
def test_tasks_that_no_score_can_judge_are_refused(y, message):
    with pytest.raises(TaskError, match=message):
        describe(y)


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("speed", "unknown metric 'speed'"),
        ("roc_auc", "task 'dose' is a regression task, which 'roc_auc' cannot score"),
        ({"multiclass": "log_loss"}, "'log_loss' is an error"),
        ({"ward": "roc_auc"}, "unknown tasks .*The kinds"),
    ],
)
def test_scores_that_do_not_fit_are_refused(scoring, message):
    with pytest.raises(TaskError, match=message):
        describe(scoring=scoring)
