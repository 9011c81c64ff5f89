"""Tags in order, against all sequences of tags."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._tag_order import begins_spans, likeliest_tags, tags_before
from tests.taggers import UsualTags

TAGS = np.array(["B-a", "B-b", "I-a", "I-b", "I-c", "O"])


def in_order(tags):
    return all(
        tag[0] != "I" or before in (f"B{tag[1:]}", tag)
        for before, tag in pairwise(["O", *tags])
    )


@pytest.mark.parametrize("n_tokens", [1, 2, 4])
def test_the_best_tags_in_order_are_found(n_tokens):
    rng = np.random.default_rng(n_tokens)
    probas = list(rng.dirichlet(np.full(6, 0.3), (30, n_tokens)))
    found = likeliest_tags(probas, tags_before(TAGS))
    sequences = np.array(list(product(range(6), repeat=n_tokens)))
    sequences = sequences[[in_order(TAGS[tags]) for tags in sequences]]
    for proba, tags in zip(probas, found, strict=True):
        products = proba[np.arange(n_tokens), sequences].prod(axis=1)
        assert tags.tolist() == sequences[products.argmax()].tolist()


def test_certain_tags_out_of_order_have_a_likeliest_sequence():
    (tags,) = likeliest_tags([np.eye(6)[[5, 2, 2]]], tags_before(TAGS))
    assert in_order(TAGS[tags])
    assert TAGS[tags[0]] in ("O", "B-a")


def test_texts_without_tokens_have_no_tags():
    for before in (None, tags_before(TAGS)):
        (tags,) = likeliest_tags([np.empty((0, 6))], before)
        assert tags.tolist() == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([["B-a", "I-a", "I-a"], ["O", "B-b"]], True),
        ([["O", "I-a"], ["B-a", "I-a"]], False),  # IOB1
        ([["I-a"]], False),
        ([["B-b", "I-a"]], False),
        ([[None, "I-a"], ["B-a", "I-a"]], True),
        ([["B-a", "O"]], False),  # nothing to be in order
        ([["noun", "verb"]], False),
        ([[1, 2]], False),
    ],
)
def test_the_order_is_that_of_the_labels(cells, expected):
    assert begins_spans(cells) is expected
    task_set, _ = TaskSet.from_y(
        pd.Series([*cells, ["O", "B-z"] if isinstance(cells[0][-1], str) else [3]]),
        kind="classification",
        who="me",
        allow_tokens=True,
    )
    assert (task_set.tasks[0].order_of_tags is not None) is expected


def test_predictions_keep_to_the_order_of_the_labels():
    """The usual tags of single words are out of order, as a count of words is."""
    texts = ["the band", "the band", "a band", "old band"]
    y = pd.Series([["B-x", "I-x"], ["B-x", "I-x"], ["O", "O"], ["O", "B-x"]])
    model = UsualTags().fit(texts, y)
    assert model.predict_proba(["a band"])[0].argmax(axis=1).tolist() == [2, 1]
    assert [in_order(tags) for tags in model.predict(texts)] == [True] * 4
    assert [in_order(tags) for tags in model.task(0).predict(texts)] == [True] * 4
    loose = UsualTags().fit(texts, y.map(lambda tags: tags[::-1]))
    assert not in_order(loose.predict(["a the"])[0])
