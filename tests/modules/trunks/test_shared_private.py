import re

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.modules import MLP, SharedPrivate
from sklearn_mtl.modules.trunks._shared_private import mean_squared_correlation
from tests.modules.trunk_cases import (
    EXACT,
    built,
    drawn_heads,
    one_step,
    rows,
    table,
)

SMALL = SharedPrivate((8, 4), private_layer_sizes=(3,))


def test_a_task_reads_the_shared_part_and_its_own():
    trunk, x = built(SMALL, n_members=2), rows(n_members=2)
    shared, private = trunk.shared(x), trunk.private(x)
    z = trunk.gather(trunk(x))
    assert z.shape == (2, 3, 6, 7)
    for t in range(3):
        assert torch.equal(z[:, t], torch.cat([shared, private[:, t]], dim=-1))
    assert torch.equal(trunk.share(trunk(x)), shared)
    assert shared.shape[-1] == trunk.n_shared


@pytest.mark.parametrize("blocks", [[(3, 1, False)], [(1, 1, False), (2, 3, True)]])
def test_heads_read_both_parts(blocks):
    trunk, x = built(SMALL, n_members=2), rows(n_members=2)
    heads, parts = drawn_heads(2, 7, blocks), trunk(x)
    torch.testing.assert_close(
        trunk.apply_heads(parts, heads), heads(trunk.gather(parts))
    )


@pytest.mark.parametrize("n_weighted", [50, 30])
def test_the_penalty_is_the_mean_squared_correlation(n_weighted):
    a = rows(50, 3, n_members=2)
    b = rows(50, 4, n_members=4, seed=4).view(2, 2, 50, 4) + a[:, None, :, :1]
    weights = torch.zeros(2, 50, dtype=torch.float64)
    weights[:, :n_weighted] = 2.0
    found = mean_squared_correlation(a, b, weights)
    for m in range(2):
        for t in range(2):
            both = torch.cat([a[m], b[m, t]], dim=1)[:n_weighted]
            correlation = np.corrcoef(both.numpy(), rowvar=False)[:3, 3:]
            assert float(found[m, t]) == pytest.approx((correlation**2).mean())


def test_a_weight_of_two_is_a_row_twice():
    a, b = rows(6, 3), rows(6, 4, seed=4)[:, None]
    twice = [0, 0, 1, 2, 3, 4, 5]
    weights = torch.ones(1, 6, dtype=torch.float64)
    weights[0, 0] = 2.0
    torch.testing.assert_close(
        mean_squared_correlation(a, b, weights),
        mean_squared_correlation(
            a[:, twice], b[:, :, twice], torch.ones(1, 7, dtype=torch.float64)
        ),
    )


def test_what_does_not_vary_is_correlated_with_nothing():
    a = torch.ones(1, 6, 3, dtype=torch.float64, requires_grad=True)
    weights = torch.ones(1, 6, dtype=torch.float64)
    found = mean_squared_correlation(a, rows(6, 4)[:, None], weights)
    found.sum().backward()
    assert float(found.detach()) < 1e-20
    assert torch.isfinite(a.grad).all()
    assert mean_squared_correlation(a, a[:, None], 0 * weights).tolist() == [[0.0]]


def test_the_objective_is_the_sum_of_losses_and_penalty():
    """One plain gradient step moves parameters by the gradient of the formula."""
    X, y = table()
    y = np.nan_to_num(y[:, [2, 0]])
    spec = clone(SMALL).set_params(orthogonality=0.5)
    model = MultiTaskRegressor(
        trunk=spec, **EXACT, max_epochs=1, optimizer="sgd", lr=0.1
    )
    start = clone(model).set_params(lr=1e-300).fit(X, y).net_.module_
    named = dict(start.named_parameters())
    inputs = torch.as_tensor((X - X.mean(axis=0)) / X.std(axis=0))[None]
    targets = torch.as_tensor((y - y.mean(axis=0)) / y.std(axis=0))
    trunk, heads = start.trunk, start.heads
    s, p = trunk.shared(inputs)[0], trunk.private(inputs)[0]
    losses = [
        (torch.cat([s, p[t]], dim=1) @ heads.weight[0, :, t] + heads.bias[0, 0, t])
        .sub(targets[:, t])
        .square()
        .mean()
        for t in range(2)
    ]
    unit = [(v - v.mean(dim=0)) / v.std(dim=0, correction=0) for v in (s, *p)]
    penalty = sum(
        (unit[0].T @ private / len(X)).square().mean() for private in unit[1:]
    )
    gradients = torch.autograd.grad(sum(losses) + 0.5 * penalty, list(named.values()))
    after = dict(model.fit(X, y).net_.module_.named_parameters())
    for (name, before), gradient in zip(named.items(), gradients, strict=True):
        torch.testing.assert_close(after[name], before - 0.1 * gradient, msg=name)


def test_without_a_strength_there_is_no_penalty():
    trunk = built(clone(SMALL).set_params(orthogonality=0.0))
    weights = torch.ones(1, 6, 3, dtype=torch.float64)
    assert trunk.penalty(trunk(rows()), weights) is None


def test_weights_that_are_the_same_for_all_rows_need_no_axis():
    trunk, x = built(SMALL), rows()
    for weights in (torch.ones(1, 6, 3), torch.ones(1, 1, 3)):
        found = trunk.penalty(trunk(x), weights.double())
        expected = mean_squared_correlation(*trunk(x), torch.ones(1, 6).double())
        torch.testing.assert_close(found, expected.sum(dim=1))


def test_one_step_moves_every_part():
    names, still = one_step(SMALL)
    assert {"trunk.shared.0.weight", "trunk.private.0.weight"} <= set(names)
    assert still == []


def test_only_the_shared_part_is_shared():
    trunk = built(SMALL)
    found = {id(parameter) for parameter in trunk.shared_parameters()}
    assert found == {id(parameter) for parameter in trunk.shared.parameters()}


def private_signals(n_samples=600, n_tasks=4, seed=0):
    """Return X, y, and the part of each y that no other one has."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 2 + n_tasks))
    private = X[:, 2:]
    y = X[:, [0]] + X[:, [1]] + private + 0.1 * rng.normal(size=private.shape)
    return X, y, private


def leakage(model, n_train=400):
    """Return how well a linear probe reads private signals from the shared part."""
    X, y, private = private_signals()
    shared = model.fit(X[:n_train], y[:n_train]).transform(X)
    probe = Ridge().fit(shared[:n_train], private[:n_train])
    return probe.score(shared[n_train:], private[n_train:])


def test_private_information_leaks_less_into_the_shared_part():
    options = {**EXACT, "max_epochs": 150, "lr": 1e-2}
    sizes = {"hidden_layer_sizes": (16, 6)}
    plain = MultiTaskRegressor(trunk=MLP(**sizes), **options)
    ours = MultiTaskRegressor(trunk=SharedPrivate(**sizes), **options)
    loose = clone(ours).set_params(trunk__orthogonality=0.0)
    found = [leakage(model) for model in (plain, loose, ours)]
    X, y, _ = private_signals()
    best = r2_score(y[400:], X[400:, [0]] + X[400:, [1]] + X[400:, 2:])
    assert 0.98 * best < ours.score(X[400:], y[400:]) < best
    assert found[2] < 0.5 * found[0]
    assert found[2] < found[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"orthogonality": -1.0},
            "SharedPrivate: orthogonality must be at least 0; got -1.0.",
        ),
        (
            {"private_layer_sizes": ()},
            "SharedPrivate: private_layer_sizes must have at least 1 layer; got ().",
        ),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SharedPrivate(**arguments).build(3, 1)
