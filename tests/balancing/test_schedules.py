"""Which tasks the schedules choose."""

import dataclasses
import itertools
import re

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mtl.balancing import (
    SCHEDULES,
    Asynchronous,
    Sampled,
    Synchronous,
    Turn,
    read_schedule,
)
from sklearn_mtl.balancing.schedules._sampled import inclusion_probabilities


def turn_of(shares, n_members=1, there=None, seed=0):
    shares = torch.tensor(shares, dtype=torch.float64)
    draws = [torch.Generator().manual_seed(seed + m) for m in range(n_members)]
    is_there = torch.ones(n_members, len(shares), dtype=torch.bool)
    if there is not None:
        is_there = torch.tensor(there)
    return Turn(shares, is_there, draws)


def chosen(schedule, turn, n_steps, state=None):
    state = schedule.init_state(*turn.is_there.shape) if state is None else state
    return [int(schedule.choose(turn, state)[0].argmax()) for _ in range(n_steps)]


def round_robin(weights, n_steps):
    """Return the turns of a smooth weighted round robin in whole numbers."""
    credit, found = np.zeros_like(weights), []
    for _ in range(n_steps):
        credit += weights
        found.append(int(credit.argmax()))
        credit[found[-1]] -= weights.sum()
    return found


def test_synchronous_trains_all():
    assert torch.equal(Synchronous().choose(turn_of([0.5, 0.5], 3)), torch.ones(3, 2))


@pytest.mark.parametrize("n_tasks", [1, 3, 7])
def test_equal_frequencies_are_a_cycle(n_tasks):
    found = chosen(Asynchronous(), turn_of([1 / n_tasks] * n_tasks), 5 * n_tasks)
    assert found == list(range(n_tasks)) * 5


@pytest.mark.parametrize("shares", [[0.5, 0.3, 0.2], [0.7, 0.1, 0.1, 0.1]])
def test_the_turns_of_a_cycle_are_as_frequent_as_wanted_at_any_time(shares):
    found = chosen(Asynchronous(), turn_of(shares), 200)
    counts = np.cumsum(np.eye(len(shares))[found], axis=0)
    wanted = np.outer(np.arange(1, 201), shares)
    assert np.abs(counts - wanted).max() < 1.0
    np.testing.assert_allclose(counts[9::10], wanted[9::10])
    assert found == round_robin(np.round(10 * np.array(shares)).astype(int), 200)


def test_random_turns_are_as_frequent_as_wanted():
    shares = [0.6, 0.3, 0.1]
    found = chosen(Asynchronous(order="random"), turn_of(shares), 5000)
    np.testing.assert_allclose(np.bincount(found) / 5000, shares, atol=0.03)


@pytest.mark.parametrize("order", ["cyclic", "random"])
def test_all_members_have_the_same_turn(order):
    schedule = Asynchronous(order=order)
    turn = turn_of([0.2] * 5, n_members=3)
    factors = schedule.choose(turn, schedule.init_state(3, 5))
    assert torch.equal(factors[0], factors[1])
    assert torch.equal(factors[0], factors[2])
    assert (factors.sum(dim=1) == 1).all()


@pytest.mark.parametrize("order", ["cyclic", "random"])
def test_a_task_without_a_label_passes_its_turn_on(order):
    there = [[False, True, False], [False, False, True]]
    turn = turn_of([0.9, 0.05, 0.05], 2, there)
    schedule = Asynchronous(order=order)
    assert set(chosen(schedule, turn, 20)) == {1, 2}
    turn = dataclasses.replace(turn, is_there=torch.zeros(2, 3, dtype=torch.bool))
    assert (schedule.choose(turn, schedule.init_state(2, 3)).sum(dim=1) == 1).all()


def test_a_turn_that_was_passed_on_is_made_up_for():
    schedule, turn = Asynchronous(), turn_of([0.5, 0.5], there=[[False, True]])
    state = schedule.init_state(1, 2)
    assert chosen(schedule, turn, 4, state) == [1] * 4
    turn = dataclasses.replace(turn, is_there=torch.ones(1, 2, dtype=torch.bool))
    assert chosen(schedule, turn, 6, state) == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("n_tasks", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("shares", [[0.25] * 4, [0.7, 0.1, 0.1, 0.1]])
def test_factors_of_a_sample_are_one_on_average(shares, n_tasks):
    turn = turn_of(shares, n_members=2)
    schedule = Sampled(n_tasks)
    factors = torch.stack([schedule.choose(turn) for _ in range(1500)])
    assert ((factors > 0).sum(dim=2) == min(n_tasks, 4)).all()
    # 1 / p with probability p: its variance is 1 / p - 1
    chance = inclusion_probabilities(torch.tensor(shares), n_tasks)
    error = torch.sqrt((1 / chance - 1) / len(factors))
    assert ((factors.mean(dim=0) - 1).abs() <= 4 * error + 1e-6).all()


def test_members_draw_apart():
    turn = turn_of([0.25] * 4, n_members=2)
    factors = torch.stack([Sampled().choose(turn) for _ in range(50)])
    assert not torch.equal(factors[:, 0], factors[:, 1])


def test_a_biased_sample_leaves_the_losses_as_they_are():
    factors = Sampled(2, unbiased=False).choose(turn_of([0.7, 0.1, 0.1, 0.1]))
    assert set(factors.unique().tolist()) == {0.0, 1.0}


def test_every_pair_is_drawn():
    turn = turn_of([0.25] * 4)
    pairs = {
        tuple(Sampled(2).choose(turn)[0].nonzero()[:, 0].tolist()) for _ in range(300)
    }
    assert pairs == set(itertools.combinations(range(4), 2))


def test_chances_are_in_proportion_and_at_most_one():
    shares = torch.tensor([0.7, 0.2, 0.1])
    torch.testing.assert_close(
        inclusion_probabilities(shares, 2), torch.tensor([1.0, 2 / 3, 1 / 3])
    )
    torch.testing.assert_close(inclusion_probabilities(shares, 5), torch.ones(3))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_name_stands_for_a_schedule(name):
    found = read_schedule(name, "Net")
    assert type(found) is SCHEDULES[name]
    assert clone(found).get_params() == found.get_params()


@pytest.mark.parametrize(
    ("schedule", "error", "message"),
    [
        ("never", ValueError, "Net: task_schedule 'never' is unknown; allowed are ["),
        (Sampled, TypeError, "Net: task_schedule must be a name or a spec such as"),
        (Sampled(0), ValueError, "The 'n_tasks' parameter of Sampled must be"),
        (Asynchronous(order="up"), ValueError, "The 'order' parameter of Asynchronous"),
        (Asynchronous("rare"), ValueError, "The 'frequency' parameter of Asynchronous"),
    ],
)
def test_what_is_no_schedule_is_explained(schedule, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        read_schedule(schedule, "Net")
