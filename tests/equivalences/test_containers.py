"""The same inputs in another container give the same answer, or the same error."""

import numpy as np
import pytest

from tests.equivalences.inputs import NEW, TARGETS, X, answer, assert_same
from tests.zoo import RETRIEVERS, predictors

ZOO = predictors()
every_predictor = pytest.mark.parametrize(("kind", "name"), ZOO)


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
    expected = answer(ZOO[kind, name], kind, X, new)
    assert_same(answer(ZOO[kind, name], kind, X, masked_new), expected)


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
