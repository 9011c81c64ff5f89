import matplotlib as mpl
import numpy as np
import pytest

from sklearn_mtl.comparison import TaskGainDisplay

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_display_keeps_arrays_axes_and_figure(comparison):
    display = comparison.plot()
    assert display.task_names_ == ["digit", "ill", "hours", "mean"]
    assert display.gains_["twin"].shape == (4, 3)
    first = comparison.gains[0].adjusted
    np.testing.assert_array_equal(
        display.gains_["twin"][0], [first.mean, first.low, first.high]
    )
    assert display.figure_ is display.ax_.figure
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == display.task_names_
    assert "95%" in display.ax_.get_xlabel()


def test_intervals_are_drawn_where_they_are(comparison):
    display = comparison.plot()
    container = display.ax_.containers[0]
    drawn = container.lines[0].get_xdata()
    np.testing.assert_allclose(drawn, display.gains_["twin"][:, 0])
    segments = container.lines[2][0].get_segments()
    ends = np.array([segment[:, 0] for segment in segments])
    np.testing.assert_allclose(ends, display.gains_["twin"][:, 1:])


def test_given_axes_are_used(comparison):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert comparison.plot(ax=ax).ax_ is ax


def test_from_comparison_is_what_plot_calls(comparison):
    display = TaskGainDisplay.from_comparison(comparison, model="net")
    assert display.gains_.keys() == {"twin", "automatically selected"}


def test_unknown_model_is_named(comparison):
    message = r"no shared model 'linear'. Shared models: \['net'\]"
    with pytest.raises(ValueError, match=message):
        comparison.plot(model="linear")


def test_without_intervals_the_marks_are_drawn(make):
    display = make(n_splits=1).plot()
    assert np.isnan(display.gains_["twin"][:, 1:]).all()
    assert len(display.ax_.containers) == 2
