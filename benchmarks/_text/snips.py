"""SNIPS: utterances with an intent and a tag for each word."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mtl.metrics import per_task_score

__all__ = ["FOLDER", "METRICS", "read_part", "scores"]

FOLDER = Path(os.environ.get("SKLEARN_MTL_DATA", "shared/data")) / "snips"
METRICS = ("span_f1", "accuracy", "whole")


def read_part(folder: Path, *parts: str) -> tuple[list[list[str]], pd.DataFrame]:
    """Return lists of tokens, and their intents and tags, of "train", "valid"..."""

    def lines(name: str) -> list[list[str]]:
        texts = [(folder / part / name).read_text(encoding="utf-8") for part in parts]
        return [line.split() for text in texts for line in text.splitlines()]

    y = pd.DataFrame({"intent": [words[0] for words in lines("label")]})
    y["slots"] = lines("seq.out")
    return lines("seq.in"), y


def scores(y: pd.DataFrame, predicted: np.ndarray) -> dict[str, float]:
    """Return F1 of slots, accuracy of intents, share of utterances without error."""
    given = pd.DataFrame({"intent": predicted[:, 0], "slots": predicted[:, 1]})
    same = [
        (one.intent, one.slots) == (other.intent, other.slots)
        for one, other in zip(y.itertuples(), given.itertuples(), strict=True)
    ]
    f1 = per_task_score(y[["slots"]], given[["slots"]], metric="span_f1")["slots"]
    accuracy = float((y.intent.to_numpy() == given.intent.to_numpy()).mean())
    return {"span_f1": f1, "accuracy": accuracy, "whole": float(np.mean(same))}
