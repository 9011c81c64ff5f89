"""Frames of inputs are matched by the names of their columns, or refused."""

import pandas as pd
import polars as pl
import pytest

from tests.equivalences.containers import NAMES
from tests.equivalences.inputs import NEW, TARGETS, ZOO, X, fitted
from tests.zoo import RETRIEVERS

OTHER = "in the same order|in this order"


def labelled(array, labels):
    """Return a frame with these labels of its columns."""
    return pd.DataFrame(array, columns=pd.Index(labels))


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_columns_in_another_order_are_refused(kind, name):
    model = fitted(kind, name, has_names=True)
    assert model.predict(labelled(NEW, NAMES)).shape == (20, 2)
    for swapped in (
        labelled(NEW, NAMES).iloc[:, [1, 0, 2, 3]],
        pl.DataFrame(NEW, schema=NAMES)[["b", "a", "c", "d"]],
    ):
        with pytest.raises(ValueError, match=OTHER):
            model.predict(swapped)


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_labels_that_are_no_text_are_compared_too(kind, name):
    model = ZOO[kind, name]().fit(labelled(X, [2023, 2022, 2021, 2020]), TARGETS[kind])
    new = labelled(NEW, [2023, 2022, 2021, 2020])
    assert model.predict(new).shape == (20, 2)
    with pytest.raises(ValueError, match=r"columns of X are \[2020, 2021, 2022, 2023"):
        model.predict(new[[2020, 2021, 2022, 2023]])


@pytest.mark.parametrize("name", RETRIEVERS)
def test_queries_and_new_items_are_matched_with_the_gallery(name):
    for labels in (NAMES, [3, 2, 1, 0]):
        gallery, new = labelled(X, labels), labelled(NEW, labels)
        y = TARGETS["classifier"]
        retriever = RETRIEVERS[name]().fit(gallery, y)
        swapped = new.iloc[:, [1, 0, 2, 3]]
        for ask in (retriever.kneighbors, retriever.retrieve, retriever.transform):
            assert ask(new) is not None
            with pytest.raises(ValueError, match=OTHER):
                ask(swapped)
        with pytest.raises(ValueError, match=OTHER):
            retriever.add(swapped, y[:20])
        with pytest.raises(ValueError, match=OTHER):
            retriever.report(swapped, y[:20])


@pytest.mark.parametrize(
    ("kind", "name"), [key for key in ZOO if hasattr(ZOO[key](), "partial_fit")]
)
@pytest.mark.parametrize("labels", [NAMES, [3, 2, 1, 0]])
def test_batches_are_matched_with_the_first(kind, name, labels):
    model, batch, y = ZOO[kind, name](), labelled(X, labels), TARGETS[kind]
    declared = {"classes": [[0, 1], [0, 1]]} if kind == "classifier" else {}
    model.partial_fit(batch, y, **declared).partial_fit(batch, y)
    with pytest.raises(ValueError, match=OTHER):
        model.partial_fit(batch.iloc[:, [1, 0, 2, 3]], y)
