import numpy as np
import pytest

from sklearn_mtl.comparison.results._rows import TaskRow


def longest(text):
    return max(len(line) for line in text.splitlines())


@pytest.mark.parametrize("width", [80, 100, 120])
def test_text_keeps_to_the_width(comparison, width):
    text = comparison.to_text(width)
    assert longest(text) <= width
    text.encode("ascii")  # every terminal can print it


def test_text_has_every_row_number_and_the_verdict_last(comparison):
    text = comparison.to_text(120)
    for row in (
        "dummy",
        "linear",
        "forest",
        "automatically selected",
        "net, one per task",
        "net",
    ):
        assert any(line.startswith(row) for line in text.splitlines())
    assert "+0.080 [" in text
    assert "balanced accuracy, log-loss" in text
    for line in comparison.verdict.split("\n"):
        assert line in " ".join(text.split())
    assert text.endswith("adjusted for the number of\ncomparisons (Holm).")


def test_log_loss_of_every_model_follows_the_scores(comparison):
    text = comparison.to_text(120)
    table = text.split("log-loss (less is better)")[1].split("\n\n")[0]
    rows = [line.rsplit(maxsplit=1) for line in table.splitlines()[2:]]
    found = {name: float(loss) for name, loss in rows}
    assert list(found) == list(comparison.table.index)
    losses = -comparison.measured.second_scores.mean(axis=1)[:, 0]
    assert found["net"] == pytest.approx(losses[4], abs=5e-4)
    assert found["automatically selected"] == found["forest"]
    assert text.index("log-loss (less") < text.index("net: gain")


def test_the_mean_gain_over_every_single_task_row_is_shown(comparison):
    text = comparison.to_text(120)
    table = text.split("net: mean skill gain over")[1].split("\n\n")[0]
    for name in ("automatically selected", "linear", "forest"):
        gain = next(g for g in comparison.mean_gains("net") if g.against == name)
        line = next(part for part in table.splitlines() if part.startswith(name))
        assert f"{gain.adjusted.mean:+.3f} [{gain.adjusted.low:+.3f}, " in line
        assert line.endswith("better")


def test_means_of_different_scores_are_called_skills(comparison, make):
    assert "mean skill  fit s" in comparison.to_text(120)
    same = make(tasks=[TaskRow(name, "binary", 2, 9, "roc_auc") for name in "ab"])
    assert "skill" not in same.to_text(120)


def test_many_tasks_stand_below_each_other(make):
    names = [f"quite_a_long_name_of_task_{i}" for i in range(14)]
    tasks = [TaskRow(name, "binary", 2, 10, "roc_auc") for name in names]
    text = make(tasks=tasks).to_text(80)
    assert longest(text) <= 80
    header = next(line for line in text.splitlines() if line.startswith("mean score"))
    assert header.split()[2] == "dummy"


def test_words_go_first_where_space_is_short(comparison):
    wide, narrow = comparison.to_text(100), comparison.to_text(80)
    over = next(g for g in comparison.gains_of("net") if g.against != "twin").adjusted
    shown = f"{over.mean:+.3f} [{over.low:+.3f}, {over.high:+.3f}]"
    assert " ".join(wide.split()).count(f"{shown} better") == 1
    assert f"{shown}\n" in narrow
    assert "]  helps" in narrow


def test_rows_that_failed_are_marked(make):
    comparison = make()
    comparison.measured.scores[2, [1, 3]] = np.nan
    text = comparison.to_text()
    assert "forest (3 of 5 splits)" in text


def test_problems_are_told_once_with_their_splits(with_problems):
    text = with_problems.to_text()
    assert "error in forest (splits 2 and 4): ValueError: <b>broken</b>" in text
    assert "warning in 1 fit of linear (split 1): ConvergenceWarning: slow" in text


def test_without_choice_and_shared_models_the_text_still_stands(make):
    comparison = make()
    comparison.measured.chosen[:] = -1
    text = comparison.to_text()
    assert "over automatically selected" not in text
    assert "automatically selected" not in comparison.table.index
