import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearClassifierCV,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 5))
    scores = X[:, :1] + rng.standard_normal((90, 3))
    y = np.stack([scores[:, 0] > 0, np.digitize(scores[:, 1], [-1, 1])], axis=1)
    return X, y.astype(float)


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@parametrize_with_checks([MultiTaskLinearClassifierCV(alphas=2, cv=3)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_losses_are_those_of_logisticregression(data):
    X, y = data
    folds = list(KFold(3).split(X))
    model = MultiTaskLinearClassifierCV(penalty="ridge", alphas=[0.1], cv=folds)
    table = model.fit(X, y[:, 1]).cv_results_
    for k, (train, test) in enumerate(folds):
        alone = LogisticRegression(C=1.0 / (0.1 * len(train)), tol=1e-10)
        proba = alone.fit(X[train], y[train, 1]).predict_proba(X[test])
        expected = log_loss(y[test, 1], proba)
        assert table[f"split{k}_test_loss"][0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("penalty", ["partial_pooling", "shared", "l21"])
def test_chosen_model_is_the_plain_one_at_that_alpha(data, penalty):
    X, y = data
    y[np.random.default_rng(1).random(y.shape) < 0.2] = np.nan
    found = MultiTaskLinearClassifierCV(penalty=penalty, alphas=5, cv=3).fit(X, y)
    plain = MultiTaskLinearClassifier(penalty=penalty, alpha=found.alpha_).fit(X, y)
    for ours, theirs in zip(found.coef_, plain.coef_, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=5e-3)
    assert found.dual_gap_ <= 1e-6
