import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from sklearn_mtl.model_selection._calibration import learn_calibrator

METHODS = ["isotonic", "sigmoid", "temperature"]


def overconfident(n_classes, n_samples=600, factor=3.0):
    """Return probabilities whose logits are `factor` times too large, and labels."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n_samples, n_classes))
    right = softmax(logits, axis=1)
    y = (right.cumsum(axis=1) < rng.random((n_samples, 1))).sum(axis=1)
    return softmax(factor * logits, axis=1), np.minimum(y, n_classes - 1), right


def log_loss(proba, y):
    return -np.log(np.maximum(proba[np.arange(len(y)), y], 1e-12)).mean()


class Given(LogisticRegression):
    """A fitted classifier whose probabilities are its inputs."""

    def __init__(self, n_classes=2):
        super().__init__()
        self.n_classes = n_classes

    def fit(self, X, y):
        self.classes_ = np.arange(self.n_classes)
        self.n_features_in_ = self.n_classes
        return self

    def predict_proba(self, X):
        return X

    decision_function = property()  # so that scikit-learn asks for probabilities


def by_scikit_learn(method, proba, y):
    """Return what CalibratedClassifierCV makes of given probabilities."""
    given = Given(proba.shape[1]).fit(proba, y)
    model = CalibratedClassifierCV(FrozenEstimator(given), method=method)
    return model.fit(proba, y).predict_proba(proba)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("method", ["isotonic", "temperature"])
def test_it_is_the_calibration_of_scikit_learn(method, n_classes):
    proba, y, _ = overconfident(n_classes)
    found = learn_calibrator(method, proba, y, np.ones(len(y))).apply(proba)
    # its folds of a frozen estimator are averaged: the curve of all rows is the oracle
    if method == "isotonic":
        columns = [1] if n_classes == 2 else range(n_classes)
        own = np.column_stack(
            [
                IsotonicRegression(out_of_bounds="clip")
                .fit(proba[:, k], y == k)
                .predict(proba[:, k])
                for k in columns
            ]
        )
        expected = np.hstack([1 - own, own]) if n_classes == 2 else own
        expected = expected / expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found, expected, atol=1e-12)
    else:
        np.testing.assert_allclose(found, by_scikit_learn(method, proba, y), atol=2e-3)


def test_a_sigmoid_is_a_logistic_regression_on_logits():
    proba, y, _ = overconfident(2)
    w = np.random.default_rng(1).uniform(0.5, 2, size=len(y))
    found = learn_calibrator("sigmoid", proba, y, w).apply(proba)
    z = logit(np.clip(proba[:, 1], 1e-7, 1 - 1e-7))[:, None]
    # Platt's targets, as two weighted labels for each sample
    n_in, n_out = w[y == 1].sum(), w[y == 0].sum()
    target = np.where(y == 1, (n_in + 1) / (n_in + 2), 1 / (n_out + 2))
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(
        np.vstack([z, z]),
        np.repeat([1, 0], len(y)),
        np.concatenate([w * target, w * (1 - target)]),
    )
    np.testing.assert_allclose(found, fitted.predict_proba(z), atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_overconfident_probabilities_become_right(method, n_classes):
    proba, y, right = overconfident(n_classes, 4000)
    new, new_y, new_right = (part[2000:] for part in (proba, y, right))
    model = learn_calibrator(method, proba[:2000], y[:2000], np.ones(2000))
    found = model.apply(new)
    assert log_loss(found, new_y) < log_loss(new, new_y) - 0.1
    assert np.abs(found - new_right).mean() < 0.35 * np.abs(new - new_right).mean()


def test_a_temperature_finds_the_factor():
    proba, y, _ = overconfident(3, 20000)
    model = learn_calibrator("temperature", proba, y, np.ones(len(y)))
    assert model.inverse == pytest.approx(1 / 3, rel=0.03)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_weight_of_2_is_the_same_twice(method, n_classes):
    proba, y, _ = overconfident(n_classes, 80)
    w = np.random.default_rng(2).integers(1, 4, size=len(y))
    rows = np.repeat(np.arange(len(y)), w)
    one = learn_calibrator(method, proba, y, w * 1.0).apply(proba)
    two = learn_calibrator(method, proba[rows], y[rows], np.ones(len(rows)))
    np.testing.assert_allclose(one, two.apply(proba), atol=2e-6)


@pytest.mark.parametrize("method", METHODS)
def test_certain_and_separable_probabilities_stay_finite(method):
    proba = np.eye(3)[[0, 1, 2] * 5]
    model = learn_calibrator(method, proba, np.array([0, 1, 2] * 5), np.ones(15))
    found = model.apply(np.vstack([proba, np.full((1, 3), 1 / 3)]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found[:15].argmax(axis=1) == [0, 1, 2] * 5).all()


def test_no_class_being_possible_makes_them_alike():
    proba = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]] * 4)
    model = learn_calibrator("isotonic", proba, np.array([0, 1, 2] * 4), np.ones(12))
    np.testing.assert_array_equal(
        model.apply(np.array([[0.2, 0.2, 0.1]])), np.full((1, 3), 1 / 3)
    )


def test_labels_without_signal_become_their_share():
    rng = np.random.default_rng(0)
    proba = softmax(rng.normal(size=(5000, 2)), axis=1)
    y = (rng.random(5000) < expit(-1.0)).astype(int)
    found = learn_calibrator("sigmoid", proba, y, np.ones(5000)).apply(proba)
    assert np.abs(found[:, 1] - y.mean()).mean() < 0.01
