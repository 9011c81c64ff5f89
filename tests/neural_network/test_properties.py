"""Whatever X and y are: a clear error, or predictions that hold together."""

import pickle
import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tests.neural_network.nets import ALL, tiny

LABELS = {
    "text": st.sampled_from(["a", "b", "cc"]),
    "bool": st.booleans(),
    "integer": st.integers(-2, 3),
    "float": st.floats(-1e6, 1e6, width=32),
    "grade": st.integers(0, 25).map(float),
    "half": st.sampled_from([0.0, 0.5, 1.0]),
}
ARGUMENTS = st.fixed_dictionaries(
    {
        "batch_size": st.sampled_from([None, "auto", 1, 7]),
        "early_stopping": st.sampled_from([True, False, "auto"]),
        "max_epochs": st.integers(1, 3),
        "n_members": st.integers(1, 3),
        "numeric_embedding": st.sampled_from([None, "auto"]),
        "on_empty_task": st.just("warn"),
        "validation_fraction": st.sampled_from([0.01, 0.5, 0.99]),
    }
)


@st.composite
def tables(draw):
    """Return X and the columns of y, as objects where a label is missing."""
    n_samples = draw(st.integers(1, 30))
    n_features = draw(st.integers(1, 3))
    seed = draw(st.integers(0, 2**16))
    X = np.random.default_rng(seed).normal(size=(n_samples, n_features))
    kind = draw(st.sampled_from(["float64", "float32", "integer", "missing", "sparse"]))
    if kind == "integer":
        X = np.round(X).astype(int)
    elif kind == "missing":
        X[np.random.default_rng(seed).random(X.shape) < 0.3] = np.nan
    elif kind == "sparse":
        X = sparse.csr_array(np.where(X > 0, X, 0.0))
    else:
        X = X.astype(kind)
    n_tasks = draw(st.integers(1, 4))
    y = np.empty((n_samples, n_tasks), dtype=object)
    for t in range(n_tasks):
        labels = LABELS[draw(st.sampled_from(sorted(LABELS)))]
        y[:, t] = draw(
            st.lists(st.none() | labels, min_size=n_samples, max_size=n_samples)
        )
    return X, y


def check_outputs(model, X, y):
    """Check what holds for every fitted estimator."""
    n_samples, n_tasks = y.shape
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    assert model.n_tasks_ == n_tasks
    assert model.transform(X).shape == (n_samples, model.n_members * 8)
    for t, task in enumerate(model.task_set_.tasks):
        seen = {value for value in y[:, t] if value is not None}
        column = predicted[:, t]
        if not seen:
            assert np.isnan(column.astype(float)).all()
        elif task.is_classification:
            proba = model.predict_proba(X)[t]
            assert proba.shape == (n_samples, len(seen))
            np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-6)
            assert (proba >= 0).all()
            assert set(column.tolist()) <= seen
            best = task.classes[proba.argmax(axis=1)]
            np.testing.assert_array_equal(column, best)
        else:
            values = column.astype(float)
            span = max(seen) - min(seen)
            assert (values >= min(seen) - 1e-6 * span).all()
            assert (values <= max(seen) + 1e-6 * span).all()


@given(data=tables(), arguments=ARGUMENTS, cls=st.sampled_from(ALL))
@settings(max_examples=100)
def test_a_fit_is_a_clear_error_or_predictions_that_hold_together(data, arguments, cls):
    X, y = data
    model = tiny(cls, **arguments)
    error = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            model.fit(X, y)
        except ValueError as raised:
            error = raised
        if error is None:
            check_outputs(model, X, y)
            score = model.score(X, y)
            assert np.isnan(score) or score <= 1.0
            copied = pickle.loads(pickle.dumps(model))
            np.testing.assert_array_equal(
                copied.predict(X).astype(str), model.predict(X).astype(str)
            )
    # only labels of the wrong kind are refused, by name of estimator and task
    if error is not None:
        assert str(error).startswith(f"{cls.__name__}: task 'task")
