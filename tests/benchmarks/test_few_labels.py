"""Rivals and differences of the benchmark of few labels, on errors made by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import _few_labels
from benchmarks.few_labels import cut_labels


def frame_of(errors, is_few=True):
    """Return records of {row: [error of task 0, seed 0; task 0, seed 1; ...]}."""
    return pd.DataFrame(
        {
            "set_name": "a",
            "seed": i % 2,
            "row": row,
            "task": i // 2,
            "scored": i // 2,
            "n_labels": 30,
            "is_few": is_few,
            "kind": "1-AUC",
            "error": error,
            "seconds": 1.0,
        }
        for row, column in errors.items()
        for i, error in enumerate(column)
    )


ERRORS = {
    "net^0.0": [0.3, 0.3, 0.3, 0.3],
    "net": [0.1, 0.2, 0.4, 0.2],
    "blend": [0.1, 0.1, 0.2, 0.2],
    "linear": [0.2, 0.2, 0.2, 0.2],
    "forest": [0.1, 0.1, 0.5, 0.5],
}


def test_the_rival_is_the_best_in_the_mean_over_tasks_not_for_each_task():
    frame = frame_of(ERRORS)
    assert _few_labels.choose_rivals(frame).to_dict() == {("a", 30): "linear"}
    found = _few_labels.relative_to_rival(frame)
    assert (found["linear"] == 0.0).all()
    expected = [np.log(0.5) / 2, np.log(2.0) / 2]
    np.testing.assert_allclose(found["net"], expected)


def test_targets_are_decided_by_the_numbers_that_are_printed(capsys):
    full = frame_of({"net^0.0": [0.2] * 4, "net": [0.203] * 4}, is_few=False)
    _few_labels.summarise(pd.concat([frame_of(ERRORS), full]), list(ERRORS))
    printed = capsys.readouterr().out
    assert "missed: net ahead with 30 labels (+0.000)" in printed
    assert "missed: net ahead on 65% of the pairs (50%)" in printed
    assert "met: blend ahead of the net by 0.01 in AUC (0.075)" in printed
    assert "missed: tasks with all labels lose at most 0.002 (+0.0030)" in printed


@pytest.mark.parametrize("n", [4, 10])
def test_two_labels_of_each_class_stay_and_no_more_than_asked_for(n):
    y = np.array([0.0] * 50 + [np.nan] * 20 + [1.0] * 2)
    before = y.copy()
    cut_labels(y, "binary", n, np.random.default_rng(0))
    seen = ~np.isnan(y)
    assert seen.sum() == n
    assert (y == 1.0).sum() == 2
    np.testing.assert_array_equal(y[seen], before[seen])
