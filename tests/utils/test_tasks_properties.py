"""Whatever y is: either its labels come back as they were, or one clear error."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import TaskSet

few = settings(max_examples=30)

LABELS = {
    "text": st.text(alphabet="abcé 0", max_size=3),
    "bytes": st.binary(max_size=2),
    "bool": st.booleans(),
    "integer": st.integers(-3, 25),
    "large": st.integers(2**53 - 2, 2**53 + 2),
    "float": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "grade": st.integers(0, 4).map(float),
}


@st.composite
def columns(draw, n_samples):
    """Labels of one type, of which some are missing (None)."""
    kind = draw(st.sampled_from(sorted(LABELS)))
    one = st.none() | LABELS[kind]
    values = draw(st.lists(one, min_size=n_samples, max_size=n_samples))
    if all(value is None for value in values):
        values[draw(st.integers(0, n_samples - 1))] = draw(LABELS[kind])
    return values


@st.composite
def targets(draw):
    """Columns of y by name."""
    n_samples = draw(st.integers(1, 12))
    n_tasks = draw(st.integers(1, 4))
    return {f"t{t}": draw(columns(n_samples)) for t in range(n_tasks)}


def as_objects(y):
    out = np.empty((len(next(iter(y.values()))), len(y)), dtype=object)
    for t, values in enumerate(y.values()):
        out[:, t] = values
    return out


FORMS = {
    "objects": as_objects,
    "rows": lambda y: [list(row) for row in zip(*y.values(), strict=True)],
    # of objects: pandas makes integers with a gap floats, which are not as exact
    "pandas": lambda y: pd.DataFrame(y, dtype=object),
    "categories": lambda y: pd.DataFrame(y, dtype=object).astype("category"),
    "polars": lambda y: pl.DataFrame(y, strict=False),
}


@given(y=targets(), form=st.sampled_from(sorted(FORMS)))
@few
def test_labels_come_back_as_they_were(y, form):
    labels = (value for column in y.values() for value in column)
    fractions = [v for v in labels if isinstance(v, float) and v != round(v)]
    assume(form != "categories" or not fractions)  # these are no classes
    tasks, codes = TaskSet.from_y(FORMS[form](y), warn=False)
    missing = np.array([[v is None for v in column] for column in y.values()]).T
    np.testing.assert_array_equal(np.isnan(codes), missing)
    for t, (task, values) in enumerate(zip(tasks.tasks, y.values(), strict=True)):
        seen = ~missing[:, t]
        decoded = task.decode(codes[seen, t]).tolist()
        assert decoded == [value for value in values if value is not None]
        if task.is_classification:
            assert task.classes.tolist() == sorted(set(decoded))
            assert set(codes[seen, t]) == set(range(task.n_classes))


@given(y=targets())
@few
def test_every_form_gives_the_same_codes(y):
    expected, codes = TaskSet.from_y(as_objects(y), warn=False)
    for form in ("rows", "pandas", "polars"):
        tasks, found = TaskSet.from_y(FORMS[form](y), warn=False)
        assert tasks.kinds == expected.kinds
        np.testing.assert_array_equal(found, codes)


@given(y=targets())
@few
def test_encoding_what_was_read_gives_the_codes_of_fit(y):
    tasks, codes = TaskSet.from_y(as_objects(y), warn=False)
    np.testing.assert_array_equal(tasks.encode(as_objects(y)), codes)


@given(
    y=st.lists(
        st.none()
        | st.booleans()
        | st.integers(-5, 5)
        | st.floats()
        | st.text(max_size=2)
        | st.binary(max_size=2)
        | st.complex_numbers()
        | st.dates()
        | st.lists(st.integers(0, 2), max_size=2),
        max_size=5,
    ),
    kind=st.sampled_from(["mixed", "classification", "regression"]),
)
@settings(max_examples=120)
def test_anything_else_is_one_clear_error(y, kind):
    error = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            tasks, codes = TaskSet.from_y(y, kind=kind, who="me")
        except ValueError as raised:
            error = raised
    if error is None:
        assert codes.shape == (len(y), tasks.n_tasks)
        assert np.isfinite(codes[~np.isnan(codes)]).all()
    elif not isinstance(error, TaskError) or not str(error).startswith("me: "):
        assert str(error).startswith("Complex data not supported")
