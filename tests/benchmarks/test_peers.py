"""Inputs of models of other libraries."""

import numpy as np

from benchmarks._accuracy.peers import as_texts


def test_categories_are_texts_also_if_they_are_missing():
    X = np.array([[0.5, 1.0], [np.nan, np.nan], [2.0, 0.0]])
    frame = as_texts(X, [1])
    assert frame["1"].tolist() == ["1.0", "nan", "0.0"]
    np.testing.assert_array_equal(frame["0"], X[:, 0])
