from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.comparison.design._inputs import read_inputs
from sklearn_mtl.comparison.design._models import MODELS, Situation
from sklearn_mtl.modules import MLP, Conv
from sklearn_mtl.tasks import TaskSet

CLASSES = np.tile([[0, 1], [1, 2], [0, 0]], (4, 1))
VALUES = np.linspace(0, 1, 24).reshape(12, 2)


def situation(y, X=VALUES):
    return Situation(TaskSet.from_y(y)[0], read_inputs(X), 5)


@pytest.mark.parametrize(
    ("y", "problem", "name"),
    [
        (CLASSES, "classification", "Classifier"),
        (VALUES, "regression", "Regressor"),
        (np.column_stack([CLASSES[:, 0], VALUES]), "mixed", "MixedEstimator"),
    ],
)
@pytest.mark.parametrize(
    ("row", "prefix"), [("net", "MultiTask"), ("blend", "MultiTaskBlend")]
)
def test_net_and_blend_are_those_of_the_problem(y, problem, name, row, prefix):
    where = situation(y)
    assert where.problem == problem
    model = MODELS[row].make(where)
    assert type(model).__name__ == prefix + name
    assert model.random_state == 5
    if problem == "mixed":
        assert model.task_types == ["classification", "regression", "regression"]


def test_net_and_blend_have_the_trunk_that_is_given():
    trunk = MLP((7,))
    where = replace(situation(CLASSES), trunk=trunk)
    net, blend = (MODELS[name].make(where) for name in ("net", "blend"))
    assert net.trunk is trunk
    assert [name for name, _ in blend.estimators] == [
        "net",
        "forest",
        "linear",
        "boosting",
    ]
    assert blend.get_params()["net__trunk"] is trunk
    assert MODELS["net"].make(situation(CLASSES)).trunk is None


@pytest.mark.parametrize(
    ("trunk", "n_members"), [(MLP((7,)), "auto"), (Conv((1, 4, 4)), 3)]
)
def test_the_net_of_a_blend_has_members_that_hold_out_folds(trunk, n_members):
    blend = MODELS["blend"].make(replace(situation(CLASSES), trunk=trunk))
    assert blend.get_params()["net__n_members"] == n_members


def test_boosting_knows_which_columns_are_categories():
    table = np.array([["a", 1.0, "c"], ["b", 2.0, None]], dtype=object)
    model = MODELS["boosting"].make(situation(CLASSES[:2], table))
    assert model.classifier.categorical_features == [0, 1]
    assert (
        MODELS["boosting"]
        .make(situation(CLASSES))
        .classifier.get_params()["categorical_features"]
        is None
    )


def test_tasks_without_a_label_in_a_training_part_are_allowed():
    for name in ("dummy", "linear", "net", "blend"):
        assert MODELS[name].make(situation(CLASSES)).on_empty_task == "warn"


@pytest.mark.parametrize("name", ["linear", "forest", "boosting", "shared-linear"])
def test_the_unit_of_a_target_does_not_matter(name):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    y = X[:, :2] + 0.1 * rng.standard_normal((60, 2))
    model = MODELS[name].make(situation(y, X))
    expected = model.fit(X, y).predict(X)
    assert np.ptp(expected[:, 1]) > 1.0
    for factors in ([1.0, 1e-9], [1.0, 1e9]):
        found = model.fit(X, y * factors).predict(X) / factors
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
