"""Nets on a device other than the CPU, with values that can be compared."""

from collections import Counter
from unittest import mock

import numpy as np
import pytest
import torch
from scipy import sparse

from sklearn_mtl.balancing import METHODS, GradientAggregator, read_balancing
from sklearn_mtl.modules import MLP, Augmentation, Conv
from sklearn_mtl.neural_network import MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.neural_network.data import _memory
from tests.gpu.cases import (
    HOLES,
    IMAGES,
    OTHERS,
    SCHEDULES,
    TEXT,
    TEXTS,
    TRUNKS,
    X,
    Y,
    assert_same,
    fitted,
    outputs,
    within_epochs,
)
from tests.simulated_gpu import NAME, simulated_gpu

exhaustive = pytest.mark.exhaustive
N_STEPS = 2 * 4  # epochs and batches of a single member


def compare(X=X, atol=1e-6, **options) -> Counter[str]:
    """Compare the predictions with the CPU; return the waits within the epochs."""
    expected = outputs(fitted("cpu", X, **options), X)
    with simulated_gpu() as gpu:
        with within_epochs(gpu.start, gpu.stop):
            model = fitted(NAME, X, **options)
        assert model.net_.module_.heads.weight.device.type == NAME
        assert_same(outputs(model, X), expected, atol)
    return gpu.waits


def sample(cases, *chosen):
    """Return all cases, of which only some are chosen for a quick run."""
    return [
        name if name in chosen else pytest.param(name, marks=exhaustive)
        for name in cases
    ]


@pytest.mark.parametrize("name", sample(METHODS, "famo", "fixed", "gradnorm", "random"))
def test_balancing_waits_at_most_once_in_a_step(name):
    waits = compare(balancing=name, n_members=1)
    if isinstance(read_balancing(name, "test"), GradientAggregator):
        # these methods solve small problems with NumPy
        assert set(waits) == {"balancing/_base.py as_array: aten._to_copy.default"}
        assert waits.total() == N_STEPS
    else:
        assert not waits


def test_the_exact_gramian_waits_only_when_it_is_updated():
    waits = compare(balancing="mgda", gramian="shared", update_every=3, n_members=1)
    assert waits.total() == 3


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_do_not_wait(name):
    schedule, y = SCHEDULES[name]
    assert not compare(y=y, task_schedule=schedule)


def test_an_asynchronous_schedule_waits_for_missing_labels():
    waits = compare(y=HOLES, task_schedule="asynchronous", n_members=1)
    where = "neural_network/objective/_turns.py apply: aten._to_copy.default"
    assert waits == {where: N_STEPS}


@pytest.mark.parametrize("name", sample(TRUNKS, "batch", "private", "own"))
def test_trunks_do_not_wait(name):
    # Batch norm removes the effect of some parameters, whose gradients are rounding
    # errors that Adam enlarges.
    atol = 1e-3 if name == "batch" else 1e-6
    assert not compare(trunk=TRUNKS[name], numeric_embedding=None, atol=atol)


@pytest.mark.parametrize(
    "name", sample(OTHERS, "learned relation", "relation of heads", "feedback")
)
def test_other_parameters_do_not_wait(name):
    assert not compare(y=HOLES, **OTHERS[name])


def test_dropout_does_not_wait():
    assert not compare(trunk=MLP((8,), dropout=0.3))


def test_the_monitor_waits_in_the_first_step_of_an_epoch():
    waits = compare(monitor="gradients")
    assert {one.split(":")[0] for one in waits} == {
        "neural_network/objective/_monitor.py __call__"
    }


def test_regressions_and_mixed_tasks_do_not_wait():
    values = np.stack([X[:, 0], X[:, 1] + X[:, 2]], 1)
    assert not compare(y=values, kind=MultiTaskRegressor)
    mixed = np.column_stack([Y[:, :1], values[:, :1]])
    assert not compare(y=mixed, kind=MultiTaskMixedEstimator)


def test_images_do_not_wait():
    trunk = Conv((1, 6, 6), channels=(4,), augmentation=Augmentation(shift=1))
    assert not compare(IMAGES, trunk=trunk)


def test_texts_do_not_wait():
    assert not compare(TEXTS, trunk=TEXT, n_members=1)


def test_sparse_columns_do_not_wait():
    rng = np.random.default_rng(0)
    assert not compare(sparse.csr_array((rng.random((len(Y), 300)) < 0.02) * 1.0))


def test_a_memory_map_does_not_wait(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert not compare(mapped, trunk=torch.nn.Linear(5, 4))


@pytest.mark.parametrize("trunk", [None, TRUNKS["own"]], ids=["table", "raw"])
def test_inputs_that_do_not_fit_are_copied_by_batch(trunk):
    with mock.patch.object(_memory, "free_memory", return_value=2.0 * X.nbytes - 1):
        assert not compare(trunk=trunk, numeric_embedding=None)


def test_a_fitted_net_learns_further_on_its_device():
    expected = fitted("cpu").partial_fit(X[:40], Y[:40])
    with simulated_gpu():
        model = fitted(NAME).partial_fit(X[:40], Y[:40])
        assert_same(outputs(model), outputs(expected))
