"""The same inputs in another container give the same answer, or the same error."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from torch import nn

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.modules import MLP, Columns, Conv, Pretrained
from tests.equivalences.containers import ARRAYS, DTYPES, FRAMES, NAMES, frame
from tests.equivalences.inputs import (
    NEW,
    TARGETS,
    ZOO,
    X,
    answer,
    assert_same,
    fitted,
    outputs,
    told,
)
from tests.zoo import RETRIEVERS, SMALL_NET

every_predictor = pytest.mark.parametrize(("kind", "name"), ZOO)

# estimators of others get X as it is, and may compute in float32 then
PASSES_ON = ("conformal", "independent", "groups")
# another order in memory sums in another order
ROUNDING = {"rtol": 1e-9, "atol": 1e-12}


def with_gaps(inputs):
    """Return inputs with NaN, and masked ones with junk where NaN was."""
    gaps = np.random.default_rng(1).random(inputs.shape) < 0.1
    junk = np.ma.masked_array(np.where(gaps, -9999.0, inputs), mask=gaps)
    return np.where(gaps, np.nan, inputs), junk


@every_predictor
def test_masked_inputs_are_missing_inputs(kind, name):
    (fitted, masked), (new, masked_new) = with_gaps(X), with_gaps(NEW)
    expected = answer(ZOO[kind, name], kind, fitted, new)
    assert_same(answer(ZOO[kind, name], kind, masked, masked_new), expected)


@every_predictor
def test_inputs_may_be_masked_in_predict_alone(kind, name):
    new, masked_new = with_gaps(NEW)
    model = fitted(kind, name)
    assert_same(told(model, masked_new), told(model, new))


def with_nan(array):
    """Return the array with a gap in each column."""
    array = array.copy()
    array[np.arange(4), np.arange(4)] = np.nan
    return array


@every_predictor
def test_inputs_in_any_container_are_predicted_alike(kind, name):
    model = fitted(kind, name, has_names=True)
    expected = outputs(model, frame(NEW))
    for way, write in FRAMES.items():
        np.testing.assert_allclose(
            outputs(model, write(NEW)), expected, **ROUNDING, err_msg=way
        )
    model = fitted(kind, name)
    for way, write in ARRAYS.items():
        if "32" in way and name in PASSES_ON:
            continue
        np.testing.assert_allclose(
            outputs(model, write(NEW)), expected, **ROUNDING, err_msg=way
        )


@every_predictor
def test_gaps_in_any_container_are_read_alike(kind, name):
    """All raise the error of NaN, or predict the same."""
    model = fitted(kind, name, has_names=True)
    gaps = with_nan(NEW)
    expected = told(model, frame(gaps))
    for write in FRAMES.values():
        assert_same(told(model, write(gaps)), expected, **ROUNDING)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@every_predictor
@settings(max_examples=2)
@given(
    dtypes=st.tuples(*[st.sampled_from(DTYPES)] * 4),
    array=st.sampled_from(list(ARRAYS)),
)
def test_fits_are_equal_in_any_container(kind, name, dtypes, array):
    if name in PASSES_ON:
        dtypes = [one for one in dtypes if "32" not in str(one)] + ["object"] * 4
    mixed = frame(X).astype(dict(zip(NAMES, dtypes, strict=False)))
    expected = outputs(fitted(kind, name), NEW)
    for inputs in (mixed, ARRAYS[array](X)):
        found = answer(ZOO[kind, name], kind, inputs, NEW)
        assert_same(found, expected, **ROUNDING)


def own_module(n_features):
    """Return what a user writes."""
    return nn.Sequential(nn.Linear(n_features, 8), nn.ReLU())


RAW = {
    "callable": lambda: own_module,
    "module": lambda: own_module(4),
    "Pretrained": lambda: Pretrained(own_module(4)),
    "Columns": lambda: Columns([("all", MLP((8,)), slice(None))]),
    "Conv": lambda: Conv((1, 2, 2), channels=(4,), pool=1, hidden=8),
}


@pytest.mark.parametrize("trunk", RAW)
def test_raw_trunks_take_arrays_of_any_kind(trunk):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        built = RAW[trunk]()
    make = {**SMALL_NET, "trunk": built, "max_epochs": 3}
    model = MultiTaskRegressor(**make).fit(X, TARGETS["regressor"])
    expected = model.predict(NEW)
    for way, write in ARRAYS.items():
        again = MultiTaskRegressor(**make).fit(write(X), TARGETS["regressor"])
        for one in (model, again):
            np.testing.assert_allclose(
                one.predict(write(NEW)), expected, **ROUNDING, err_msg=way
            )
    for way, write in FRAMES.items():
        with_names = MultiTaskRegressor(**make).fit(write(X), TARGETS["regressor"])
        np.testing.assert_allclose(
            with_names.predict(write(NEW)), expected, **ROUNDING, err_msg=way
        )


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", ">i2", ">u2", "u4", ">i8", "f2"])
def test_pictures_may_be_of_any_dtype(dtype):
    pictures = (np.abs(X) * 8).astype(dtype).reshape(60, 1, 2, 2)
    make = {**SMALL_NET, "trunk": RAW["Conv"](), "max_epochs": 2}
    as_floats = pictures.astype(float) / (255 if dtype == "u1" else 1)
    expected = MultiTaskRegressor(**make).fit(as_floats, TARGETS["regressor"])
    found = MultiTaskRegressor(**make).fit(pictures, TARGETS["regressor"])
    np.testing.assert_allclose(
        found.predict(pictures), expected.predict(as_floats), atol=1e-6
    )


@pytest.mark.parametrize("name", RETRIEVERS)
def test_masked_queries_and_items_are_missing_values(name):
    (gallery, masked), (new, masked_new) = with_gaps(X), with_gaps(NEW)
    expected = found_by(name, gallery, new)
    assert_same(found_by(name, masked, masked_new), expected)


def found_by(name, gallery, queries):
    """Return distances to the neighbours, or what the error says."""
    try:
        retriever = RETRIEVERS[name]().fit(gallery, TARGETS["classifier"])
        return retriever.add(queries, TARGETS["classifier"][:20]).kneighbors(queries)[0]
    except ValueError as error:
        return str(error)


@every_predictor
def test_a_column_of_dates_is_named(kind, name):
    if name in PASSES_ON:
        pytest.skip("the estimator inside may have its own use of dates")
    dates = pd.date_range("2020-01-01", periods=60)
    for table in (
        frame(X).assign(c=dates),
        frame(X).assign(c=dates - dates[0]),
        frame(X).assign(c=dates.tz_localize("UTC")),
        pl.from_pandas(frame(X).assign(c=dates)),
        pl.DataFrame({"c": dates.date}),
        frame(X).assign(c=dates).astype({"c": "timestamp[ns][pyarrow]"}),
    ):
        with pytest.raises(ValueError, match="column 'c' of X is of dtype "):
            ZOO[kind, name]().fit(table, TARGETS[kind])
    with pytest.raises(ValueError, match=r"X is of dtype datetime64.*; numbers are"):
        ZOO[kind, name]().fit(dates.to_numpy()[:, None], TARGETS[kind])


@every_predictor
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: pl.LazyFrame(X[:, :2]), TypeError, r"X is a LazyFrame.* X\.collect"),
        (lambda: dict(enumerate(X.T)), TypeError, r"X is a dict.*pandas\.DataFrame\(X"),
        (
            lambda: pd.DataFrame(X[:, :3], columns=["a", "b", "a"]),
            ValueError,
            r"the column names \['a'\] of X occur more than once",
        ),
    ],
    ids=["lazy", "dict", "duplicates"],
)
def test_inputs_in_no_usable_container_are_named(kind, name, make, error, message):
    model = ZOO[kind, name]()
    with pytest.raises(error, match=rf"^\w+: {message}"):
        model.fit(make(), TARGETS[kind])


@every_predictor
def test_labels_of_a_lazy_frame_are_named(kind, name):
    lazy = pl.DataFrame(np.asarray(TARGETS[kind], dtype=float)).lazy()
    with pytest.raises(TypeError, match=r"y is a LazyFrame.* y\.collect\(\)"):
        ZOO[kind, name]().fit(X, lazy)


SPARSE = [(kind, name) for kind, name in ZOO if name in ("net", "forest")]


@pytest.mark.parametrize(("kind", "name"), SPARSE)
def test_a_sparse_gap_is_refused_with_a_way_out(kind, name):
    gaps = sparse.csr_array(with_gaps(X)[0])
    with pytest.raises(
        ValueError, match=r"^\w+: X is sparse and contains NaN.* dense X"
    ):
        ZOO[kind, name]().fit(gaps, TARGETS[kind])


@pytest.mark.parametrize(("kind", "name"), SPARSE)
def test_long_indices_of_a_sparse_matrix_do_not_matter(kind, name):
    short = sparse.csr_array(np.where(X > 0, X, 0.0))
    long = short.copy()
    long.indices, long.indptr = long.indices.astype("i8"), long.indptr.astype("i8")
    expected = answer(ZOO[kind, name], kind, short, short)
    assert_same(answer(ZOO[kind, name], kind, long, long), expected)
