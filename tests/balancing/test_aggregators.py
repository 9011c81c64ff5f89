"""Aggregators against their definitions, solved slowly and plainly."""

import importlib.util
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq, minimize

from sklearn_mtl.balancing import (
    IMTLG,
    MGDA,
    AlignedMTL,
    CAGrad,
    FairGrad,
    NashMTL,
    PCGrad,
    UPGrad,
)
from tests.balancing.cases import generators, gramian, jacobian

SIZES = [(2, 3), (5, 50), (7, 4), (12, 30)]

needs_torchjd = pytest.mark.skipif(
    importlib.util.find_spec("torchjd") is None, reason="torchjd is an extra"
)


def close(found, expected, tolerance=1e-6):
    expected = torch.as_tensor(np.asarray(expected))
    torch.testing.assert_close(found, expected.to(found), rtol=0.0, atol=tolerance)


def on_simplex(objective, n_tasks):
    """Return the best of a few local solutions over the simplex."""
    found = [
        minimize(
            objective,
            start,
            bounds=[(0, 1)] * n_tasks,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 2000},
        )
        for start in np.vstack([np.full(n_tasks, 1 / n_tasks), np.eye(n_tasks)])
    ]
    return min(found, key=lambda result: result.fun)


@pytest.mark.parametrize("size", SIZES)
def test_mgda_is_the_shortest_vector_of_the_hull(size):
    G = gramian(*size)
    w = MGDA().weigh(G)
    best = on_simplex(lambda v: v @ G.numpy() @ v, size[0])
    assert (w >= 0).all()
    assert float(w.sum()) == pytest.approx(1.0)
    assert float(w @ G @ w) <= best.fun + 1e-9 * float(G.trace())


@pytest.mark.parametrize("size", SIZES)
def test_upgrad_adds_the_projections_on_the_dual_cone(size):
    G = gramian(*size)
    n_tasks = size[0]
    regular = G.numpy() / float(G.trace()) + 1e-4 * np.eye(n_tasks)
    total = np.zeros(n_tasks)
    for lower in np.eye(n_tasks) / n_tasks:
        solution = minimize(
            lambda v: (v @ regular @ v, 2 * regular @ v),
            lower,
            jac=True,
            bounds=[(low, None) for low in lower],
            method="L-BFGS-B",
            options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10_000},
        )
        total += solution.x
    close(UPGrad().weigh(G), total, 1e-4)


def surgery(J, order):
    """Return the sum of the gradients, each projected in this order."""
    total = torch.zeros_like(J[0])
    for i in range(len(J)):
        gradient = J[i].clone()
        for j in order:
            inner = gradient @ J[j]
            if j != i and inner < 0:
                gradient -= inner / (J[j] @ J[j]) * J[j]
        total += gradient
    return total


@pytest.mark.parametrize("size", SIZES)
def test_pcgrad_subtracts_conflicting_parts_one_after_the_other(size):
    J = jacobian(*size)
    order = torch.randperm(size[0], generator=generators()[0]).tolist()
    w = PCGrad().weigh(J @ J.T, generators=generators())
    torch.testing.assert_close(w @ J, surgery(J, order))


def test_pcgrad_meets_other_tasks_in_every_order():
    J = jacobian(4, 6, seed=3)
    wanted = torch.stack([surgery(J, order) for order in permutations(range(4))])
    # an order is missed by 300 draws with probability 24 (23 / 24)^300 < 1e-4
    found = [
        PCGrad().weigh(J @ J.T, generators=generators(seed=seed)) @ J
        for seed in range(300)
    ]
    is_same = torch.cdist(torch.stack(found), wanted) < 1e-6
    assert is_same.any(dim=1).all()
    assert is_same.any(dim=0).all()


@pytest.mark.parametrize("size", [(2, 3), (5, 50), (12, 30)])
def test_imtl_g_projects_alike_on_all_gradients(size):
    J = jacobian(*size)
    w = IMTLG().weigh(J @ J.T)
    projections = (w @ J) @ J.T / J.norm(dim=1)
    assert float(w.sum()) == pytest.approx(1.0)
    close(projections, projections.mean().expand(size[0]), 1e-8)


@pytest.mark.parametrize("size", [(2, 3), (5, 50), (12, 30)])
def test_aligned_mtl_adds_the_nearest_orthogonal_gradients(size):
    J = jacobian(*size)
    U, S, V = torch.linalg.svd(J, full_matrices=False)
    aligned = S.min() * U @ V
    w = AlignedMTL().weigh(J @ J.T)
    torch.testing.assert_close(w @ J, aligned.mean(dim=0))


