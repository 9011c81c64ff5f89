"""Texts whose labels, and the tags of whose words, are known."""

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import Text

TRUNK = Text(
    n_buckets=64,
    embedding_size=8,
    width=8,
    n_layers=1,
    dropout=0.1,
    embedding_dropout=0.0,
    word_dropout=0.0,
)
KINDS = {"play": "music", "is": "weather", "book": "table"}
TAGS = {"jazz": "B-thing", "rock": "B-thing", "rome": "B-city", "now": "O"}


def net(kind=MultiTaskClassifier, **arguments):
    arguments = {"max_epochs": 12, "batch_size": 30, "lr": 0.04, **arguments}
    return kind(trunk=clone(TRUNK), random_state=0, **arguments)


def tagged(n_samples=150, seed=0):
    """Return lists of tokens, their kind, and a tag for each token."""
    rng = np.random.default_rng(seed)
    X, tags, kinds = [], [], []
    for _ in range(n_samples):
        first = str(rng.choice([*KINDS]))
        rest = rng.choice([*TAGS], rng.integers(0, 5)).tolist()
        X.append([first, *rest])
        tags.append(["O", *(TAGS[word] for word in rest)])
        kinds.append(KINDS[first])
    y = pd.DataFrame({"kind": kinds})
    y["slots"] = tags
    return X, y
