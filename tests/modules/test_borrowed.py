"""A global generator stands in for a private one, and is put back."""

import os
import threading

import pytest
import torch

from sklearn_mtl.modules._borrowed import drawing_from


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_the_private_generator_draws_and_the_global_one_is_left_alone():
    before, private = torch.get_rng_state(), seeded(3)
    with drawing_from(private):
        first = torch.rand(2)
    with drawing_from(private):
        second = torch.rand(2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(torch.cat([first, second]), torch.rand(4, generator=seeded(3)))


def test_it_is_put_back_after_an_error():
    def fail():
        with drawing_from(seeded(3)):
            torch.rand(2)
            raise RuntimeError

    before = torch.get_rng_state()
    with pytest.raises(RuntimeError):
        fail()
    assert torch.equal(before, torch.get_rng_state())


def test_blocks_may_be_nested():
    before = torch.get_rng_state()
    with drawing_from(seeded(3)):
        with drawing_from(seeded(4)):
            inner = torch.rand(2)
        outer = torch.rand(2)
    assert torch.equal(inner, torch.rand(2, generator=seeded(4)))
    assert torch.equal(outer, torch.rand(2, generator=seeded(3)))
    assert torch.equal(before, torch.get_rng_state())


def test_threads_take_turns():
    before, found = torch.get_rng_state(), {}

    def draw(seed):
        private = seeded(seed)
        drawn = []
        for _ in range(50):
            with drawing_from(private):
                drawn.append(torch.rand(3))
        found[seed] = torch.cat(drawn)

    threads = [threading.Thread(target=draw, args=[seed]) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(before, torch.get_rng_state())
    for seed, drawn in found.items():
        assert torch.equal(drawn, torch.rand(150, generator=seeded(seed)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_the_callers_state():
    before = torch.get_rng_state()
    with drawing_from(seeded(3)):
        child = os.fork()
        if child == 0:
            os._exit(0 if torch.equal(before, torch.get_rng_state()) else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