@pytest.mark.parametrize("size", [(2, 3), (5, 50), (12, 30)])
@pytest.mark.parametrize("c", [0.1, 0.5, 2.0])
def test_cagrad_solves_its_dual(size, c):
    G = gramian(*size, spread=0.5)
    n_tasks = size[0]
    to_mean = G.numpy().mean(axis=0)
    radius = c * np.sqrt(to_mean.mean())

    def dual(v):
        return v @ to_mean + radius * np.sqrt(v @ G.numpy() @ v)

    w = CAGrad(c).weigh(G).numpy()
    v = w - 1 / n_tasks
    v /= v.sum()
    best, scale = on_simplex(dual, n_tasks).fun, float(G.trace())
    assert v.min() >= 0.0
    assert dual(v) == pytest.approx(best, rel=0.0, abs=1e-10 * scale)
    # strong duality: the least gain of a task in the ball is the minimum of the dual
    assert (w @ G.numpy()).min() == pytest.approx(best, rel=0.0, abs=1e-7 * scale)
    assert (w.sum() - 1) * np.sqrt(v @ G.numpy() @ v) == pytest.approx(radius)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(5))
def test_cagrad_stays_at_a_pareto_stationary_point(seed, dtype):
    """No step serves all tasks where gradients cancel, up to the rounding of dtype."""
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=(4, 500))
    gradients[-1] = -(rng.dirichlet(np.ones(3)) @ gradients[:-1]) * 1.5
    J = torch.as_tensor(gradients).to(dtype)
    close(CAGrad().weigh(J @ J.T), np.zeros(4))


def test_cagrad_without_a_ball_is_the_mean():
    close(CAGrad(c=0.0).weigh(gramian(4)), np.full(4, 0.25))


def fair_root(G, alpha):
    """Return the positive w of G w = w^(-1 / alpha), by bisection in one w_i at a time.

    It is the only stationary point of a strictly convex function on w > 0, so
    coordinate descent leads to it.
    """
    w = np.diag(G) ** (-alpha / (1 + alpha))
    for _ in range(10_000):
        before = w.copy()
        for i, row in enumerate(G):
            others = row @ w - row[i] * w[i]
            w[i] = brentq(
                lambda v, own, rest: own * v + rest - v ** (-1 / alpha),
                *(1e-9 * w[i], 1e9 * w[i]),
                args=(row[i], others),
                xtol=1e-300,
                rtol=1e-13,
            )
        if np.allclose(w, before, rtol=1e-9, atol=0):
            return w
    raise AssertionError("coordinate descent has not converged")


@pytest.mark.parametrize("size", [(2, 3), (5, 50), (12, 30)])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_fairgrad_solves_its_equation(size, alpha):
    G = gramian(*size)
    w = FairGrad(alpha).weigh(G)
    wanted = w ** (-1 / alpha)
    assert float(((G @ w - wanted) / wanted).abs().max()) < 1e-3
    # the solver adds 1e-6 of the mean square to the squares, for gradients that cancel
    regular = G.numpy() + 1e-6 * float(G.trace()) / len(G) * np.eye(len(G))
    np.testing.assert_allclose(w, fair_root(regular, alpha), rtol=1e-6)


def test_nash_mtl_is_a_bargaining_solution_of_bounded_norm():
    G = gramian(5)
    w = NashMTL(max_norm=1.0).weigh(G)
    gains = w * (G @ w)
    close(gains, gains.mean().expand(5), 1e-4)
    assert float(w @ G @ w) == pytest.approx(1.0)
    assert float(NashMTL(max_norm=0.0).weigh(G) @ G @ w) > 1.0


@needs_torchjd
@pytest.mark.filterwarnings("ignore::UserWarning")  # of the solvers that it calls
@pytest.mark.parametrize("size", [(2, 3), (5, 50), (12, 30)])
@pytest.mark.parametrize(
    ("ours", "theirs", "arguments", "tolerance"),
    [
        (UPGrad(), "UPGradWeighting", {}, 1e-4),
        (AlignedMTL(), "AlignedMTLWeighting", {}, 1e-8),
        (IMTLG(), "IMTLGWeighting", {}, 1e-8),
        (MGDA(), "MGDAWeighting", {"epsilon": 1e-7, "max_iters": 20_000}, 3e-2),
        (CAGrad(0.5), "CAGradWeighting", {"c": 0.5}, 1e-3),
        (FairGrad(2.0), "FairGradWeighting", {"alpha": 2.0}, 1e-2),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_torchjd_finds_the_same_weights(ours, theirs, arguments, tolerance, size):
    aggregation = importlib.import_module("torchjd.aggregation")
    G = gramian(*size, spread=0.3)
    try:
        weighting = getattr(aggregation, theirs)(**arguments)
        expected = weighting(G)
    except ImportError:
        pytest.skip("a solver that torchjd needs is not installed")
    close(ours.weigh(G), expected, tolerance * float(expected.abs().max()))


@pytest.mark.parametrize("smallest", [1.0, 1e-7, 1e-12, 0.0])
def test_imtl_g_is_the_same_by_both_of_its_solvers(smallest):
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    values = np.array([smallest, 1.0, 2.0, 3.0, 4.0, 5.0])
    gramian = (basis * values) @ basis.T
    norms = np.sqrt(gramian.diagonal())
    expected = np.linalg.pinv(gramian, hermitian=True) @ norms
    found = IMTLG().weigh(torch.as_tensor(gramian)).numpy()
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-3)
