"""The same labels in another container or dtype give the same model and scores."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import (
    MultiTaskKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
    train_test_split,
)
from tests.equivalences.inputs import NEW, TARGETS, X, outputs
from tests.equivalences.labels import CLASSES, CONTAINERS, cast, columns_of
from tests.zoo import RETRIEVERS, predictors

ZOO = predictors()
GAPS = np.random.default_rng(2).random((60, 2)) < 0.2
containers = st.sampled_from(sorted(CONTAINERS))
dtypes = st.sampled_from(sorted(CLASSES))


@cache
def labels(kind):
    """Return labels with gaps, which float32 and decimals hold exactly."""
    return np.where(GAPS, np.nan, np.round(TARGETS[kind] * 16) / 16)


def held(kind, container, dtype):
    return CONTAINERS[container](cast(columns_of(labels(kind)), kind, dtype))


@cache
def expected(kind, name):
    return outputs(ZOO[kind, name]().fit(X, labels(kind)), NEW)


@pytest.mark.parametrize(("kind", "name"), ZOO)
@given(container=containers, dtype=dtypes)
@settings(max_examples=5)
def test_every_estimator_reads_every_container_alike(kind, name, container, dtype):
    model = ZOO[kind, name]().fit(X, held(kind, container, dtype))
    np.testing.assert_array_equal(outputs(model, NEW), expected(kind, name))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", ["linear", "independent"])
def test_labels_to_score_are_read_as_those_to_learn(name, container):
    for kind in ("classifier", "regressor", "mixed"):
        model = ZOO[kind, name]().fit(X, labels(kind))
        other = CONTAINERS[container](cast(columns_of(labels(kind)), kind, "float"))
        assert model.score(X, other) == model.score(X, labels(kind))


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_gallery_reads_every_container_alike(name, container):
    y = labels("classifier")
    other = CONTAINERS[container](columns_of(y))
    found, wanted = (RETRIEVERS[name]().fit(X, one).report(k=3) for one in (other, y))
    assert list(found.values()) == list(wanted.values())


@given(true=containers, predicted=containers, dtype=dtypes)
@settings(max_examples=40)
def test_metrics_read_every_container_alike(true, predicted, dtype):
    y = labels("mixed")
    guess = np.where(np.isnan(y), 0.0, np.column_stack([1 - y[:, 0], y[:, 1] + 0.5]))
    metric = {"classification": "accuracy", "regression": "mean_absolute_error"}
    scores = per_task_score(
        held("mixed", true, dtype),
        CONTAINERS[predicted](cast(columns_of(guess), "mixed", dtype)),
        metric=metric,
    )
    assert list(scores.values()) == [0.0, 0.5]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "cv",
    [
        MultiTaskKFold(3),
        MultiTaskStratifiedKFold(3),
        MultiTaskStratifiedShuffleSplit(2, random_state=0),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_splitters_read_every_container_alike(cv, container):
    y = labels("mixed")
    other = CONTAINERS[container](columns_of(y))
    for found, wanted in zip(cv.split(X, other), cv.split(X, y), strict=True):
        for one, two in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, two)
    rows = train_test_split(np.arange(60), other, random_state=0)[0]
    np.testing.assert_array_equal(
        rows, train_test_split(np.arange(60), y, random_state=0)[0]
    )
