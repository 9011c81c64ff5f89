"""`check_balancing` accepts what is right and names what is wrong."""

import numpy as np
import pytest
import torch

from sklearn_mtl.balancing import (
    METHODS,
    STCH,
    Balancing,
    Fixed,
    GradientAggregator,
    LossWeighting,
    StepLosses,
    Uncertainty,
    check_balancing,
    read_balancing,
)
from tests.balancing.own import Inverse, RunningMean, RunningUnits, UnitGradients

RIGHT = [method() for method in METHODS.values()]
RIGHT += [Uncertainty(0.1), STCH(0.1)]
RIGHT += [Inverse(), Inverse(0.5), RunningMean(), UnitGradients(), RunningUnits()]


@pytest.mark.parametrize("method", RIGHT, ids=str)
def test_our_methods_and_those_of_users_pass(method):
    check_balancing(method)


def test_parameters_may_differ_by_task():
    check_balancing(Fixed([1.0, 2.0, 3.0]), n_tasks=3, is_symmetric=False)
    with pytest.raises(
        AssertionError, match=r"Fixed\._weigh: .*permuted with the tasks"
    ):
        check_balancing(Fixed([1.0, 2.0, 3.0]), n_tasks=3)


def weighting(weigh, **attributes):
    return type("Wrong", (LossWeighting,), {"_weigh": weigh, **attributes})()


def aggregator(weigh, **attributes):
    return type("Wrong", (GradientAggregator,), {"_weigh": weigh, **attributes})()


def forgets_absent_tasks(self, step, state):
    weights = 1.0 / step.losses.clamp(min=1e-6)
    return weights / weights.mean(dim=-1, keepdim=True)


def learns_of_absent_tasks(self, step, state):
    state.mean = 0.5 * state.mean.to(step.losses) + 0.5 * step.losses
    return 1.0 + state.mean


def global_numbers(self, step, state):
    return torch.rand_like(step.losses)


def first_task_only(self, step, state):
    weights = torch.zeros_like(step.losses)
    weights[:, 0] = 1.0
    return weights


def mixes_members(self, step, state):
    return step.losses.mean(dim=0, keepdim=True).expand_as(step.losses)


def negative(self, step, state):
    return step.losses - 5.0


def not_a_number(self, step, state):
    return torch.full_like(step.losses, torch.nan)


def one_for_all(self, step, state):
    return torch.ones(step.losses.shape[-1])


def an_array(self, step, state):
    return np.ones(tuple(step.losses.shape))


def thirds_of_losses(self, step, state):
    return torch.full_like(step.losses, 1.0 / 3.0)


def counts_calls(self, step, state):
    self.n_calls_ = getattr(self, "n_calls_", 0) + 1
    return torch.ones_like(step.losses)


def ones(self, step, state):
    return torch.ones_like(step.losses)


def a_lock(self, n_members, n_tasks):
    return {"function": lambda: 0}


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (weighting(forgets_absent_tasks), r"\._weigh: .*the loss of an absent task"),
        (
            weighting(learns_of_absent_tasks, init_state=RunningMean.init_state),
            r"\._weigh: .*the loss of an absent task",
        ),
        (weighting(global_numbers), r"\._weigh: .*a global generator was used"),
        (weighting(first_task_only), r"\._weigh: .*are permuted with the tasks"),
        (weighting(mixes_members), r"\._weigh: .*a member with and without"),
        (weighting(negative), r"\._weigh: .*not negative; found -"),
        (weighting(not_a_number), r"\._weigh: expected finite weights; found"),
        (weighting(one_for_all), r": _weigh must return a tensor of shape \(3, 4\)"),
        (weighting(an_array), r": _weigh must return a tensor .*got an array"),
        (weighting(counts_calls), r"\._weigh: expected nothing stored in the object"),
        (
            weighting(thirds_of_losses, of_mean=True),
            r"\._weigh: expected weights whose sum does not depend on the number",
        ),
        (
            weighting(ones, of_mean=True),
            r"\.of_mean: expected weights with a sum of about one",
        ),
        (
            weighting(ones, role_of_task_weight="preference"),
            r"\._weigh: expected weights that depend on step\.preference",
        ),
        (weighting(ones, role_of_task_weight="loud"), r"\.role_of_task_weight: expect"),
        (
            weighting(ones, init_state=a_lock),
            r"\.init_state: expected a state that can be",
        ),
    ],
)
def test_a_fault_of_a_loss_weighting_is_named(method, message):
    with pytest.raises(AssertionError, match=f"Wrong{message}"):
        check_balancing(method)


