"""
Several labels for a text
=========================

The topic, the tone and the urgency of a message are three tasks with the same words as
inputs. TF-IDF converts the texts to a sparse matrix. The net accepts it directly and
converts only one batch at a time to a dense array.
"""

# %%
# The data
# --------
# 2000 messages are composed at random. Half of the labels of each task are missing.

import numpy as np
import pandas as pd

WORDS = {
    "topic": {
        "billing": ["invoice", "payment", "refund", "charge", "account", "price"],
        "delivery": ["parcel", "courier", "address", "shipping", "late", "box"],
        "product": ["screen", "battery", "button", "cable", "manual", "broken"],
    },
    "tone": {
        "angry": ["unacceptable", "terrible", "worst", "again", "never"],
        "friendly": ["thanks", "kindly", "appreciate", "lovely", "great", "please"],
    },
    "urgent": {
        "yes": ["today", "immediately", "now", "asap", "tonight"],
        "no": ["whenever", "sometime", "eventually", "later"],
    },
}
FILLER = [f"word{i}" for i in range(20_000)]
FREQUENCY = 1 / np.arange(1, len(FILLER) + 1)  # Zipf's law: a few words are common

rng = np.random.default_rng(0)


def write_message():
    """Return a text and its labels; a third of the informative words is left out."""
    labels = {task: rng.choice(list(choices)) for task, choices in WORDS.items()}
    words = list(rng.choice(FILLER, 25, p=FREQUENCY / FREQUENCY.sum()))
    for task, label in labels.items():
        words += [word for word in WORDS[task][label][:3] if rng.random() < 0.67]
        words.append(rng.choice(WORDS[task][label]))
    rng.shuffle(words)
    return " ".join(words), labels


texts, labels = zip(*(write_message() for _ in range(2000)), strict=True)
y = pd.DataFrame(labels)
print(texts[0])

# %%
# TF-IDF with a net
# -----------------
# The pipeline is one estimator for three tasks. The net scales each column without
# centring it, because centring would make the matrix dense. Words that occur in only a
# few texts carry no information; ``min_df`` removes them, which also makes the fit
# faster.

from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.datasets import hide_labels

train, test = slice(0, 1500), slice(1500, None)
y_train = hide_labels(y[train], 0.5, random_state=0)
model = make_pipeline(
    TfidfVectorizer(min_df=10),
    MultiTaskClassifier(
        hidden_layer_sizes=(64,),
        dropout=0.5,
        n_members=2,
        max_epochs=20,
        random_state=0,
    ),
)
model.fit(texts[train], y_train)

X_test = model[0].transform(texts[test])
print(
    f"sparse: {sparse.issparse(X_test)}, {X_test.shape[1]} columns, "
    f"{X_test.nnz / np.prod(X_test.shape):.1%} filled"
)

# %%
# Comparison with separate models
# -------------------------------
# The scores are for texts with complete labels. Logistic regression, fitted once per
# task to the texts that have its label, is the usual choice, and it works well for
# single words.

from sklearn.linear_model import LogisticRegression

from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.multioutput import IndependentTasks

logistic = IndependentTasks(LogisticRegression())
single = make_pipeline(TfidfVectorizer(min_df=10), logistic)
single.fit(texts[train], y_train)
table = {
    name: per_task_score(y[test], one.predict(texts[test]), metric="balanced_accuracy")
    for name, one in [("one net", model), ("logistic, per task", single)]
}
print(pd.DataFrame(table).T.round(3))
pd.DataFrame(table).plot.bar(rot=0, ylabel="balanced accuracy")

# %%
# Texts about the same topic
# --------------------------
# In the view of a task, texts can be similar although they share few words.

from sklearn.frozen import FrozenEstimator

from sklearn_mtl.neighbors import NeighborRetriever

retriever = NeighborRetriever(FrozenEstimator(model), task="topic", n_neighbors=5)
retriever.fit(texts[train], y[train])
found, _ = retriever.retrieve(["the courier has lost my parcel"])
print(found[0, :, 0])
