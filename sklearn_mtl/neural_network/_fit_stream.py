"""Fit a net to a table that does not fit into memory."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from sklearn_mtl.neural_network.data._batch_reader import Columns
from sklearn_mtl.neural_network.data._read import preparation_of
from sklearn_mtl.neural_network.data._streamed import read_stream
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._callbacks import FitEvents, with_callbacks
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._hold_out import HoldOut

__all__ = ["FitStreamMixin"]


class FitStreamMixin:
    """Add a fit to batches that are read from disk."""

    if TYPE_CHECKING:  # of the estimator
        checkpoint: str | PathLike[str] | None
        warm_start: bool

        def _read_tasks(self, *args: Any) -> tuple[TaskSet, Any]: ...
        def _train(self, *args: Any) -> Any: ...

    @fit_context(prefer_skip_nested_validation=True)
    @with_callbacks
    def fit_stream(
        self,
        batches: Any,
        targets: str | Sequence[str],
        *,
        sample_weight: str | Sequence[str] | None = None,
        groups: str | None = None,
        folder: str | PathLike[str] | None = None,
    ) -> Any:
        """Learn all tasks from a table that does not fit into memory.

        The batches are read twice. The first pass reads the labels and a uniform random
        subset of up to 200,000 samples or 128 MB, from which medians, scales,
        categories and edges are computed. The second pass writes the prepared inputs to
        a temporary file, from which the net is trained as in `fit`. If the subset is
        the whole table, the result is identical to that of `fit`.

        Parameters
        ----------
        batches : path, pyarrow dataset, Dask DataFrame, list or callable
            A Parquet file, a folder of them, a list of files or folders, a list of
            DataFrames of pandas, polars or pyarrow, or a function that returns an
            iterator over them.
            Every batch must have the same columns as the first one, with the same kind
            of values: numbers, text, dates or booleans.
        targets : str or list of str
            Names of the target columns; a list means a 2-D y, as in `fit`. Labels may
            be missing in whole batches, and classes may appear in any batch. All other
            columns are inputs.
        sample_weight : str or list of str, default=None
            Name of the column with the sample weights, or one column of label weights
            per target, in the order of the targets.
        groups : str, default=None
            Name of the column with the group of each sample. Samples of one group are
            held out together or not at all.
        folder : path, default=None
            Folder of the temporary file, which takes 4 bytes per number. None uses the
            default folder of `tempfile`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no label or labels of a wrong type, or its loss is not finite.
        ValueError
            If the columns of a batch or their kinds of values differ from those of the
            first one, a file cannot be read, the trunk does not read tables,
            `checkpoint` is given, or a fitted net has warm_start=True.
        TypeError
            If `batches` has another type.
        ImportError
            If `batches` is a path, and pyarrow is not installed.
        OSError
            If the path does not exist, or the temporary file cannot be written.
        """
        self._check_can_stream()
        columns = Columns(targets, sample_weight, groups)
        X, found = read_stream(self, batches, columns, folder)
        weights, group = found.get("sample_weight"), found.get("groups")
        events = FitEvents(self, batches, found["targets"], weights)
        tasks, codes = self._read_tasks(found.pop("targets"), weights)
        if group is not None:
            group = read_groups(group, X.shape[0], type(self).__name__)
        return self._train(X, tasks, codes, weights, None, HoldOut(group), events)

    def _check_can_stream(self) -> None:
        who = type(self).__name__
        if preparation_of(self) != "table":
            raise ValueError(
                f"{who}: fit_stream requires a trunk that reads tables; this trunk "
                "reads raw values or texts. To fit images that are on disk, pass a "
                "memory map, such as numpy.load(path, mmap_mode='r'), to fit."
            )
        if self.checkpoint is not None:
            raise ValueError(
                f"{who}: fit_stream cannot write checkpoints; set checkpoint=None."
            )
        if self.warm_start and hasattr(self, "net_"):
            raise ValueError(
                f"{who}: fit_stream always trains a new net, but this net is fitted "
                "and has warm_start=True. Set warm_start=False, or call partial_fit."
            )
