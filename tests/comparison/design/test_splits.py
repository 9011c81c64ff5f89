import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit

from sklearn_mtl.comparison.design._splits import Folding

RNG = np.random.default_rng(0)
X = np.zeros((60, 1))
Y = np.stack([RNG.integers(0, 2, 60), RNG.integers(0, 3, 60)], axis=1).astype(float)
TYPES = ["classification", "classification"]


def test_a_number_gives_folds_that_cover_all_rows():
    splits = Folding(TYPES, None, 0).outer(5, 1, X, Y)
    assert len(splits) == 5
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(60))


def test_repeats_are_drawn_anew_and_the_same_again():
    splits = Folding(TYPES, None, 0).outer(3, 2, X, Y)
    assert len(splits) == 6
    assert not np.array_equal(splits[0][1], splits[3][1])
    again = Folding(TYPES, None, 0).outer(3, 2, X, Y)
    for one, two in zip(splits, again, strict=True):
        np.testing.assert_array_equal(one[1], two[1])


def test_groups_stay_on_one_side_outside_and_inside():
    groups = np.repeat(np.arange(20), 3)
    folding = Folding(TYPES, groups, 0)
    for train, test in folding.outer(4, 1, X, Y):
        assert not set(groups[train]) & set(groups[test])
        for inside, outside in folding.inner(train, 3, Y):
            assert not set(groups[inside]) & set(groups[outside])


def test_inner_folds_stay_in_the_training_part():
    folding = Folding(TYPES, None, 0)
    train, _ = folding.outer(5, 1, X, Y)[0]
    inner = folding.inner(train, 3, Y)
    for inside, outside in inner:
        assert set(inside) | set(outside) == set(train)
        assert not set(inside) & set(outside)


def test_the_other_folds_serve_as_inner_folds():
    folding = Folding(TYPES, None, 0)
    splits = folding.outer(4, 1, X, Y)
    inner = folding.inner_of(splits, None, Y)
    for s, ((train, test), own) in enumerate(zip(splits, inner, strict=True)):
        others = [i for i in range(4) if i != s]
        for i, (inside, outside) in zip(others, own, strict=True):
            np.testing.assert_array_equal(outside, splits[i][1])
            assert set(inside) == set(train) - set(outside)
            assert not set(inside) & set(test)
            # the same fit serves the split whose test part it leaves out too
            back = inner[i][s - (s > i)]
            np.testing.assert_array_equal(back[0], inside)
            np.testing.assert_array_equal(back[1], test)


@pytest.mark.parametrize(
    ("cv", "n_inner"),
    [
        (2, 3),  # one other fold leaves nothing to learn from
        (8, 3),  # 28 pairs are more than 24 fits
        (ShuffleSplit(4, random_state=0), 3),
        ([(np.arange(40), np.arange(40, 60))] * 3, 3),
        ([(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))], 3),
        (KFold(5), 4),
    ],
)
def test_inner_folds_are_drawn_where_the_others_cannot_serve(cv, n_inner):
    folding = Folding(TYPES, None, 0)
    inner = folding.inner_of(folding.outer(cv, 1, X, Y), None, Y)
    assert {len(own) for own in inner} == {n_inner}


def test_a_number_of_inner_folds_is_drawn():
    folding = Folding(TYPES, None, 0)
    inner = folding.inner_of(folding.outer(4, 1, X, Y), 2, Y)
    assert {len(own) for own in inner} == {2}


def test_splitters_and_lists_of_rows_are_taken_as_they_are():
    folding = Folding(TYPES, np.repeat(np.arange(6), 10), 0)
    expected = list(GroupKFold(3).split(X, Y, folding.groups))
    for found in (
        folding.outer(GroupKFold(3), 1, X, Y),
        folding.outer(expected, 1, X, Y),
    ):
        np.testing.assert_array_equal(found[1][1], expected[1][1])


@pytest.mark.parametrize(
    ("cv", "n_repeats", "message"),
    [
        ([], 1, "cv has no splits"),
        ([(np.arange(5), np.arange(4, 9))], 1, "1 samples are in both the training"),
        (KFold(3), 2, "n_repeats is 2, which requires an integer cv; got KFold"),
        (1, 1, "n_splits"),
    ],
)
def test_impossible_splits_are_refused(cv, n_repeats, message):
    with pytest.raises(ValueError, match=message):
        Folding(TYPES, None, 0).outer(cv, n_repeats, X, Y)
