"""Reading texts of any container, and taking some of them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from sklearn_mtl.modules import Text
from sklearn_mtl.preprocessing import join_texts, read_texts

TEXTS = ["play some jazz", "", "is it windy", "play jazz"]
TOKENS = [text.split() for text in TEXTS]
READER = Text(n_buckets=1000)


class Model(SimpleNamespace):
    """Stands for an estimator."""


def read(X, reader=READER, model=None, reset=True):
    return read_texts(Model() if model is None else model, X, reader, reset=reset)


def words_of(texts):
    """Return the buckets of every token of every sample."""
    by_word = [
        tuple(texts.buckets[start:stop])
        for start, stop in zip(texts.starts, texts.starts[1:], strict=False)
    ]
    return [
        [by_word[token] for token in texts.tokens[start:stop]]
        for start, stop in zip(texts.offsets, texts.offsets[1:], strict=False)
    ]


def test_equal_words_have_equal_buckets_and_others_do_not():
    (play, some, jazz), empty, (is_, it, windy), again = words_of(read(TEXTS))
    assert empty == []
    assert again == [play, jazz]
    assert len({play, some, jazz, is_, it, windy}) == 6


@pytest.mark.parametrize(
    "X",
    [
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object)[:, None],
        pd.Series(TEXTS, index=[7, 5, 3, 1]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="category"),
        pd.DataFrame({"text": TEXTS}),
        pl.Series(TEXTS),
        pl.DataFrame({"text": TEXTS}),
        pa.table({"text": TEXTS}),
    ],
    ids=lambda X: f"{type(X).__module__}.{type(X).__name__}",
)
def test_containers_of_the_same_texts_are_read_alike(X):
    assert words_of(read(X)) == words_of(read(TEXTS))


@pytest.mark.parametrize(
    "X",
    [
        TOKENS,
        [tuple(words) for words in TOKENS],
        [np.array(words) for words in TOKENS],
        pd.Series(TOKENS),
        pd.DataFrame({"words": TOKENS}),
    ],
)
def test_lists_of_tokens_are_read_like_texts_that_are_cut_into_them(X):
    assert words_of(read(X)) == words_of(read(TEXTS))


def test_lists_of_equal_length_are_tokens_and_no_matrix():
    assert [len(words) for words in words_of(read([["a", "b"], ["c", "d"]]))] == [2, 2]


def test_a_tokenizer_cuts_texts():
    by_comma = Text(n_buckets=1000, tokenizer=lambda text: text.split(","))
    assert words_of(read(["play,jazz"], by_comma)) == words_of(read(["play jazz"]))


def test_some_samples_keep_their_words_and_tags_and_no_others():
    texts = read(TEXTS)
    tags = np.arange(8.0)
    texts = type(texts)(
        texts.tokens, texts.offsets, texts.buckets, texts.starts, {1: tags}
    )
    for rows in ([3, 1, 3], slice(1, 3), np.array([True, False, False, True])):
        some, chosen = texts[rows], np.arange(4)[rows]
        assert words_of(some) == [words_of(texts)[i] for i in chosen]
        expected = [
            tag for i in chosen for tag in tags[texts.offsets[i] : texts.offsets[i + 1]]
        ]
        assert some.tags[1].tolist() == expected
        assert len(some.starts) - 1 == len({w for ws in words_of(some) for w in ws})


def test_joined_samples_are_those_of_the_parts():
    parts = read(TEXTS[:1]), read(TEXTS[1:])
    assert words_of(join_texts(parts)) == words_of(read(TEXTS))


@pytest.mark.parametrize(
    ("X", "error", "match"),
    [
        ("play jazz", TypeError, "list, Series or column of texts.*got str"),
        ({"a": "b"}, TypeError, "got dict"),
        (3.0, TypeError, "got float"),
        ([], ValueError, "0 samples"),
        (["a", None], ValueError, "sample 1 of X must be a text; got None"),
        ([1.0, 2.0], ValueError, "sample 0 of X must be a text or a list of tokens"),
        ([["a"], ["b", 3]], ValueError, r"sample 1 .* list of tokens; got \['b', 3"),
        (["a", ["b"]], ValueError, r"sample 1 of X must be a text; got \['b'\]"),
        ([["a"], "b"], ValueError, "lists of tokens, but sample 1 is a text: 'b'"),
        (np.zeros((3, 2)), ValueError, r"got an array of shape \(3, 2\)"),
        (sparse.csr_array((3, 2)), ValueError, r"got an array of shape \(3, 2\)"),
        (pd.DataFrame({"a": ["b"], "c": ["d"]}), ValueError, "2 columns.*'a', 'c'"),
        (pl.LazyFrame({"a": ["b"]}), TypeError, "collect"),
    ],
)
def test_other_inputs_are_refused(X, error, match):
    with pytest.raises(error, match=f"Model: .*{match}"):
        read(X)


@pytest.mark.parametrize(
    ("fitted", "X", "match"),
    [
        (TOKENS, TEXTS, "X contains texts, but contained lists of tokens in"),
        (TEXTS, TOKENS, "X contains lists of tokens, but contained texts in"),
    ],
)
def test_texts_and_tokens_do_not_stand_for_each_other(fitted, X, match):
    model = Model()
    read(fitted, model=model)
    with pytest.raises(ValueError, match=match):
        read(X, model=model, reset=False)


def test_a_tokenizer_that_returns_no_tokens_is_refused():
    with pytest.raises(TypeError, match="list of strings; got 3 for 'play some jazz'"):
        read(TEXTS, Text(tokenizer=lambda text: 3))


def test_an_earlier_fit_to_columns_is_forgotten():
    model = Model(n_features_in_=3, feature_names_in_=np.array(["a", "b", "c"]))
    read(TEXTS, model=model)
    assert not hasattr(model, "n_features_in_")
    assert not hasattr(model, "feature_names_in_")
