"""
A picture and a table in one model
==================================

Some rows are a picture and a few numbers: a scan and the age of the patient, a photo of
a house and its area. ``Columns`` gives each block of columns a trunk of its own and
joins what they make of it, so that all tasks read both.
"""

# %%
# The data
# --------
# Pictures of scikit-learn's digits, and beside each a table of three numbers. Of two
# numbers, the picture shows the first and the table has the second, in noise: the sum
# of both and which of them is larger need the two, the digit itself only the picture.

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

pictures, digit = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
other = rng.integers(0, 10, len(digit))
table = np.column_stack(
    [other + rng.normal(0, 0.3, len(digit)), rng.normal(size=(len(digit), 2))]
)
X = np.hstack([pictures / 16, table]).astype(np.float32)
y = pd.DataFrame(
    {
        "digit": digit,
        "sum": (digit + other).astype(float) + 0.5,  # a regression: not whole numbers
        "larger": np.where(digit > other, "picture", "table"),
    }
)

# %%
# A trunk for each block
# ----------------------
# ``Columns`` hands the values on as they are, so the table is standardised before. The
# names of the blocks reach their parameters, as in ``trunk__picture__hidden``.

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.modules import MLP, Columns, Conv

PICTURE, TABLE = slice(0, 64), slice(64, 67)
scale = ColumnTransformer(
    [("picture", "passthrough", PICTURE), ("table", StandardScaler(), TABLE)]
)
blocks = {
    "picture": ("picture", Conv((1, 8, 8), channels=(16,), hidden=32), PICTURE),
    "table": ("table", MLP((16,)), TABLE),
}


def make_model(*names):
    """Return a model that sees some of the blocks."""
    trunk = Columns([blocks[name] for name in names])
    net = MultiTaskMixedEstimator(
        trunk=trunk, max_epochs=30, early_stopping=False, random_state=0
    )
    return make_pipeline(scale, net)


# %%
# What each block knows
# ---------------------
# The digit can be read from the picture, which of the two is larger only from both.

from sklearn_mtl.model_selection import per_task_scorers

train, test = slice(0, 1200), slice(1200, None)
score = per_task_scorers({"classification": "accuracy", "regression": "r2"})
scores = {}
for names in [("picture",), ("table",), ("picture", "table")]:
    model = make_model(*names).fit(X[train], y[train])
    scores[" and ".join(names)] = score(model, X[test], y[test])
print(pd.DataFrame(scores).T.round(3))
