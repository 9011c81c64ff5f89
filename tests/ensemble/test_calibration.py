import numpy as np
from sklearn.linear_model import LogisticRegression

from sklearn_mtl.ensemble._calibration import Calibration


def scores(n_samples=2000):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n_samples)
    labels = (rng.random(n_samples) < 1 / (1 + np.exp(-(0.5 + 2 * x)))).astype(int)
    return np.column_stack([-x, x]), labels


def test_two_classes_give_logistic_regression():
    X, labels = scores()
    ours = Calibration.learn(X, labels, np.ones(len(X))).apply(X)
    theirs = LogisticRegression(C=1e6).fit(X[:, 1:], labels).predict_proba(X[:, 1:])
    np.testing.assert_allclose(ours, theirs, atol=5e-3)


def test_scores_that_speak_against_their_class_are_ignored():
    X, labels = scores()
    proba = Calibration.learn(-X, labels, np.ones(len(X))).apply(-X)
    np.testing.assert_allclose(proba[:, 1], labels.mean(), atol=0.01)


def test_separable_scores_end_in_finite_slopes():
    labels = np.arange(40) % 3
    fit = Calibration.learn(np.eye(3)[labels], labels, np.ones(40))
    assert np.isfinite(fit.slopes).all()
    assert (fit.apply(np.eye(3)).argmax(axis=1) == [0, 1, 2]).all()


def test_weights_that_are_all_multiplied_change_nothing():
    X, labels = scores(200)
    weights = np.random.default_rng(1).uniform(1, 2, 200)
    one, ten = (Calibration.learn(X, labels, f * weights).apply(X) for f in (1, 10))
    np.testing.assert_allclose(one, ten)
