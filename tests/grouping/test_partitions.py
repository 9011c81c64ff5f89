from itertools import pairwise, product

import numpy as np
import pytest

from sklearn_mtl.grouping._group_results import candidate_sizes, summarise
from sklearn_mtl.grouping._partitions import best_partitions, group_value


def every_partition(n_tasks, k):
    """Yield all partitions into k groups."""
    for labels in product(range(k), repeat=n_tasks):
        groups = [[t for t in range(n_tasks) if labels[t] == g] for g in range(k)]
        is_first_use = list(dict.fromkeys(labels)) == list(range(k))
        if is_first_use:
            yield groups


def value(affinity, groups):
    return sum(group_value(affinity, group) for group in groups)


@pytest.mark.parametrize("seed", range(4))
def test_exact_finds_what_enumeration_finds(seed):
    affinity = np.random.default_rng(seed).normal(size=(6, 6))
    np.fill_diagonal(affinity, 0)
    found = best_partitions(affinity, range(1, 7), "exact", 0)
    for k, groups in zip(range(1, 7), found, strict=True):
        assert len(groups) == k
        assert sorted(t for group in groups for t in group) == list(range(6))
        best = max(value(affinity, one) for one in every_partition(6, k))
        assert value(affinity, groups) == pytest.approx(best)


@pytest.mark.parametrize("search", ["exact", "greedy", "spectral"])
def test_blocks_are_found(search):
    truth = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    rng = np.random.default_rng(0)
    affinity = (truth[:, None] == truth) + 0.2 * rng.normal(size=(8, 8))
    (found,) = best_partitions(affinity, [3], search, 0)
    assert found == ((0, 3, 6), (1, 4, 7), (2, 5))


def test_greedy_merges_are_nested_and_as_good_as_by_hand():
    affinity = np.random.default_rng(0).normal(size=(14, 14))
    np.fill_diagonal(affinity, 0)
    sizes = range(1, 15)
    found = best_partitions(affinity, sizes, "auto", 0)
    for coarse, fine in pairwise(found):
        assert all(any(set(a) <= set(b) for b in coarse) for a in fine)
        merged = [group for group in coarse if group not in fine]
        assert len(merged) == 1
        gains = []
        for i, one in enumerate(fine):
            for other in fine[:i]:
                gain = group_value(affinity, one + other)
                gain -= group_value(affinity, one) + group_value(affinity, other)
                gains.append(gain)
        step = value(affinity, coarse) - value(affinity, fine)
        assert step == pytest.approx(max(gains))


def test_many_tasks_are_grouped():
    truth = np.arange(60) % 5
    affinity = (truth[:, None] == truth) * 1.0
    (found,) = best_partitions(affinity, [5], "auto", 0)
    assert [truth[list(group)].tolist() for group in found] == [
        [g] * 12 for g in range(5)
    ]


def test_unknown_affinities_count_as_the_mean():
    affinity = np.array([[0, 3, np.nan], [3, 0, np.nan], [np.nan, np.nan, 0]])
    (found,) = best_partitions(affinity, [2], "exact", 0)
    assert len(found) == 2
    nothing = np.full((3, 3), np.nan)
    assert len(best_partitions(nothing, [2], "exact", 0)[0]) == 2


def test_a_given_matrix_is_left_alone():
    affinity = np.ones((3, 3))
    best_partitions(affinity, [1, 2, 3], "greedy", 0)
    np.testing.assert_array_equal(affinity, 1)


@pytest.mark.parametrize(
    ("n_tasks", "max_groups", "sizes"),
    [(3, None, [1, 2, 3]), (5, 2, [1, 2]), (2, 9, [1, 2]), (0, None, [1])],
)
def test_numbers_of_groups(n_tasks, max_groups, sizes):
    assert candidate_sizes(n_tasks, max_groups) == sizes


def test_of_many_numbers_twelve_are_tried():
    sizes = candidate_sizes(139, None)
    assert sizes[0] == 1
    assert sizes[-1] == 139
    assert len(sizes) <= 12


def test_partitions_whose_scores_differ_by_rounding_share_a_rank():
    partitions = [((0, 1),), ((0,), (1,))]
    together, apart = np.full((1, 2), 0.3), np.full((1, 2), 0.1 + 0.2)
    scores = [{(0, 1): together}, {(0,): apart[:, :1], (1,): apart[:, 1:]}]
    found = summarise(partitions, ["a", "b"], scores, None)
    assert found["rank_test_score"].tolist() == [1, 1]


@pytest.mark.parametrize("n_tasks", [8, 12])
def test_groups_do_not_depend_on_the_last_bits_of_affinities(n_tasks):
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], size=(n_tasks, 7))
    affinity = signs @ signs.T / 7
    expected = best_partitions(affinity, range(1, n_tasks), "auto", 0)
    for _ in range(3):
        noisy = affinity * (1 + 1e-15 * rng.normal(size=affinity.shape))
        assert best_partitions(noisy, range(1, n_tasks), "auto", 0) == expected
