"""What several classes say of the same parameter is the same text."""

import inspect
import itertools

import pytest
from numpydoc.docscrape import NumpyDocString

import sklearn_mtl
from sklearn_mtl import ensemble

FAMILIES = {
    "nets": [
        sklearn_mtl.MultiTaskClassifier,
        sklearn_mtl.MultiTaskRegressor,
        sklearn_mtl.MultiTaskMixedEstimator,
    ],
    "forests": [
        ensemble.MultiTaskForestClassifier,
        ensemble.MultiTaskForestRegressor,
        ensemble.MultiTaskForestMixedEstimator,
    ],
    "blends": [
        ensemble.MultiTaskBlendClassifier,
        ensemble.MultiTaskBlendRegressor,
        ensemble.MultiTaskBlendMixedEstimator,
    ],
}
PAIRS = [pair for family in FAMILIES.values() for pair in itertools.pairwise(family)]


def told(cls, section):
    """Return type and text of each entry; the default of a loss is the class's own."""
    entries = NumpyDocString(inspect.getdoc(cls))[section]
    return {
        one.name: (None if one.name == "loss" else one.type, tuple(one.desc))
        for one in entries
    }


@pytest.mark.parametrize("section", ["Parameters", "Attributes"])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_copies_are_equal(one, other, section):
    first, second = told(one, section), told(other, section)
    shared = first.keys() & second.keys()
    assert len(shared) >= 5
    assert {key: first[key] for key in shared} == {key: second[key] for key in shared}


@pytest.mark.parametrize("cls", FAMILIES["nets"])
def test_the_parameters_of_a_net_stand_in_the_order_of_its_constructor(cls):
    entries = NumpyDocString(inspect.getdoc(cls))["Parameters"]
    headings = [one.name for one in entries if not one.type]
    assert headings == ["Model", "Objective", "Optimisation", "Data", "Running"]
    told = [one.name for one in entries if one.type]
    assert told == list(inspect.signature(cls).parameters)
