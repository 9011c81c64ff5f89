"""Facts that hold for every penalty."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.base import clone

from sklearn_mtl.penalties import (
    L1,
    L21,
    Ridge,
    Shared,
    Sum,
    TaskColumns,
    TaskCovariance,
    TaskGraph,
    TaskL21,
    TraceNorm,
)

CHAIN = np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]])
ATOMS = [
    Ridge(0.7),
    Ridge([0.5, 1.0, 2.0]),
    Shared(0.3),
    L21(0.8),
    L21(0.8, l1_ratio=0.4, feature_weights=[1.0, 2.0, 0.5, 1.0]),
    L1(0.4),
    TraceNorm(0.6),
    TaskGraph(0.5),
    TaskGraph(0.5, graph="chain"),
    TaskGraph(0.5, graph=CHAIN),
    TaskL21(0.9),
    TaskCovariance(0.7),
    Sum([("l21", L21(0.3)), ("l1", L1(0.2))]),
    Sum([("trace", TraceNorm(0.3)), ("l21", L21(0.3))]),
    Sum([("graph", TaskGraph(0.5)), ("l1", L1(0.2))]),
]
IDS = [str(i) + penalty.name for i, penalty in enumerate(ATOMS)]
every_atom = pytest.mark.parametrize("penalty", ATOMS, ids=IDS)


@pytest.fixture
def W():
    return np.random.default_rng(0).standard_normal((4, 3))


def moreau(penalty, Z, W, step):
    return step * penalty.value(Z) + 0.5 * np.sum((Z - W) ** 2)


@every_atom
def test_no_nearby_point_beats_the_prox(penalty, W):
    step = 0.7
    Z = penalty.prox(W, step)
    best = moreau(penalty, Z, W, step)
    rng = np.random.default_rng(1)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(100):
            move = size * rng.standard_normal(W.shape)
            # A common move where only that has a finite value.
            move = move if penalty.name != "shared" else move[:, :1]
            assert moreau(penalty, Z + move, W, step) >= best - 1e-10


@every_atom
def test_brute_force_finds_no_better_prox(penalty, W):
    if penalty.name == "shared":
        pytest.skip("infinite off the shared vectors: no derivative-free search")
    Z = penalty.prox(W, 0.7)

    def objective(z):
        return moreau(penalty, z.reshape(W.shape), W, 0.7)

    found = minimize(objective, W.ravel(), method="Powell", options={"maxiter": 30})
    assert objective(Z.ravel()) <= found.fun + 1e-9


@every_atom
def test_optimality_is_zero_exactly_at_the_prox(penalty, W):
    Z = penalty.prox(W, 1.0)
    assert penalty.optimality(Z, Z - W) == pytest.approx(0.0, abs=1e-9)
    assert penalty.optimality(Z, Z - W + 0.5) > 1e-3


@every_atom
def test_certificate_satisfies_fenchel_young_with_equality_at_the_prox(penalty, W):
    Z = penalty.prox(W, 1.0)
    U = W - Z  # a subgradient at Z
    scale, conjugate = penalty.certificate(U, Z)
    assert scale == pytest.approx(1.0, abs=1e-9)
    attained = penalty.value(Z) + conjugate(scale)
    assert attained == pytest.approx(np.vdot(U, Z), rel=1e-7, abs=1e-9)


@every_atom
def test_fenchel_young_holds_everywhere(penalty, W):
    rng = np.random.default_rng(2)
    for _ in range(20):
        U = rng.standard_normal(W.shape)
        scale, conjugate = penalty.certificate(U, penalty.prox(W))
        Z = penalty.prox(3.0 * rng.standard_normal(W.shape), 0.1)
        bound = penalty.value(Z) + conjugate(scale)
        assert bound >= scale * np.vdot(U, Z) - 1e-9


@every_atom
def test_permuting_tasks_permutes_the_prox(penalty, W):
    order = [2, 0, 1]
    permuted = clone(penalty)
    if penalty.name == "ridge" and np.ndim(penalty.alpha):
        permuted.set_params(alpha=np.asarray(penalty.alpha)[order])
    if penalty.name == "graph" and not isinstance(penalty.graph, str):
        permuted.set_params(graph=CHAIN[np.ix_(order, order)])
    if penalty.name == "graph" and penalty.graph is ATOMS[8].graph:
        pytest.skip("a chain has an order")
    expected = penalty.prox(W)[:, order]
    np.testing.assert_allclose(permuted.prox(W[:, order]), expected, atol=1e-9)


@every_atom
def test_scaled_multiplies_the_value(penalty, W):
    Z = penalty.prox(W)
    assert penalty.scaled(2.5).value(Z) == pytest.approx(2.5 * penalty.value(Z))


@every_atom
def test_forms_agree_with_the_value(penalty, W):
    Z = penalty.prox(W)
    columns = TaskColumns.plain(3)
    form, rows = penalty.task_covariance_form(columns), penalty.feature_group_form(4)
    if form is not None:
        assert form.value(Z) == pytest.approx(penalty.value(Z), rel=1e-8)
    if rows is not None:
        a, c = rows
        value = a @ np.linalg.norm(Z, axis=1) + 0.5 * c * np.sum(Z**2)
        assert value == pytest.approx(penalty.value(Z))
    matrix, rest = penalty.split(columns)
    total = 0.0 if matrix is None else 0.5 * np.vdot(Z @ matrix, Z)
    total += 0.0 if rest is None else rest.value(Z)
    assert total == pytest.approx(penalty.value(Z), rel=1e-8)


@every_atom
def test_gauge_is_where_zero_becomes_optimal(penalty, W):
    gauge = penalty.gauge(W)
    if gauge == 0.0:  # nothing is thresholded
        assert penalty.prox(W, 1e3).any()
        return
    assert not penalty.scaled(1.001 * gauge).prox(W).any()
    if penalty.name != "sum":
        assert penalty.scaled(0.999 * gauge).prox(W).any()


def test_columns_share_slots_between_tasks_of_equal_width():
    columns = TaskColumns.from_widths([1, 3, 1, 3])
    assert columns.slot.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert columns.task.tolist() == [0, 1, 1, 1, 2, 3, 3, 3]


def test_shared_pools_classes_of_equal_meaning():
    columns = TaskColumns.from_widths([1, 3, 1, 3])
    Z = Shared(0.0).prox(np.arange(8.0)[None, :], 1.0, columns)
    assert Z.tolist() == [[2.0, 3.0, 4.0, 5.0, 2.0, 3.0, 4.0, 5.0]]


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (Ridge([1.0, 2.0]), "Ridge: alpha must be one number or 3 .* of shape .2,."),
        (Ridge(-1.0), "Ridge: alpha must be finite and not negative; got -1.0."),
        (L21(feature_weights=[1.0, -1.0]), "feature_weights must be 4 positive"),
        (TaskGraph(graph=np.eye(2)), "graph must have shape .3, 3.*; got shape .2, 2."),
        (TaskGraph(graph=-np.ones((3, 3))), "graph must be finite and not negative"),
        (TaskGraph(graph=np.tri(3)), r"symmetric; got 0 for tasks \(0, 1\) and 1 for"),
        (L1(alpha=-1.0), "'alpha' parameter of L1 must be a float in the range"),
    ],
)
def test_parameters_that_do_not_fit_are_named(penalty, message):
    with pytest.raises(ValueError, match=message):
        penalty.check(TaskColumns.plain(3), 4)
