"""Division of a batch into inputs, labels, weights and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_mtl.neural_network.data._read import read_net_inputs
from sklearn_mtl.preprocessing import Table
from sklearn_mtl.utils._finite import check_sizes

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["BatchReader", "Columns"]


@dataclass(frozen=True)
class Columns:
    """Names of the columns that are not inputs.

    Attributes
    ----------
    targets : str or sequence of str
        Targets; a single name means a 1-D y.
    sample_weight : str, sequence of str or None
        Weights of samples, or of the labels of each target.
    groups : str or None
        Groups of samples.
    """

    targets: str | Sequence[str]
    sample_weight: str | Sequence[str] | None = None
    groups: str | None = None

    def lists(self) -> dict[str, list[str]]:
        """Return the names of each role."""
        given = {"targets": self.targets, "sample_weight": self.sample_weight}
        given["groups"] = self.groups
        return {
            role: [names] if isinstance(names, str) else list(names)
            for role, names in given.items()
            if names is not None
        }


class BatchReader:
    """Divides batches into inputs and other columns, and compares their columns."""

    def __init__(
        self, model: BaseMultiTaskNet, columns: Columns, names: list[Any], where: str
    ) -> None:
        self.model, self.columns = model, columns
        self.who, self.names, self.first = type(model).__name__, names, where
        taken = [name for names in columns.lists().values() for name in names]
        self.targets = columns.lists()["targets"]
        self._check_weights()
        twice = sorted({str(name) for name in taken if taken.count(name) > 1})
        if twice:
            raise ValueError(
                f"{self.who}: the columns {twice} are named more than once in targets, "
                "sample_weight and groups; each column can have one role."
            )
        missing = [name for name in taken if name not in names]
        if missing:
            raise ValueError(
                f"{self.who}: the columns {missing} are not in {where}, whose columns "
                f"are {names}."
            )
        self.features = [name for name in names if name not in taken]
        if not self.features:
            raise ValueError(
                f"{self.who}: {where} has no input columns; {taken} are targets, "
                "weights or groups."
            )

    def _check_weights(self) -> None:
        """Raise an error unless there is one column of label weights per target."""
        names = self.columns.sample_weight
        if names is None or isinstance(names, str) or len(names) == len(self.targets):
            return
        raise ValueError(
            f"{self.who}: sample_weight names the columns {list(names)}, but the "
            f"targets are {self.targets}. Pass one column of label weights per target, "
            "in the same order, or the name of one column of sample weights as a str."
        )

    def others(self, frame: Any, where: str) -> dict[str, Any]:
        """Return the columns of each role."""
        self._check_names(frame, where)
        found = {}
        for role, names in self.columns.lists().items():
            is_single = isinstance(getattr(self.columns, role), str)
            found[role] = frame[names[0] if is_single else names]
        weights = found.get("sample_weight")
        if weights is not None and weights.ndim == 2:  # matched to the tasks by name
            found["sample_weight"] = weights.set_axis(self.targets, axis=1)
        return found

    def inputs(
        self, frame: Any, where: str, *, is_first: bool = False, grows: bool = False
    ) -> Table:
        """Return the inputs of a batch."""
        self._check_names(frame, where)
        X, grows = frame[self.features], grows and not is_first
        try:
            table = read_net_inputs(self.model, X, reset=is_first, grows=grows)
            check_sizes(table.numeric, None, self.who)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{error} The error occurred in {where}.") from error
        return table

    def _check_names(self, frame: Any, where: str) -> None:
        names = list(frame.columns)
        if sorted(map(str, names)) != sorted(map(str, self.names)):
            missing = [name for name in self.names if name not in names]
            more = [name for name in names if name not in self.names]
            raise ValueError(
                f"{self.who}: the columns of {where} differ from those of "
                f"{self.first}: missing {missing}, additional {more}."
            )
