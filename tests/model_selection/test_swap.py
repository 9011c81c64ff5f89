from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.model_selection import _swap
from sklearn_mtl.model_selection._swap import _exchange, improve_by_swaps


def excess_of(strata, part, targets):
    parts = range(len(targets))
    return np.stack([strata[part == p].sum(axis=0) for p in parts]) - targets


@pytest.mark.parametrize("seed", range(5))
def test_gains_are_the_drop_of_the_squared_excess(seed):
    rng = np.random.default_rng(seed)
    U_a, U_b = rng.integers(2, size=(2, 6, 9)).astype(float)
    excess = rng.normal(scale=3, size=(2, 9))
    pairs, change = _exchange(U_a, U_b, excess[0] - excess[1])
    assert pairs
    moved = sum(U_b[j] - U_a[i] for i, j in pairs)
    np.testing.assert_array_equal(change, moved)
    after = np.stack([excess[0] + moved, excess[1] - moved])
    assert (after**2).sum() < (excess**2).sum()
    # the first pair is the best of all single exchanges
    best = min(
        ((excess[0] + b - a) ** 2).sum() + ((excess[1] - b + a) ** 2).sum()
        for a in U_a
        for b in U_b
    )
    first = U_b[pairs[0][1]] - U_a[pairs[0][0]]
    found = ((excess[0] + first) ** 2).sum() + ((excess[1] - first) ** 2).sum()
    assert found == pytest.approx(best)


def test_no_row_is_exchanged_twice():
    rng = np.random.default_rng(0)
    U_a, U_b = rng.integers(2, size=(2, 20, 5)).astype(float)
    pairs, _ = _exchange(U_a, U_b, 10 * rng.normal(size=5))
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs) > 3


def test_squared_excess_falls_far_and_sizes_stay():
    rng = np.random.default_rng(0)
    strata = (rng.random((600, 12)) < 0.2).astype(float)
    part = np.sort(rng.integers(4, size=600))
    targets = np.tile(strata.mean(axis=0) * 150, (4, 1))
    new = improve_by_swaps(sparse.csr_array(strata), part, targets, rng)
    before, after = (excess_of(strata, p, targets) for p in (part, new))
    assert (after**2).sum() < 0.01 * (before**2).sum()
    assert np.array_equal(np.bincount(part), np.bincount(new))


def test_rows_that_may_move_leave_a_part_that_is_too_large():
    strata = np.ones((40, 1))
    part = np.repeat([0, 1], [37, 3])
    new = improve_by_swaps(
        sparse.csr_array(strata),
        part,
        np.full((2, 1), 20.0),
        np.random.default_rng(0),
        may_move=True,
    )
    assert np.bincount(new).tolist() == [20, 20]


@pytest.mark.parametrize("seed", range(8))
def test_two_halves_are_within_one_row_of_the_best_there_is(seed):
    rng = np.random.default_rng(seed)
    strata = rng.integers(2, size=(10, 5)).astype(float)
    targets = np.tile(strata.sum(axis=0) / 2, (2, 1))
    start = np.repeat([0, 1], 5)
    new = improve_by_swaps(sparse.csr_array(strata), start, targets, rng)
    worst = np.abs(excess_of(strata, new, targets)).max()
    halves = [np.isin(np.arange(10), rows) for rows in combinations(range(10), 5)]
    best = min(np.abs(excess_of(strata, h * 1, targets)).max() for h in halves)
    assert worst <= best + 1


def test_perfect_parts_are_left_alone():
    strata = sparse.csr_array(np.tile(np.eye(3), (4, 1)))
    part = np.repeat([0, 1], 6)
    new = improve_by_swaps(strata, part, np.full((2, 3), 2.0), np.random.default_rng(0))
    assert np.array_equal(new, part)


@pytest.mark.parametrize("may_move", [False, True])
def test_sparse_and_dense_rows_give_the_same_exchanges(may_move, monkeypatch):
    rng = np.random.default_rng(0)
    strata = sparse.csr_array((rng.random((200, 80)) < 0.05).astype(float))
    part = np.sort(np.arange(200) % 4)
    targets = np.rint(np.outer(np.full(4, 0.25), strata.sum(axis=0)))
    found = []
    for limit in (0.0, 1.0):
        monkeypatch.setattr(_swap, "_DENSE", limit)
        own = np.random.default_rng(1)
        found.append(improve_by_swaps(strata, part, targets, own, may_move=may_move))
    assert (found[0] != part).any()
    np.testing.assert_array_equal(*found)
