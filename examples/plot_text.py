"""
Intents and slots of requests
=============================

In "play some jazz in the kitchen", the intent is music, "jazz" is the artist slot, and
"kitchen" is the room slot. The intent is a label of the text, and the slots are tags of
its words. One net learns both, and each task uses the predictions of the other.
"""

# %%
# The data
# --------
# 600 requests are generated from patterns. The test requests contain new names. The net
# must recognise them by the words around them and by their letters.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

PATTERNS = {
    "music": ["play <artist> in the <room>", "put on some <artist>", "<artist> please"],
    "light": ["turn the lamp in the <room> off", "make the <room> brighter"],
    "weather": ["is it cold in <city>", "will it rain in <city> <day>"],
}
NAMES = {
    "artist": ["miles davis", "nina simone", "the kinks", "daft punk", "adele"],
    "room": ["kitchen", "bathroom", "dining room", "bedroom", "hall"],
    "city": ["amsterdam", "rotterdam", "new york", "paris", "york"],
    "day": ["today", "on monday", "on friday", "on sunday", "at noon"],
}
NEW = {
    "artist": ["the doors", "nina hagen"],
    "room": ["living room", "guest room"],
    "city": ["new orleans", "potsdam"],
    "day": ["on tuesday", "today"],
}


def write_requests(n_requests, names, seed):
    """Return lists of words, and their labels and tags."""
    rng, texts, labels, tags = np.random.default_rng(seed), [], [], []
    for _ in range(n_requests):
        label = rng.choice([*PATTERNS])
        words, marks = [], []
        for word in rng.choice(PATTERNS[label]).split():
            kind = word.strip("<>")
            parts = rng.choice(names[kind]).split() if word[0] == "<" else [word]
            words += parts
            marks += ["O"] if word[0] != "<" else [f"B-{kind}"]
            marks += [f"I-{kind}"] * (len(parts) - 1)
        texts.append(words)
        labels.append(str(label))
        tags.append(marks)
    y = pd.DataFrame({"request": labels})
    y["slots"] = tags
    return texts, y


X, y = write_requests(600, NAMES, seed=0)
X_test, y_test = write_requests(200, NEW, seed=1)
y.head()

# %%
# One net for both
# ----------------
# ``Text`` represents words by their letters. With ``head="feedback"``, the intent uses
# the predicted tags, and the tags use the predicted intent. The scores are the F1 of
# whole names and the accuracy of the intents.

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.modules import Text

trunk = Text(n_buckets=2048, embedding_size=32, width=32, n_layers=1, dropout=0.2)
model = MultiTaskClassifier(
    trunk=trunk, head="feedback", lr=0.01, max_epochs=20, random_state=0
)
model.fit(X, y)
predicted = pd.DataFrame(model.predict(X_test), columns=y.columns)
per_task_score(y_test, predicted, metric={"request": "accuracy", "slots": "span_f1"})

# %%
# Predicted tags
# --------------
# Each word has the colour of its predicted tag. The colour is stronger if the net is
# more certain.

bach = ["put", "on", "some", "johann", "sebastian", "bach"]
texts = [*X_test[:3], bach, ["brighter"]]
requests, slots = model.predict_proba(texts)
tags = model.classes_[1]
kinds = sorted({tag[2:] for tag in tags if tag != "O"})
colors = dict(zip(kinds, plt.cm.tab10.colors, strict=False))

fig, ax = plt.subplots(figsize=(8, 3))
ax.set_axis_off()
ax.set(xlim=(0, 72), ylim=(-len(texts), 0.5))
for row, (words, proba, sure) in enumerate(zip(texts, slots, requests, strict=True)):
    label = model.classes_[0][sure.argmax()]
    ax.text(0, -row, f"{label} ({sure.max():.2f})", weight="bold", va="center")
    place = 12.0
    for word, p in zip(words, proba, strict=True):
        kind = tags[p.argmax()][2:]
        box = {"facecolor": colors.get(kind, "none"), "edgecolor": "none"}
        box["alpha"] = 0.6 * p.max()
        ax.text(place, -row, word, family="monospace", va="center", bbox=box)
        place += len(word) + 1.5
for number, kind in enumerate(kinds):
    box = {"facecolor": colors[kind], "edgecolor": "none", "alpha": 0.6}
    ax.text(12 + 9 * number, 0.45, kind, size="small", va="bottom", bbox=box)
fig.tight_layout()
plt.show()
