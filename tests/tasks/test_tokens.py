"""Tags of tokens, stored one sample after the other."""

import numpy as np
import pytest

from sklearn_mtl.tasks._tokens import TokenLabels, token_rows

PARTS = [np.array([0.0, 2.0]), np.empty(0), np.array([np.nan]), np.arange(4.0)]


def _parts(labels):
    return np.split(labels.codes, labels.offsets[1:-1])


@pytest.fixture
def labels():
    return TokenLabels.from_parts(PARTS)


def test_each_sample_has_its_own_part_of_the_codes(labels):
    assert labels.lengths.tolist() == [2, 0, 1, 4]
    for part, expected in zip(_parts(labels), PARTS, strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize(
    "rows",
    [[3, 0, 3, 1], [], [-1], np.array([True, False, False, True]), slice(1, 3)],
)
def test_take_gives_the_parts_of_the_rows(labels, rows):
    chosen = np.arange(4)[np.array(rows, dtype=int) if isinstance(rows, list) else rows]
    taken = labels.take(np.array(rows, dtype=int) if isinstance(rows, list) else rows)
    assert len(taken.lengths) == len(chosen)
    expected = TokenLabels.from_parts([PARTS[i] for i in chosen])
    np.testing.assert_array_equal(taken.codes, expected.codes)
    np.testing.assert_array_equal(taken.offsets, expected.offsets)
    assert taken.offsets.dtype == np.int64


def test_no_samples_have_no_tags():
    labels = TokenLabels.from_parts([])
    assert labels.codes.shape == (0,)
    assert labels.offsets.tolist() == [0]


def test_token_rows_are_runs():
    rows = token_rows(np.array([5, 0, 9]), np.array([2, 0, 3]))
    assert rows.tolist() == [5, 6, 9, 10, 11]
