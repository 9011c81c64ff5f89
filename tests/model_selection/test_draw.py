import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.model_selection import MultiTaskStratifiedShuffleSplit, _draw
from sklearn_mtl.model_selection._draw import draw_groups, draw_rows
from sklearn_mtl.tasks import TaskSet
from tests.model_selection.test_strata import strata_of


def z_scores(counts, n_draws, share):
    return (counts - n_draws * share) / np.sqrt(n_draws * share * (1 - share))


def labels():
    """Return 60 samples of 3 tasks, 30 % missing, four samples without any label."""
    rng = np.random.default_rng(0)
    y = (rng.random((60, 3)) < [0.5, 0.3, 0.15]).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    y[[5, 17, 31, 48]] = np.nan
    return y


@pytest.mark.parametrize("m", [1, 2, 5, 9, 11, 12, 15, 22])
def test_each_row_is_drawn_with_the_same_probability_by_any_assignment(m, monkeypatch):
    def the_same_every_time(strata, sizes, rng, *, shuffle):
        return np.repeat(np.arange(len(sizes)), sizes)

    monkeypatch.setattr(_draw, "assign_rows", the_same_every_time)
    strata, rng = sparse.csr_array((23, 0)), np.random.default_rng(m)
    drawn = np.stack([draw_rows(strata, m, rng) for _ in range(1000)])
    assert (drawn.sum(axis=1) == m).all()
    assert np.abs(z_scores(drawn.sum(axis=0), 1000, m / 23)).max() < 4


def test_each_sample_is_tested_with_the_same_probability():
    y, counts = labels(), np.zeros(60)
    cv = MultiTaskStratifiedShuffleSplit(700, test_size=0.25, random_state=0)
    for _, test in cv.split(y, y):
        counts[test] += 1
    assert np.abs(z_scores(counts, 700, 0.25)).max() < 4


def test_counts_of_classes_are_drawn_between_the_whole_numbers_around_their_share():
    y = np.repeat([0, 1], [53, 7])  # 0.7 of a sixth of the samples
    strata, rng = sparse.csr_array(strata_of(y[:, None])), np.random.default_rng(0)
    counts = [draw_rows(strata, 10, rng) @ y for _ in range(400)]
    assert set(counts) == {1, 2}
    assert np.mean(counts) == pytest.approx(7 / 6, abs=4 * np.sqrt(5 / 36 / 400))


@pytest.mark.parametrize("m", [0, 1, 7, 200, 400, 650, 1000])
def test_strata_are_in_proportion(m):
    rng = np.random.default_rng(0)
    y = (rng.random((1000, 5)) < [0.5, 0.4, 0.3, 0.1, 0.05]).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    strata = sparse.csr_array(strata_of(y))
    found = strata[draw_rows(strata, m, rng)].sum(axis=0)
    assert np.abs(found - strata.sum(axis=0) * m / 1000).max() < 2


def test_hold_out_of_a_net_is_drawn_alike():
    from sklearn_mtl.neural_network.data._labels import draw_folds

    task_set, codes = TaskSet.from_y(labels())
    trains = [draw_folds(task_set, codes, 1, 0.25, seed)[0] for seed in range(400)]
    assert np.abs(z_scores(np.sum(trains, axis=0), 400, 0.75)).max() < 4


def test_each_group_is_drawn_with_the_same_probability():
    group = np.repeat(np.arange(24), np.arange(24) % 5 + 1)
    y = np.random.default_rng(0).integers(2, size=(len(group), 2)).astype(float)
    strata, rng = sparse.csr_array(strata_of(y)), np.random.default_rng(0)
    counts, sizes = np.zeros(24), []
    for _ in range(300):
        drawn = draw_groups(strata, group, len(group) // 4, rng)
        sizes.append(drawn.sum())
        counts[np.unique(group[drawn])] += 1
        assert not set(group[drawn]) & set(group[~drawn])
    assert np.abs(z_scores(counts, 300, 0.25)).max() < 4
    assert np.abs(np.array(sizes) - len(group) / 4).mean() < 2


@pytest.mark.parametrize(
    ("sizes", "n_drawn", "expected"),
    [
        ([60, 5, 5, 5, 5], 10, {10}),  # the largest is trained on
        ([30, 30], 10, {30}),  # one of them
        ([40], 10, {0}),
        ([4, 4, 4], 10, {8}),
    ],
)
def test_large_groups_are_drawn_only_where_there_are_no_others(
    sizes, n_drawn, expected
):
    group = np.repeat(np.arange(len(sizes)), sizes)
    rng, strata = np.random.default_rng(0), sparse.csr_array((len(group), 0))
    found = {int(draw_groups(strata, group, n_drawn, rng).sum()) for _ in range(20)}
    assert found == expected
