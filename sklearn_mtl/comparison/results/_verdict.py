"""Verdict of a comparison: which model to use, and whether sharing helps."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._recommendation import Recommendation
from sklearn_mtl.comparison.results._rows import ModelRow
from sklearn_mtl.comparison.results._words import gain_and_interval, listed, number

__all__ = [
    "SHARING",
    "WHICH_MODEL",
    "does_sharing_help",
    "sharing_in_short",
    "which_model",
]

WHICH_MODEL = "Which model should I use?"
SHARING = "Does sharing help?"


def which_model(found: Recommendation | None) -> list[str]:
    """Return two sentences: which model to use, and how certain this is."""
    if found is None:
        return ["No model is recommended", "No model has a score in every split."]
    use, why = _use_and_why(found)
    if found.left_out:
        why += f" Not compared, because scores are missing: {listed(found.left_out)}."
    return [use, why]


def _use_and_why(found: Recommendation) -> list[str]:
    if not found.differences:
        return [_named(found, found.name), "No other model was compared."]
    if any(gain.effect == "unknown" for gain in found.differences.values()):
        return [
            f"Not certain; start with {_best(found)}",
            "There are too few splits with scores to estimate the noise.",
        ]
    if found.is_clear:
        second, gain = next(iter(found.differences.items()))
        gap = f"{second}: {gain_and_interval(gain.adjusted)}"
        why = f"It is significantly better than every other model ({gap})."
        return [f"Use {_best(found)}", why]
    return [f"No clear winner; start with {_named(found, found.name)}", _why(found)]


def _named(found: Recommendation, name: str) -> str:
    return f"{name} ({number(found.scores[name])})"


def _best(found: Recommendation) -> str:
    """Return "blend (0.781; next best: forest 0.755)"."""
    second = list(found.scores)[1]
    told = f"next best: {second} {number(found.scores[second])}"
    return f"{found.best} ({number(found.scores[found.best])}; {told})"


def _why(found: Recommendation) -> str:
    """Return why a model is recommended that is not better than all others."""
    if found.name == found.best:
        gain = found.differences[found.alike[0]].adjusted
        return (
            f"It has the best score, but the difference to {listed(found.alike)} may "
            f"be noise ({found.alike[0]}: {gain_and_interval(gain)})."
        )
    gain = found.differences[found.name].adjusted
    return (
        f"{_named(found, found.best)} has the best score, but the difference may be "
        f"noise ({gain_and_interval(gain)}), and {found.name} is the smallest model "
        "within a standard error of the best score."
    )


def does_sharing_help(models: Sequence[ModelRow], gains: Sequence[Gain]) -> list[str]:
    """Return one line for each shared model."""
    return [
        _sharing_of(model, [gain for gain in gains if gain.model == model.name])
        for model in models
        if model.role == "shared"
    ]


def sharing_in_short(gains: Sequence[Gain]) -> str:
    """Return a short answer from the gains of one model over its twin."""
    *by_task, mean = gains
    judged = [gain.effect for gain in by_task if gain.shares]
    helps, hurts = judged.count("helps"), judged.count("hurts")
    if not judged:
        return "there is nothing to share"
    if {*judged, mean.effect} == {"unknown"}:
        return "unknown, because there are too few splits"
    if helps and hurts:
        return f"it helps on {helps} and hurts on {hurts} of {len(judged)} tasks"
    if helps:
        return f"yes, on {helps} of {len(judged)} tasks"
    if hurts:
        return f"no, it hurts on {hurts} of {len(judged)} tasks"
    words = {"helps": "yes, on average", "hurts": "no, it hurts on average"}
    return words.get(mean.effect, "no significant effect")


def _sharing_of(model: ModelRow, gains: Sequence[Gain]) -> str:
    twin = [gain for gain in gains if gain.against == TWIN]
    said = [_sharing(model.name, twin)] if twin else [_without_twin(model.name)]
    return " ".join(part for part in (*said, _by_itself(model.name, gains)) if part)


def _without_twin(name: str) -> str:
    return f"{name}: the effect of sharing was not measured, because there is no twin."


def _sharing(name: str, gains: Sequence[Gain]) -> str:
    *by_task, mean = gains
    said = {
        effect: [gain.task for gain in by_task if gain.effect == effect]
        for effect in ("helps", "hurts", "no evidence", "unknown", "nothing to share")
    }
    alone = said["nothing to share"]
    if len(alone) == len(by_task):
        return f"{name}: nothing to share, because each task is learned separately."
    if len(said["unknown"]) + len(alone) == len(by_task):
        return (
            f"{name}: the effect of sharing is unknown, because at least two splits "
            "with scores are needed."
        )
    clauses = [_helps_and_hurts(name, said, mean, len(by_task) - len(alone))]
    if said["no evidence"] and (said["helps"] or said["hurts"]):
        clauses.append(f"no evidence either way for {listed(said['no evidence'])}")
    if said["unknown"]:
        clauses.append(f"unknown effect on {listed(said['unknown'])}")
    if alone:
        clauses.append(f"nothing to share for {listed(alone)}")
    return f"{'; '.join(clauses)}."


def _helps_and_hurts(
    name: str, said: dict[str, list[str]], mean: Gain, n_tasks: int
) -> str:
    shown = f"{gain_and_interval(mean.adjusted)} on average"
    helps, hurts = said["helps"], said["hurts"]
    if helps and hurts:
        return (
            f"Sharing helps {name} on {len(helps)} of {n_tasks} tasks and hurts it on "
            f"{len(hurts)} ({shown}): it helps {listed(helps)} and hurts "
            f"{listed(hurts)}"
        )
    for word, tasks in (("helps", helps), ("hurts", hurts)):
        if tasks:
            return (
                f"Sharing {word} {name} on {len(tasks)} of {n_tasks} tasks ({shown}): "
                f"{listed(tasks)}"
            )
    if mean.effect in ("helps", "hurts"):
        return (
            f"Sharing {mean.effect} {name} on average "
            f"({gain_and_interval(mean.adjusted)}), but not significantly on any "
            "single task"
        )
    return f"Sharing has no significant effect on {name} ({shown})"


def _by_itself(name: str, gains: Sequence[Gain]) -> str:
    """Return a sentence that compares a shared model with the single-task models."""
    rivals = [gain for gain in gains if gain.task == MEAN and gain.is_over_row]
    behind = [gain for gain in rivals if gain.effect == "hurts"]
    if behind:
        worst = min(behind, key=lambda gain: gain.interval.mean)
        others = [gain.against for gain in behind if gain is not worst]
        rest = f" and than {listed(others)}" if others else ""
        return (
            f"On average, {name} is significantly worse than {worst.against} "
            f"({gain_and_interval(worst.adjusted)}){rest}."
        )
    if rivals and all(gain.effect == "helps" for gain in rivals):
        names = listed([gain.against for gain in rivals])
        return f"On average, {name} is significantly better than {names}."
    return ""
