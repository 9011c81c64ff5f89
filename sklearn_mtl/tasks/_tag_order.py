"""Order of tags in spans, and the most probable sequence of tags in this order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from sklearn_mtl.tasks._tokens import as_cells
from sklearn_mtl.tasks._values import is_missing

__all__ = ["begins_spans", "likeliest_tags", "tags_before"]

_NO_TAG = -1  # instead of the index of a tag


def begins_spans(cells: Iterable[Sequence[Any]]) -> bool:
    """Return whether there are tags I-x, and each of them follows B-x or I-x.

    Any tag may follow a missing tag.
    """
    found = {pair for cell in cells for pair in pairwise(["O", *cell])}
    inside = [
        (tag, before)
        for before, tag in found
        if str(tag)[:2] == "I-" and not is_missing(before)
    ]
    return bool(inside) and all(
        str(before) in (f"B-{str(tag)[2:]}", str(tag)) for tag, before in inside
    )


def likeliest_tags(
    probabilities: Sequence[np.ndarray], before: np.ndarray | None = None
) -> np.ndarray:
    """Return the indices of the most probable tags, one array per text.

    If `before` is the result of `tags_before`, the tags are the allowed sequence with
    the largest product of probabilities.

    Shapes: probabilities n_texts times (n_tokens, n_tags), before (n_tags, 2).
    """
    found = [proba.argmax(axis=1) for proba in probabilities]
    if before is None:
        return as_cells(found)
    pairs = zip(probabilities, found, strict=True)
    return as_cells(
        tags if _is_in_order(tags, before) else _search(proba, before)
        for proba, tags in pairs
    )


def tags_before(classes: np.ndarray) -> np.ndarray:
    """Return the indices of B-x and I-x, which may precede each tag I-x.

    Both are -1 for other tags, which may follow any tag.

    Shapes: classes (n_tags,) -> (n_tags, 2).
    """
    number = {str(tag): k for k, tag in enumerate(classes.tolist())}
    before = np.full((len(classes), 2), _NO_TAG)
    for tag, k in number.items():
        if tag[:2] == "I-":
            before[k] = number.get(f"B-{tag[2:]}", k), k
    return before


def _is_in_order(tags: np.ndarray, before: np.ndarray) -> bool:
    allowed = before[tags]
    previous = np.concatenate([[_NO_TAG], tags[:-1]])
    right = (allowed == previous[:, None]).any(axis=1) | (allowed[:, 1] == _NO_TAG)
    # the first tag has no previous tag
    return bool(right.all()) and not (len(tags) and allowed[0, 1] != _NO_TAG)


def _search(proba: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the most probable allowed tags of one text by the Viterbi algorithm."""
    log_p = np.log(np.maximum(proba, np.finfo(np.float64).tiny))
    is_inside = before[:, 1] != _NO_TAG
    inside = before[is_inside]
    best = np.where(is_inside, -np.inf, log_p[0])
    back = np.empty((len(proba), len(before)), dtype=np.intp)
    for k in range(1, len(proba)):
        back[k] = best.argmax()
        better = best[inside[:, 1]] > best[inside[:, 0]]
        back[k, is_inside] = np.where(better, inside[:, 1], inside[:, 0])
        best = log_p[k] + best[back[k]]
    tags = np.empty(len(proba), dtype=np.intp)
    tags[-1] = best.argmax()
    for k in range(len(proba) - 1, 0, -1):
        tags[k - 1] = back[k, tags[k]]
    return tags
