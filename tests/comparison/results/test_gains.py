import numpy as np
import pytest

from sklearn_mtl.comparison import corrected_interval
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, compute_gains
from sklearn_mtl.comparison.results._rows import BEST_SINGLE
from sklearn_mtl.metrics import mean_over_tasks


def by_key(gains):
    return {(gain.against, gain.task): gain for gain in gains}


def test_gain_from_sharing_is_the_score_minus_that_of_the_twin(comparison):
    scores = comparison.measured.scores
    gain = by_key(comparison.gains)[TWIN, "hours"]
    expected = corrected_interval(scores[4, :, 2] - scores[3, :, 2], 20 / 80)
    assert gain.interval == expected


def test_gain_over_best_single_uses_the_chosen_row_of_each_split(comparison):
    measured = comparison.measured
    measured.chosen[:, 1] = [0, 1, 2, 1, 0]
    best = measured.scores[measured.chosen[:, 1], np.arange(5), 1]
    gain = by_key(comparison.gains)[BEST_SINGLE, "ill"]
    expected = corrected_interval(measured.scores[4, :, 1] - best, 20 / 80)
    assert gain.interval == expected


def test_mean_gain_is_the_mean_over_tasks_in_every_split(comparison):
    scores = comparison.measured.scores
    expected = corrected_interval((scores[4] - scores[3]).mean(axis=1), 20 / 80)
    assert by_key(comparison.gains)[TWIN, MEAN].interval == expected


def test_ratios_are_those_of_labels_that_may_be_learned_from(comparison):
    comparison.measured.n_held_out[:, 0] = 8
    np.testing.assert_allclose(comparison.measured.ratios, [0.1, 0.25, 0.25, 48 / 240])


def test_tasks_share_one_correction_and_the_mean_has_none(comparison):
    found = [gain for gain in comparison.gains if gain.against == TWIN]
    p = sorted(gain.interval.p_value for gain in found[:3])
    assert min(gain.p_adjusted for gain in found[:3]) == pytest.approx(3 * p[0])
    assert found[3].p_adjusted == found[3].interval.p_value


def test_words_say_what_is_beyond_noise(comparison):
    words = {gain.task: gain.effect for gain in comparison.gains[:4]}
    assert words["digit"] == "helps"
    assert words["ill"] == "no evidence"
    assert words["hours"] == "hurts"


def test_one_split_leaves_the_effect_unknown(make):
    assert {gain.effect for gain in make(n_splits=1).gains} == {"unknown"}


def test_failed_splits_are_left_out_of_both_sides(comparison):
    comparison.measured.scores[3, 0] = np.nan
    gains = by_key(comparison.gains)
    assert gains[TWIN, "ill"].interval.n_splits == 4
    assert gains[TWIN, MEAN].interval.n_splits == 4
    assert gains[BEST_SINGLE, "ill"].interval.n_splits == 5


def test_without_a_best_single_row_there_is_only_the_twin(comparison):
    comparison.measured.chosen[:] = -1
    gains = compute_gains(comparison.models, comparison.tasks, comparison.measured)
    assert {gain.against for gain in gains} == {TWIN}


def test_mean_over_tasks_passes_over_gaps_in_silence():
    values = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(mean_over_tasks(values), [2.0, np.nan])


def test_scores_that_differ_by_rounding_are_no_gain(comparison):
    scores = comparison.measured.scores
    scores[4] = scores[3] * (1 + 2**-52)
    gains = compute_gains(comparison.models, comparison.tasks, comparison.measured)
    found = [gain for gain in gains if gain.against == TWIN]
    assert [(gain.interval.mean, gain.effect) for gain in found] == [
        (0.0, "no evidence")
    ] * 4
