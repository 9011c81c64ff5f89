"""
Images and a table in one model
===============================

Some samples consist of an image and a few numbers, such as a scan and the age of a
patient, or a photo of a house and its area. ``Columns`` gives each block of columns its
own trunk and concatenates their outputs, so all tasks use both blocks.
"""

# %%
# The data
# --------
# Each sample is an image of a digit (from scikit-learn) and a table of three numbers.
# The first number of the table is another digit with noise. The sum of both digits, and
# which one is larger, depend on the image and the table. The digit in the image depends
# only on the image.

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

images, digit = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
other = rng.integers(0, 10, len(digit))
table = np.column_stack(
    [other + rng.normal(0, 0.3, len(digit)), rng.normal(size=(len(digit), 2))]
)
X = np.hstack([images / 16, table]).astype(np.float32)
y = pd.DataFrame(
    {
        "digit": digit,
        "sum": (digit + other).astype(float) + 0.5,  # not whole numbers: a regression
        "larger": np.where(digit > other, "image", "table"),
    }
)

# %%
# A trunk for each block
# ----------------------
# ``Columns`` does not scale its inputs, so the table is standardised first. The
# parameters of each block can be set by its name, for example ``trunk__image__hidden``.

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.modules import MLP, Columns, Conv

IMAGE, TABLE = slice(0, 64), slice(64, 67)
scale = ColumnTransformer(
    [("image", "passthrough", IMAGE), ("table", StandardScaler(), TABLE)]
)
blocks = {
    "image": ("image", Conv((1, 8, 8), channels=(16,), hidden=32), IMAGE),
    "table": ("table", MLP((16,)), TABLE),
}


def make_model(*names):
    """Return a model that uses the given blocks."""
    trunk = Columns([blocks[name] for name in names])
    net = MultiTaskMixedEstimator(
        trunk=trunk, max_epochs=30, early_stopping=False, random_state=0
    )
    return make_pipeline(scale, net)


# %%
# Accuracy with each block
# ------------------------
# The digit can be predicted from the image alone. Which number is larger can be
# predicted well only from both blocks.

from sklearn_mtl.model_selection import per_task_scorers

train, test = slice(0, 1200), slice(1200, None)
score = per_task_scorers({"classification": "accuracy", "regression": "r2"})
scores = {}
for names in [("image",), ("table",), ("image", "table")]:
    model = make_model(*names).fit(X[train], y[train])
    scores[" and ".join(names)] = score(model, X[test], y[test])
print(pd.DataFrame(scores).T.round(3))
pd.DataFrame(scores).T.plot.bar(rot=0, ylabel="accuracy, or R2 of the sum")
