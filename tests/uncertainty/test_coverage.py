"""Coverage where the truth is known: many calibrations, for one alone varies."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_mtl import ConformalPredictor, IndependentTasks, MultiTaskRegressor
from sklearn_mtl.ensemble import MultiTaskForestRegressor

LEVELS = (0.5, 0.8, 0.9, 0.95)
MODELS = {
    "forest": lambda: MultiTaskForestRegressor(n_estimators=40, random_state=0),
    "linear": lambda: ConformalPredictor(IndependentTasks(Ridge())),
    "net": lambda: MultiTaskRegressor(
        hidden_layer_sizes=(32,), n_members=4, random_state=0, early_stopping=True
    ),
}
N_REPEATS = 8


def draw(n, rng, missing=0.0):
    """Return three regressions whose errors go together."""
    X = rng.normal(size=(n, 5))
    mean = np.stack([X[:, 0] + np.sin(X[:, 1]), X[:, 2], X[:, 0] - X[:, 3]], axis=1)
    noise = 0.7 * rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, 3))
    y = mean + noise * np.stack([np.exp(X[:, 0] / 3), np.ones(n), np.ones(n)], axis=1)
    y[rng.random(y.shape) < missing] = np.nan
    return X, y


def mean_coverage(name, n, missing, *, joint):
    """Return the coverage at each level, of complete new samples."""
    found = np.zeros(len(LEVELS))
    for seed in range(N_REPEATS):
        rng = np.random.default_rng(seed)
        model = MODELS[name]().fit(*draw(n, rng, missing))
        X, y = draw(1500, rng)
        for k, level in enumerate(LEVELS):
            low, high = np.moveaxis(
                model.predict_interval(X, level, joint=joint), -1, 0
            )
            inside = (low <= y) & (y <= high)
            found[k] += (inside.all(axis=1) if joint else inside).mean() / N_REPEATS
    return found


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_intervals_cover_as_often_as_they_say(name, missing):
    found = mean_coverage(name, 300, missing, joint=False)
    np.testing.assert_allclose(found, LEVELS, atol=0.025)


@pytest.mark.parametrize(("missing", "n"), [(0.0, 300), (0.4, 500), (0.8, 1500)])
def test_joint_regions_hold_for_all_tasks_whatever_is_missing(missing, n):
    found = mean_coverage("linear", n, missing, joint=True)
    np.testing.assert_allclose(found, LEVELS, atol=0.025)
