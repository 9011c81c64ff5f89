"""Losses after rescaling: best scale, unchanged regressions, and chosen epochs."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.losses import FusedLoss, OutputLayout
from sklearn_mtl.neural_network.training import _rescaled_losses
from sklearn_mtl.neural_network.training._rescaled_losses import RescaledLosses
from sklearn_mtl.tasks import TaskSet

N_MEMBERS, N_ROWS = 2, 200


def made(factor=1.0, seed=0):
    """Return parts, and logits that are `factor` times too far from the prior."""
    rng = np.random.default_rng(seed)
    y = np.column_stack(
        [
            rng.random(N_ROWS) < 0.2,
            rng.integers(3, size=N_ROWS),
            rng.normal(size=N_ROWS),
        ]
    ).astype(float)
    task_set, _ = TaskSet.from_y(y)
    layout = OutputLayout(task_set.tasks)
    targets = torch.tensor(y[:, layout.order]).expand(N_MEMBERS, -1, -1)
    bias = 0.3 * rng.normal(size=(N_MEMBERS, layout.n_outputs))
    noise = 1.5 * torch.tensor(rng.normal(size=(N_MEMBERS, N_ROWS, layout.n_outputs)))
    signal = torch.zeros_like(noise)
    signal[..., 0] = 2 * targets[..., 0] - 1
    columns = layout.columns(2)
    signal[..., columns] = torch.eye(3).double()[targets[..., 2].long()]
    prior = torch.tensor(bias)[:, None]
    logits = prior + factor * (signal + noise)
    weights = torch.tensor(rng.random((N_MEMBERS, N_ROWS, 3)) < 0.8).double()
    loss = FusedLoss(layout, torch.ones(3).double())
    rescaled = RescaledLosses(layout, bias, torch.device("cpu"))
    return rescaled, loss, prior, (logits, targets, weights)


def mean_losses(loss, logits, targets, weights):
    total = loss(logits, targets, weights)[0].sum(dim=0) * logits.shape[1]
    return (total / weights.sum(dim=(0, 1))).numpy()


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.5])
def test_losses_of_classes_are_those_of_the_best_scale(factor):
    rescaled, loss, prior, (logits, targets, weights) = made(factor)
    plain = mean_losses(loss, logits, targets, weights)
    for rows in torch.split(torch.arange(N_ROWS), 70):
        part = (block[:, rows] for block in (logits, targets, weights))
        rescaled.add(loss, *part)
    found = rescaled.replace(torch.tensor(plain)).numpy()
    assert found[1] == plain[1]  # the regression
    for place in (0, 2):

        def of_scale(scale, place=place):
            scaled = prior + scale * (logits - prior)
            return mean_losses(loss, scaled, targets, weights)[place]

        best = minimize_scalar(of_scale, bounds=(0, 1.44), method="bounded").fun
        assert best - 1e-6 <= found[place] <= best + 0.01 * (of_scale(0) - best)


def test_overconfidence_does_not_change_the_losses_of_classes():
    found = []
    for factor in (1.0, 1.2**2):  # two steps of the scales
        rescaled, loss, _, batch = made(factor)
        rescaled.add(loss, *batch)
        found.append(rescaled.replace(torch.zeros(3))[[0, 2]])
    torch.testing.assert_close(*found)


def test_losses_are_never_above_those_of_the_prior():
    rescaled, loss, prior, (logits, targets, weights) = made()
    wrong = prior - (logits - prior)
    rescaled.add(loss, wrong, targets, weights)
    found = rescaled.replace(torch.zeros(3)).numpy()
    expected = mean_losses(loss, prior.expand_as(logits), targets, weights)
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]])


def test_a_task_without_a_held_out_label_is_nan():
    rescaled, loss, _, (logits, targets, weights) = made()
    weights[..., 0] = 0.0
    rescaled.add(loss, logits, targets, weights)
    found = rescaled.replace(torch.zeros(3))
    assert torch.isnan(found[0])
    assert torch.isfinite(found[2])


def test_overconfidence_does_not_end_training(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = (X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=200) > 0).astype(int)
    net = MultiTaskClassifier(
        hidden_layer_sizes=(32,),
        n_members=2,
        dropout=0,
        lr=0.02,
        max_epochs=30,
        random_state=0,
    )
    ours = net.fit(X, y)
    plain = ours.history_["valid_loss"][:, 0]
    assert ours.history_["valid_criterion"].argmin() == ours.best_epoch_ - 1
    assert plain.argmin() < ours.best_epoch_ - 1
    monkeypatch.setattr(_rescaled_losses, "_SCALES", (1.0,))
    short = net.fit(X, y)
    assert short.best_epoch_ == short.history_["valid_loss"][:, 0].argmin() + 1


def test_all_processes_use_the_sums_of_the_first():
    first, loss, _, (logits, targets, weights) = made()
    other = made()[0]
    first.add(loss, logits, targets, weights)
    other.add(loss, 2 * logits, targets, weights)
    sums = iter([first._totals, first._mass])

    class Second:
        def of_main(self, value):
            return next(sums)

    other.align(Second())
    losses = torch.zeros(3)
    torch.testing.assert_close(
        other.replace(losses), first.replace(losses), rtol=0, atol=0
    )
