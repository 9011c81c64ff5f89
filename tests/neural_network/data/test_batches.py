"""Epochs of members whose training samples are not equally many."""

from types import SimpleNamespace

import pytest
import torch

from sklearn_mtl.neural_network.data._batches import BatchIterator


class Numbers:
    """Rows that say which they are, and are no texts."""

    rows = SimpleNamespace(lengths=None, index_device=torch.device("cpu"))
    targets = torch.zeros(0)

    def batch(self, index):
        return index


def epoch_of(sizes, batch_size):
    """Return the row numbers (n_members, n_visited) of one epoch."""
    members = [100 * m + torch.arange(size) for m, size in enumerate(sizes)]
    generators = [torch.Generator().manual_seed(m) for m in range(len(sizes))]
    batches = BatchIterator(Numbers(), members, batch_size, generators)
    assert len(batches) == len(list(batches))
    return torch.cat(list(batches), dim=1)


def test_equal_members_visit_each_row_once():
    visited = epoch_of([40, 40], batch_size=16)
    for m, rows in enumerate(visited):
        assert sorted(rows.tolist()) == list(range(100 * m, 100 * m + 40))


def test_one_that_is_a_row_shorter_visits_all_of_its_rows():
    visited = epoch_of([40, 39], batch_size=16)
    assert visited.shape == (2, 39)
    assert len(set(visited[1].tolist())) == 39


@pytest.mark.parametrize("sizes", [[90, 90, 90, 10], [90, 30]])
def test_a_large_group_held_out_by_one_member_does_not_shorten_the_epoch(sizes):
    visited = epoch_of(sizes, batch_size=16)
    assert visited.shape[1] == sum(sizes) // len(sizes)
    for size, rows in zip(sizes, visited, strict=True):
        times = torch.bincount(rows % 100, minlength=size)
        assert len(times) == size
        assert times.max() - times.min() <= 1
