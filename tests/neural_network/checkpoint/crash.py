"""End a fit in the middle, as a crash does."""

from contextlib import contextmanager

import numpy as np
import pytest

from sklearn_mtl.neural_network.training._net import MultiTaskNet


class Crash(BaseException):
    """Nobody handles it, as nobody handles a kill."""


@contextmanager
def crashing(n_epochs):
    """Let every fit in the block end in the epoch after so many."""
    run = MultiTaskNet.run_single_epoch

    def crash(net, *args, **kwargs):
        if net.n_done_ == n_epochs:
            raise Crash
        return run(net, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MultiTaskNet, "run_single_epoch", crash)
        yield


def crash_after(n_epochs, model, *args, **kwargs):
    """Fit until so many epochs are done."""
    with crashing(n_epochs), pytest.raises(Crash):
        model.fit(*args, **kwargs)


def count_epochs(model, *args, **kwargs):
    """Fit, and return how many epochs ran."""
    run, counted = MultiTaskNet.run_single_epoch, []

    def count(net, *args, **kwargs):
        counted.append(net.n_done_)
        return run(net, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MultiTaskNet, "run_single_epoch", count)
        model.fit(*args, **kwargs)
    return len(counted)


def assert_same_history(one, other):
    """Compare all but the seconds that epochs took."""
    first, second = one.history_, other.history_
    assert first.keys() == second.keys()
    for key in first.keys() - {"duration"}:
        np.testing.assert_array_equal(first[key], second[key])
