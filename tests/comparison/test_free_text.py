"""Rows known by name learn from free text, also in tables that have nothing else."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.comparison import compare

N = 160
FILLER = ["the", "patient", "came", "back", "after", "two", "days", "with", "her"]


@pytest.fixture(scope="module")
def table():
    """Sentences whose one telling word decides both targets, and noise."""
    rng = np.random.default_rng(0)
    ill = rng.random(N) < 0.5
    words = [[*rng.choice(FILLER, 8), "fever" if one else "fine"] for one in ill]
    notes = [" ".join(rng.permutation(row)) for row in words]
    X = pd.DataFrame({"note": notes, "noise": rng.normal(size=N)})
    X["ward"] = rng.choice(["north", "south"], N)
    y = pd.DataFrame({"ill": ill, "days": 3 * ill + 0.3 * rng.normal(size=N)})
    return X, y


SLOW = [pytest.param(name, marks=pytest.mark.exhaustive) for name in ("net", "blend")]


@pytest.mark.parametrize("columns", [["note"], ["noise", "note", "ward"]])
@pytest.mark.parametrize("model", ["linear", "boosting", *SLOW])
def test_rows_learn_from_free_text(table, model, columns):
    X, y = table
    split = [(np.arange(0, N, 2), np.arange(1, N, 2))]
    found = compare(X[columns], y, ["dummy", model], cv=split, inner_cv=2).table
    assert (found.loc[model, ["ill", "days"]] > 0.8).all(), found
