"""Say in a sentence what the gains show, and no more than they show."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._rows import BEST_SINGLE, ModelRow
from sklearn_mtl.comparison.results._words import gain_and_interval, listed

__all__ = ["answer", "verdicts"]


def verdicts(models: Sequence[ModelRow], gains: Sequence[Gain]) -> list[str]:
    """Return one verdict for each shared model."""
    shared = [model.name for model in models if model.role == "shared"]
    return [
        _verdict(name, [gain for gain in gains if gain.model == name])
        for name in shared
    ]


def answer(gains: Sequence[Gain]) -> str:
    """Answer in a few words whether sharing helps."""
    sharing = [gain for gain in gains if gain.against == TWIN]
    if not sharing:
        return "Not asked of this model: it has no twin"
    *by_task, mean = sharing
    effects = {gain.effect for gain in by_task}
    if effects | {mean.effect} == {"unknown"}:
        return "Nothing can be said"
    if "helps" in effects:
        return "For some tasks, not for all" if "hurts" in effects else "Yes"
    if "hurts" in effects:
        return "No, it hurts"
    words = {"helps": "Yes, on average", "hurts": "No, it hurts on average"}
    return words.get(mean.effect, "Not that these data could tell")


def _verdict(model: str, gains: Sequence[Gain]) -> str:
    sharing = [gain for gain in gains if gain.against == TWIN]
    best = [gain for gain in gains if gain.against == BEST_SINGLE]
    parts = [_sharing(sharing)] if sharing else []
    if best:
        parts.append(_over_best(best))
    return f"{model}: {' '.join(parts) or 'nothing to compare it with.'}"


def _sharing(gains: Sequence[Gain]) -> str:
    *by_task, mean = gains
    if all(gain.effect == "unknown" for gain in gains):
        return "nothing can be said about sharing; two splits with scores are needed."
    said = {
        effect: [gain.task for gain in by_task if gain.effect == effect]
        for effect in ("helps", "no evidence", "hurts", "unknown")
    }
    shown = f"mean gain {gain_and_interval(mean.interval)}"
    if not said["helps"] and not said["hurts"]:
        return f"{_nothing_by_task(mean, len(by_task))} ({shown})."
    clauses = []
    if said["helps"]:
        clauses.append(f"sharing helps {listed(said['helps'])}")
    if said["no evidence"]:
        clauses.append(f"no evidence either way for {listed(said['no evidence'])}")
    if said["hurts"]:
        who = "it" if said["helps"] else "sharing"
        clauses.append(f"{who} hurts {listed(said['hurts'])}")
    if said["unknown"]:
        clauses.append(f"{listed(said['unknown'])} could not be judged")
    return f"{'; '.join(clauses)} ({shown})."


def _nothing_by_task(mean: Gain, n_tasks: int) -> str:
    if n_tasks == 1:
        return "no evidence that it differs from its twin"
    if mean.effect in ("helps", "hurts"):
        return f"sharing {mean.effect} on average, though no single task stands out"
    return f"no evidence that sharing helps or hurts any of the {n_tasks} tasks"


def _over_best(gains: Sequence[Gain]) -> str:
    mean = next(gain for gain in gains if gain.task == MEAN)
    words = {
        "helps": "It beats the best single-task model on average",
        "hurts": "The best single-task model beats it on average",
        "no evidence": "No evidence that it differs from the best single-task model",
    }
    if mean.effect == "unknown":
        return "Against the best single-task model nothing can be said."
    return f"{words[mean.effect]} ({gain_and_interval(mean.interval)})."
