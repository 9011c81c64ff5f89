"""Batches of a table that does not fit into memory, read several times."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from sklearn_mtl.utils._categories import holds_categories
from sklearn_mtl.utils._frames import is_frame, is_pandas_frame, to_pandas

__all__ = ["BatchSource", "open_batches", "with_known_kinds"]

_BATCH_BYTES = 2**25  # maximum size of a batch of a file, if all columns are numbers

#: Start a new pass, and yield the name and the pandas DataFrame of each batch.
BatchSource = Callable[[], Iterator[tuple[str, Any]]]


def open_batches(batches: Any, who: str) -> BatchSource:
    """Return a source that can be read as often as needed."""
    if _is_path(batches) or _are_paths(batches):
        files = _parquet(batches, who)
        return lambda: _of_fragments(files, who, is_own=True)
    if hasattr(batches, "get_fragments"):  # a dataset of pyarrow
        return lambda: _of_fragments(batches, who)
    if hasattr(batches, "partitions") and hasattr(batches, "npartitions"):  # of Dask
        return lambda: _of_partitions(batches)
    if is_frame(batches):
        return lambda: _numbered([batches], who)
    if callable(batches):
        return lambda: _numbered(batches(), who)
    if isinstance(batches, Sequence):
        return lambda: _numbered(batches, who)
    raise TypeError(
        f"{who}: fit_stream got batches of type {type(batches).__name__}; allowed are "
        "the path of Parquet files, a pyarrow dataset, a Dask DataFrame, a list of "
        "paths or DataFrames, and a function that returns an iterator over DataFrames. "
        "An iterator is not allowed, because the batches are read more than once."
    )


def with_known_kinds(source: BatchSource, first: Any, names: list[Any]) -> Any:
    """Return the first batch, with the dtype of empty columns taken from later batches.

    The first batch determines which columns are numbers and which are categories. A
    column without any value, such as one of the type null in a Parquet file, may be
    either.
    """
    unknown = []
    if first.columns.is_unique:  # else an error follows that names the columns
        open_types = (np.dtype(object), np.dtype(np.float64))
        either = [name for name in names if first[name].dtype in open_types]
        unknown = [name for name in either if first[name].isna().all()]
    if not unknown:
        return first
    for _, batch in source():
        seen = [name for name in unknown if name in batch and batch[name].notna().any()]
        text = [name for name in seen if holds_categories(batch[name])]
        dtypes = dict.fromkeys(seen, float) | dict.fromkeys(text, object)
        first = first.astype(dtypes)
        unknown = [name for name in unknown if name not in seen]
        if not unknown:
            break
    return first


def _is_path(batches: Any) -> bool:
    return isinstance(batches, str | os.PathLike)


def _are_paths(batches: Any) -> bool:
    """Return whether batches is a list of paths."""
    is_list = isinstance(batches, list | tuple)
    return is_list and len(batches) > 0 and all(map(_is_path, batches))


def _parquet(paths: Any, who: str) -> Any:
    """Return the path of a file or a folder, or a list of files, as a dataset."""
    try:
        from pyarrow import ArrowInvalid, dataset
    except ImportError as error:
        raise ImportError(
            f"{who}: fit_stream reads Parquet files with pyarrow. Install it with: pip "
            'install "sklearn-mtl[parquet]"'
        ) from error
    paths = os.fspath(paths) if _is_path(paths) else [os.fspath(path) for path in paths]
    for path in [paths] if isinstance(paths, str) else paths:
        if not os.path.exists(path):
            raise FileNotFoundError(f"{who}: the file or folder {path} does not exist.")
    try:
        if not isinstance(paths, str):  # pyarrow accepts no list with folders
            paths = list(chain.from_iterable(map(_files_of, paths)))
        found = dataset.dataset(paths, format="parquet", partitioning="hive")
    except ArrowInvalid as error:
        raise ValueError(
            f"{who}: {paths} cannot be read as Parquet files with unique column names: "
            f"{error} To read CSV files, pass "
            "pyarrow.dataset.dataset(path, format='csv') to fit_stream."
        ) from error
    if not found.files:
        raise ValueError(f"{who}: there are no Parquet files in {paths}.")
    return found


def _files_of(path: str) -> list[str]:
    """Return the files of a folder, or the path of a file."""
    from pyarrow import dataset

    if not os.path.isdir(path):
        return [path]
    return list(dataset.dataset(path, format="parquet").files)


def _of_fragments(
    source: Any, who: str, *, is_own: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield the record batches of each file, with the values in its folder's name."""
    from pyarrow.dataset import get_partition_keys

    size = max(1000, _BATCH_BYTES // (8 * len(source.schema)))
    how = {"batch_size": size, "batch_readahead": 2}
    try:
        fragments = source.get_fragments()
    except ValueError:  # a filtered dataset has no fragments
        yield from _of_filtered(source, who, how)
        return
    for number, fragment in enumerate(fragments):
        where = getattr(fragment, "path", f"fragment {number}")
        if is_own:  # keeps no metadata, a megabyte for each file of 400 columns
            place = fragment.path, fragment.filesystem, fragment.partition_expression
            fragment = fragment.format.make_fragment(*place)
        try:
            keys = get_partition_keys(fragment.partition_expression)
            for batch in fragment.to_batches(**how):
                frame = batch.to_pandas()
                more = {name: keys[name] for name in keys if name not in frame}
                yield where, frame.assign(**more)
        except (OSError, ValueError) as error:  # includes the errors of pyarrow
            raise ValueError(f"{who}: {where} cannot be read: {error}") from error


def _of_filtered(
    source: Any, who: str, how: dict[str, int]
) -> Iterator[tuple[str, Any]]:
    """Yield the record batches of a filtered dataset."""
    from pyarrow.dataset import get_partition_keys

    try:
        for number, tagged in enumerate(source.scanner(**how).scan_batches()):
            frame, fragment = tagged.record_batch.to_pandas(), tagged.fragment
            own = set(fragment.physical_schema.names)
            own.update(get_partition_keys(fragment.partition_expression))
            # pyarrow fills the columns that the file does not have with nulls
            lacking = [name for name in frame.columns if name not in own]
            where = getattr(fragment, "path", f"batch {number}")
            yield where, frame.drop(columns=lacking)
    except (OSError, ValueError) as error:  # includes the errors of pyarrow
        raise ValueError(
            f"{who}: the filtered dataset cannot be read: {error}{_other_types(source)}"
        ) from error


def _other_types(source: Any) -> str:
    """Return a sentence on a file whose types differ from those of the dataset."""
    for path in getattr(source, "files", []):
        try:
            schema = source.format.make_fragment(
                path, source.filesystem
            ).physical_schema
        except (OSError, ValueError):
            return ""  # the error of pyarrow names a damaged file
        for name in source.schema.names:
            at = schema.get_field_index(name)
            if at >= 0 and schema.field(at).type != source.schema.field(name).type:
                return (
                    f" Column {name!r} has the type {schema.field(at).type} in {path}, "
                    f"but {source.schema.field(name).type} in the dataset."
                )
    return ""


def _of_partitions(frame: Any) -> Iterator[tuple[str, Any]]:
    """Yield the partitions of a Dask DataFrame, one at a time."""
    for number in range(frame.npartitions):
        yield f"partition {number}", frame.partitions[number].compute()


def _numbered(batches: Iterable[Any], who: str) -> Iterator[tuple[str, Any]]:
    """Yield DataFrames of any library as pandas DataFrames."""
    for number, batch in enumerate(batches):
        if not is_frame(batch):
            raise TypeError(
                f"{who}: batch {number} is of type {type(batch).__name__}. Batches "
                "must be DataFrames of pandas, polars or pyarrow that contain the "
                "targets."
            )
        yield f"batch {number}", batch if is_pandas_frame(batch) else to_pandas(batch)
