"""What "auto" stands for."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import MLP
from sklearn_mtl.neural_network.training._best_epoch import BestEpoch
from sklearn_mtl.neural_network.training._learning_rate import WarmUpCosine
from sklearn_mtl.neural_network.training._plan import make_plan, resolve_embedding
from sklearn_mtl.preprocessing import PiecewiseLinear
from tests.neural_network.nets import table, tiny


@pytest.mark.parametrize(
    ("n_samples", "batch_size"),
    [(1, 1), (100, 100), (101, 32), (1000, 50), (5120, 256), (10**6, 256)],
)
def test_a_batch_is_a_twentieth_of_the_rows_within_bounds(n_samples, batch_size):
    plan = make_plan(MultiTaskClassifier(), n_samples)
    assert plan.batch_size == batch_size
    is_small = n_samples <= 100
    assert plan.dtype == (torch.float64 if is_small else torch.float32)
    assert plan.hold_out == (not is_small)
    assert plan.trunk.dropout == (0.0 if is_small else 0.15)


@pytest.mark.parametrize("n_samples", [50, 101, 1000, 5000, 10**5])
def test_epochs_make_about_eight_hundred_steps(n_samples):
    plan = make_plan(MultiTaskClassifier(), n_samples)
    n_batches = math.ceil(n_samples / plan.batch_size)
    assert 12 <= plan.max_epochs <= 200
    if 12 < plan.max_epochs < 200:
        assert 800 <= plan.max_epochs * n_batches < 800 + n_batches
    assert plan.patience == max(5, math.ceil(plan.max_epochs / 4))


def test_what_is_said_is_taken():
    arguments = {
        "batch_size": 7,
        "dropout": 0.3,
        "dtype": "float64",
        "early_stopping": False,
        "max_epochs": 3,
        "n_iter_no_change": 2,
        "n_members": 5,
    }
    plan = make_plan(MultiTaskClassifier(**arguments), 1000)
    assert (plan.batch_size, plan.max_epochs, plan.patience) == (7, 3, 2)
    assert (plan.n_members, plan.hold_out, plan.dtype) == (5, False, torch.float64)
    assert plan.trunk.dropout == 0.3
    assert make_plan(MultiTaskClassifier(batch_size=None), 1000).batch_size == 1000


@pytest.mark.parametrize("device", ["gpu", "meta", "cuda:99"])
def test_a_device_that_is_not_here_is_refused_in_words(device):
    X, y = table()
    message = f"MultiTaskClassifier: device='{device}' is not available"
    with pytest.raises(ValueError, match=message):
        tiny(MultiTaskClassifier, device=device).fit(X, y[:, 0])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_says_what_to_do():
    X, y = table()
    with pytest.raises(ValueError, match=r"install a CUDA build.*or use device='cpu'"):
        tiny(MultiTaskClassifier, device="cuda").fit(X, y[:, 0])


def test_an_own_trunk_is_one_member_and_left_alone():
    for trunk, n_members in ((MLP(dropout=0.4), 8), (nn.Linear(4, 3), 1)):
        plan = make_plan(MultiTaskClassifier(trunk=trunk), 1000)
        assert plan.n_members == n_members
        assert plan.trunk is trunk


@pytest.mark.parametrize(
    ("shape", "is_embedded"),
    [((100, 2), False), ((101, 2), True), ((400, 100), False), ((401, 100), True)],
)
def test_auto_embeds_where_there_are_four_rows_a_column(shape, is_embedded):
    found = resolve_embedding(MultiTaskClassifier(), shape)
    assert (found is not None) == is_embedded
    assert resolve_embedding(MultiTaskClassifier(numeric_embedding=None), shape) is None
    spec = PiecewiseLinear(n_splits=0)
    assert resolve_embedding(MultiTaskClassifier(numeric_embedding=spec), shape) is spec


@pytest.mark.parametrize("n_steps", [1, 5, 100, 1000])
def test_the_rate_rises_linearly_and_falls_as_half_a_cosine(n_steps):
    schedule = WarmUpCosine(n_steps)
    rates = np.array([schedule(step) for step in range(n_steps)])
    n_warm_up = min(20, n_steps // 10)
    np.testing.assert_allclose(
        rates[:n_warm_up], (np.arange(n_warm_up) + 1) / n_warm_up
    )
    rest = np.arange(n_steps - n_warm_up) / (n_steps - n_warm_up)
    np.testing.assert_allclose(rates[n_warm_up:], (1 + np.cos(np.pi * rest)) / 2)
    assert schedule(n_steps) == pytest.approx(0, abs=1e-12)


def test_without_any_held_out_label_training_goes_on_to_the_end():
    X, y = table()
    labels = np.where(np.arange(120) < 2, y[:, 0], np.nan)
    labels[:2] = [0, 1]
    model = tiny(MultiTaskClassifier, early_stopping=True, n_iter_no_change=1)
    model.set_params(validation_fraction=0.01, max_epochs=6).fit(X, labels)
    assert np.isinf(model.history_["valid_criterion"]).all()
    assert model.n_iter_ == model.best_epoch_ == 6


@pytest.mark.parametrize("rounding", [0.0, 2e-7])
def test_a_tied_epoch_is_no_better_one(rounding):
    keep = BestEpoch(torch.ones(1), torch.ones(1), patience=2)
    X, y = table()
    net = tiny(MultiTaskClassifier).fit(X, y[:, 0]).net_
    stops = []
    for loss in (1.0, 0.5, 0.5 - rounding, 0.5 - 2 * rounding):
        net.history.new_epoch()
        stops.append(keep(net, torch.tensor([loss])))
    assert keep.epoch_ == len(net.history) - 2
    assert stops == [False, False, False, True]
