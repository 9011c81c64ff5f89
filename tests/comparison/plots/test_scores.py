import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_mtl.comparison import TaskScoreDisplay


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def test_marks_are_means_and_lines_the_range_over_splits(comparison):
    display = comparison.plot_scores()
    scores = comparison.measured.scores
    np.testing.assert_array_equal(display.scores, scores)
    np.testing.assert_allclose(display.means_, scores.mean(axis=1))
    marks = [line for line in display.ax_.lines if line.get_label() == "net"]
    np.testing.assert_allclose(marks[0].get_xdata(), scores[4].mean(axis=0))
    segments = display.ax_.collections[4].get_segments()
    ends = np.array([segment[:, 0] for segment in segments])
    np.testing.assert_allclose(ends[:, 0], scores[4].min(axis=0))
    np.testing.assert_allclose(ends[:, 1], scores[4].max(axis=0))


def test_labels_name_tasks_metrics_and_models(comparison):
    ax = comparison.plot_scores().ax_
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["digit\nbalanced accuracy", "ill\nROC AUC", "hours\nR2"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == [model.name for model in comparison.models]


def test_tasks_and_models_can_be_chosen(comparison):
    display = comparison.plot_scores(tasks=["hours", "ill"], models=["net"])
    expected = comparison.measured.scores[[4]][:, :, [2, 1]]
    np.testing.assert_array_equal(display.scores, expected)
    assert display.task_names == ["hours", "ill"]


def test_a_model_without_scores_leaves_a_gap(comparison):
    comparison.measured.scores[2, :, 0] = np.nan
    display = comparison.plot_scores()
    assert np.isnan(display.means_[2, 0])
    assert len(display.ax_.collections[2].get_segments()) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": ["x"]}, r"no task 'x'. Known tasks: \['digit', 'ill', 'hours'\]"),
        ({"models": ["tree"]}, r"no model 'tree'. Known models: \['dummy'"),
    ],
)
def test_unknown_names_are_told_with_the_known_ones(comparison, options, message):
    with pytest.raises(ValueError, match=message):
        comparison.plot_scores(**options)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"task_names": ["a"]}, r"scores has shape \(2, 3, 2\); for 2 model_names and"),
        ({"model_names": ["a"]}, "for 1 model_names and 2 task_names it must be"),
        ({"metric_names": ["r2"]}, "metric_names has length 1, but task_names has len"),
    ],
)
def test_names_that_do_not_fit_are_refused(changed, message):
    names = {"model_names": ["a", "b"], "task_names": ["s", "t"]}
    with pytest.raises(ValueError, match=message):
        TaskScoreDisplay(np.zeros((2, 3, 2)), **{**names, **changed})
