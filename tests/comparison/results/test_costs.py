import ctypes
import pickle
import threading

import numpy as np
import pytest

from sklearn_mtl.comparison.results import _costs
from sklearn_mtl.comparison.results._costs import pickled_size, watch_memory

MB = 10**6


def test_size_is_that_of_the_pickle():
    model = {"coef": np.arange(1000.0), "name": "x"}
    assert pickled_size(model) == len(pickle.dumps(model, protocol=5))


def test_what_cannot_be_pickled_has_no_size():
    assert np.isnan(pickled_size(lambda: None))


@pytest.fixture
def wait_for_a_look(monkeypatch):
    """Wait until the watcher has looked, however busy the processor is."""
    looks, look = threading.Semaphore(0), _costs._resident

    def counted():
        found = look()
        looks.release()
        return found

    def wait():
        while looks.acquire(blocking=False):
            pass
        for _ in range(2):  # the first may have begun before
            assert looks.acquire(timeout=60)

    monkeypatch.setattr(_costs, "_resident", counted)
    return wait


@pytest.mark.skipif(not _costs._STATM.exists(), reason="needs /proc")
def test_memory_that_is_used_and_freed_inside_the_block_is_seen(wait_for_a_look):
    with watch_memory() as watch:
        filled = np.ones(80 * MB // 8)
        wait_for_a_look()
        del filled
    assert 70 * MB < watch.growth < 200 * MB


@pytest.mark.skipif(not _costs._STATM.exists(), reason="needs /proc")
def test_memory_that_the_last_fit_left_is_counted_again(wait_for_a_look):
    """Small pieces stay with the process when freed, and would hide the next use."""
    found = []
    for _ in range(3):
        with watch_memory() as watch:
            pieces = [np.ones(1000) for _ in range(5000)]  # 40 MB
            wait_for_a_look()
            del pieces
        found.append(watch.growth)
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        assert min(found) > 30 * MB


def test_in_a_thread_beside_others_the_growth_is_not_known():
    found = []

    def work():
        with watch_memory() as watch:
            pass
        found.append(watch.growth)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert np.isnan(found[0])


def test_the_watcher_ends_when_the_block_fails():
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), watch_memory():
        raise ZeroDivisionError
    assert threading.active_count() == before
