"""The number of features of what other estimators read."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from sklearn_mtl.utils._features import (
    check_features,
    read_features,
    record_features,
)

PICTURES = np.zeros((5, 3, 4, 2), np.uint8)


@pytest.mark.parametrize("seen", [PICTURES, PICTURES.reshape(5, 24)])
@pytest.mark.parametrize("asked", [PICTURES[:2], PICTURES[:2].reshape(2, 24)])
def test_pictures_have_as_many_features_as_their_flat_rows(seen, asked):
    model = BaseEstimator()
    record_features(model, seen)
    assert model.n_features_in_ == 24
    check_features(model, asked)


def test_pictures_of_another_size_are_refused():
    model = BaseEstimator()
    record_features(model, PICTURES)
    with pytest.raises(ValueError, match="X has 16 features, but BaseEstimator is"):
        check_features(model, PICTURES[:, :2])
    with pytest.raises(ValueError, match=r"X has shape \(24,\); it must be"):
        check_features(model, PICTURES[0].ravel())


def test_texts_have_no_number_of_features():
    model = BaseEstimator()
    record_features(model, ["one", "two"])
    assert not hasattr(model, "n_features_in_")
    check_features(model, np.array(["three"]))


def test_masked_inputs_are_handed_on_with_nan():
    masked = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])
    model = BaseEstimator()
    for found in (
        record_features(model, masked),
        check_features(model, masked),
        read_features(model, masked, reset=False, ensure_all_finite=False),
    ):
        np.testing.assert_array_equal(found, [[1.0, np.nan], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("seen", "asked"),
    [
        ([0, 1], [1, 0]),
        ([1, 0], [0, 1]),
        ([2020, 2021], [2021, 2022]),
        ([("a", 1), ("a", 2)], [("a", 2), ("a", 1)]),
    ],
)
def test_other_labels_of_columns_are_refused(seen, asked):
    model, X = BaseEstimator(), np.zeros((2, 2))
    record_features(model, pd.DataFrame(X, columns=pd.Index(seen)))
    check_features(model, pd.DataFrame(X, columns=pd.Index(seen)))
    check_features(model, X)
    message = f"the columns of X are {asked}; in fit they were {seen}, in this order"
    with pytest.raises(ValueError, match=re.escape(message)):
        check_features(model, pd.DataFrame(X, columns=pd.Index(asked)))


@pytest.mark.parametrize("labels", [([0, 1], [5, 7]), ([5, 7], [0, 1])])
def test_columns_that_were_only_numbered_have_no_names(labels):
    seen, asked = labels
    model = BaseEstimator()
    record_features(model, pd.DataFrame(np.zeros((2, 2)), columns=seen))
    check_features(model, pd.DataFrame(np.zeros((2, 2)), columns=asked))
