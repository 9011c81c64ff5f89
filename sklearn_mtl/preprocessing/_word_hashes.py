"""Hashes of words and their character n-grams, without a vocabulary."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

__all__ = ["hash_words"]

# Odd constants of splitmix64, which map similar inputs to different hashes.
_STEP, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(32)
_LONGEST = 32  # n-grams use at most this many characters; links and codes are longer
_AT_ONCE = 2**15  # words per block, to limit the memory


def hash_words(
    words: Sequence[str], n_buckets: int, ngrams: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the buckets of all words, and the start of the buckets of each word.

    Each word has one bucket for the word and one for each n-gram of "<word>". Buckets
    are counted from 1. They depend only on the text, not on the process or the
    platform.

    Shapes: -> (n_stored,) int32, (n_words + 1,) int64.
    """
    blocks = [
        _hash_block(words[start : start + _AT_ONCE], n_buckets, ngrams)
        for start in range(0, len(words), _AT_ONCE)
    ]
    counts = np.concatenate([np.empty(0, np.int64), *(count for _, count in blocks)])
    buckets = np.concatenate([np.empty(0, np.int32), *(found for found, _ in blocks)])
    return buckets, np.concatenate([np.zeros(1, np.int64), counts.cumsum()])


def _hash_block(
    words: Sequence[str], n_buckets: int, ngrams: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the concatenated buckets of some words, and their number per word."""
    # Whole words have any length, so they are hashed one by one, which is fast enough.
    whole = [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words]
    hashes = [np.array(whole, dtype=np.uint64)[:, None]]
    are_there = [np.ones((len(words), 1), dtype=bool)]
    letters = np.array([f"<{word[:_LONGEST]}>" for word in words])
    codes = letters.view(np.uint32).reshape(len(words), -1).astype(np.uint64)
    for n in ngrams:
        width = codes.shape[1] - n + 1
        if width < 1:
            continue
        value = np.full((len(words), width), n, dtype=np.uint64)
        for k in range(n):
            value = value * _STEP + codes[:, k : k + width]
        hashes.append(value)
        are_there.append(codes[:, n - 1 :] != 0)  # NumPy pads strings with zeros
    value, is_there = np.hstack(hashes), np.hstack(are_there)
    value = (value ^ (value >> _HALF)) * _MIX
    value ^= value >> _HALF
    buckets = (value % np.uint64(n_buckets)).astype(np.int32) + 1
    return buckets[is_there], is_there.sum(axis=1)