def equal(gramian):
    return np.full(gramian.shape[:2], 1.0 / gramian.shape[1], gramian.dtype)


def sums_to_n_tasks(self, step, state):
    return np.ones(step.gramian.shape[:2])


def divides_by_zero(self, step, state):
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = step.gramian.diagonal(axis1=1, axis2=2) ** -0.5
        return weights / weights.sum(axis=1, keepdims=True)


def changes_the_gramian(self, step, state):
    step.gramian[:] *= 2.0
    return equal(step.gramian)


def keeps_all_tasks(self, step, state):
    squares = step.gramian.diagonal(axis1=1, axis2=2)
    state.squares = 0.5 * state.squares + squares
    return 1.0 + state.squares / (1.0 + state.squares.sum(1, keepdims=True))


def draws_globally(self, step, state):
    return np.random.rand(*step.gramian.shape[:2])  # noqa: NPY002 - the fault


def first_of_all(self, step, state):
    return (
        np.repeat(equal(step.gramian)[:1], len(step.gramian), 0)
        * step.gramian[:1, 0, :1]
    )


def by_place(self, step, state):
    return equal(step.gramian) * np.arange(1.0, 1.0 + step.gramian.shape[1])


def one_row(self, step, state):
    return equal(step.gramian)[0]


def thirds(self, step, state):
    return np.full(step.gramian.shape[:2], 1.0 / 3.0)


def plain(self, step, state):
    return equal(step.gramian)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (
            aggregator(thirds),
            r"\._weigh: expected weights whose sum does not depend on the number",
        ),
        (
            aggregator(sums_to_n_tasks),
            r"\.of_mean: expected weights with a sum of about one",
        ),
        (aggregator(divides_by_zero), r"\._weigh: .*finite weights for a gradient of"),
        (aggregator(changes_the_gramian), r"\._weigh: expected an unchanged Gramian"),
        (
            aggregator(
                keeps_all_tasks, of_mean=False, init_state=RunningUnits.init_state
            ),
            r"\._weigh: expected what is learned .* at step\.cells",
        ),
        (aggregator(draws_globally), r"\._weigh: .*a global generator was used"),
        (aggregator(first_of_all), r"\._weigh: .*a member with and without"),
        (aggregator(by_place), r"\._weigh: .*are permuted with the tasks"),
        (aggregator(one_row), r": _weigh must return an array of shape \(1, 4\)"),
        (
            aggregator(plain, role_of_task_weight="preference"),
            r"\._weigh: expected weights that depend on step\.share",
        ),
        (
            aggregator(plain, init_state=a_lock),
            r"\.init_state: expected a state that can be",
        ),
    ],
)
def test_a_fault_of_an_aggregator_is_named(method, message):
    with pytest.raises(AssertionError, match=f"Wrong{message}"):
        check_balancing(method)


def test_a_third_kind_is_refused():
    third = type("Third", (Balancing,), {})()
    with pytest.raises(
        TypeError, match="Third: must be a subclass of LossWeighting or Gr"
    ):
        check_balancing(third)
    with pytest.raises(TypeError, match=r"me: balancing must be .*; got Third\(\)"):
        read_balancing(third, "me")


def test_something_else_is_no_method():
    with pytest.raises(TypeError, match=r"a subclass of Balancing; found 'upgrad'"):
        check_balancing("upgrad")


@pytest.mark.parametrize("fault", [one_for_all, an_array])
def test_weights_of_a_wrong_shape_are_an_error_in_a_step(fault):
    with pytest.raises(ValueError, match="Wrong: _weigh must return a tensor"):
        weighting(fault).weigh(StepLosses.of(torch.ones(2, 3)))
