"""Categories are values: however they are written, they mean the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_mtl.exceptions import UnseenCategoryWarning
from tests.equivalences.containers import CODES, TEXTS, beside
from tests.equivalences.inputs import TARGETS, X, outputs
from tests.zoo import predictors

ZOO = predictors()
of_categories = pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for (kind, name), make in ZOO.items()
        if name != "conv" and hasattr(make(), "categorical_features")
    ],
)


def of_codes(kind, name):
    """Return an estimator for which the column "s" is one of categories."""
    model = ZOO[kind, name]()
    return model.set_params(
        **{
            parameter: ["s"]
            for parameter in model.get_params()
            if parameter.endswith("categorical_features")
        }
    )


rng = np.random.default_rng(2)
WARDS = rng.integers(0, 3, size=60)
NUMBERS = X[:, 0]


def targets_of_wards(kind):
    """Return targets that depend on the ward and on nothing else."""
    both = np.column_stack([WARDS == 1, WARDS]).astype(float)
    return both == 1 if kind == "classifier" else both


@of_categories
@settings(max_examples=2)
@given(fit=st.sampled_from(list(CODES)), gaps=st.booleans())
def test_codes_of_categories_are_numbers_however_written(kind, name, fit, gaps):
    column, y = [10 + int(code) for code in WARDS], targets_of_wards(kind)
    model = of_codes(kind, name)
    model.fit(beside(CODES[fit](column), NUMBERS), y)
    if gaps:
        column = [None if i % 9 == 0 else code for i, code in enumerate(column)]
    expected = outputs(model, beside(CODES["object"](column), NUMBERS))
    for way, write in CODES.items():
        if gaps and way in ("int", "int8"):
            continue
        inputs = beside(write(column), NUMBERS)
        np.testing.assert_array_equal(outputs(model, inputs), expected, err_msg=way)
    score = model.score(beside(CODES["object"](column), NUMBERS), y)
    assert score > 0.8


@of_categories
@settings(max_examples=2)
@given(fit=st.sampled_from(list(TEXTS)), has_gaps=st.booleans())
def test_texts_are_read_alike_however_written(kind, name, fit, has_gaps):
    column = ["uvw"[code] for code in WARDS]
    if has_gaps:
        column = [None if i % 9 == 0 else text for i, text in enumerate(column)]
    model = ZOO[kind, name]().fit(beside(TEXTS[fit](column), NUMBERS), TARGETS[kind])
    expected = outputs(model, beside(TEXTS["object"](column), NUMBERS))
    for way, write in TEXTS.items():
        inputs = beside(write(column), NUMBERS)
        np.testing.assert_array_equal(outputs(model, inputs), expected, err_msg=way)


@of_categories
def test_most_values_unknown_is_one_warning(kind, name):
    model = of_codes(kind, name)
    model.fit(beside(CODES["int"](WARDS), NUMBERS), targets_of_wards(kind))
    texts = beside(pd.Series(WARDS.astype(str)), NUMBERS)
    message = "column 's': 60 of 60 values, such as '"
    with pytest.warns(UnseenCategoryWarning, match=message) as said:
        model.predict(texts)
    assert len(said) == 1


@of_categories
def test_booleans_are_zero_and_one_and_text_is_text(kind, name):
    flags = WARDS == 1
    model = of_codes(kind, name)
    model.fit(beside(pd.Series(flags), NUMBERS), targets_of_wards(kind))
    expected = outputs(model, beside(pd.Series(flags), NUMBERS))
    for dtype in (int, float, "boolean", object, "bool[pyarrow]"):
        inputs = beside(pd.Series(flags).astype(dtype), NUMBERS)
        np.testing.assert_array_equal(outputs(model, inputs), expected)
    said = pd.Series(np.where(flags, "<NA>", "nan"))
    model.fit(beside(said, NUMBERS), targets_of_wards(kind))
    with pytest.warns(UnseenCategoryWarning):
        unknown = outputs(model, beside(said.str.upper(), NUMBERS))
    assert not np.array_equal(outputs(model, beside(said, NUMBERS)), unknown)


def test_columns_without_any_value_are_read():
    y = TARGETS["regressor"]
    for empty in (
        pd.Series([None] * 60, dtype=object),
        pd.Series([pd.NA] * 60, dtype="Int64"),
        pd.Series([np.nan] * 60),
        pd.Series([None] * 60, dtype="category"),
    ):
        model = ZOO["regressor", "net"]().fit(beside(empty, NUMBERS), y)
        assert np.isfinite(model.predict(beside(empty, NUMBERS))).all()
