"""Selectors of features, whose scores are functions of scikit-learn."""

import numpy as np
import pytest
from sklearn.feature_selection import (
    SelectKBest,
    chi2,
    f_classif,
    f_regression,
    mutual_info_classif,
    r_regression,
)
from sklearn.pipeline import make_pipeline

import sklearn_mtl
from sklearn_mtl import MultiTaskLinearClassifier

SCORES = [chi2, f_classif, f_regression, mutual_info_classif, r_regression]


@pytest.mark.parametrize("score", SCORES)
def test_what_is_selected_is_saved(score, tmp_path):
    X = np.abs(np.random.default_rng(0).standard_normal((60, 4)))
    model = make_pipeline(SelectKBest(score, k=2), MultiTaskLinearClassifier())
    model.fit(X, X[:, 0] > X[:, 1])
    sklearn_mtl.save(model, tmp_path / "it")
    found = sklearn_mtl.load(tmp_path / "it")
    assert found[0].score_func is score
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
