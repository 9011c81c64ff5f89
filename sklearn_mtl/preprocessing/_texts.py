"""Reading of texts, and their representation by indices of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from scipy.sparse import issparse

from sklearn_mtl.preprocessing._word_hashes import hash_words
from sklearn_mtl.utils._containers import fill_masked, refuse_lazy
from sklearn_mtl.utils._frames import column_names, frame_columns, from_arrow, is_frame

__all__ = ["TextReader", "Texts", "join_texts", "read_texts", "runs"]


@dataclass(frozen=True)
class Texts:
    """The tokens of all samples as indices of words, and the buckets of the words.

    Attributes
    ----------
    tokens : ndarray of shape (n_tokens,), int64
        Index of the word of each token, one sample after the other.
    offsets : ndarray of shape (n_samples + 1,), int64
        The tokens of sample i are ``tokens[offsets[i]:offsets[i + 1]]``.
    buckets : ndarray of shape (n_stored,), int32
        Hash buckets of the words, one word after the other; never 0.
    starts : ndarray of shape (n_words + 1,), int64
        Start of the buckets of each word.
    tags : dict of int to ndarray of shape (n_tokens,)
        Indices of the tags of the tokens, NaN where missing, by column of y.
    """

    ndim: ClassVar = 1  # no columns

    tokens: np.ndarray
    offsets: np.ndarray
    buckets: np.ndarray
    starts: np.ndarray
    tags: Mapping[int, np.ndarray] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int]:
        """Number of samples."""
        return (len(self.offsets) - 1,)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each sample."""
        return np.diff(self.offsets)

    @property
    def samples(self) -> np.ndarray:
        """Index of the sample of each token."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def __getitem__(self, rows: Any) -> Texts:
        """Return some samples, with only their words."""
        rows = np.arange(len(self))[rows]
        lengths = self.lengths[rows]
        at = runs(self.offsets[rows], lengths)
        words, tokens = np.unique(self.tokens[at], return_inverse=True)
        counts = np.diff(self.starts)[words]
        return Texts(
            tokens,
            _ends(lengths),
            self.buckets[runs(self.starts[words], counts)],
            _ends(counts),
            {column: codes[at] for column, codes in self.tags.items()},
        )


def runs(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the indices start, start + 1, ... of all runs, concatenated.

    Shapes: starts (n_runs,), lengths (n_runs,) -> (sum of lengths,).
    """
    before = lengths.cumsum() - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def _ends(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), lengths.cumsum()])


def join_texts(parts: Sequence[Texts]) -> Texts:
    """Return the concatenated samples of several texts."""
    n_words = np.cumsum([0, *(len(part.starts) - 1 for part in parts)])
    pairs = zip(parts, n_words, strict=False)
    return Texts(
        np.concatenate([part.tokens + first for part, first in pairs]),
        _ends(np.concatenate([part.lengths for part in parts])),
        np.concatenate([part.buckets for part in parts]),
        _ends(np.concatenate([np.diff(part.starts) for part in parts])),
        {
            column: np.concatenate([part.tags[column] for part in parts])
            for column in parts[0].tags
        },
    )


class TextReader(Protocol):
    """Parameters of tokenization and hashing, as in the spec of the trunk."""

    tokenizer: Callable[[str], Iterable[str]] | None
    n_buckets: int
    ngrams: Sequence[int]


def read_texts(model: Any, X: Any, reader: TextReader, *, reset: bool) -> Texts:
    """Validate texts or lists of tokens, and hash their words.

    Raises
    ------
    TypeError
        If X is not a sequence of texts, or the tokenizer does not return strings.
    ValueError
        If a sample is neither a text nor a list of tokens, or if X mixes both or
        differs from fit.
    """
    who = type(model).__name__
    samples = _samples(X, who)
    is_text = _is_text(samples, who)
    if reset:
        # remove the attributes of an earlier fit to a table
        for name in ("n_features_in_", "feature_names_in_"):
            vars(model).pop(name, None)
        model._is_token_fit = not is_text
        model.is_categorical_, model._is_sparse_fit = None, False
    elif is_text is model._is_token_fit:
        found, known = "texts", "lists of tokens"
        if not is_text:
            found, known = known, found
        raise ValueError(
            f"{who}: X contains {found}, but contained {known} in fit. Use {known} "
            "with the same tokenization."
        )
    if is_text:
        cut = str.split if reader.tokenizer is None else reader.tokenizer
        samples = [_cut(cut, text, who) for text in samples]
    numbers: dict[str, int] = {}
    tokens = [numbers.setdefault(w, len(numbers)) for words in samples for w in words]
    buckets, starts = hash_words([*numbers], reader.n_buckets, reader.ngrams)
    lengths = np.array([len(words) for words in samples], dtype=np.int64)
    return Texts(np.array(tokens, dtype=np.int64), _ends(lengths), buckets, starts)


def _samples(X: Any, who: str) -> list[Any]:
    """Return the samples of any container as a list."""
    refuse_lazy(X, "X", who)
    X = from_arrow(X)
    if is_frame(X):
        names = column_names(X) or []
        if len(names) != 1:
            raise ValueError(
                f"{who}: X must have one column of texts for the trunk Text; got "
                f"{len(names)} columns: {[str(name) for name in names[:5]]}."
            )
        X = frame_columns(X)[0]
    if isinstance(X, str) or not hasattr(X, "__len__") or isinstance(X, Mapping):
        raise TypeError(
            f"{who}: X must be a list, Series or column of texts, or a list of lists "
            f"of tokens; got {type(X).__name__}."
        )
    shape = getattr(X, "shape", (0,))
    if issparse(X) or (len(shape) != 1 and shape[1:] != (1,)):
        raise ValueError(
            f"{who}: X must be texts of shape (n_samples,), or a list of lists of "
            f"tokens; got an array of shape {shape}."
        )
    if isinstance(X, np.ndarray):
        X = fill_masked(X).ravel()
    if not len(X):
        raise ValueError(f"{who}: X has 0 samples; at least one text is required.")
    return list(X)


def _is_text(samples: list[Any], who: str) -> bool:
    """Return whether samples are texts or lists of tokens; raise for other values."""
    is_text = isinstance(samples[0], str)
    for number, sample in enumerate(samples):
        if isinstance(sample, str):
            if not is_text:
                raise ValueError(
                    f"{who}: X contains lists of tokens, but sample {number} is a "
                    f"text: {sample[:40]!r}."
                )
            continue
        if is_text or not _are_tokens(sample):
            what = "a text" if is_text else "a text or a list of tokens"
            raise ValueError(
                f"{who}: sample {number} of X must be {what}; got {_shown(sample)}. An "
                "empty text is allowed."
            )
    return is_text


def _are_tokens(sample: Any) -> bool:
    return isinstance(sample, list | tuple | np.ndarray) and all(
        isinstance(token, str) for token in sample
    )


def _shown(sample: Any) -> str:
    shown = repr(sample)
    return shown if len(shown) <= 60 else f"{shown[:60]}..."


def _cut(cut: Callable[[str], Iterable[str]], text: str, who: str) -> list[str]:
    """Return the tokens of a text."""
    tokens = cut(text)
    if not _are_tokens(tokens):
        raise TypeError(
            f"{who}: the tokenizer must return a list of strings; got {_shown(tokens)} "
            f"for {_shown(text)}."
        )
    return list(tokens)
