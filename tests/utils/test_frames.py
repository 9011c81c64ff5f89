import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import sklearn_mtl
from sklearn_mtl import stack_tasks
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.utils._frames import (
    column_names,
    frame_columns,
    from_arrow,
    is_frame,
    is_lazy,
    is_pandas,
    is_series,
    join_frames,
    to_pandas,
)

PANDAS = pd.DataFrame({"b": [1.0, 2.0], "a": [3.0, 4.0]})
FRAMES = {
    "pandas": PANDAS,
    "polars": pl.DataFrame(PANDAS.to_dict("list")),
    "table": pa.Table.from_pandas(PANDAS),
    "record batch": pa.RecordBatch.from_pandas(PANDAS),
}
OTHERS = {
    "array": PANDAS.to_numpy(),
    "list": [[1.0, 3.0]],
    "dict": PANDAS.to_dict("list"),
    "series": PANDAS["a"],
    "polars series": pl.Series("a", [3.0, 4.0]),
    "index": pd.Index([3.0, 4.0]),
    "lazy": pl.LazyFrame({"a": [3.0]}),
    "chunks": pa.chunked_array([[3.0, 4.0]]),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_all_libraries_have_names_of_columns(kind):
    frame = FRAMES[kind]
    assert is_frame(frame)
    assert not is_series(frame)
    assert column_names(frame) == ["b", "a"]
    pd.testing.assert_frame_equal(to_pandas(frame), PANDAS)
    columns = frame_columns(from_arrow(frame))
    assert [column.to_list() for column in columns] == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("kind", OTHERS)
def test_all_else_is_no_frame(kind):
    other = OTHERS[kind]
    assert not is_frame(other)
    assert column_names(other) is None
    assert from_arrow(other) is other
    assert is_series(other) == (kind in ("series", "polars series", "index"))
    assert is_pandas(other) == (kind == "series")
    assert is_lazy(other) == (kind == "lazy")


@pytest.mark.parametrize("kind", ["pandas", "polars", "table"])
def test_frames_are_joined_in_their_own_library(kind):
    frame = FRAMES[kind]
    joined = join_frames([frame, frame])
    assert type(joined) is type(frame)
    expected = pd.concat([PANDAS, PANDAS], ignore_index=True)
    pd.testing.assert_frame_equal(to_pandas(joined), expected)


def test_tables_of_pyarrow_are_stacked():
    table = FRAMES["table"]
    X, y = stack_tasks([(table, [1.0, 2.0]), (table, [3.0, 4.0])])
    assert column_names(X) == ["b", "a"]
    assert len(X) == len(y) == 4


@pytest.mark.parametrize("kind", ["pandas", "polars", "table"])
def test_weights_of_each_label_are_matched_by_the_names_of_any_frame(kind):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    weights = pd.DataFrame(rng.uniform(0.5, 1.5, (30, 2)), columns=["u", "v"])
    targets = pd.DataFrame(y, columns=["u", "v"])
    turned = weights[["v", "u"]]
    given = {
        "pandas": turned,
        "polars": pl.from_pandas(turned),
        "table": pa.Table.from_pandas(turned),
    }[kind]
    expected, found = (
        MultiTaskLinearRegressor().fit(X, targets, sample_weight=one).coef_
        for one in (weights.to_numpy(), given)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_no_other_file_asks_what_kind_of_frame_something_is():
    asked = re.compile(
        r'\b(has|get)attr\([^)]*"(iloc|columns|column_names|get_columns|select_dtypes|'
        r'to_pandas)"'
    )
    found = {
        path.name
        for path in Path(sklearn_mtl.__file__).parent.rglob("*.py")
        if asked.search(path.read_text())
    }
    assert found == {"_frames.py"}
