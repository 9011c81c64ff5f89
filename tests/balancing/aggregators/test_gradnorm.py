"""GradNorm against autograd on what its weights minimise."""

import numpy as np
import pytest
import torch

from sklearn_mtl.balancing import GradientBalancer, GradNorm
from tests.balancing.cases import jacobian


def batches(n_steps, n_tasks=4):
    """Yield task gradients and losses of some steps."""
    generator = torch.Generator().manual_seed(1)
    for step in range(n_steps):
        losses = torch.rand(n_tasks, generator=generator, dtype=torch.double) + 0.1
        yield jacobian(n_tasks, seed=step), losses / (1 + step)


def slow_weights(steps, alpha, lr):
    """Return the weights of each step, as algorithm 1 has them, with a mean of one."""
    weights = optimizer = first = None
    out = []
    for J, losses in steps:
        if weights is None:
            weights = torch.ones(len(J), dtype=torch.double, requires_grad=True)
            optimizer, first = torch.optim.Adam([weights], lr=lr), losses
        out.append(weights.detach().clone())
        norms = torch.stack([(w * g).norm() for w, g in zip(weights, J, strict=True)])
        left = losses / first
        wanted = (norms.mean() * (left / left.mean()) ** alpha).detach()
        optimizer.zero_grad()
        (norms - wanted).abs().sum().backward()
        optimizer.step()
        with torch.no_grad():
            weights.clamp_(min=1e-3)
            weights *= len(J) / weights.sum()
    return torch.stack(out)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("lr", [0.025, 0.3])
def test_the_weights_are_those_of_algorithm_1(alpha, lr):
    steps = list(batches(30))
    balancer = GradientBalancer(GradNorm(alpha, lr), 1, 4, update_every=1)
    found = []
    for J, losses in steps:
        G = (J @ J.T).numpy()[None]
        present = np.ones((1, 4), dtype=bool)
        balancer.update(G, present, np.ones(4), losses=losses.numpy()[None])
        found.append(balancer.factors()[0])
    expected = slow_weights(steps, alpha, lr)
    torch.testing.assert_close(torch.as_tensor(np.stack(found)), expected)


def test_a_task_that_learns_slowly_gets_a_larger_gradient():
    balancer = GradientBalancer(GradNorm(alpha=1.0, lr=0.05), 1, 2, update_every=1)
    present, ones = np.ones((1, 2), dtype=bool), np.ones(2)
    for losses in [[1.0, 10.0]] + [[0.5, 2.5]] * 400:  # half and a quarter are left
        balancer.update(np.eye(2)[None], present, ones, losses=np.array([losses]))
    assert balancer.factors()[0] == pytest.approx([4 / 3, 2 / 3], abs=0.1)


def test_an_absent_task_keeps_its_weight_and_the_others_their_sum():
    balancer = GradientBalancer(GradNorm(lr=0.1), 2, 3, update_every=1)
    whole = np.ones((2, 3), dtype=bool)
    part = np.array([[True, False, True], [True, True, True]])
    G = np.stack([(J @ J.T).numpy() for J, _ in batches(2, 3)])
    losses = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])
    for present in (whole, part, part):
        before = balancer.state.weights.values.numpy().copy()
        balancer.update(G, present, np.ones(3), losses=losses)
        losses = losses * np.array([0.9, 0.5, 0.7])
    after = balancer.state.weights.values.numpy()
    assert after[0, 1] == before[0, 1]
    assert (after[0, [0, 2]] != before[0, [0, 2]]).all()
    np.testing.assert_allclose(after.sum(axis=1), 3.0)


def test_a_loss_of_zero_is_learnt_and_no_poison():
    balancer = GradientBalancer(GradNorm(), 1, 2, update_every=1)
    present, ones = np.ones((1, 2), dtype=bool), np.ones(2)
    for losses in ([0.0, 1.0], [0.0, 0.5], [0.0, 0.0]):
        balancer.update(np.eye(2)[None], present, ones, losses=np.array([losses]))
        assert np.isfinite(balancer.factors()).all()
