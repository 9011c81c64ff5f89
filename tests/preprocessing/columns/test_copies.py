"""A copy of a target among the inputs is found, other inputs are not."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.preprocessing import find_copies

N = 60
RNG = np.random.default_rng(0)
GRADE = RNG.normal(size=N)
SEX = RNG.choice(["f", "m"], N)
LEVEL = RNG.integers(0, 4, N)
Y = pd.DataFrame({"grade": GRADE, "sex": SEX, "level": LEVEL})


@pytest.mark.parametrize(
    ("column", "target", "how"),
    [
        (GRADE, "grade", "the same values"),
        (SEX, "sex", "the same values"),
        (SEX == "f", "sex", "one value for each of its values"),
        (LEVEL.astype(str), "level", "one value for each of its values"),
        (10 - LEVEL, "level", "one value for each of its values"),
        (100 * GRADE + 3, "grade", "the same order"),
        (-np.exp(GRADE), "grade", "the same order"),
        (np.where(np.arange(N) < 30, np.nan, GRADE), "grade", "the same values"),
        (pd.array(LEVEL, dtype="Int64"), "level", "the same values"),
    ],
)
def test_copies_are_found(column, target, how):
    X = pd.DataFrame({"x": RNG.normal(size=N), "it": column})
    assert find_copies(X, Y) == {"it": (target, how)}


@pytest.mark.parametrize(
    "column",
    [
        GRADE + 1e-3 * RNG.normal(size=N),  # close is no copy
        RNG.permutation(GRADE),
        np.where(np.arange(N) < 1, "m" if SEX[0] == "f" else "f", SEX),
        LEVEL // 2,
        np.zeros(N),
        [[i] for i in range(N)],
        [str(value) for value in GRADE],  # all different: texts have no order
        np.where(np.arange(N) < 52, np.nan, GRADE),  # eight samples are few
    ],
)
def test_what_is_no_copy_is_not_found(column):
    assert find_copies(pd.DataFrame({"it": column}), Y) == {}


def test_random_tables_have_no_copies():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        X = pd.DataFrame(rng.integers(0, 3, (30, 5))).astype(str)
        X[5] = rng.normal(size=30)
        y = pd.DataFrame({"a": rng.integers(0, 3, 30), "b": rng.normal(size=30)})
        assert find_copies(X, y) == {}
