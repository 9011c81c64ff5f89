"""Absent tasks, task_weight and kept weights."""

import numpy as np
import pytest
import torch

from sklearn_mtl.balancing import (
    DWA,
    IMTLG,
    MGDA,
    AlignedMTL,
    GeometricMean,
    GradientBalancer,
    LossBalancer,
    Mean,
    UPGrad,
)
from tests.balancing.cases import AGGREGATORS, generators, gramian

ONES = torch.ones(4, dtype=torch.double)


def factors(method, G, present=None, task_weight=ONES):
    present = torch.ones(G.shape[:2], dtype=torch.bool) if present is None else present
    balancer = GradientBalancer(method, len(G), G.shape[-1], update_every=1)
    arrays = (tensor.numpy() for tensor in (G, present, task_weight))
    balancer.update(*arrays, generators(len(G)))
    return torch.as_tensor(balancer.factors())


@pytest.mark.parametrize("name", AGGREGATORS)
def test_absent_tasks_are_left_out_of_the_gramian(name):
    G = torch.stack([gramian(4, seed=seed) for seed in range(3)])
    present = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1]]).bool()
    G = G * present[:, :, None] * present[:, None]
    found = factors(AGGREGATORS[name], G, present)
    kept = [0, 2, 3]
    part = G[1][kept][:, kept]
    if name != "pcgrad":  # whose random order is another
        alone = factors(AGGREGATORS[name], part[None], task_weight=ONES[:3])[0]
        torch.testing.assert_close(found[1, kept], alone)
    assert found[1, 1] == 1.0  # the factor it had, which no gradient meets
    whole = factors(AGGREGATORS[name], G[:1])
    torch.testing.assert_close(found[:1], whole)


def test_a_batch_without_labels_changes_no_weight():
    G = torch.zeros(1, 4, 4, dtype=torch.double)
    found = factors(MGDA(), G, torch.zeros(1, 4, dtype=torch.bool))
    assert (found == 1).all()


def test_weights_of_a_mean_become_those_of_a_sum():
    torch.testing.assert_close(factors(UPGrad(), torch.eye(4).double()[None])[0], ONES)


@pytest.mark.parametrize("method", [UPGrad(), AlignedMTL()])
def test_a_preference_is_used_once(method):
    v = torch.tensor([1.0, 2.0, 4.0, 0.5], dtype=torch.double)
    bare = gramian(4)
    found = factors(method, (v[:, None] * bare * v)[None], task_weight=v)[0]
    expected = v.sum() * method.weigh(bare, preference=v)
    torch.testing.assert_close(found * v, expected)


def test_a_method_that_ignores_task_weight_does_so():
    v = torch.tensor([1.0, 2.0, 4.0, 0.5], dtype=torch.double)
    bare = gramian(4)
    found = factors(IMTLG(), (v[:, None] * bare * v)[None], task_weight=v)[0]
    torch.testing.assert_close(found * v, 4 * IMTLG().weigh(bare))


def test_task_weight_scales_the_losses_elsewhere():
    v = torch.tensor([1.0, 2.0, 4.0, 0.5], dtype=torch.double)
    G = v[:, None] * gramian(4) * v
    found = factors(MGDA(), G[None], task_weight=v)[0]
    torch.testing.assert_close(found, 4 * MGDA().weigh(G))


def test_weights_are_kept_between_updates():
    balancer = GradientBalancer(MGDA(), 1, 4, update_every=3)
    due = []
    for _ in range(7):
        due.append(balancer.is_due)
        if balancer.is_due:
            G = gramian(4, seed=len(due)).numpy()
            balancer.update(G[None], np.ones((1, 4), dtype=bool), ONES.numpy())
        balancer.factors()
    assert due == [True, False, False, True, False, False, True]


def loss_factors(method, losses, task_weight):
    balancer = LossBalancer(method, *losses.shape)
    present = (task_weight > 0).expand_as(losses)
    return balancer.factors(losses, present, task_weight, 0.01)


def test_loss_weights_and_task_weight_multiply():
    losses = torch.tensor([[0.3, 1.2, 0.7, 0.1]], dtype=torch.double)
    v = torch.tensor([1.0, 2.0, 4.0, 0.5], dtype=torch.double)
    torch.testing.assert_close(loss_factors(Mean(), losses, v)[0], ONES / 4)
    torch.testing.assert_close(loss_factors(DWA(), losses, v)[0], ONES)
    found = loss_factors(GeometricMean(), losses, v)[0] * v
    total = (losses[0].log() * v / v.sum()).sum().exp()
    torch.testing.assert_close(found, v * total / losses[0])


def test_a_task_of_weight_zero_is_as_absent():
    losses = torch.tensor([[0.3, 1.2, 0.7, 0.1]], dtype=torch.double)
    v = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.double)
    found = loss_factors(GeometricMean(), losses, v)[0]
    kept = [0, 2, 3]
    alone = loss_factors(GeometricMean(), losses[:, kept], ONES[:3])[0]
    assert found[1] == 0.0
    torch.testing.assert_close(found[kept], alone)
