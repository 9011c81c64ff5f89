from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import torch

from sklearn_mtl.neural_network.data import _memory
from sklearn_mtl.neural_network.data._memory import fits, prefetch
from sklearn_mtl.neural_network.data._rows import ArrayRows, DenseRows
from tests.simulated_gpu import NAME, simulated_gpu

GPU = torch.device("cuda", 0)


def test_inputs_fit_if_they_take_at_most_half_of_the_free_memory():
    with mock.patch.object(torch.cuda, "mem_get_info", return_value=(1000, 5000)):
        assert fits(500, GPU)
        assert not fits(501, GPU)
    assert fits(1e18, torch.device("cpu"))


@pytest.mark.parametrize(("dtype", "n_bytes"), [(np.float32, 4), (np.uint8, 1)])
def test_resident_rows_are_those_of_the_array(dtype, n_bytes):
    array = np.arange(60).reshape(12, 5).astype(dtype)
    rows = ArrayRows(array, torch.float32, torch.device(NAME))
    with simulated_gpu():
        expected = rows.span(2, 7).cpu()
        for free, kind in (
            (2 * 60 * n_bytes, DenseRows),
            (2 * 60 * n_bytes - 1, ArrayRows),
        ):
            with mock.patch.object(_memory, "free_memory", return_value=free):
                found = rows.resident()
            assert type(found) is kind
            assert torch.equal(found.span(2, 7).cpu(), expected)


class Stream:
    """Record the order in which streams wait for each other."""

    def __init__(self, name, log):
        self.name, self.log = name, log

    def wait_stream(self, other):
        self.log.append(f"{self.name} waits for {other.name}")

    def __enter__(self):
        self.log.append(f"in {self.name}")

    def __exit__(self, *error):
        self.log.append(f"out of {self.name}")


class Tensor(torch.Tensor):
    def record_stream(self, stream):
        stream.log.append(f"{stream.name} uses {int(self)}")


def test_the_next_batch_is_copied_in_another_stream(monkeypatch):
    log = []
    main, copies = Stream("main", log), Stream("copies", log)
    fake = SimpleNamespace(
        current_stream=lambda device: main,
        Stream=lambda device: copies,
        stream=lambda stream: stream,
    )
    monkeypatch.setattr(torch, "cuda", fake)
    batches = (torch.tensor(n).as_subclass(Tensor) for n in (0, 1))
    for batch, _ in prefetch(((one, (one,)) for one in batches), GPU):
        number = int(batch)
        log.append(f"step {number}")
    wait = ["out of copies", "main waits for copies"]
    step = [f"main uses {0}"] * 2 + ["step 0"]
    again = ["in copies", *wait, "main uses 1", "main uses 1", "step 1"]
    assert log == [
        *("copies waits for main", "in copies", *wait, *step),
        *again,
        *("in copies", "out of copies"),
    ]
