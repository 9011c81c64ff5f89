import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_mtl.comparison import SampleEfficiencyDisplay
from sklearn_mtl.comparison.results._intervals import widened
from sklearn_mtl.comparison.results._rows import skills


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def test_curves_are_the_mean_scores_against_the_number_of_labels(with_curve):
    display = with_curve.plot_learning_curve()
    np.testing.assert_array_equal(display.n_labels, [8, 40, 80])
    scores = with_curve.measured.scores
    full = skills(scores, with_curve.tasks).mean(axis=(1, 2))
    least = skills(scores - 0.2, with_curve.tasks).mean(axis=(1, 2))
    np.testing.assert_allclose(display.shared[-1], full[4])
    np.testing.assert_allclose(display.twin[0], least[3])
    shared, twin = display.ax_.lines
    np.testing.assert_allclose(shared.get_ydata(), display.shared)
    np.testing.assert_allclose(twin.get_ydata(), display.twin)
    assert "net (shared)" in shared.get_label()
    assert display.ax_.get_ylabel() == "test score, mean over tasks"


def test_the_band_is_the_interval_of_the_gain(with_curve):
    display = with_curve.plot_learning_curve(task="ill")
    gain = next(g for g in with_curve.gains if g.task == "ill").interval
    gain = widened(gain, 3, 0.95)  # three shares with the same gain
    np.testing.assert_allclose(display.gain_low[-1], gain.low)
    (band,) = display.ax_.collections
    heights = band.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose(heights.max(), np.max(display.twin + display.gain_high))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"task": "x"},
            r"no task 'x'. Known tasks: \['digit', 'ill', 'hours', 'mean'\]",
        ),
        ({"model": "linear"}, r"no shared model 'linear'. Shared models: \['net'\]"),
    ],
)
def test_unknown_names_are_told_with_the_known_ones(with_curve, options, message):
    with pytest.raises(ValueError, match=message):
        with_curve.plot_learning_curve(**options)


def test_arrays_of_one_length_are_needed():
    with pytest.raises(ValueError, match="must be 1D arrays of the same length"):
        SampleEfficiencyDisplay([1, 2], [0.1], [0.2, 0.3])


def test_a_very_wide_band_is_cut_so_that_the_curves_are_seen():
    display = SampleEfficiencyDisplay(
        [10, 100], [0.5, 0.8], [0.3, 0.79], gain_low=[-50, -50], gain_high=[50, 50]
    ).plot()
    low, high = display.ax_.get_ylim()
    np.testing.assert_allclose([low, high], [0.3 - 0.525, 0.8 + 0.525])


def test_labels_that_would_touch_are_left_out():
    display = SampleEfficiencyDisplay([10, 11, 100], [0.1] * 3, [0.2] * 3).plot()
    labels = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert labels == ["10", "100"]


def test_curves_without_scores_or_intervals_are_drawn():
    nan = np.nan
    display = SampleEfficiencyDisplay([10, 100], [nan, nan], [nan, nan]).plot()
    assert len(display.ax_.lines) == 2
    display = SampleEfficiencyDisplay([nan, nan], [0.1, nan], [0.2, 0.3]).plot()
    assert list(display.ax_.get_xticks()) == []
