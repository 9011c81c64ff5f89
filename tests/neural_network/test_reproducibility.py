"""The same seed gives the same bits, whatever goes on around it."""

import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from torch import nn

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from tests.neural_network.nets import (
    ALL,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    with_gaps,
)

X, Y = table(150)
X[::9, 1] = np.nan
Y = with_gaps(Y)
ARGUMENTS = {"n_members": 2, "dropout": 0.2, "numeric_embedding": "auto"}


def fit(cls, seed=0, **arguments):
    model = tiny(cls, random_state=seed, **{**ARGUMENTS, **arguments})
    return model.fit(X, targets_of(cls, Y))


def fit_elsewhere(cls, global_seed):
    torch.manual_seed(global_seed)
    np.random.seed(global_seed)  # noqa: NPY002 - what must not matter
    return fit(cls)


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_the_same_seed_gives_the_same_bits_in_threads_and_processes(backend):
    expected = {cls: fit(cls) for cls in ALL}
    jobs = Parallel(n_jobs=2, backend=backend)
    models = jobs(delayed(fit_elsewhere)(cls, s) for s in range(2) for cls in ALL)
    for model in models:
        assert same_bits(model, expected[type(model)])
        found, wanted = model.predict(X), expected[type(model)].predict(X)
        np.testing.assert_array_equal(found, wanted)


def test_another_seed_gives_another_net():
    assert not same_bits(fit(ALL[0], seed=0), fit(ALL[0], seed=1))
    assert not same_bits(fit(ALL[0], seed=None), fit(ALL[0], seed=None))


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_seeds_the_net_and_moves_on(make):
    assert same_bits(fit(ALL[0], seed=make(3)), fit(ALL[0], seed=make(3)))
    generator = make(3)
    assert not same_bits(fit(ALL[0], seed=generator), fit(ALL[0], seed=generator))


def hash_of_a_fit():
    inputs = np.random.default_rng(0).normal(size=(3000, 100))
    model = tiny(MultiTaskClassifier, n_members=2, max_epochs=1, batch_size=1000)
    values = parameters(model.fit(inputs, (inputs[:, :2] > 0).astype(int))).values()
    return hashlib.sha256(b"".join(v.numpy().tobytes() for v in values)).hexdigest()


def test_the_number_of_blas_threads_does_not_change_a_bit():
    program = f"from {__name__} import hash_of_a_fit; print(hash_of_a_fit())"
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    other = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, **dict.fromkeys(names, "2")},
    )
    assert other.stdout.strip() == hash_of_a_fit()


def make_trunk(n_features):
    return nn.Sequential(nn.Linear(n_features, 5), nn.ReLU())


@pytest.mark.parametrize("trunk", [None, make_trunk])
def test_the_callers_generators_are_not_touched(trunk):
    inputs = X if trunk is None else np.nan_to_num(X)
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - what must not be touched
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = tiny(MultiTaskClassifier, trunk=trunk, **ARGUMENTS)
    model.fit(inputs, Y[:, :2]).predict(inputs)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def in_threads(*functions):
    """Run functions at the same time, and return what they gave."""
    given = [None] * len(functions)

    def run(i):
        given[i] = functions[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("n_threads", [1, 2, None])
def test_the_callers_thread_count_is_put_back(n_threads):
    model = fit(ALL[0], n_threads=n_threads)
    assert torch.get_num_threads() == 3
    model.predict(X)
    model.transform(X)
    assert torch.get_num_threads() == 3
    with pytest.raises(ValueError, match="weight of zero"):
        model.fit(X, Y[:, :2], sample_weight=np.zeros(150))
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_overlapping_fits_leave_threads_and_generators_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    own_trunk = {"trunk": make_trunk, "n_members": 3}
    expected = tiny(ALL[0], **own_trunk).fit(np.nan_to_num(X), Y[:, :2])

    def long():
        return fit(ALL[0], max_epochs=30, early_stopping=False)

    def short():
        return [
            tiny(ALL[0], **own_trunk).fit(np.nan_to_num(X), Y[:, :2]) for _ in range(4)
        ]

    first, many, more = in_threads(long, short, short)
    assert same_bits(first, fit(ALL[0], max_epochs=30, early_stopping=False))
    assert all(same_bits(model, expected) for model in many + more)
    assert torch.get_num_threads() == 3
    assert torch.equal(before, torch.get_rng_state())
    # a thread that starts later copies the count of the process
    assert in_threads(torch.get_num_threads) == [3]


def test_small_nets_run_on_one_thread():
    seen = []

    class Watch(nn.Linear):
        def forward(self, x):
            seen.append(torch.get_num_threads())
            return super().forward(x)

    model = tiny(ALL[0], trunk=lambda n: Watch(n, 3))
    model.fit(np.nan_to_num(X), Y[:, 0]).predict(np.nan_to_num(X))
    assert set(seen) == {1}


def test_the_batch_that_is_predicted_does_not_matter():
    model = fit(MultiTaskMixedEstimator)
    whole = np.asarray(model.predict(np.tile(X, (20, 1)))[:, 2], dtype=float)
    single = np.concatenate([model.predict(X[[i]])[:, 2] for i in range(150)])
    rounding = {"rtol": 0, "atol": 1e-5 * whole.std()}
    np.testing.assert_allclose(whole[:150], single.astype(float), **rounding)
    np.testing.assert_allclose(whole[-150:], single.astype(float), **rounding)
