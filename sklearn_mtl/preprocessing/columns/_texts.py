"""Encoding of free text by leading singular vectors of its TF-IDF matrix."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

__all__ = ["TextComponents"]

_MAX_WORDS = 20_000
# Unlike in scikit-learn, words of one letter are included, such as codes and grades.
_WORD = re.compile(r"(?u)\b\w+\b")


class TextComponents(TransformerMixin, BaseEstimator):
    """Encode a column of texts by latent semantic analysis: TF-IDF and truncated SVD.

    The result has few dense columns, which are suitable for forests and nets. Missing
    and empty texts are encoded as zeros. If no text contains a word, there are no
    columns.
    """

    def __init__(self, n_components: int = 30) -> None:
        self.n_components = n_components

    def fit(self, texts: Any, y: Any = None) -> TextComponents:
        """Learn words, their weights and the components."""
        filled = _filled(texts)
        self.vectorizer_ = self.svd_ = None
        self.n_features_out_ = 0
        if not any(_WORD.search(text) for text in filled):
            return self  # TfidfVectorizer raises for an empty vocabulary
        self.vectorizer_ = TfidfVectorizer(
            max_features=_MAX_WORDS, sublinear_tf=True, token_pattern=_WORD.pattern
        )
        weights = self.vectorizer_.fit_transform(filled)
        if min(weights.shape) > self.n_components:
            self.svd_ = TruncatedSVD(self.n_components, random_state=0).fit(weights)
        self.n_features_out_ = (
            weights.shape[1] if self.svd_ is None else self.n_components
        )
        return self

    def transform(self, texts: Any) -> np.ndarray:
        """Return the components of each text.

        Shapes: texts (n_samples,) -> (n_samples, n_features_out).
        """
        check_is_fitted(self)
        if self.vectorizer_ is None:
            return np.empty((len(texts), 0))
        weights = self.vectorizer_.transform(_filled(texts))
        if self.svd_ is None:
            return np.asarray(weights.toarray())
        return np.asarray(self.svd_.transform(weights))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the encoded columns."""
        name = "text" if input_features is None else input_features[0]
        names = [f"{name}__tfidf{i}" for i in range(self.n_features_out_)]
        return np.array(names, dtype=object)


def _filled(texts: Any) -> list[str]:
    import pandas as pd

    return ["" if pd.isna(value) else str(value) for value in texts]
