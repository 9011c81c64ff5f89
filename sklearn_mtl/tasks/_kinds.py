"""The kinds of targets: how the labels of each are read, coded, split and scored.

Code that depends on the kind of a target asks here, so that another kind of target is
another class of this file.
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
    """What is particular to one kind of target.

    Attributes
    ----------
    type : str
        What `task_types` calls it.
    kinds : tuple of str
        What `Task.kind` may be.
    loss : str
        Its loss, where the user names none.
    scored_by : tuple of str
        The kinds of metrics that can score it.
    """

    type: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    loss: ClassVar[str]
    scored_by: ClassVar[tuple[str, ...]]

    @abstractmethod
    def metric(self, wanted: str, kind: str, classes: np.ndarray | None) -> str:
        """Return the metric that "auto", "skill", "coverage", ... are for a task."""

    @abstractmethod
    def read(
        self, values: np.ndarray, name: str, who: str
    ) -> tuple[str, np.ndarray | None]:
        """Return the kind and the classes of observed labels, or refuse them."""

    @abstractmethod
    def check_new(self, values: np.ndarray, name: str, who: str) -> None:
        """Refuse labels after fit; a class that was not seen in fit is found later."""

    @abstractmethod
    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return one float64 per label."""

    @abstractmethod
    def decode(self, codes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return the labels of codes."""

    @abstractmethod
    def strata(
        self, codes: np.ndarray, n_classes: int, n_bins: int
    ) -> tuple[np.ndarray, int]:
        """Return the stratum of each observed label, and how many strata there are."""


class _Classes(TargetKind):
    """One of some classes, which may be two."""

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
                "but one class per sample in fit."
            )

    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return the numbers of classes; -1 where a label is none of them."""
        if classes is None or not len(values) or not len(classes):
            return np.full(len(values), -1.0)
        # Text and numbers do not compare.
        if (values.dtype.kind in "US") != (classes.dtype.kind in "US"):
            return np.full(len(values), -1.0)
        place = np.searchsorted(classes, values)
        # A label above the last class has no place of its own.
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
    """A number, that of a regression."""

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
        return of_intervals.get(wanted, "r2")  # which is its skill too

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
        # ranks, not interpolated quantiles: these round differently in another unit
        places = -(-np.arange(1, n_bins) * (len(codes) - 1) // n_bins)
        edges = np.unique(np.sort(codes)[places])
        return np.searchsorted(edges, codes, side="right"), len(edges) + 1


class _Tokens(TargetKind):
    """A tag of each token of a text: lists, each as long as its sample has tokens.

    The code of a label is 0 where there are tags; `TaskSet.encode_tokens` gives those
    of the tags.
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
                f"{who}: task {name!r} has labels such as {values[0].item()!r} in y, "
                "but it is one of tokens: each label must be a list with a tag for "
                "each token of its sample."
            )

    def encode(self, values: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        return np.zeros(len(values))

    def decode(self, codes: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Return lists of tags for arrays of their numbers, None for a NaN."""
        assert classes is not None  # for the type checker
        tags = [*classes.tolist(), None]
        return as_cells(
            [tags[k] for k in np.nan_to_num(part, nan=-1).astype(np.intp)]
            for part in codes
        )

    def strata(
        self, codes: np.ndarray, n_classes: int, n_bins: int
    ) -> tuple[np.ndarray, int]:
        """Return one stratum, that of the samples that have tags."""
        return np.zeros(len(codes), dtype=np.intp), int(len(codes) > 0)


CLASSES, NUMBERS, TOKENS = _Classes(), _Numbers(), _Tokens()
#: All kinds of targets.
TARGET_KINDS: tuple[TargetKind, ...] = (CLASSES, NUMBERS, TOKENS)
_BY_KIND = {kind: target for target in TARGET_KINDS for kind in target.kinds}


def target_of(kind: str, classes: np.ndarray | None) -> TargetKind:
    """Return the kind of target of a task, also of one that is constant or empty."""
    return _BY_KIND.get(kind, NUMBERS if classes is None else CLASSES)


def check_classes(values: np.ndarray, name: str, who: str) -> None:
    """Refuse labels that cannot be classes."""
    if values.dtype.kind == "f":
        broken = values[values != np.floor(values)]
        if len(broken):
            raise TaskError(
                f"{who}: task {name!r} has fractional class labels, such as "
                f"{np.unique(broken)[:3].tolist()}. Unknown label type: continuous. "
                "Classes are strings, booleans, or whole numbers; for a regression "
                "target use a regressor."
            )
    elif values.dtype.kind not in "iubUS":
        raise TaskError(
            f"{who}: task {name!r} has labels of dtype {values.dtype}. Unknown label "
            "type: classes are strings, booleans, or whole numbers."
        )


def check_numbers(values: np.ndarray, name: str, who: str) -> None:
    """Refuse labels that cannot be regression targets."""
    if len(values) and values.dtype.kind not in "fiub":
        raise TaskError(
            f"{who}: task {name!r} is a regression but its labels are of dtype "
            f"{values.dtype}; numbers are needed."
        )
