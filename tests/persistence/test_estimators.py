"""Tables that scikit-learn's compiled code trusts are looked at in a load."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC, SVR

import sklearn_mtl
from sklearn_mtl.exceptions import DamagedFileError
from tests.persistence.forging import forge

X = np.random.default_rng(0).standard_normal((60, 4))
Y = np.digitize(X[:, 0], [-0.5, 0.5])
COLOURS = np.array(list("abc"))[Y][:, None]


def boosting():
    return GradientBoostingRegressor(n_estimators=4, max_depth=1).fit(X, X[:, 0])


def boosting_of_classes():
    model = GradientBoostingClassifier(n_estimators=2, max_depth=1)
    return model.fit(X, Y)


def isolation():
    return IsolationForest(n_estimators=2, max_features=2).fit(X)


def histograms():
    return HistGradientBoostingRegressor(max_iter=2).fit(X, X[:, 2])


def neighbours():
    return KNeighborsClassifier(algorithm="brute").fit(X, Y)


def machine():
    return SVC().fit(X, Y)


def machine_of_numbers():
    return SVR().fit(X, X[:, 0])


def levels():
    return OneHotEncoder(min_frequency=2).fit(COLOURS)


def words():
    return CountVectorizer().fit(["one word", "two words"])


def shape(node, *sizes):
    """Give an array of elements or numbers another shape of the same size."""
    about = node["elements"] if "elements" in node else node["array"]
    about[1 if "elements" in node else 2] = list(sizes)


def other(node, **attributes):
    """Give an object other attributes."""
    node.update(attributes)


#: The model, and what is forged of its attributes.
FORGED = {
    "boosting with one row of trees": (
        boosting,
        lambda a: shape(a["estimators_"], 1, 4),
    ),
    "boosting of other columns": (
        boosting,
        lambda a: (shape(a["estimators_"], 1, 4), other(a, n_trees_per_iteration_=4)),
    ),
    "boosting that starts with two classes": (
        boosting_of_classes,
        lambda a: other(
            a["init_"]["object"][1]["map"], _strategy="uniform", n_classes_=2
        ),
    ),
    "isolation of all features": (isolation, lambda a: other(a, _max_features=4)),
    "isolation of fewer features": (
        isolation,
        lambda a: other(a, n_features_in_=1, _max_features=1),
    ),
    "histograms of other features": (
        histograms,
        lambda a: other(a, n_features_in_=1, _n_features=1),
    ),
    "histograms of a preparation": (histograms, lambda a: other(a, _n_features=1)),
    "neighbours of other features": (
        neighbours,
        lambda a: other(a, n_features_in_=2),
    ),
    "neighbours with labels beyond": (
        neighbours,
        lambda a: other(
            a, classes_=a["classes_"] and {"elements": ["<U1", [1], ["a"]]}
        ),
    ),
    "a machine with fewer counts": (
        machine,
        lambda a: other(a, support_vectors_=a["_n_support"], _n_support=a["support_"]),
    ),
    "a machine of other features": (machine, lambda a: other(a, n_features_in_=9)),
    "a machine of fewer samples": (
        machine,
        lambda a: other(a, shape_fit_={"tuple": [2, 4]}),
    ),
    "a machine of numbers without an intercept": (
        machine_of_numbers,
        lambda a: other(a, _intercept_={"elements": ["<U1", [0], []]}),
    ),
    "a machine that takes its vectors for sparse": (
        machine,
        lambda a: other(a, _sparse=True),
    ),
    "levels beyond their columns": (levels, lambda a: other(a, _n_features_outs=[1])),
    "a level that is dropped and not there": (
        levels,
        lambda a: other(a, _drop_idx_after_grouping=[7], _n_features_outs=[2]),
    ),
    "words beyond their columns": (
        words,
        lambda a: other(a["vocabulary_"]["map"], one=10**6),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_tables_that_do_not_fit_are_refused(name, tmp_path):
    pytest.importorskip("skops", reason="skops is not installed (extra save)")
    make, change = FORGED[name]
    sklearn_mtl.save(make(), tmp_path / "it")
    sklearn_mtl.load(tmp_path / "it")

    def forged(graph):
        change(graph["object"][1]["map"])

    forge(tmp_path / "it", forged)
    with pytest.raises(DamagedFileError, match="not a model that save"):
        sklearn_mtl.load(tmp_path / "it")


def test_only_losses_are_left_to_skops(tmp_path):
    skops = pytest.importorskip("skops.io")
    from sklearn_mtl.persistence._budget import Budget
    from sklearn_mtl.persistence._parts import read_parts

    for part in (boosting(), X, boosting().estimators_[0, 0].tree_, f_regression):
        with pytest.raises(ValueError, match=r"among the losses|parts for skops"):
            read_parts(skops.dumps([part]), Budget(0))
    loss = boosting()._loss
    (found,) = read_parts(skops.dumps([loss]), Budget(0))
    assert type(found) is type(loss)


@pytest.mark.parametrize("options", [{}, {"score_func": f_regression}])
def test_a_selection_by_a_score_is_saved(options, tmp_path):
    model = SelectKBest(k=2, **options).fit(X, Y)
    sklearn_mtl.save(model, tmp_path / "it")
    found = sklearn_mtl.load(tmp_path / "it")
    np.testing.assert_array_equal(found.transform(X), model.transform(X))
    assert found.score_func is model.score_func
