"""Check of methods that weigh gradients."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._balancer import GradientBalancer
from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing.weightings._check_weighting import check_sums
from sklearn_mtl.utils._check_spec import Faults

__all__ = ["check_aggregator"]

N_MEMBERS, N_UPDATES = 3, 4


def check_aggregator(
    method: GradientAggregator[Any], n_tasks: int, is_symmetric: bool, faults: Faults
) -> None:
    """Check a method on various Gramians and over several steps."""
    for name, G in _gramians(n_tasks).items():
        found = _weigh(method, G, faults)
        faults.require(
            bool(found.isfinite().all()),
            "_weigh",
            f"finite weights for {name}",
            found.tolist(),
        )
    G = _gramian(n_tasks, seeds=range(N_MEMBERS))
    weights = _weigh(method, G, faults)
    again = _weigh(method, G, faults)
    faults.close(again, weights, "_weigh", "the same weights in a second fit,")
    for member in range(N_MEMBERS):
        alone = _weigh(method, G[[member]], faults, [member])[0]
        what = "the same weights of a member with and without other members,"
        faults.close(alone, weights[member], "_weigh", what, tol=1e-4)
    is_random = not torch.equal(weights, _weigh(method, G, faults, (50, 51, 52)))
    if is_symmetric and not is_random:
        order = torch.arange(n_tasks).flip(0)
        faults.close(
            _weigh(method, G[:, order][..., order], faults),
            weights[:, order],
            "_weigh",
            "weights that are permuted with the tasks,",
            tol=1e-3,
        )
    single = _weigh(method, G.float(), faults)
    what = "the same weights in single and double precision,"
    faults.close(single, weights, "_weigh", what, tol=1e-2)
    _check_preference(method, G, weights, faults)
    if is_symmetric:
        _check_mean(method, n_tasks, faults)
    _check_updates(method, n_tasks, faults)


def _gramian(n_tasks: int, seeds: Sequence[int], n_parameters: int = 20) -> Tensor:
    """Return inner products (n_members, n_tasks, n_tasks) of random gradients."""
    made = []
    for seed in seeds:
        draws = torch.Generator().manual_seed(seed)
        J = torch.randn(n_tasks, n_parameters, generator=draws, dtype=torch.float64)
        sizes = torch.rand(n_tasks, 1, generator=draws, dtype=torch.float64)
        J = J * (0.5 + sizes)
        made.append(J @ J.mT)
    return torch.stack(made)


def _gramians(n_tasks: int) -> dict[str, Tensor]:
    """Return Gramians that occur in training, with descriptions as keys."""
    G = _gramian(n_tasks, [7])
    without = G.clone()
    without[:, 1] = without[:, :, 1] = 0.0
    opposed = torch.ones(n_tasks, dtype=torch.float64)
    opposed[1] = -1.0
    return {
        "random gradients": G,
        "fewer parameters than tasks": _gramian(n_tasks, [8], n_tasks - 1),
        "a gradient of zero": without,
        "gradients that are all zero": torch.zeros_like(G),
        "equal gradients": torch.ones_like(G),
        "opposed gradients": torch.outer(opposed, opposed)[None],
        "large gradients": 1e8 * G,
        "small gradients": 1e-8 * G,
    }


def _weigh(
    method: GradientAggregator[Any],
    G: Tensor,
    faults: Faults,
    seeds: Sequence[int] = range(N_MEMBERS),
    preference: Tensor | None = None,
) -> Tensor:
    """Return the weights (n_members, n_tasks) of a first step."""
    losses = torch.ones(G.shape[:2]) if method.uses_losses else None
    generators = [Generator().manual_seed(seed) for seed in seeds][: len(G)]
    before = G.clone()
    weights = method.weigh(G, preference, generators=generators, losses=losses)
    faults.require(torch.equal(G, before), "_weigh", "an unchanged Gramian", "a change")
    return weights


def _check_preference(
    method: GradientAggregator[Any], G: Tensor, weights: Tensor, faults: Faults
) -> None:
    """Check that a declared preference has an effect."""
    if method.role_of_task_weight == "preference":
        wanted = 1.0 + torch.arange(G.shape[-1], dtype=torch.float64)
        faults.require(
            not torch.equal(weights, _weigh(method, G, faults, preference=wanted)),
            "_weigh",
            "weights that depend on step.share, because role_of_task_weight is "
            "'preference'",
            "no dependence",
        )


def _check_mean(method: GradientAggregator[Any], n_tasks: int, faults: Faults) -> None:
    """Check one task, and orthogonal gradients of equal norm."""

    def total(n: int) -> float:
        return float(_weigh(method, torch.eye(n).double()[None], faults).sum())

    of = "orthogonal gradients of equal norm"
    check_sums(total, n_tasks, method, of, faults)


def _check_updates(
    method: GradientAggregator[Any], n_tasks: int, faults: Faults
) -> None:
    """Run steps in which different tasks are absent for different members."""
    try:
        together = _run(method, n_tasks, list(range(N_MEMBERS)), faults)
    except (IndexError, ValueError) as error:
        faults.fail(
            "_weigh",
            "what is learned per member and task to be read and written at "
            "step.cells, because absent tasks are left out",
            error,
        )
    for member in range(N_MEMBERS):
        alone = _run(method, n_tasks, [member], faults)[:, 0]
        what = "the same weights of a member with and without others, over steps,"
        faults.close(alone, together[:, member], "_weigh", what, tol=1e-4)


def _run(
    method: GradientAggregator[Any], n_tasks: int, members: list[int], faults: Faults
) -> np.ndarray:
    """Return the factors (n_updates, n_members, n_tasks) of several steps."""
    draws = np.random.default_rng(0)
    balancer = GradientBalancer(method, len(members), n_tasks, update_every=1)
    generators = [Generator().manual_seed(member) for member in members]
    ones, found = np.ones(n_tasks), []
    for number in range(N_UPDATES):
        seeds = range(10 * number, 10 * number + N_MEMBERS)
        G = _gramian(n_tasks, seeds).numpy()[members]
        present = draws.random((N_MEMBERS, n_tasks)) > 0.3 * (number > 0)
        losses = draws.random((N_MEMBERS, n_tasks)) + 0.1
        present[:, 0] = True
        here = present[members]
        G = G * here[:, :, None] * here[:, None]
        balancer.update(G, here, ones, generators, losses[members])
        factors = balancer.factors()
        faults.require(
            np.isfinite(factors).all(), "_weigh", "finite weights", factors.tolist()
        )
        found.append(factors)
        try:  # a fitted estimator may be saved and trained further
            pickled = pickle.loads(pickle.dumps(copy.deepcopy(balancer.state)))
        except Exception as error:
            faults.fail("init_state", "a state that can be copied and pickled", error)
        balancer.state = pickled
    return np.stack(found)
