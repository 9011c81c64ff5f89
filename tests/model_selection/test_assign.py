import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.model_selection._assign import (
    _n_lost,
    assign_groups,
    keep_every_task,
    lost_tasks,
    whole_numbers,
)
from sklearn_mtl.model_selection._parts import equal_sizes, generator, kfold_trains
from sklearn_mtl.model_selection._strata import build_strata
from sklearn_mtl.tasks import TaskSet


def rng():
    return np.random.default_rng(0)


def test_task_whose_labels_are_all_in_one_fold_is_spread():
    observed = np.ones((12, 2), dtype=bool)
    observed[4:, 1] = False
    part = np.repeat([0, 1, 2], 4)
    trains = kfold_trains(3)
    assert lost_tasks(observed, part, trains).tolist() == [1]
    new = keep_every_task(observed, part, trains, rng())
    assert lost_tasks(observed, new, trains).tolist() == []
    assert np.bincount(new).tolist() == [4, 4, 4]
    assert (new != part).sum() == 2


def test_own_row_tasks_in_order_are_all_spread():
    task = np.repeat(np.arange(20), 5)
    observed = task[:, None] == np.arange(20)
    part = np.repeat(np.arange(4), 25)
    trains = kfold_trains(4)
    assert len(lost_tasks(observed, part, trains)) == 20
    new = keep_every_task(observed, part, trains, rng())
    assert len(lost_tasks(observed, new, trains)) == 0


def test_single_label_stays_lost_and_everything_else_is_kept():
    observed = np.ones((6, 2), dtype=bool)
    observed[1:, 1] = False
    part = np.repeat([0, 1], 3)
    new = keep_every_task(observed, part, kfold_trains(2), rng())
    assert np.array_equal(new, part)
    assert lost_tasks(observed, new, kfold_trains(2)).tolist() == [1]


def test_task_without_labels_is_not_lost():
    observed = np.zeros((4, 1), dtype=bool)
    assert len(lost_tasks(observed, np.arange(4) % 2, kfold_trains(2))) == 0


def test_single_label_is_given_to_the_training_part_of_one_split():
    observed = np.ones((8, 2), dtype=bool)
    observed[1:, 1] = False
    part = np.array([1, 1, 0, 0, 0, 0, 0, 0])
    trains = np.array([[True, False]])
    new = keep_every_task(observed, part, trains, rng())
    assert new[0] == 0
    assert np.bincount(new).tolist() == [6, 2]


@pytest.mark.parametrize("n_parts", [2, 3, 5])
def test_groups_are_not_divided_and_classes_stay_in_proportion(n_parts):
    draw = rng()
    y = (draw.random((900, 3)) < [0.5, 0.2, 0.05]).astype(float)
    _, group = np.unique(draw.integers(150, size=900), return_inverse=True)
    task_set, codes = TaskSet.from_y(y)
    strata = build_strata(task_set, codes, 5, 1 / n_parts)
    part = assign_groups(strata, group, equal_sizes(900, n_parts), draw, shuffle=True)
    assert all(len(np.unique(part[group == g])) == 1 for g in range(group.max() + 1))
    shares = np.stack([y[part == p].sum(axis=0) for p in range(n_parts)])
    assert np.abs(shares - y.sum(axis=0) / n_parts).max() <= 2
    assert np.abs(np.bincount(part) - 900 / n_parts).max() <= 3


def test_generator_is_private_and_reproducible():
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the one not to be used
    assert generator(3).random() == generator(3).random()
    shared = np.random.RandomState(0)
    assert generator(shared).random() != generator(shared).random()
    generator(3).random()
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("n_rows", [10, 1000, 100_000])
@pytest.mark.parametrize("largest", [1, 1000])
def test_what_splits_compare_are_whole_numbers_that_floats_hold(n_rows, largest):
    counts = rng().integers(largest + 1, size=(n_rows, 3)) / np.sqrt([1, 50, 7e4])
    unit, whole, targets = whole_numbers(sparse.csr_array(counts), np.full(7, 1 / 7))
    whole = whole.toarray()
    for found in (whole, targets):
        assert np.array_equal(found, np.rint(found))
    np.testing.assert_allclose(whole / unit, counts, atol=0.51 / unit)
    # no gain of an exchange is further from zero
    assert 4 * (whole.sum(axis=0) * whole.max(axis=0)).sum() < 2**53
    # and a row of a class is more than rounding
    assert unit >= 2**7


def test_no_strata_are_no_numbers():
    _, whole, targets = whole_numbers(sparse.csr_array((4, 0)), np.full(2, 0.5))
    assert whole.shape == (4, 0)
    assert targets.shape == (2, 0)


@pytest.mark.parametrize("share", [0.15, 0.5, 0.85])
@pytest.mark.parametrize("sizes", [[50, 50], [98, 1, 1], [5, 90, 5]])
def test_no_part_is_empty_while_another_has_several_groups(sizes, share):
    group = np.repeat(np.arange(len(sizes)), sizes)
    n = len(group)
    strata = sparse.csr_array(np.ones((n, 1)))
    wanted = np.array([round(share * n), n - round(share * n)])
    part = assign_groups(strata, group, wanted, rng(), shuffle=True)
    assert set(part) == {0, 1}


def test_fewer_groups_than_parts_have_a_part_each():
    group, strata = np.repeat([0, 1, 2], 4), sparse.csr_array(np.ones((12, 1)))
    part = assign_groups(strata, group, equal_sizes(12, 8), rng(), shuffle=True)
    assert len(set(part)) == 3


def test_lost_tasks_after_each_exchange_are_those_of_a_new_count():
    random = rng()
    observed = random.random((30, 40)) < 0.08
    part = np.arange(30) % 3
    trains = np.vstack([kfold_trains(3), [True, False, False]])

    def totals(part):
        return trains @ np.stack([observed[part == p].sum(axis=0) for p in range(3)])

    others = np.flatnonzero(part != part[0])
    found = _n_lost(observed, part, trains, totals(part), 0, others)
    for other, n_lost in zip(others, found, strict=True):
        moved = part.copy()
        moved[[0, other]] = part[[other, 0]]
        assert n_lost == (totals(moved) == 0).sum()
    assert len(set(found)) > 1
