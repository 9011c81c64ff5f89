"""Comparisons with known numbers, for the tests of what is shown."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_mtl.comparison._comparison import Comparison
from sklearn_mtl.comparison.results._rows import (
    FitProblem,
    Measured,
    ModelRow,
    TaskRow,
    twin_name,
)
from sklearn_mtl.comparison.run._curve import LearningCurve

TASKS = [
    TaskRow(
        *("digit", "multiclass", 10, 900, "balanced_accuracy", "neg_log_loss"),
        zero=0.1,
        unit=0.9,
    ),
    TaskRow("ill", "binary", 2, 800, "roc_auc", zero=0.5, unit=0.5),
    TaskRow("hours", "regression", 0, 850, "r2"),
]
MODELS = [
    ModelRow("dummy", "dummy", estimator="DummyClassifier()"),
    ModelRow("linear", "single", estimator="LogisticRegression()"),
    ModelRow("forest", "single", estimator="RandomForestClassifier()"),
    ModelRow(twin_name("net"), "twin", estimator="IndependentTasks(Net())"),
    ModelRow("net", "shared", twin=twin_name("net"), estimator="Net()"),
]
#           dummy  linear forest twin  net
LEVELS = [
    [0.10, 0.40, 0.45, 0.50, 0.58],
    [0.5, 0.8, 0.7, 0.81, 0.81],
    [0, 0.3, 0.4, 0.5, 0.4],
]


class Average(Ridge):
    """Predicts the same for all tasks, so sharing hurts."""

    def predict(self, X):
        values = super().predict(X)
        if values.ndim == 1:
            return values
        return np.repeat(values.mean(axis=1, keepdims=True), values.shape[1], axis=1)


def make_comparison(n_splits=5, spread=0.01, tasks=TASKS, models=MODELS, **arguments):
    rng = np.random.default_rng(0)
    levels = np.array([LEVELS[t % 3] for t in range(len(tasks))]).T[: len(models)]
    scores = levels[:, None, :] + spread * rng.standard_normal(
        (len(models), n_splits, len(tasks))
    )
    second = np.array([task.second_metric is not None for task in tasks])
    candidates = scores[:3].argmax(axis=0)
    measured = Measured(
        scores=scores,
        second_scores=np.where(second, scores - 2, np.nan),
        fit_seconds=np.linspace(0.01, 12, len(models))[:, None] * np.ones(n_splits),
        predict_seconds=np.full((len(models), n_splits), 0.1),
        n_train=np.full((n_splits, len(tasks)), 80),
        n_test=np.full((n_splits, len(tasks)), 40),
        n_held_out=np.full((n_splits, len(tasks)), 20),
        chosen=candidates,
        model_bytes=np.linspace(1e3, 4e6, len(models))[:, None] * np.ones(n_splits),
    )
    return Comparison(tasks, models, measured, **arguments)


@pytest.fixture
def comparison():
    return make_comparison()


@pytest.fixture
def make():
    return make_comparison


@pytest.fixture
def with_problems():
    problems = [
        FitProblem(
            "forest", 1, "error", "test", "ValueError: <b>broken</b>", "Traceback 1"
        ),
        FitProblem(
            "forest", 3, "error", "test", "ValueError: <b>broken</b>", "Traceback 1"
        ),
        FitProblem("linear", 0, "warning", "test", "ConvergenceWarning: slow"),
    ]
    setting = {
        "command": "sklearn-mtl compare a.csv --targets digit ill hours",
        "n_samples": 1000,
        "n_features": 7,
        "missing_fraction": 0.3,
        "versions": {"scikit-learn": "1.6"},
    }
    return make_comparison(problems=problems, setting=setting)


@pytest.fixture
def with_curve(comparison):
    scores = comparison.measured.scores
    parts = np.stack([scores - 0.2, scores - 0.1, scores], axis=1)
    parts[:3] = np.nan
    shares = np.array([0.1, 0.5, 1.0])
    n_labels = (shares[:, None, None] * comparison.measured.n_train).astype(int)
    comparison.curve = LearningCurve(shares, n_labels, parts)
    return comparison
