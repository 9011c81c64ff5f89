import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.exceptions import SingleClassWarning
from sklearn_mtl.linear_model import MultiTaskLinearClassifier
from tests.linear_model.strengths import strength

NAMES = ["empirical_bayes", "l21", "trace", "mean", "ridge", "partial_pooling", "l1"]
every_name = pytest.mark.parametrize("penalty", NAMES)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 5)) + 1.0
    scores = X[:, :2] @ np.ones((2, 3)) + rng.standard_normal((120, 3)) - 2.0
    y = np.stack(
        [scores[:, 0] > 0, np.digitize(scores[:, 1], [-1, 1]), scores[:, 2] > 0.5],
        axis=1,
    ).astype(float)
    return X, y


@pytest.fixture
def holes(data):
    X, y = data
    return X, np.where(np.random.default_rng(1).random(y.shape) < 0.3, np.nan, y)


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@parametrize_with_checks([MultiTaskLinearClassifier()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_is_logisticregression(data, column, fit_intercept):
    X, y = data
    alpha = 0.05
    ours = MultiTaskLinearClassifier(
        penalty="ridge", alpha=alpha, fit_intercept=fit_intercept
    ).fit(X, y[:, column])
    theirs = LogisticRegression(
        C=1.0 / (alpha * len(X)), tol=1e-10, max_iter=1000, fit_intercept=fit_intercept
    ).fit(X, y[:, column])
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5
    )


def test_class_weight_is_logisticregressions(data):
    X, y = data
    ours = MultiTaskLinearClassifier(
        penalty="ridge", alpha=0.05, class_weight="balanced"
    ).fit(X, y[:, 2])
    theirs = LogisticRegression(
        C=1.0 / (0.05 * len(X)), tol=1e-10, class_weight="balanced"
    ).fit(X, y[:, 2])
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)


def test_more_features_than_rows_equals_the_problem_with_zero_rows_added():
    """The dual path (p > n) and the plain one give the same model."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 30)), rng.integers(0, 2, (20, 3)).astype(float)
    model = MultiTaskLinearClassifier(penalty="mean", alpha=0.1)
    model.set_params(penalty="ridge")
    expected = model.fit(X, y).coef_
    weights = np.concatenate([np.ones(20), np.zeros(20)])
    padded = model.fit(np.vstack([X, X]), np.vstack([y, y]), weights).coef_
    np.testing.assert_allclose(padded, expected, atol=1e-7)


@pytest.mark.parametrize("penalty", [None, *NAMES[1:]])
def test_without_a_penalty_the_units_of_the_features_do_not_matter(penalty, data):
    X, y = data
    scale = np.array([1e4, 1e-4, 1e4, 1e-4, 1.0])
    model = MultiTaskLinearClassifier(penalty=penalty, alpha=0.0)
    found = np.concatenate(model.fit(X * scale, y).coef_) * scale
    assert model.dual_gap_ <= 1e-6
    for t, t_rows in ((0, slice(0, 1)), (2, slice(4, 5))):
        alone = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y[:, t])
        np.testing.assert_allclose(found[t_rows], alone.coef_, atol=1e-4)


@every_name
def test_missing_labels_equal_weights_of_zero(penalty, holes):
    X, y = holes
    model = MultiTaskLinearClassifier(
        penalty=penalty, alpha=strength(penalty, 0.05), tol=1e-9
    )
    expected = np.concatenate(model.fit(X, y).coef_)
    model.fit(X, np.nan_to_num(y), ~np.isnan(y) * 1.0)
    np.testing.assert_allclose(np.concatenate(model.coef_), expected, atol=1e-4)


@every_name
def test_weights_of_0_and_2_drop_and_repeat_rows(penalty, holes):
    X, y = holes
    repeats = np.random.default_rng(2).integers(0, 3, len(X))
    index = np.repeat(np.arange(len(X)), repeats)
    model = MultiTaskLinearClassifier(
        penalty=penalty, alpha=strength(penalty, 0.05), tol=1e-9
    )
    weighted = np.concatenate(model.fit(X, y, repeats).coef_)
    model.fit(X[index], y[index])
    np.testing.assert_allclose(np.concatenate(model.coef_), weighted, atol=1e-4)


@every_name
def test_sparse_equals_dense(penalty, holes):
    X, y = holes
    model = MultiTaskLinearClassifier(
        penalty=penalty, alpha=strength(penalty, 0.05), tol=1e-9
    )
    expected = model.fit(X, y).predict_proba(X)
    found = model.fit(sparse.csr_array(X), y).predict_proba(sparse.csr_array(X))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@every_name
def test_permuted_tasks_permute_probabilities(penalty, holes):
    X, y = holes
    model = MultiTaskLinearClassifier(
        penalty=penalty, alpha=strength(penalty, 0.05), tol=1e-9
    )
    expected = model.fit(X, y).predict_proba(X)
    found = model.fit(X, y[:, [1, 2, 0]]).predict_proba(X)
    np.testing.assert_allclose(found[0], expected[1], atol=1e-4)
    np.testing.assert_allclose(found[2], expected[0], atol=1e-4)


@every_name
def test_fit_is_certified_or_stationary(penalty, holes):
    model = MultiTaskLinearClassifier(
        penalty=penalty, alpha=strength(penalty, 0.05)
    ).fit(*holes)
    assert model.dual_gap_ <= 1e-6 or model.optimality_ <= 1e-5


def test_tasks_with_strings_and_missing_labels_have_their_classes(data):
    X, y = data
    labels = np.array([["no", "yes"][int(v)] for v in y[:, 0]], dtype=object)
    labels[::5] = None
    both = np.column_stack([labels, y[:, 1].astype(object)])
    model = MultiTaskLinearClassifier().fit(X, both)
    assert [block.shape for block in model.coef_] == [(1, 5), (3, 5)]
    assert model.classes_[0].tolist() == ["no", "yes"]
    assert model.score(X, both) > 0.6


def test_empirical_bayes_beats_tasks_alone_where_they_are_alike():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 8))
    w = rng.standard_normal((8, 1)) + 0.1 * rng.standard_normal((8, 10))
    y = (X @ w + rng.logistic(size=(400, 10)) > 0).astype(float)
    train = y[:200].copy()
    train[rng.random(train.shape) < 0.9] = np.nan
    together = MultiTaskLinearClassifier().fit(X[:200], train)
    alone = MultiTaskLinearClassifier(penalty="ridge", alpha=0.1).fit(X[:200], train)
    models = (together, alone)
    reached, start = (model.score(X[200:], y[200:]) for model in models)
    best = np.mean((X[200:] @ w > 0) == y[200:])  # the weights the labels came from
    error = np.sqrt(best * (1 - best) / 2000)
    assert start + 0.5 * (best - start) < reached < best + 3 * error


def test_a_task_with_one_class_is_constant(data):
    X, y = data
    y[:, 0] = 1.0
    with pytest.warns(SingleClassWarning, match="task0"):
        model = MultiTaskLinearClassifier().fit(X, y)
    assert (model.predict(X)[:, 0] == 1.0).all()
    assert not model.coef_[0].any()
    with pytest.warns(SingleClassWarning):
        only = MultiTaskLinearClassifier().fit(X, y[:, 0])
    assert only.dual_gap_ == 0.0
