"""
Several labels for a text
=========================

What a message is about, in which tone it is written and whether it is urgent: three
tasks that read the same words. TF-IDF makes a sparse matrix of them, which a net takes
as it is: a batch is made dense when its turn comes, and never the whole.
"""

# %%
# The data
# --------
# 2000 messages, put together at random. Half of the labels of each task are missing,
# as they are when people label what they happen to look at.

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
    """Return a text and its labels; a third of the telling words is left out."""
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
# TF-IDF into a net
# -----------------
# The pipeline is one estimator for three tasks. The net scales each column, without
# centring it, which would fill the matrix with numbers. What stands in one or two texts
# alone cannot be learned from: ``min_df`` leaves it out, and the fit is faster.

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
# Beside one model a task
# -----------------------
# Scores on texts whose labels are all known. Logistic regression, once per task on the
# texts that have its label, is the usual choice, and a good one for single words.

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

# %%
# Messages about the same thing
# -----------------------------
# The view of a task makes texts comparable that share few words.

from sklearn.frozen import FrozenEstimator

from sklearn_mtl.neighbors import NeighborRetriever

retriever = NeighborRetriever(FrozenEstimator(model), task="topic", n_neighbors=5)
retriever.fit(texts[train], y[train])
found, _ = retriever.retrieve(["the courier has lost my parcel"])
print(found[0, :, 0])
