"""Metrics of tags of tokens, and of the spans that they mark.

As in `_classification`, the functions take true values, predictions and weights.
"""

from __future__ import annotations

import numpy as np

from sklearn_mtl.metrics._classification import accuracy

__all__ = ["span_f1", "token_accuracy"]


def token_accuracy(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the proportion of correct tags."""
    return accuracy(y, given, w)


def span_f1(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the F1 score of spans; type, start and end must be correct.

    The tags of all samples are concatenated, with an "O" after each sample. The score
    is NaN if there is no span.

    Shapes: y (n_places,), given (n_places,), w (n_places,).
    """
    number: dict[str, int] = {}  # np.unique would sort all strings
    true, found = (
        np.array([number.setdefault(tag, len(number)) for tag in tags.tolist()])
        for tags in (y, given)
    )
    prefix = np.array([tag[:1] for tag in number])
    names = [tag[1:].split("-", 1)[-1] or "_" for tag in number]
    known, types = np.unique(names, return_inverse=True)
    true, found = (
        _spans(prefix[tags], types[tags], len(known)) for tags in (true, found)
    )
    is_true, is_found = true >= 0, found >= 0
    total = w @ is_true + w @ is_found
    return float(2 * (w @ (is_true & (true == found))) / total) if total else np.nan


def _spans(prefix: np.ndarray, types: np.ndarray, n_types: int) -> np.ndarray:
    """Return a number for start and type of a span after its end, else -1.

    The rules are those of conlleval, and of seqeval's default mode: a span also starts
    at an "I" that does not follow a "B", and if the type changes.

    Shapes: prefix (n_places,), types (n_places,) -> (n_places,).
    """
    before, type_before = np.roll(prefix, 1), np.roll(types, 1)
    before[:1], type_before[:1] = "O", -1
    differs = types != type_before
    ends = np.isin(before, ["E", "S"])
    ends |= np.isin(before, ["B", "I"]) & np.isin(prefix, ["B", "S", "O"])
    ends |= ~np.isin(before, ["O", "."]) & differs
    begins = np.isin(prefix, ["B", "S"])
    begins |= np.isin(before, ["E", "S", "O"]) & np.isin(prefix, ["E", "I"])
    begins |= ~np.isin(prefix, ["O", "."]) & differs
    places = np.arange(len(prefix))
    last = np.maximum.accumulate(np.where(begins, places, 0))
    out = np.full(len(prefix), -1)
    at = places[ends]  # never the first place
    out[at] = last[at - 1] * n_types + type_before[at]
    return out
