from types import SimpleNamespace

import pytest

from sklearn_mtl.comparison.results._rows import ModelRow, TaskRow
from sklearn_mtl.comparison.results._verdict import answer


def test_verdict_names_what_sharing_helps_and_hurts(comparison):
    said = comparison.verdict
    assert said.startswith("net: sharing helps digit; no evidence either way for ill; ")
    assert "it hurts hours (mean gain -0.007 [-0.0" in said
    assert "It beats the best single-task model on average (+0.047 [+0.0" in said


def test_noise_is_called_no_evidence(make):
    said = make(spread=0.3).verdict
    assert "no evidence that sharing helps or hurts any of the 3 tasks" in said
    assert "No evidence that it differs from the best single-task model" in said


def test_a_clear_loss_is_told(make):
    comparison = make()
    comparison.measured.scores[4] -= 0.5
    said = comparison.verdict
    assert "net: sharing hurts digit, ill and hours (" in said
    assert "The best single-task model beats it on average" in said


def test_an_effect_of_the_mean_alone_is_told_as_that(make):
    comparison = make(spread=0.0)
    scores = comparison.measured.scores
    scores[4] = scores[3]
    # the tasks gain in turns: each by noise, the mean steadily
    for t, splits in enumerate(([0, 1], [1, 2, 3], [0, 3, 4, 4])):
        scores[4, splits, t] += 0.3
    said = comparison.verdict
    assert "sharing helps on average, though no single task stands out" in said


def test_one_split_says_nothing(make):
    assert make(n_splits=1).verdict == (
        "net: nothing can be said about sharing; two splits with scores are needed. "
        "Against the best single-task model nothing can be said."
    )


def test_one_task_has_no_list(make):
    said = make(tasks=[TaskRow("only", "binary", 2, 9, "roc_auc")], spread=0.2).verdict
    assert "no evidence that it differs from its twin" in said


def test_without_a_shared_model_there_is_no_verdict(make):
    rows = [ModelRow("dummy", "dummy"), ModelRow("linear", "single")]
    rows.append(ModelRow("forest", "single"))
    assert make(models=rows).verdict == "No shared model was compared."


def test_tasks_that_could_not_be_judged_are_named(make):
    comparison = make()
    comparison.measured.scores[4, :, 1] = float("nan")
    assert "ill could not be judged" in comparison.verdict


@pytest.mark.parametrize(
    ("effects", "mean", "expected"),
    [
        (["helps", "no evidence"], "helps", "Yes"),
        (["helps", "hurts"], "no evidence", "For some tasks, not for all"),
        (["hurts", "no evidence"], "no evidence", "No, it hurts"),
        (["no evidence"] * 2, "helps", "Yes, on average"),
        (["no evidence"] * 2, "hurts", "No, it hurts on average"),
        (["no evidence", "unknown"], "no evidence", "Not that these data could tell"),
        (["unknown"] * 2, "unknown", "Nothing can be said"),
    ],
)
def test_the_answer_is_a_few_words(effects, mean, expected):
    gains = [
        SimpleNamespace(against="twin", effect=effect) for effect in [*effects, mean]
    ]
    other = SimpleNamespace(against="best single", effect="hurts")
    assert answer([*gains, other]) == expected
