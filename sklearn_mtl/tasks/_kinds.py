"""Kinds of targets, with the reading, encoding, stratification and metrics of labels.

All code that depends on the kind of a target is in a class of this module. A new kind
of target is a new class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._tokens import as_cells, has_spans, holds_lists, read_tags

__all__ = ["TARGET_KINDS", "TargetKind", "check_classes", "check_numbers", "target_of"]


class TargetKind(ABC):
    """Base class of the kinds of targets.

    Attributes
    ----------
    type : str
        Name in `task_types`.
    kinds : tuple of str
        Possible values of `Task.kind`.
    loss : str
        Default loss.
    scored_by : tuple of str
        Kinds of metrics that can score it.
    """

    type: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    loss: ClassVar[str]
    scored_by: ClassVar[tuple[str, ...]]

    @abstractmethod
    def metric(self, wanted: str, kind: str, classes: np.ndarray | None) -> str:
        """Return the metric that "auto", "skill", "coverage", ... mean for a task."""

    @abstractmethod
    def read(
        self, values: np.ndarray, name: str, who: str
    ) -> tuple[str, np.ndarray | None]:
        """Return the kind and the classes of observed labels; raise if invalid."""

    @abstractmethod
    def check_new(self, values: np.ndarray, name: str, who: str) -> None:
        """Raise for labels of another type than in fit; classes are checked later."""

    @abstractmethod
    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return one float64 per label."""

    @abstractmethod
    def decode(self, codes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return the labels for codes."""

    @abstractmethod
    def strata(
        self, codes: np.ndarray, n_classes: int, n_bins: int
    ) -> tuple[np.ndarray, int]:
        """Return the stratum of each observed label, and the number of strata."""


class _Classes(TargetKind):
    """Target that is one of two or more classes."""

    type = "classification"
    kinds = ("binary", "multiclass")
    loss = "cross_entropy"
    scored_by = ("classification",)

    _metrics: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "auto": {"binary": "roc_auc", "multiclass": "balanced_accuracy"},
        "skill": dict.fromkeys(kinds, "d2_log_loss_score"),
        "coverage": dict.fromkeys(kinds, "set_coverage"),
        "mean_width": dict.fromkeys(kinds, "set_size"),
        "neg_mean_width": dict.fromkeys(kinds, "neg_set_size"),
    }

    def metric(self, wanted: str, kind: str, classes: np.ndarray | None) -> str:
        return self._metrics[wanted][kind]

    def read(
        self, values: np.ndarray, name: str, who: str
    ) -> tuple[str, np.ndarray | None]:
        check_classes(values, name, who)
        classes = np.unique(values)
        kind = {1: "constant", 2: "binary"}.get(len(classes), "multiclass")
        return kind, classes

    def check_new(self, values: np.ndarray, name: str, who: str) -> None:
        if holds_lists(values):
            raise TaskError(
                f"{who}: task {name!r} has lists in y, such as {list(values[0])[:3]}, "
                "but it had one class per sample in fit."
            )

    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return the indices of the classes; -1 for unknown labels."""
        if classes is None or not len(values) or not len(classes):
            return np.full(len(values), -1.0)
        # Strings and numbers cannot be compared.
        if (values.dtype.kind in "US") != (classes.dtype.kind in "US"):
            return np.full(len(values), -1.0)
        place = np.searchsorted(classes, values)
        # searchsorted returns len(classes) for a label above the last class.
        place = np.minimum(place, len(classes) - 1)
        return np.where(classes[place] == values, place, -1).astype(np.float64)

    def decode(self, codes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        assert classes is not None  # for the type checker
        return classes[codes.astype(np.intp)]

    def strata(
        self, codes: np.ndarray, n_classes: int, n_bins: int
    ) -> tuple[np.ndarray, int]:
        return codes.astype(np.intp), n_classes


class _Numbers(TargetKind):
    """Target that is a number."""

    type = "regression"
    kinds = ("regression",)
    loss = "squared_error"
    scored_by = ("regression",)

    def metric(self, wanted: str, kind: str, classes: np.ndarray | None) -> str:
        of_intervals = {
            "coverage": "interval_coverage",
            "mean_width": "interval_width",
            "neg_mean_width": "neg_interval_width",
        }
        return of_intervals.get(wanted, "r2")  # "skill" of a regression is also R2

    def read(
        self, values: np.ndarray, name: str, who: str
    ) -> tuple[str, np.ndarray | None]:
        check_numbers(values, name, who)
        return "regression", None

    def check_new(self, values: np.ndarray, name: str, who: str) -> None:
        check_numbers(values, name, who)

    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        return values.astype(np.float64)

    def decode(self, codes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        return codes.astype(np.float64, copy=False)

    def strata(
        self, codes: np.ndarray, n_classes: int, n_bins: int
    ) -> tuple[np.ndarray, int]:
        """Return quantile bins."""
        if n_bins < 2:
            return np.zeros(len(codes), dtype=np.intp), int(len(codes) > 0)
        # ranks, because rounding of interpolated quantiles depends on the unit
        places = -(-np.arange(1, n_bins) * (len(codes) - 1) // n_bins)
        edges = np.unique(np.sort(codes)[places])
        return np.searchsorted(edges, codes, side="right"), len(edges) + 1


class _Tokens(TargetKind):
    """Target that is a list with one tag for each token of a text.

    The code of an observed label is 0. `TaskSet.encode_tokens` returns the codes of the
    tags.
    """

    type = "tokens"
    kinds = ("tokens",)
    loss = "cross_entropy"
    scored_by = ("tokens", "classification")

    def metric(self, wanted: str, kind: str, classes: np.ndarray | None) -> str:
        if wanted != "auto":
            return CLASSES.metric(wanted, "multiclass", classes)
        is_of_spans = classes is not None and has_spans(classes)
        return "span_f1" if is_of_spans else "token_accuracy"

    def read(
        self, values: np.ndarray, name: str, who: str
    ) -> tuple[str, np.ndarray | None]:
        self.check_new(values, name, who)
        tags, _, _ = read_tags(values, name, who)
        check_classes(tags, name, who)
        return "tokens", np.unique(tags)

    def check_new(self, values: np.ndarray, name: str, who: str) -> None:
        if len(values) and not holds_lists(values):
            raise TaskError(
                f"{who}: task {name!r} is a token task, but has labels such as "
                f"{values[0].item()!r} in y. Each label must be a list with one tag "
                "for each token of the sample."
            )

    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        return np.zeros(len(values))

    def decode(self, codes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return lists of tags for arrays of their indices, None for NaN."""
        assert classes is not None  # for the type checker
        tags = [*classes.tolist(), None]
        return as_cells(
            [tags[k] for k in np.nan_to_num(part, nan=-1).astype(np.intp)]
            for part in codes
        )

    def strata(
        self, codes: np.ndarray, n_classes: int, n_bins: int
    ) -> tuple[np.ndarray, int]:
        """Return one stratum that contains the samples with tags."""
        return np.zeros(len(codes), dtype=np.intp), int(len(codes) > 0)


CLASSES, NUMBERS, TOKENS = _Classes(), _Numbers(), _Tokens()
#: All kinds of targets.
TARGET_KINDS: tuple[TargetKind, ...] = (CLASSES, NUMBERS, TOKENS)
_BY_KIND = {kind: target for target in TARGET_KINDS for kind in target.kinds}


def target_of(kind: str, classes: np.ndarray | None) -> TargetKind:
    """Return the kind of target of a task, also if it is constant or empty."""
    return _BY_KIND.get(kind, NUMBERS if classes is None else CLASSES)


def check_classes(values: np.ndarray, name: str, who: str) -> None:
    """Raise if labels cannot be classes."""
    if values.dtype.kind == "f":
        broken = values[values != np.floor(values)]
        if len(broken):
            raise TaskError(
                f"{who}: task {name!r} has fractional class labels, such as "
                f"{np.unique(broken)[:3].tolist()}. Unknown label type: continuous. "
                "Classes must be strings, booleans or integers. Use a regressor for a "
                "regression target."
            )
    elif values.dtype.kind not in "iubUS":
        raise TaskError(
            f"{who}: task {name!r} has labels of dtype {values.dtype}. Unknown label "
            "type: classes must be strings, booleans or integers."
        )


def check_numbers(values: np.ndarray, name: str, who: str) -> None:
    """Raise if labels cannot be regression targets."""
    if len(values) and values.dtype.kind not in "fiub":
        raise TaskError(
            f"{who}: task {name!r} is a regression task, but its labels have the dtype "
            f"{values.dtype}; they must be numbers."
        )
