"""Relations of tasks in the nets."""

import pickle
import re

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.modules import MLP, MixtureOfExperts
from tests.neural_network.nets import (
    EXACT,
    parameters,
    same_bits,
    table,
    tiny,
)
from tests.neural_network.test_heads import TRUNKS

X, Y = table()
PAIR = np.column_stack([Y[:, 0], X[:, 1] > 0])
TOGETHER = np.array([[0.0, 1.0], [1.0, 0.0]])


def gap(model):
    p, q = model.predict_proba(X)
    return np.mean((p - q) ** 2)


@pytest.mark.parametrize("head", ["linear", "mlp", "feedback"])
@pytest.mark.parametrize("on", ["outputs", "heads"])
@pytest.mark.parametrize("trunk", ["mlp", "mixture", "ple"])
def test_a_strong_relation_makes_tasks_alike(trunk, on, head):
    arguments = {"trunk": TRUNKS[trunk], "head": head, "max_epochs": 60, "lr": 0.02}
    arguments |= {"weight_decay": 0.0, **EXACT}
    free = tiny(MultiTaskClassifier, **arguments).fit(X, PAIR)
    bound = tiny(
        MultiTaskClassifier,
        task_relation=TOGETHER,
        relation_on=on,
        relation_strength=30.0,
        **arguments,
    ).fit(X, PAIR)
    if on == "outputs":
        assert gap(bound) < 0.1 * gap(free)
        return
    weights = [parameters(model)["heads.weight"][0] for model in (free, bound)]
    width = weights[0].shape[1] // 2
    gaps = [float((w[:, :width] - w[:, width:]).square().sum()) for w in weights]
    assert gaps[1] < 0.1 * gaps[0]


def test_what_is_learned_pulls_heads_and_what_is_given_outputs():
    for relation, on in [("learned", "heads"), (TOGETHER, "outputs")]:
        models = [
            tiny(MultiTaskClassifier, task_relation=relation, relation_on=where)
            for where in ("auto", on)
        ]
        assert same_bits(*(model.fit(X, PAIR) for model in models))


@pytest.mark.parametrize("balancing", ["sum", "uncertainty", "mgda"])
def test_no_method_weighs_the_relation(balancing):
    """Whatever the weights of the losses, a strong relation wins."""
    model = tiny(
        MultiTaskClassifier,
        balancing=balancing,
        task_relation=TOGETHER,
        relation_strength=100.0,
        max_epochs=60,
        lr=0.02,
        **EXACT,
    )
    assert gap(model.fit(X, PAIR)) < 0.01


@pytest.mark.parametrize("gramian", ["features", "shared"])
def test_the_gramian_is_of_the_losses_alone(gramian):
    def weights(strength):
        model = tiny(
            MultiTaskClassifier,
            balancing="mgda",
            gramian=gramian,
            task_relation=TOGETHER,
            relation_strength=strength,
            **{**EXACT, "max_epochs": 1},
        )
        return model.fit(X, PAIR).history_["task_weight"]

    np.testing.assert_array_equal(weights(0.0), weights(100.0))


@pytest.mark.parametrize("on", ["outputs", "heads"])
def test_a_relation_of_strength_zero_is_none(on):
    arguments = {"task_relation": "learned", "relation_on": on}
    plain = tiny(MultiTaskClassifier).fit(X, PAIR)
    model = tiny(MultiTaskClassifier, relation_strength=0.0, **arguments)
    assert same_bits(model.fit(X, PAIR), plain)
    assert model.task_relation_.shape == (2, 2)


def test_the_relation_that_was_given_is_that_of_the_fitted_net():
    model = tiny(MultiTaskClassifier, task_relation=TOGETHER).fit(X, PAIR)
    np.testing.assert_array_equal(model.task_relation_, TOGETHER)
    message = "MultiTaskClassifier: task_relation_ is not available"
    with pytest.raises(AttributeError, match=message):
        _ = tiny(MultiTaskClassifier).fit(X, PAIR).task_relation_


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("on", ["outputs", "heads"])
def test_a_learned_relation_finds_what_belongs_together(on, n_members):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6))
    one, other = X @ rng.normal(size=(2, 6)).T @ np.eye(2)[:, :, None]
    noise = rng.normal(size=(400, 4))
    y = np.column_stack([one, one, other, -one])[:, :4] + 0.1 * noise
    model = tiny(
        MultiTaskRegressor,
        task_relation="learned",
        relation_on=on,
        relation_strength=1e-3,
        n_members=n_members,
        max_epochs=30,
        lr=0.01,
    ).fit(X, y)
    omega = model.task_relation_
    np.testing.assert_allclose(omega, omega.T, atol=1e-6)
    np.testing.assert_allclose(np.trace(omega), 1.0, rtol=1e-5)
    deviation = np.sqrt(np.diag(omega))
    correlation = omega / np.outer(deviation, deviation)
    assert correlation[0, 1] > 0.7
    assert correlation[0, 3] < -0.7
    assert abs(correlation[0, 2]) < 0.6


def test_tasks_of_other_shapes_are_in_no_learned_relation():
    y = np.column_stack([Y, X[:, 3] > 0])
    model = tiny(MultiTaskMixedEstimator, task_relation="learned", relation_on="heads")
    found = model.fit(X, y).task_relation_
    assert found[0, 3] != 0
    assert (found[[1, 2]] == 0).all()


