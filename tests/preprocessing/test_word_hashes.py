"""Buckets of words and n-grams, against a loop over letters."""

import zlib

import numpy as np
import pytest

from sklearn_mtl.preprocessing._word_hashes import hash_words

WORDS = ["play", "a", "", "straße", "日本語", "x" * 40, "play", "\udc80"]
MASK = 2**64 - 1


def bucket_by_hand(value, n_buckets):
    value = (value ^ (value >> 32)) * 0xBF58476D1CE4E5B9 & MASK
    return (value ^ (value >> 32)) % n_buckets + 1


def buckets_by_hand(word, n_buckets, ngrams):
    whole = zlib.crc32(word.encode("utf-8", "surrogatepass"))
    found, letters = [bucket_by_hand(whole, n_buckets)], f"<{word[:32]}>"
    for n in ngrams:
        for at in range(len(letters) - n + 1):
            value = n
            for letter in letters[at : at + n]:
                value = (value * 0x9E3779B97F4A7C15 + ord(letter)) & MASK
            found.append(bucket_by_hand(value, n_buckets))
    return found


@pytest.mark.parametrize("ngrams", [(), (3, 4), (2,), (50,)])
def test_buckets_are_those_of_a_loop_over_letters(ngrams):
    buckets, starts = hash_words(WORDS, 1000, ngrams)
    for number, word in enumerate(WORDS):
        found = buckets[starts[number] : starts[number + 1]].tolist()
        assert found == buckets_by_hand(word, 1000, ngrams)


def test_words_have_their_buckets_whatever_stands_beside_them():
    alone, _ = hash_words(["play"], 1000, (3, 4))
    buckets, starts = hash_words(WORDS, 1000, (3, 4))
    np.testing.assert_array_equal(buckets[: starts[1]], alone)


def test_blocks_of_words_are_joined(monkeypatch):
    whole = hash_words(WORDS, 1000, (3,))
    monkeypatch.setattr("sklearn_mtl.preprocessing._word_hashes._AT_ONCE", 3)
    for one, other in zip(whole, hash_words(WORDS, 1000, (3,)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_words_have_no_buckets():
    buckets, starts = hash_words([], 10, (3,))
    assert len(buckets) == 0
    assert starts.tolist() == [0]


def test_buckets_are_used_evenly():
    """The largest of 64 Poisson counts with mean 400 is below 500 but for 1e-5."""
    words = [f"word{number}" for number in range(25_600)]
    buckets, _ = hash_words(words, 64, ())
    counts = np.bincount(buckets, minlength=65)[1:]
    assert counts.min() > 300
    assert counts.max() < 500
