import numpy as np
import pandas as pd
import pytest

from tests.zoo import CLASSIFIERS, MIXED, REGRESSORS


@pytest.fixture(params=CLASSIFIERS)
def classifier(request):
    """A small unfitted classifier of several tasks."""
    return CLASSIFIERS[request.param]()


@pytest.fixture(params=REGRESSORS)
def regressor(request):
    """A small unfitted regressor of several tasks."""
    return REGRESSORS[request.param]()


@pytest.fixture(params=MIXED)
def mixed(request):
    """A small unfitted estimator of classifications and regressions."""
    return MIXED[request.param]()


@pytest.fixture
def table():
    """X (120, 4); y (120, 3) without gaps: two and three classes, and a value.

    Each task rests on one feature of its own.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    noise = 0.3 * rng.normal(size=(120, 3))
    signal = X[:, :3] + noise
    y = np.column_stack(
        [signal[:, 0] > 0, np.digitize(signal[:, 1], [-0.7, 0.7]), signal[:, 2]]
    )
    return X, y


@pytest.fixture
def gaps(table):
    """X, the two classifications with a third of the labels missing, and the truth."""
    X, y = table
    truth = y[:, :2].copy()
    masked = truth.copy()
    masked[np.random.default_rng(1).random(masked.shape) < 0.33] = np.nan
    return X, masked, truth


@pytest.fixture
def frames(table):
    """A DataFrame of inputs with a category, and one of named mixed targets."""
    X, y = table
    inputs = pd.DataFrame(X, columns=["age", "height", "dose", "noise"])
    inputs["ward"] = np.where(X[:, 0] + X[:, 3] > 0, "north", "south")
    targets = pd.DataFrame(
        {
            "sick": np.where(y[:, 0] > 0, "yes", "no"),
            "grade": pd.array(y[:, 1].astype(int), dtype="Int64"),
            "days": y[:, 2],
        }
    )
    targets.loc[::4, "sick"] = None
    targets.loc[1::4, "grade"] = pd.NA
    targets.loc[2::4, "days"] = np.nan
    return inputs, targets
