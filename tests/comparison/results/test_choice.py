import numpy as np

from sklearn_mtl.comparison.results._choice import select_single
from sklearn_mtl.comparison.run._fits import Fit, FitJob

NO_ROWS = np.array([], dtype=int)


def fit(model, split, inner, scores):
    job = FitJob(model, split, inner, f"m{model}", None, False, NO_ROWS, NO_ROWS)
    return Fit(job, np.array(scores, dtype=float), np.array(scores), [])


def test_the_best_mean_of_the_inner_fits_is_chosen_by_split_and_task():
    fits = [
        fit(1, 0, 0, [0.9, 0.1]),
        fit(1, 0, 1, [0.1, 0.1]),
        fit(3, 0, 0, [0.4, 0.3]),
        fit(3, 0, 1, [0.4, 0.3]),
        fit(1, 1, 0, [0.2, 0.2]),
        fit(1, 1, 1, [0.2, 0.2]),
        fit(3, 1, 0, [0.1, 0.1]),
        fit(3, 1, 1, [0.1, 0.1]),
    ]
    chosen = select_single(fits, [1, 3], (2, 2, 2))
    np.testing.assert_array_equal(chosen, [[1, 3], [1, 1]])


def test_scores_of_the_test_part_are_not_looked_at():
    fits = [fit(0, 0, 0, [0.5]), fit(1, 0, 0, [0.4]), fit(0, 0, -1, [0.0])]
    fits.append(fit(1, 0, -1, [1.0]))
    assert select_single(fits, [0, 1], (1, 1, 1))[0, 0] == 0


def test_inner_fits_that_failed_do_not_count():
    fits = [
        fit(0, 0, 0, [np.nan]),
        fit(0, 0, 1, [np.nan]),
        fit(1, 0, 0, [np.nan]),
        fit(1, 0, 1, [-5.0]),
    ]
    assert select_single(fits, [0, 1], (1, 2, 1))[0, 0] == 1


def test_a_single_candidate_needs_no_fit_and_none_gives_none():
    np.testing.assert_array_equal(select_single([], [2], (2, 3, 1)), [[2], [2]])
    np.testing.assert_array_equal(select_single([], [], (1, 3, 2)), [[-1, -1]])


def test_of_scores_that_differ_by_rounding_the_first_is_chosen():
    fits = [fit(0, 0, 0, [0.3]), fit(1, 0, 0, [0.1 + 0.2])]
    assert select_single(fits, [0, 1], (1, 1, 1))[0, 0] == 0
