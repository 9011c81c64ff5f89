"""Nearly deterministic regressions are trained further, without dropout."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.modules import MLP, MemberDropout, stop_dropout, use_generators
from sklearn_mtl.neural_network.training._learning_rate import (
    TwoStages,
    WarmUpCosine,
)
from tests.neural_network.nets import same_bits

N_FIRST, N_FURTHER = 12, 36  # epochs that "auto" gives to what follows


def linear_tasks(noise):
    """Return 400 samples of three inputs and two sums of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = X @ rng.normal(size=(3, 2))
    return X, y + noise * rng.normal(size=y.shape)


def small(cls=MultiTaskRegressor, **arguments):
    defaults = {
        "batch_size": 20,
        "hidden_layer_sizes": (16,),
        "lr": 0.003,
        "n_members": 1,
        "numeric_embedding": None,
        "random_state": 0,
    }
    return cls(**{**defaults, **arguments})


class FailAt(Callback):
    """Raise after so many epochs."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if net.n_done_ == self.epoch:
            raise RuntimeError("the lights went out")


@pytest.fixture(scope="module", autouse=True)
def _few_steps():
    """Let a fit have a quarter of the usual steps, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MLP, "n_steps", 200)
        yield


@pytest.fixture(scope="module")
def fitted(_few_steps):
    """Return a net of tasks without noise."""
    return small().fit(*linear_tasks(0.0))


def test_tasks_without_noise_are_learned_further(fitted):
    loss = fitted.history_["valid_criterion"]
    assert N_FIRST < fitted.n_iter_ <= N_FIRST + N_FURTHER
    assert loss[:N_FIRST].min() < 0.05
    assert loss.min() < loss[:N_FIRST].min() / 2
    assert fitted.best_epoch_ == loss.argmin() + 1


def test_the_first_stage_is_that_of_a_fit_of_so_many_epochs(fitted):
    alone = small(max_epochs=N_FIRST, n_iter_no_change=N_FIRST)
    alone.fit(*linear_tasks(0.0))
    assert alone.n_iter_ == N_FIRST
    for name in ("train_loss", "valid_loss", "lr"):
        np.testing.assert_array_equal(
            alone.history_[name], fitted.history_[name][:N_FIRST]
        )


def test_tasks_with_noise_are_not():
    assert small().fit(*linear_tasks(1.0)).n_iter_ <= N_FIRST


def test_a_classification_is_not_however_certain():
    X, _ = linear_tasks(0.0)
    X[:, 0] += 2 * np.sign(X[:, 0])  # far from the boundary
    model = small(MultiTaskClassifier, lr=0.01).fit(X, X[:, 0] > 0)
    assert model.history_["valid_criterion"].min() < 0.05
    assert model.n_iter_ <= N_FIRST


@pytest.mark.parametrize(
    "said",
    [{"max_epochs": N_FIRST}, {"n_iter_no_change": N_FIRST}, {"early_stopping": False}],
)
def test_a_length_that_the_user_names_is_kept(said):
    # the loss falls to the end, as in the test above of tasks without noise
    assert small(**said).fit(*linear_tasks(0.0)).n_iter_ == N_FIRST


def test_units_are_dropped_in_the_first_stage_only(monkeypatch):
    drawn, forward = [], MemberDropout.forward

    def count(self, x):
        if self.training:
            drawn.append(self.generators is not None)
        return forward(self, x)

    monkeypatch.setattr(MemberDropout, "forward", count)
    model = small().fit(*linear_tasks(0.0))
    n_steps = len(drawn) // model.n_iter_
    expected = np.arange(len(drawn)) < N_FIRST * n_steps
    np.testing.assert_array_equal(drawn, expected)


def test_a_fit_that_was_killed_in_the_second_stage_ends_with_the_same_bits(
    fitted, tmp_path
):
    X, y = linear_tasks(0.0)
    model = small(checkpoint=tmp_path, callbacks=[FailAt(N_FIRST + 5)])
    with pytest.raises(RuntimeError, match="the lights"):
        model.fit(X, y)
    # N_FIRST + 4 epochs are on the disk
    model.set_params(callbacks=[FailAt(-1)]).fit(X, y)
    assert model.n_iter_ == fitted.n_iter_
    assert same_bits(model, fitted)


def test_a_second_schedule_follows_the_first():
    first, second = WarmUpCosine(50), WarmUpCosine(70, highest=3.0)
    both = TwoStages(first, second)
    rates = [both(step) for step in range(120)]
    assert rates[:50] == [first(step) for step in range(50)]
    assert rates[50:] == [second(step) for step in range(70)]


def test_dropout_that_was_stopped_starts_with_new_generators():
    layer, x = MemberDropout(0.5), torch.ones(1, 100, 10)
    draws = [torch.Generator().manual_seed(0)]
    use_generators(layer, draws)
    stop_dropout(layer)
    assert torch.equal(layer(x), x)
    use_generators(layer, draws)
    assert not torch.equal(layer(x), x)
