from types import SimpleNamespace

import pytest

from sklearn_mtl.comparison.results._rows import ModelRow, TaskRow
from sklearn_mtl.comparison.results._verdict import sharing_in_short
from tests.comparison.conftest import MODELS


def lines(comparison):
    return comparison.verdict.split("\n")


def test_a_row_that_beats_all_others_is_to_be_used(make):
    comparison = make()
    comparison.measured.scores[4] += 0.3
    scores = comparison.recommendation.scores
    gap = comparison.recommendation.differences["net, one per task"].adjusted
    assert lines(comparison)[0] == (
        f"Use net ({scores['net']:.3f}; next best: net, one per task "
        f"{scores['net, one per task']:.3f}). It is significantly better than every "
        f"other model (net, one per task: {gap.mean:+.3f} [{gap.low:+.3f}, "
        f"{gap.high:+.3f}])."
    )


def test_a_small_model_that_may_be_as_good_as_the_best_is_where_to_start(make):
    said = lines(make(spread=0.3))[0]
    assert said.startswith("No clear winner; start with forest (")
    assert "net, one per task (" in said
    assert "forest is the smallest model within a standard error of the best" in said


def test_rows_that_may_be_as_good_as_the_best_are_named_with_its_interval(make):
    comparison = make()
    comparison.measured.model_bytes[3] = 1.0
    assert lines(comparison)[0].startswith("No clear winner; start with net, one per")
    assert "the difference to net may be noise (net: +0." in lines(comparison)[0]


def test_sharing_names_what_it_helps_and_hurts(comparison):
    said = lines(comparison)[1]
    assert said.startswith("Sharing helps net on 1 of 3 tasks and hurts it on 1 (")
    assert "on average): it helps digit and hurts hours; no evidence either" in said
    assert said.endswith("net is significantly better than linear and forest.")


def test_noise_is_neither_help_nor_harm(make):
    said = lines(make(spread=0.3))[1]
    assert said.startswith("Sharing has no significant effect on net (")
    assert "than forest" not in said


def test_a_model_behind_a_single_task_row_is_told(make):
    comparison = make()
    comparison.measured.scores[4] -= 0.5
    said = lines(comparison)[1]
    assert "Sharing hurts net on 3 of 3 tasks (" in said
    assert "On average, net is significantly worse than linear (-0." in said
    assert said.endswith("and than forest.")


def test_an_effect_of_the_mean_alone_is_told_as_that(make):
    comparison = make(spread=0.0)
    scores = comparison.measured.scores
    scores[4] = scores[3]
    # the tasks gain in turns: each by noise, the mean steadily
    gains = (([0, 1], 0.27), ([1, 2, 3], 0.15), ([0, 3, 4], 0.3))
    for t, (splits, gain) in enumerate(gains):
        scores[4, splits, t] += gain
    said = comparison.verdict
    assert "Sharing helps net on average (+0." in said
    assert "but not significantly on any single task" in said


def test_one_split_says_nothing(make):
    use, sharing = lines(make(n_splits=1))
    assert use.startswith("Not certain; start with net, one per task (")
    assert "There are too few splits with scores to estimate the noise." in use
    assert "the effect of sharing is unknown, because at least two splits" in sharing


def test_without_a_shared_model_only_the_first_question_is_answered(make):
    use, sharing = lines(make(models=MODELS[:3]))
    assert use.startswith("No clear winner; start with linear (")
    assert sharing == "No shared model was compared."


def test_a_shared_row_without_a_twin_takes_part_but_says_nothing_of_sharing(make):
    models = [*MODELS[:3], ModelRow("blend", "shared"), MODELS[4]]
    models[4] = ModelRow("net", "shared", twin="forest")
    comparison = make(models=models)
    comparison.measured.scores[3] += 0.3
    use, blend, net = lines(comparison)
    assert use.startswith("Use blend (")
    assert blend.startswith("blend: the effect of sharing was not measured, because th")
    assert net.startswith("Sharing helps net on 2 of 3 tasks (")
    assert {gain.model for gain in comparison.gains if gain.against == "twin"} == {
        "net"
    }


def test_tasks_that_could_not_be_judged_are_named(make):
    comparison = make()
    comparison.measured.scores[4, :, 1] = float("nan")
    assert "unknown effect on ill" in comparison.verdict


def test_a_task_that_shares_nothing_is_told_and_takes_no_part_in_the_mean(make):
    alone = ModelRow("net", "shared", MODELS[3].name, alone=("hours",))
    comparison = make(models=[*MODELS[:4], alone])
    said = lines(comparison)[1]
    assert said.startswith("Sharing helps net on 1 of 2 tasks (")
    assert "nothing to share for hours" in said
    gains = {g.task: g for g in comparison.gains if g.against == "twin"}
    assert gains["hours"].effect == "nothing to share"
    skill = (comparison.measured.scores[4] - comparison.measured.scores[3]) / [
        *(0.9, 0.5, 1.0)
    ]
    assert gains["mean"].interval.mean == pytest.approx(skill[:, :2].mean())


def test_a_model_that_shares_nothing_at_all_says_so(make):
    task = TaskRow("only", "binary", 2, 9, "roc_auc")
    row = ModelRow("net", "shared", MODELS[3].name, alone=("only",))
    comparison = make(tasks=[task], models=[*MODELS[:4], row])
    said = "net: nothing to share, because each task is learned separately."
    assert said in lines(comparison)[1]


@pytest.mark.parametrize(
    ("effects", "mean", "expected"),
    [
        (["helps", "no evidence"], "helps", "yes, on 1 of 2 tasks"),
        (
            ["helps", "hurts"],
            "no evidence",
            "it helps on 1 and hurts on 1 of 2 tasks",
        ),
        (["hurts", "nothing to share"], "no evidence", "no, it hurts on 1 of 1 tasks"),
        (["no evidence"] * 2, "helps", "yes, on average"),
        (["no evidence"] * 2, "hurts", "no, it hurts on average"),
        (["no evidence", "unknown"], "no evidence", "no significant effect"),
        (["unknown"] * 2, "unknown", "unknown, because there are too few splits"),
        (["nothing to share"], "nothing to share", "there is nothing to share"),
    ],
)
def test_the_short_answer_is_a_few_words(effects, mean, expected):
    gains = [
        SimpleNamespace(effect=effect, shares=effect != "nothing to share")
        for effect in [*effects, mean]
    ]
    assert sharing_in_short(gains) == expected
