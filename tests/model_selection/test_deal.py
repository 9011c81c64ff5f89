import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.model_selection._deal import deal_groups, deal_rows


def one_hot(labels):
    labels = np.asarray(labels)
    return sparse.csr_array(
        np.hstack([column[:, None] == np.unique(column) for column in labels.T]) * 1.0
    )


def counts_of(strata, part, n_parts):
    dense = strata.toarray()
    return np.stack([dense[part == p].sum(axis=0) for p in range(n_parts)])


@pytest.mark.parametrize("sizes", [[6, 6, 6], [10, 8], [13, 4, 1], [17, 1]])
def test_parts_have_their_sizes(sizes):
    labels = np.random.default_rng(0).integers(3, size=(18, 4))
    part = deal_rows(one_hot(labels), np.array(sizes), np.arange(18), 0)
    assert np.bincount(part).tolist() == sizes


def test_one_task_is_dealt_exactly():
    labels = np.repeat([0, 1, 2], [20, 10, 5])[:, None]
    strata = one_hot(labels)
    part = deal_rows(strata, np.full(5, 7), np.arange(35), 0)
    assert counts_of(strata, part, 5).tolist() == [[4, 2, 1]] * 5


def test_one_task_is_dealt_in_proportion_to_unequal_sizes():
    labels = np.repeat([0, 1], [60, 20])[:, None]
    strata = one_hot(labels)
    part = deal_rows(strata, np.array([60, 20]), np.arange(80), 0)
    assert counts_of(strata, part, 2).tolist() == [[45, 15], [15, 5]]


def test_equal_rows_are_spread_so_that_pairs_of_labels_are_even_too():
    labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 10)
    part = deal_rows(one_hot(labels), np.full(5, 8), np.arange(40), 0)
    pairs = 2 * labels[:, 0] + labels[:, 1]
    for fold in range(5):
        assert np.bincount(pairs[part == fold]).tolist() == [2, 2, 2, 2]


def test_rare_label_is_spread_before_common_ones():
    labels = np.zeros((40, 2), dtype=int)
    labels[:20, 0] = 1
    labels[:4, 1] = 1
    strata = one_hot(labels)
    part = deal_rows(strata, np.full(4, 10), np.arange(40), 0)
    assert counts_of(strata, part, 4)[:, 3].tolist() == [1, 1, 1, 1]


def test_rows_without_any_stratum_fill_what_is_left():
    strata = sparse.csr_array((7, 0))
    part = deal_rows(strata, np.array([4, 3]), np.arange(7), 0)
    assert np.bincount(part).tolist() == [4, 3]


def test_groups_go_where_they_are_wanted_most():
    strata = sparse.csr_array(np.array([[4.0, 0], [0, 4], [2, 2], [2, 2]]))
    part = deal_groups(strata, np.full((2, 2), 4.0), np.array([4, 3, 2, 1]))
    assert counts_of(strata, part, 2).tolist() == [[4, 4], [4, 4]]