@pytest.mark.parametrize("pair", [(0, 3), (2, 4)])
def test_the_pair_that_is_named_is_pulled_together_and_no_other(pair):
    y = np.column_stack([Y, X[:, 3] > 0, X[:, 3]])  # other places than in the net
    A = np.zeros((5, 5))
    A[pair] = A[pair[::-1]] = 1.0
    model = tiny(
        MultiTaskMixedEstimator,
        task_relation=A,
        relation_strength=100.0,
        max_epochs=60,
        lr=0.02,
        **EXACT,
    ).fit(X, y)
    outputs = model._task_outputs(X)
    for t in (2, 4):  # standardised
        outputs[t] = (outputs[t] - y[:, t].mean()) / y[:, t].std()
    gaps = {
        (s, t): np.mean((outputs[s] - outputs[t]) ** 2) for s, t in [(0, 3), (2, 4)]
    }
    other = next(each for each in gaps if each != pair)
    assert gaps[pair] < 0.05
    assert gaps[other] > 0.1


@pytest.mark.parametrize(
    ("relation", "message"),
    [
        (
            np.ones((2, 2)),
            "task_relation has shape (2, 2) for 3 tasks; it must be",
        ),
        (-np.eye(3), "task_relation must be finite and not negative."),
        (np.full((3, 3), np.nan), "task_relation must be finite and not negative."),
        (
            [[0, 1, 0], [0, 0, 0], [0, 0, 0]],
            "task_relation must be symmetric; got 1 at [0, 1] and 0 at [1, 0].",
        ),
        (
            [[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]],
            "task_relation relates task 'task0' (binary) and task 'task1' (multiclass "
            "of 3 classes) by 0.5, but their outputs differ in shape. The entry must ",
        ),
        (
            "learned",
            "task_relation='learned' requires tasks with outputs of equal shape, but ",
        ),
    ],
)
@pytest.mark.parametrize("on", ["outputs", "heads"])
def test_a_relation_that_cannot_be_is_explained(relation, message, on):
    model = tiny(MultiTaskMixedEstimator, task_relation=relation, relation_on=on)
    message = re.escape(f"MultiTaskMixedEstimator: {message}")
    with pytest.raises(TaskError, match=f"^{message}"):
        model.fit(X, Y)


def test_a_task_that_is_constant_is_left_alone():
    y = np.column_stack([PAIR, np.ones(120)])
    model = tiny(MultiTaskClassifier, task_relation=np.ones((3, 3)))
    with pytest.warns(UserWarning, match="single class"):
        model.fit(X, y)
    np.testing.assert_array_equal(model.task_relation_[2], 0)


@pytest.mark.parametrize("on", ["outputs", "heads"])
def test_one_task_has_no_relation(on):
    model = tiny(MultiTaskClassifier, task_relation="learned", relation_on=on)
    plain = tiny(MultiTaskClassifier)
    assert same_bits(model.fit(X, Y[:, 0]), plain.fit(X, Y[:, 0]))


@pytest.mark.parametrize("on", ["outputs", "heads"])
@pytest.mark.parametrize("relation", [TOGETHER, "learned"], ids=["given", "learned"])
def test_a_net_with_a_relation_is_pickled_cloned_and_goes_on(relation, on):
    model = tiny(
        MultiTaskClassifier, task_relation=relation, relation_on=on, shared_penalty=1e-3
    ).fit(X, PAIR)
    again = pickle.loads(pickle.dumps(model))
    assert same_bits(model, again)
    assert same_bits(model, clone(model).fit(X, PAIR))
    again.set_params(warm_start=True, relation_strength=1.0).fit(X, PAIR)
    again.partial_fit(X, PAIR)
    assert np.isfinite(again.task_relation_).all()


def test_a_penalty_shrinks_the_shared_layers_alone():
    arguments = {"max_epochs": 60, "lr": 0.02, "weight_decay": 0.0, **EXACT}
    free = parameters(tiny(MultiTaskClassifier, **arguments).fit(X, PAIR))
    model = tiny(MultiTaskClassifier, shared_penalty=0.1, **arguments).fit(X, PAIR)
    bound = parameters(model)
    assert bound["trunk.0.weight"].norm() < 0.5 * free["trunk.0.weight"].norm()
    assert bound["heads.weight"].norm() > 0.8 * free["heads.weight"].norm()


def test_private_parts_are_not_penalised():
    model = tiny(
        MultiTaskClassifier,
        trunk=TRUNKS["private"],
        optimizer="sgd",
        lr=0.1,
        weight_decay=0.0,
        **{**EXACT, "max_epochs": 1},
    )
    plain = parameters(clone(model).fit(X, PAIR))
    moved = parameters(model.set_params(shared_penalty=1.0).fit(X, PAIR))
    shared = {id(p) for p in model.net_.module_.shared_parameters()}
    for name, parameter in model.net_.module_.named_parameters():
        # the factors of the inputs start where their penalty is 0
        is_penalised = id(parameter) in shared and name.endswith("weight")
        assert torch.equal(moved[name], plain[name]) != is_penalised


def test_relations_are_searchable_with_trunks_and_balancing():
    model = tiny(MultiTaskClassifier, max_epochs=2)
    grid = {
        "task_relation": [None, TOGETHER, "learned"],
        "relation_on": ["outputs", "heads"],
        "trunk": [MLP((6,)), MixtureOfExperts(2, (6,))],
        "balancing": ["sum", "upgrad"],
    }
    search = GridSearchCV(
        model, grid, scoring=per_task_scorers(), refit="mean", cv=2, error_score="raise"
    ).fit(X, PAIR)
    assert len(search.cv_results_["params"]) == 24
