from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.comparison import corrected_interval
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, compute_gains
from sklearn_mtl.comparison.results._intervals import holm
from sklearn_mtl.comparison.results._rows import SELECTED
from sklearn_mtl.metrics import mean_over_tasks


def by_key(gains):
    return {(gain.against, gain.task): gain for gain in gains}


def test_gain_from_sharing_is_the_score_minus_that_of_the_twin(comparison):
    scores = comparison.measured.scores
    gain = by_key(comparison.gains)[TWIN, "hours"]
    expected = corrected_interval(scores[4, :, 2] - scores[3, :, 2], 20 / 80)
    assert gain.interval == expected


def test_gain_over_the_selected_row_uses_the_chosen_row_of_each_split(comparison):
    measured = comparison.measured
    measured.chosen[:, 1] = [0, 1, 2, 1, 0]
    best = measured.scores[measured.chosen[:, 1], np.arange(5), 1]
    gain = by_key(comparison.gains)[SELECTED, "ill"]
    expected = corrected_interval(measured.scores[4, :, 1] - best, 20 / 80)
    assert gain.interval == expected


def test_mean_gain_is_the_mean_over_tasks_in_every_split(comparison):
    scores = comparison.measured.scores
    skill = (scores[4] - scores[3]) / [0.9, 0.5, 1.0]
    expected = corrected_interval(skill.mean(axis=1), 20 / 80)
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
    assert gains[SELECTED, "ill"].interval.n_splits == 5


def test_gains_are_over_the_twin_the_selected_row_and_every_single_task_row(make):
    comparison = make()
    assert {g.against for g in comparison.gains} == {TWIN, SELECTED, "linear", "forest"}
    scores = comparison.measured.scores
    found = by_key(comparison.gains)["forest", "ill"].interval
    assert found == corrected_interval(scores[4, :, 1] - scores[2, :, 1], 20 / 80)


def test_without_a_selected_row_there_is_no_gain_over_one(comparison):
    comparison.measured.chosen[:] = -1
    gains = compute_gains(comparison.models, comparison.tasks, comparison.measured)
    assert SELECTED not in {gain.against for gain in gains}


@pytest.mark.parametrize("spread", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_an_adjusted_interval_excludes_zero_exactly_where_something_is_said(
    make, spread, confidence
):
    comparison = make(spread=spread, confidence=confidence)
    for gain in comparison.gains:
        ends = gain.adjusted.low, gain.adjusted.high
        assert (gain.p_adjusted < 1 - confidence) == (gain.effect != "no evidence")
        assert (min(ends) > 0 or max(ends) < 0) == (gain.effect != "no evidence")
        assert gain.adjusted.low <= gain.interval.low


def test_shared_models_are_judged_together_over_their_twins(make):
    comparison = make()
    models = [*comparison.models[:3], comparison.models[4], comparison.models[4]]
    models[3] = replace(models[3], name="deep", twin="linear")
    models[4] = replace(models[4], twin="forest")
    gains = compute_gains(models, comparison.tasks, comparison.measured)
    over_twins = [g for g in gains if g.against == TWIN and g.task != MEAN]
    assert len(over_twins) == 6
    p = [gain.interval.p_value for gain in over_twins]
    assert [gain.p_adjusted for gain in over_twins] == holm(p).tolist()
    means = [g for g in gains if g.against == TWIN and g.task == MEAN]
    p = [gain.interval.p_value for gain in means]
    assert [gain.p_adjusted for gain in means] == holm(p).tolist()


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
