import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_mtl.comparison.design._inputs import read_inputs
from sklearn_mtl.comparison.design._models import MODELS, Situation
from sklearn_mtl.comparison.design._resolve import resolve_models
from sklearn_mtl.ensemble import MultiTaskBlendClassifier
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import TaskSet

X = np.random.default_rng(0).normal(size=(30, 3))
CLASSES = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int)
MIXED = np.column_stack([CLASSES[:, 0], X[:, 1]])


def situation(y=CLASSES, inputs=X, **arguments):
    return Situation(TaskSet.from_y(y, **arguments)[0], read_inputs(inputs), 0)


def names(candidates):
    return [candidate.row.name for candidate in candidates]


def test_all_known_rows_come_by_default_each_shared_one_after_its_twin():
    rows = [candidate.row for candidate in resolve_models(None, situation())]
    assert [row.name for row in rows] == [
        "dummy",
        "linear",
        "forest",
        "boosting",
        "shared-linear, one per task",
        "shared-linear",
        "net, one per task",
        "net",
        "blend",
    ]
    shared = [row for row in rows if row.role == "shared"]
    assert [row.twin for row in shared] == [rows[4].name, rows[6].name, None]
    assert [row.role for row in rows if row.is_candidate] == ["dummy"] + ["single"] * 3


def test_a_twin_is_of_the_same_estimator():
    candidates = {c.row.name: c for c in resolve_models(None, situation())}
    for candidate in list(candidates.values()):
        if candidate.row.twin is not None:
            twin = candidates[candidate.row.twin].estimator
            assert isinstance(twin, IndependentTasks)
            assert twin.estimator is not candidate.estimator
            assert str(twin.estimator) == str(candidate.estimator)


def test_mixed_tasks_have_all_rows_too():
    mixed = names(resolve_models(None, situation(MIXED)))
    assert mixed == names(resolve_models(None, situation()))


@pytest.mark.parametrize("y", [CLASSES, MIXED, X[:, :2]])
@pytest.mark.parametrize(
    "name", [name for name in MODELS if name not in ("net", "blend")]
)
def test_known_rows_fit_and_predict(name, y):
    where = situation(y)
    for candidate in resolve_models([name], where):
        fitted = candidate.estimator.fit(X, y)
        assert fitted.predict(X).shape == (30, 2)


def test_known_rows_prepare_tables():
    table = np.column_stack([X.astype(object), np.array(["a", "b", None] * 10)])
    table[0, 0] = np.nan
    where = situation(inputs=table)
    for candidate in resolve_models(["dummy", "linear", "boosting"], where):
        assert not candidate.takes_raw
        assert isinstance(candidate.estimator, Pipeline)
        candidate.estimator.fit(where.inputs.X, CLASSES).predict(where.inputs.X)


def test_net_and_blend_prepare_tables_themselves():
    table = np.column_stack([X.astype(object), np.array(["a", "b", None] * 10)])
    where = situation(inputs=table)
    for candidate in resolve_models(["net", "blend"], where):
        assert not isinstance(candidate.estimator, Pipeline)
        assert not candidate.takes_raw


def test_a_blend_that_is_given_gets_a_twin():
    blend = MultiTaskBlendClassifier([("line", LogisticRegression())])
    twin, shared = resolve_models({"blend": blend}, situation())
    assert shared.row.twin == twin.row.name


def test_estimators_get_twins_unless_they_learn_apart():
    candidates = resolve_models(
        {
            "tree": DecisionTreeClassifier(),
            "apart": MultiOutputClassifier(LogisticRegression()),
            "pipe": make_pipeline(StandardScaler(), IndependentTasks(Ridge())),
        },
        situation(),
    )
    roles = {candidate.row.name: candidate.row.role for candidate in candidates}
    assert roles == {
        "tree, one per task": "twin",
        "tree": "shared",
        "apart": "single",
        "pipe": "single",
    }
    assert all(candidate.takes_raw for candidate in candidates)


def test_a_twin_knows_the_kinds_of_the_tasks():
    y = np.arange(60).reshape(30, 2) % 7
    where = situation(y, task_types="regression")
    twin = resolve_models({"ridge": Ridge()}, where)[0].estimator
    assert twin.task_types == ["regression", "regression"]


def test_forms_of_estimators():
    assert names(resolve_models("dummy", situation())) == ["dummy"]
    pairs = ["dummy", ("mine", DecisionTreeClassifier())]
    assert names(resolve_models(pairs, situation())) == [
        "dummy",
        "mine, one per task",
        "mine",
    ]
    alone = resolve_models(DecisionTreeClassifier(), situation())
    assert names(alone)[1] == "DecisionTreeClassifier"
    assert names(resolve_models({"base": "linear"}, situation())) == ["base"]


@pytest.mark.parametrize(
    ("estimators", "error", "message"),
    [
        (["tree"], ValueError, r"unknown model 'tree'. Known models: \['dummy'"),
        ([], ValueError, "estimators is empty"),
        (["dummy", "dummy"], ValueError, "several models have the name 'dummy'"),
        (
            {"automatically selected": "dummy"},
            ValueError,
            "the name 'automatically selected', which is reserved",
        ),
        ({"a": 3}, TypeError, "model 'a' is 3; it must be an estimator"),
        ({"a": Ridge}, TypeError, "it must be an estimator"),
        (7, TypeError, "estimators is a int; it must be a dict"),
    ],
)
def test_what_is_no_row_is_named(estimators, error, message):
    with pytest.raises(error, match=message):
        resolve_models(estimators, situation())
