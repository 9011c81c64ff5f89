"""Batches of files and datasets."""

import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

from sklearn_mtl.neural_network.data._batch_source import open_batches
from sklearn_mtl.neural_network.data._column_kinds import ColumnKinds

FIELD = pyarrow.dataset.field("a") > 0


def write(path, columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pa.table(columns), path)


def read(source):
    found = [frame for _, frame in open_batches(source, "Net")()]
    return pd.concat(found, ignore_index=True)


@pytest.fixture
def folder(tmp_path):
    """Two files; the second one lacks a column."""
    write(tmp_path / "part0.parquet", {"a": [0, 1], "b": [2.0, 3.0]})
    write(tmp_path / "part1.parquet", {"a": [2]})
    return tmp_path


def test_a_list_may_contain_folders_and_files(tmp_path):
    write(tmp_path / "x" / "b=1" / "0.parquet", {"a": [0, 1]})
    write(tmp_path / "y.parquet", {"a": [2]})
    found = read([tmp_path / "x", tmp_path / "y.parquet"])
    assert found["a"].tolist() == [0, 1, 2]
    assert found["b"].tolist()[:2] == [1, 1]


def test_a_filtered_dataset_does_not_fill_columns_that_a_file_lacks(folder):
    source = pyarrow.dataset.dataset(folder).filter(FIELD)
    found = dict(open_batches(source, "Net")())
    columns = {path[-13:]: frame.columns.tolist() for path, frame in found.items()}
    assert columns == {"part0.parquet": ["a", "b"], "part1.parquet": ["a"]}


def test_values_in_the_names_of_folders_are_columns_of_a_filtered_dataset(tmp_path):
    for number in range(2):
        write(tmp_path / f"b={number}" / "0.parquet", {"a": [0, 1 + number]})
    source = pyarrow.dataset.dataset(tmp_path, partitioning="hive").filter(FIELD)
    assert read(source).to_dict("list") == {"a": [1, 2], "b": [0, 1]}


def test_errors_of_a_filtered_dataset_name_the_file(folder):
    write(folder / "part1.parquet", {"a": ["x"], "b": [1.0]})
    source = pyarrow.dataset.dataset(folder).filter(FIELD)
    words = r"Net: the filtered .* Column 'a' has the type string in .*part1\.parquet"
    with pytest.raises(ValueError, match=words):
        read(source)
    (folder / "part1.parquet").write_bytes(b"PAR1")
    source = pyarrow.dataset.dataset(folder).filter(FIELD)  # without known schemas
    with pytest.raises(ValueError, match=r"Net: the filtered .*part1\.parquet"):
        read(source)


def test_a_filter_by_an_unknown_column_is_named(folder):
    source = pyarrow.dataset.dataset(folder)
    with pytest.raises(ValueError, match="Net: the filtered dataset cannot be read"):
        read(source.filter(pyarrow.dataset.field("c") > 0))


def test_numbers_are_not_categories_in_another_batch():
    kinds = ColumnKinds("Net", ["a"])
    numbers = pd.DataFrame({"a": [1, 2], "y": [1, 2]})
    kinds.check(numbers, "batch 0")
    kinds.check(numbers.astype({"y": "category"}), "batch 1")  # a target
    with pytest.raises(ValueError, match="contains categories in batch 2, but numbers"):
        kinds.check(numbers.astype("category"), "batch 2")
