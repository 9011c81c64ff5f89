"""Outputs are finite, or there is an error: never NaN that argmax takes for a class."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.utils import get_tags

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neighbors import NeighborRetriever
from tests.equivalences.containers import frame
from tests.equivalences.inputs import NEW, TARGETS, ZOO, X, fitted
from tests.zoo import SMALL_CONV, SMALL_NET

every_predictor = pytest.mark.parametrize(("kind", "name"), ZOO)
HUGE = (1e40, -1e155, 1.7e308)


def put(array, value):
    """Return the array with one other value."""
    array = array.copy()
    array[3, 1] = value
    return array


def thin(array):
    """Return the large values in a sparse array."""
    return sparse.csr_array(np.where(np.abs(array) > 0.5, array, 0.0))


def assert_finite_or_said(model, inputs):
    """Ask for finite outputs of all methods, or for the error."""
    try:
        outputs = [model.predict(inputs), model.task(1).predict(inputs)]
    except ValueError as error:
        message = "task '.*' are not finite for 1 of 20 samples of X, the first of them"
        with pytest.raises(ValueError, match=message):
            raise error
        with pytest.raises(ValueError, match=message):
            model.task(0).predict(inputs)
        return
    assert all(np.isfinite(one.astype(float)).all() for one in outputs)
    if hasattr(model, "predict_proba"):
        proba = [one for one in model.predict_proba(inputs) if one is not None]
        assert all(np.isfinite(one).all() for one in proba)


@every_predictor
def test_predictions_for_huge_inputs_are_finite_or_an_error(kind, name):
    for value in HUGE:
        assert_finite_or_said(fitted(kind, name), put(NEW, value))


@every_predictor
def test_predictions_for_huge_sparse_inputs_are_finite_or_an_error(kind, name):
    model = ZOO[kind, name]()
    if not get_tags(model).input_tags.sparse:
        pytest.skip("takes no sparse inputs")
    model.fit(thin(X), TARGETS[kind])
    for value in HUGE:
        assert_finite_or_said(model, thin(put(NEW, value)))


@every_predictor
def test_a_fit_on_huge_inputs_names_the_column(kind, name):
    for value in (1e155, -1.7e308):
        huge = put(X, value)
        for inputs, column in ((huge, "1"), (thin(huge), "1"), (frame(huge), "'b'")):
            message = re.escape(f": column {column} of X holds {value:g}; allowed are ")
            with pytest.raises(ValueError, match=message):
                ZOO[kind, name]().fit(inputs, TARGETS[kind])


@pytest.mark.parametrize("name", ["net", "forest", "blend"])
def test_a_huge_number_beside_categories_is_named_too(name):
    table = frame(put(X, 1e155)).assign(a="u")
    with pytest.raises(ValueError, match=r": column 'b' of X holds 1e\+155; allowed"):
        ZOO["regressor", name]().fit(table, TARGETS["regressor"])


REGRESSIONS = [key for key in ZOO if key[0] != "classifier"]


@pytest.mark.parametrize(("kind", "name"), REGRESSIONS)
def test_a_fit_on_huge_targets_names_the_task(kind, name):
    for value in (1e155, -1.7e308):
        y = pd.DataFrame(put(TARGETS[kind], value), columns=["p", "q"])
        with pytest.raises(
            TaskError, match=r"task 'q' has labels with .* up to 1.*e\+"
        ):
            ZOO[kind, name]().fit(X, y)


def test_a_sparse_value_of_1e40_is_an_error_and_no_class():
    net = MultiTaskClassifier(**SMALL_NET, batch_size=16)  # in float32
    net.fit(thin(X), TARGETS["classifier"])
    query = thin(put(NEW, 1e40))
    for ask in (net.predict, net.predict_proba, net.proba_frame, net.transform):
        with pytest.raises(ValueError, match="not finite for 1 of 20 samples of X"):
            ask(query)
    for kind in ("projection", "input", "probability"):
        with pytest.raises(ValueError, match="views of task 'task1' are not finite"):
            net.transform_task(query, 1, kind=kind)
    with pytest.raises(ValueError, match="not finite"):
        net.score(query, TARGETS["classifier"][:20])
    retriever = NeighborRetriever(net).fit(thin(X), TARGETS["classifier"])
    with pytest.raises(ValueError, match="not finite"):
        retriever.kneighbors(query)


def test_a_trunk_of_pictures_says_that_values_are_too_large():
    net = MultiTaskRegressor(**SMALL_CONV, batch_size=16)
    with pytest.raises(TaskError, match="the loss of task 'task0' became"):
        net.fit(put(X, 1e40), TARGETS["regressor"])
    net.fit(X, TARGETS["regressor"])
    with pytest.raises(ValueError, match="not finite for 1 of 20 samples"):
        net.predict(put(NEW, 1e40))


@pytest.mark.parametrize("name", ["net", "forest", "blend"])
@pytest.mark.parametrize("unit", [1e-30, 1e60])
def test_tables_may_have_any_unit_that_is_allowed(name, unit):
    inputs = X * [1.0, unit, 1.0, unit]
    model = ZOO["regressor", name]().fit(inputs, TARGETS["regressor"])
    assert np.isfinite(model.score(inputs, TARGETS["regressor"]))
