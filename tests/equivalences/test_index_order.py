"""Two frames with the same index labels in another order are never taken in silence."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.comparison import compare
from sklearn_mtl.exceptions import IndexOrderWarning
from sklearn_mtl.inspection import TaskConfusionDisplay, task_affinity
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import (
    MultiTaskKFold,
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
    cross_val_predict,
    cross_validate,
    per_task_scorers,
    train_test_split,
)
from tests.equivalences.inputs import TARGETS, X
from tests.zoo import RETRIEVERS, predictors

ZOO = predictors()
INDEX = pd.Index([f"s{i}" for i in range(60)])
FRAME = pd.DataFrame(X, columns=list("pqrs"), index=INDEX)
WEIGHTS = pd.Series(1.0, index=INDEX)
WARNED = "indexes of X and y have the same labels in another order"


def labels(kind, index=INDEX):
    return pd.DataFrame(TARGETS[kind], columns=["a", "b"], index=index)


def warned(call):
    """Return how often a call says that an order differs."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return sum(one.category is IndexOrderWarning for one in caught)


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_every_estimator_says_it_once(kind, name):
    y, shuffled = labels(kind), labels(kind, INDEX[::-1])
    model = ZOO[kind, name]()
    with pytest.warns(IndexOrderWarning, match=f"{type(model).__name__}: the {WARNED}"):
        model.fit(FRAME, shuffled)
    assert warned(lambda: ZOO[kind, name]().fit(FRAME, shuffled)) == 1
    assert warned(lambda: model.score(FRAME, shuffled)) == 1
    assert warned(lambda: model.score(FRAME, y, sample_weight=WEIGHTS[::-1])) == 1
    assert warned(lambda: model.fit(FRAME, y, sample_weight=WEIGHTS[::-1])) == 1
    assert warned(lambda: per_task_scorers()(model, FRAME, shuffled)) == 1
    if hasattr(model, "partial_fit"):
        assert warned(lambda: model.partial_fit(FRAME, shuffled)) == 1


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_other_indexes_are_taken_without_a_word(kind, name):
    for y in (
        labels(kind),
        labels(kind, pd.RangeIndex(60)),
        labels(kind, INDEX.where(INDEX != "s0", "other")[::-1]),
        labels(kind).to_numpy(),
    ):
        model = ZOO[kind, name]()
        assert warned(lambda m=model, y=y: m.fit(FRAME, y).score(FRAME, y)) == 0


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_gallery_says_it(name):
    y, shuffled = labels("classifier"), labels("classifier", INDEX[::-1])
    assert warned(lambda: RETRIEVERS[name]().fit(FRAME, shuffled)) >= 1
    retriever = RETRIEVERS[name]().fit(FRAME, y)
    assert warned(lambda: retriever.report(FRAME, shuffled, k=3)) == 1
    assert warned(lambda: retriever.add(FRAME, shuffled)) == 1


@pytest.mark.parametrize(
    "cv",
    [
        MultiTaskKFold(3),
        MultiTaskStratifiedKFold(3),
        MultiTaskStratifiedShuffleSplit(1, random_state=0),
        MultiTaskStratifiedGroupKFold(3),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_splitters_say_it(cv):
    needs_groups = isinstance(cv, MultiTaskStratifiedGroupKFold)
    groups = pd.Series(np.arange(60) // 3, index=INDEX) if needs_groups else None
    y, shuffled = labels("mixed"), labels("mixed", INDEX[::-1])
    assert warned(lambda: list(cv.split(FRAME, y, groups))) == 0
    assert warned(lambda: list(cv.split(FRAME, shuffled, groups))) == 1
    if needs_groups:
        assert warned(lambda: list(cv.split(FRAME, y, groups[::-1]))) == 1


def test_functions_say_it():
    y, shuffled = labels("classifier"), labels("classifier", INDEX[::-1])
    model = ZOO["classifier", "independent"]()
    calls = [
        lambda: per_task_score(y, shuffled),
        lambda: per_task_score(y, y, sample_weight=WEIGHTS[::-1]),
        lambda: train_test_split(FRAME, shuffled),
        lambda: TaskConfusionDisplay.from_predictions(y, shuffled),
        lambda: task_affinity(None, FRAME, shuffled, method="label"),
    ]
    assert [warned(call) for call in calls] == [1] * len(calls)
    for call in (
        lambda: cross_val_predict(model, FRAME, shuffled),
        lambda: cross_validate(model, FRAME, shuffled),
        lambda: compare(FRAME, shuffled, ["dummy"], cv=2),
    ):
        assert warned(call) >= 1


def test_labels_of_any_type_are_compared():
    mixed = pd.Index([1, "a", (2, 3), pd.Timestamp(0)])
    y = pd.Series([0, 1, 0, 1], index=mixed)
    assert warned(lambda: per_task_score(y, y.iloc[::-1])) == 1
    twice = pd.Index([0, 0, 1, 1])
    other = pd.Index([0, 1, 1, 1])
    assert warned(lambda: per_task_score(y.set_axis(twice), y.set_axis(other))) == 0
    again = y.set_axis(twice[::-1])
    assert warned(lambda: per_task_score(y.set_axis(twice), again)) == 1
