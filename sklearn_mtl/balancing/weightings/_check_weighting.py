"""Check of methods that weigh losses."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import Balancing, LossWeighting
from sklearn_mtl.balancing._steps import StepLosses
from sklearn_mtl.utils._check_spec import Faults

__all__ = ["check_sums", "check_weighting"]

N_STEPS, N_MEMBERS = 5, 3
#: Value in place of the loss of an absent task, which is 0 in training.
PLACEHOLDER = 7.0


class _Steps:
    """Losses and absent tasks of several steps, and the results of a method on them."""

    def __init__(self, method: LossWeighting[Any], n_tasks: int) -> None:
        draws = torch.Generator().manual_seed(0)
        shape = N_STEPS, N_MEMBERS, n_tasks
        losses = torch.rand(shape, generator=draws, dtype=torch.float64)
        self.method, self.losses = method, 0.2 + 2.0 * losses
        self.present = torch.rand(shape, generator=draws) > 0.3
        self.present[0] = True
        self.present[..., 0] = True

    def run(
        self,
        members: Sequence[int] = range(N_MEMBERS),
        order: Any = slice(None),
        *,
        seed: int = 0,
        placeholder: float = 0.0,
        preference: Tensor | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> tuple[Tensor, Any]:
        """Return the weights (n_steps, n_members, n_tasks), and the final state."""
        # The placeholder for the loss of an absent task must not matter.
        losses = torch.where(self.present, self.losses, placeholder).to(dtype)
        losses = losses[:, list(members)][..., order]
        present = self.present[:, list(members)][..., order]
        n_tasks = losses.shape[-1]
        wanted = torch.ones(n_tasks) if preference is None else preference
        generators = [Generator().manual_seed(seed + member) for member in members]
        state = self.method.init_state(len(losses[0]), n_tasks)
        weights = []
        for number, (now, here) in enumerate(zip(losses, present, strict=True)):
            step = StepLosses(now, here, wanted.to(dtype), 0.01, generators)
            weights.append(self.method.weigh(step, state))
            if self.method.needs_post_step_loss:
                with torch.no_grad():
                    self.method.use_post_step_loss(step, now.square(), state)
            if number % 2:
                self.method.end_epoch(
                    self.losses[number][list(members)][:, order], state
                )
        return torch.stack(weights), state


def check_weighting(
    method: LossWeighting[Any], n_tasks: int, is_symmetric: bool, faults: Faults
) -> None:
    """Check a method over several steps."""
    steps = _Steps(method, n_tasks)
    weights, state = steps.run()
    _check_numbers(weights, faults)
    faults.close(steps.run()[0], weights, "_weigh", "the same weights in a second fit,")
    for member in range(N_MEMBERS):
        alone = steps.run([member])[0]
        whole = weights[:, [member]]
        faults.close(
            alone,
            whole,
            "_weigh",
            "the same weights of a member with and without other members,",
        )
    other = steps.run(placeholder=PLACEHOLDER)[0]
    faults.close(
        other,
        weights,
        "_weigh",
        "weights that do not depend on the loss of an absent task,",
    )
    is_random = not torch.equal(steps.run(seed=50)[0], weights)
    if is_symmetric and not is_random:
        order = torch.arange(n_tasks).flip(0)
        faults.close(
            steps.run(order=order)[0],
            weights[..., order],
            "_weigh",
            "weights that are permuted with the tasks,",
        )
    single = steps.run(dtype=torch.float32)[0]
    faults.require(
        single.dtype == torch.float32, "_weigh", "the dtype of the losses", single.dtype
    )
    what = "the same weights in single and double precision,"
    faults.close(single, weights, "_weigh", what, tol=1e-3)
    _check_preference(method, steps, weights, faults)
    if is_symmetric:
        _check_mean(method, n_tasks, faults)
    _check_state(method, steps, state, faults)


def _check_numbers(weights: Tensor, faults: Faults) -> None:
    for number, found in enumerate(weights):
        faults.require(
            bool(found.isfinite().all()),
            "_weigh",
            "finite weights",
            f"{found.tolist()} in step {number}",
        )
        faults.require(
            bool((found >= 0).all()),
            "_weigh",
            "weights of losses that are not negative",
            f"{float(found.min()):.4g} in step {number}",
        )


def _check_preference(
    method: LossWeighting[Any], steps: _Steps, weights: Tensor, faults: Faults
) -> None:
    """Check that a declared preference has an effect."""
    preference = 1.0 + torch.arange(weights.shape[-1], dtype=torch.float64)
    changes = not torch.equal(steps.run(preference=preference)[0], weights)
    if method.role_of_task_weight == "preference":
        faults.require(
            changes,
            "_weigh",
            "weights that depend on step.preference, because role_of_task_weight is "
            "'preference'",
            "no dependence",
        )


def _check_mean(method: LossWeighting[Any], n_tasks: int, faults: Faults) -> None:
    """Check one task, and several tasks with equal losses."""

    def total(n: int) -> float:
        step = StepLosses.of(torch.ones(1, n), 0.01, [Generator().manual_seed(0)])
        return float(method.weigh(step, method.init_state(1, n)).sum())

    check_sums(total, n_tasks, method, "equal losses", faults)


def check_sums(
    total: Callable[[int], float],
    n_tasks: int,
    method: Balancing[Any],
    of: str,
    faults: Faults,
) -> None:
    """Check the sum of the weights of equal tasks."""
    one = total(1)
    faults.require(one > 0.0, "_weigh", "a positive weight for one task", one)
    if not method.of_mean:
        return
    sums = {n: total(n) for n in sorted({2, 3, 5, n_tasks})}
    for n, found in sums.items():
        faults.require(
            0.5 < found < max(0.75 * n, 2.0),
            "of_mean",
            f"weights with a sum of about one for {of} of {n} tasks",
            f"{found:.4g}. Set of_mean = False if the sum is n_tasks",
        )
    seen = ", ".join(f"{found:.4g} for {n}" for n, found in sums.items())
    faults.require(
        max(sums.values()) < 1.5 * min(sums.values()),
        "_weigh",
        f"weights whose sum does not depend on the number of tasks, for {of}",
        f"{seen} tasks",
    )


def _check_state(
    method: LossWeighting[Any], steps: _Steps, state: Any, faults: Faults
) -> None:
    """Check that copied and pickled states give the same weights."""
    try:
        copies = [copy.deepcopy(state), pickle.loads(pickle.dumps(state))]
    except Exception as error:
        faults.fail("init_state", "a state that can be copied and pickled", error)
    preference = torch.ones(steps.losses.shape[-1], dtype=torch.float64)
    after = []
    for one in copies:
        draws = [Generator().manual_seed(9) for _ in range(N_MEMBERS)]
        step = StepLosses(steps.losses[0], steps.present[0], preference, 0.01, draws)
        after.append(method.weigh(step, one))
    faults.close(
        after[1], after[0], "init_state", "a pickled state that goes on alike,"
    )
