"""A model of texts that is there in no time: the usual tag of each word."""

from collections import Counter

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._outputs import ClassOutputsMixin


class UsualTags(ClassOutputsMixin, ClassifierMixin, BaseEstimator):
    """Counts the tags of each word, and the classes of each first word.

    The counts begin at alpha; X is a list of texts.
    """

    def __init__(self, alpha=0.1, on_empty_task="raise", task_types=None):
        self.alpha = alpha
        self.on_empty_task = on_empty_task
        self.task_types = task_types

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags

    def fit(self, X, y, sample_weight=None):
        self.task_set_, codes = TaskSet.from_y(
            y,
            kind="classification",
            who="UsualTags",
            task_types=self.task_types,
            on_empty_task=self.on_empty_task,
            sample_weight=sample_weight,
            allow_tokens=True,
        )
        tokens = self.task_set_.encode_tokens(y, sample_weight=sample_weight)
        self.counts_ = [Counter() for _ in self.task_set_.tasks]
        for t, counts in enumerate(self.counts_):
            for i, text in enumerate(X):
                words, of_words = text.split(), [codes[i, t]]
                if t in tokens:
                    of_words = tokens[t].take([i]).codes
                counts.update(zip(words, of_words, strict=False))
        return self

    def _task_outputs(self, X):
        words = [text.split() for text in X]
        return [
            [self._of_words(t, some) for some in words]
            if task.is_tokens
            else np.concatenate([self._of_words(t, some[:1]) for some in words])
            for t, task in enumerate(self.task_set_.tasks)
        ]

    def _of_words(self, t, words):
        n_classes = self.task_set_.tasks[t].n_classes
        counts = [[self.counts_[t][w, k] for k in range(n_classes)] for w in words]
        counts = np.reshape(counts, (len(words), n_classes)) + self.alpha
        return counts / counts.sum(axis=1, keepdims=True)


def make_texts(n_samples=60, seed=0):
    """Return texts, and their intents and slots with some labels missing."""
    rng = np.random.default_rng(seed)
    words = {
        "play": ["O"],
        "book": ["O"],
        "the": ["O", "B-artist"],
        "beatles": ["I-artist", "B-artist"],
        "paris": ["B-city"],
        "now": ["O", "B-time"],
    }
    texts, slots = [], []
    for _ in range(n_samples):
        chosen = [rng.choice(["play", "book"]), *rng.choice([*words], rng.integers(4))]
        texts.append(" ".join(chosen))
        slots.append([str(rng.choice(words[word])) for word in chosen])
    intents = np.array([text.split()[0] for text in texts], dtype=object)
    intents[rng.random(n_samples) < 0.2] = "other"
    intents[::7] = None
    slots[3::9] = [None] * len(slots[3::9])
    slots[1][0] = None
    return texts, pd.DataFrame({"intent": intents, "slots": slots})
