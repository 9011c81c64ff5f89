"""Small problems and small members, so that a blend fits in a tenth of a second."""

import numpy as np
import pytest

from sklearn_mtl.ensemble import (
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
)


@pytest.fixture(scope="module")
def mixed():
    """Return X and y: two classes, three classes, a number; a fifth is missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 5))
    signal = X[:, :3] + 0.5 * rng.normal(size=(160, 3))
    y = np.column_stack(
        [signal[:, 0] > 0, np.digitize(signal[:, 1], [-0.5, 0.5]), signal[:, 2]]
    ).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    return X, y


@pytest.fixture(scope="module")
def classes(mixed):
    X, y = mixed
    return X, y[:, :2]


@pytest.fixture
def members():
    return [
        ("forest", MultiTaskForestClassifier(n_estimators=20)),
        ("linear", "default"),
    ]


@pytest.fixture
def mixed_members():
    return [
        ("forest", MultiTaskForestMixedEstimator(n_estimators=20)),
        ("linear", "default"),
    ]
