"""Loss weightings against autograd on what they minimise, and against torchjd."""

import importlib.util

import pytest
import torch

from sklearn_mtl.balancing import (
    DWA,
    FAMO,
    IMTLL,
    STCH,
    Fixed,
    GeometricMean,
    Mean,
    Random,
    StepLosses,
    SumOfLosses,
    Uncertainty,
)
from tests.balancing.cases import generators

LOSSES = torch.tensor([[0.3, 1.2, 0.7], [0.5, 0.2, 2.0]], dtype=torch.double)
ALL = [SumOfLosses(), Mean(), Fixed([1.0, 2.0, 3.0]), Random(), Uncertainty(), DWA()]
ALL += [GeometricMean(), IMTLL(), STCH(), FAMO()]

needs_torchjd = pytest.mark.skipif(
    importlib.util.find_spec("torchjd") is None, reason="torchjd is an extra"
)


def named(method):
    return type(method).__name__


def weigh(method, losses=LOSSES, present=None, preference=None, state=None):
    step = StepLosses(
        losses,
        torch.ones_like(losses, dtype=torch.bool) if present is None else present,
        losses.new_ones(losses.shape[1]) if preference is None else preference,
        0.01,
        generators(len(losses)),
    )
    state = method.init_state(*losses.shape) if state is None else state
    return method.weigh(step, state)


def derivative(function):
    losses = LOSSES.clone().requires_grad_()
    total = torch.stack([function(one) for one in losses]).sum()
    return torch.autograd.grad(total, losses)[0]


@pytest.mark.parametrize(
    ("method", "function"),
    [
        (SumOfLosses(), lambda L: L.sum()),
        (Mean(), lambda L: L.mean()),
        (Fixed([1.0, 2.0, 3.0]), lambda L: L[0] + 2 * L[1] + 3 * L[2]),
        (GeometricMean(), lambda L: L.prod() ** (1 / 3)),
        (STCH(mu=0.3), lambda L: 0.3 * (L / 0.3).exp().sum().log()),
        (Uncertainty(), lambda L: 0.5 * L.sum()),
        (IMTLL(), lambda L: L.sum()),
    ],
    ids=lambda value: named(value) if hasattr(value, "check") else "",
)
def test_weights_are_the_derivatives_of_what_is_minimised(method, function):
    torch.testing.assert_close(weigh(method), derivative(function))


@pytest.mark.parametrize(
    ("method", "function"),
    [
        (GeometricMean(), lambda L, v: (L.log() * v / v.sum()).sum().exp()),
        (
            STCH(mu=0.3),
            lambda L, v: 0.3 * (v / v.mean() * L / 0.3).exp().sum().log(),
        ),
        (Uncertainty(), lambda L, v: 0.5 * (v * L).sum()),
    ],
    ids=["geometric_mean", "stch", "uncertainty"],
)
def test_a_preference_is_part_of_what_is_minimised(method, function):
    v = torch.tensor([1.0, 4.0, 2.0], dtype=torch.double)
    expected = derivative(lambda L: function(L, v))
    torch.testing.assert_close(weigh(method, preference=v), expected)


@pytest.mark.parametrize("method", ALL, ids=named)
def test_an_absent_task_neither_counts_nor_poisons(method):
    present = torch.tensor([[True, False, True], [True, True, True]])
    poisoned = torch.where(present, LOSSES, torch.zeros_like(LOSSES))
    state = method.init_state(2, 3)
    for _ in range(2):
        w = weigh(method, poisoned, present, state=state)
        assert w.isfinite().all()
        assert w[0, 1] == 0.0
        if method.needs_post_step_loss:
            step = StepLosses(poisoned, present, torch.ones(3))
            method.use_post_step_loss(step, 0.9 * poisoned, state)
        method.end_epoch(poisoned, state)
    if not isinstance(method, (Mean, Fixed, Random, DWA)):
        alone = method.init_state(1, 2)
        for _ in range(2):
            two = weigh(method, LOSSES[:1, [0, 2]], state=alone)
            if method.needs_post_step_loss:
                step = StepLosses.of(LOSSES[:1, [0, 2]])
                method.use_post_step_loss(step, 0.9 * LOSSES[:1, [0, 2]], alone)
        torch.testing.assert_close(w[:1, [0, 2]], two)


@pytest.mark.parametrize("method", ALL, ids=named)
def test_weights_of_a_mean_say_so(method):
    w = weigh(method, torch.ones(1, 4)) if not isinstance(method, Fixed) else None
    if w is not None and method.of_mean:
        assert float(w.sum()) == pytest.approx(1.0)


def test_random_weights_come_from_the_members_generators():
    first, again = weigh(Random()), weigh(Random())
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[1])
    assert torch.equal(weigh(Random(), LOSSES[:1]), first[:1])


def test_dwa_starts_with_ones_and_compares_two_epochs():
    method = DWA(temperature=1.0)
    state = method.init_state(1, 3)
    for losses in ([1.0, 2.0, 0.0], [0.5, 2.0, 0.0]):
        ones = weigh(method, LOSSES[:1], state=state)
        assert (ones == 1).all()
        method.end_epoch(torch.tensor([losses], dtype=torch.double), state)
    # a loss of zero falls no more
    rates = torch.tensor([0.5, 1.0, 1.0], dtype=torch.double)
    expected = 3 * rates.softmax(dim=0)
    torch.testing.assert_close(weigh(method, LOSSES[:1], state=state)[0], expected)


def torchjd_weights(scalarizer, n_steps, lr, tell=None):
    """Return weights after so many steps of torchjd's own training loop."""
    optimizer = None
    if list(scalarizer.parameters()) and tell is None:
        optimizer = torch.optim.Adam(scalarizer.parameters(), lr=lr)
    for _ in range(n_steps):
        losses = LOSSES[0].clone().requires_grad_()
        total = scalarizer(losses)
        weights = torch.autograd.grad(total, losses, retain_graph=True)[0]
        if optimizer is not None:
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        if tell is not None:
            scalarizer.update(tell)
    return weights


@needs_torchjd
@pytest.mark.parametrize("n_steps", [1, 20])
@pytest.mark.parametrize(
    ("method", "name"), [(Uncertainty(lr=0.05), "UW"), (IMTLL(lr=0.05), "IMTLL")]
)
def test_torchjd_learns_the_same_log_scales(method, name, n_steps):
    scalarization = importlib.import_module("torchjd.scalarization")
    expected = torchjd_weights(
        getattr(scalarization, name)(3).double(), n_steps, lr=0.05
    )
    state = method.init_state(1, 3)
    for _ in range(n_steps):
        found = weigh(method, LOSSES[:1], state=state)
    torch.testing.assert_close(found[0], expected)


@needs_torchjd
def test_torchjd_moves_the_logits_of_famo_alike():
    scalarization = importlib.import_module("torchjd.scalarization")
    after = LOSSES[0] * torch.tensor([0.5, 0.9, 1.1], dtype=torch.double)
    expected = torchjd_weights(scalarization.FAMO(3).double(), 10, 0.0, tell=after)
    method = FAMO()
    state = method.init_state(1, 3)
    for _ in range(10):
        found = weigh(method, LOSSES[:1], state=state)
        method.use_post_step_loss(StepLosses.of(LOSSES[:1]), after[None], state)
    torch.testing.assert_close(found[0], expected, rtol=1e-5, atol=1e-7)
