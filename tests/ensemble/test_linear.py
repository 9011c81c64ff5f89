import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.ensemble import _ridge
from sklearn_mtl.ensemble._alphas import ALPHAS, generalised_losses
from sklearn_mtl.ensemble._linear import RidgeMember
from sklearn_mtl.preprocessing._statistics import sparse_scales


@parametrize_with_checks([RidgeMember()])
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def linear(n_samples=400, n_features=6, missing=0.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, n_features))
    signal = X @ rng.normal(size=(n_features, 2)) + rng.logistic(size=(n_samples, 2))
    y = np.column_stack([signal[:, 0] > 0, signal[:, 1]])
    y[rng.random(y.shape) < missing] = np.nan
    return X, y


def test_it_is_as_good_as_scikit_learns_linear_models():
    X, y = linear(2000)
    train, test = slice(0, 1000), slice(1000, None)
    model = RidgeMember(random_state=0).fit(X[train], y[train])
    ridge = RidgeCV(np.logspace(-2, 4, 13)).fit(X[train], y[train, 1])
    ours, theirs = (
        model.task(1).score(X[test], y[test, 1]),
        ridge.score(X[test], y[test, 1]),
    )
    assert ours > theirs - 0.005
    logistic = LogisticRegression().fit(X[train], y[train, 0])
    proba = model.predict_proba(X[test])[0]
    worst = log_loss(y[test, 0], logistic.predict_proba(X[test])) + 0.01
    assert log_loss(y[test, 0], proba) < worst


def test_the_folds_predict_like_the_model_does_on_new_rows():
    X, y = linear(2000)
    model = RidgeMember(random_state=0).fit(X[:1000], y[:1000])
    held_out = log_loss(y[:1000, 0], model.oof_prediction_[0])
    new = log_loss(y[1000:, 0], model.predict_proba(X[1000:])[0])
    assert held_out == pytest.approx(new, abs=0.04)


def test_noise_is_not_predicted_out_of_fold():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 50)), rng.integers(0, 2, (200, 8))
    model = RidgeMember(random_state=0).fit(X, y)
    losses = [log_loss(y[:, t], p) for t, p in enumerate(model.oof_prediction_)]
    assert np.mean(losses) > 0.99 * np.log(2)


def test_missing_labels_leave_each_task_to_its_observed_ones():
    X, y = linear(missing=0.5)
    both = RidgeMember(task_types=["classification", "regression"], random_state=0)
    model = both.fit(X, y)
    seen = ~np.isnan(y[:, 1])
    ridge = RidgeCV(np.logspace(-2, 4, 13)).fit(X[seen], y[seen, 1])
    np.testing.assert_allclose(model._task_outputs(X)[1], ridge.predict(X), atol=0.15)


def test_more_features_than_rows_and_sparse_tables_are_taken():
    X, y = linear(120, 300)
    X = np.where(np.abs(X) > 1, X, 0.0)
    model = RidgeMember(random_state=0).fit(sparse.csr_array(X), y)
    assert np.isfinite(model.oof_prediction_[1]).all()


def test_small_data_have_no_folds():
    X, y = linear(60)
    with pytest.raises(AttributeError, match="oof_prediction_ is only available"):
        _ = RidgeMember().fit(X, y).oof_prediction_


def test_generalised_losses_are_those_of_the_hat_matrix():
    rng = np.random.default_rng(0)
    Z = np.hstack([rng.normal(size=(30, 4)), np.ones((30, 1))])
    y, weights = rng.normal(size=(30, 1)), np.ones((30, 1))
    found = generalised_losses(Z, y, weights)[:, 0]
    for alpha, loss in zip(ALPHAS, found, strict=True):
        penalty = alpha * 30 * np.diag([1.0] * 4 + [0.0])
        hat = Z @ np.linalg.solve(Z.T @ Z + penalty, Z.T)
        error = np.mean((y - hat @ y) ** 2)
        assert loss == pytest.approx(error / (1 - np.trace(hat) / 30) ** 2)


def zipf_texts(n_samples, n_columns, seed=0):
    """Return sparse counts of words, most of them rare, and a task of their sum."""
    rng = np.random.default_rng(seed)
    share = 1 / (10 + np.arange(n_columns))
    words = rng.choice(n_columns, size=(n_samples, 20), p=share / share.sum())
    rows = np.repeat(np.arange(n_samples), 20)
    counts = np.ones(rows.size), (rows, words.ravel())
    X = sparse.csr_array(counts, shape=(n_samples, n_columns))
    signal = X @ rng.normal(size=n_columns) + rng.logistic(size=n_samples)
    return X, (signal > 0).astype(float)


def test_rare_words_do_not_rule_wide_sparse_tables():
    X, y = zipf_texts(900, 700)
    model = RidgeMember(random_state=0).fit(X[:600], y[:600])
    peer = LogisticRegression(C=10, max_iter=300).fit(X[:600], y[:600])
    ours = roc_auc_score(y[600:], model.predict_proba(X[600:])[:, 1])
    assert ours > roc_auc_score(y[600:], peer.predict_proba(X[600:])[:, 1])
    # scaled one by one, words seen in one text count as much as usual ones
    scaled = X @ sparse.diags_array(1 / sparse_scales(X[:600], np.ones((1, 600)))[0])
    dense = RidgeMember(random_state=0).fit(scaled[:600].toarray(), y[:600])
    proba = dense.predict_proba(scaled[600:].toarray())[:, 1]
    assert ours > roc_auc_score(y[600:], proba)


@pytest.mark.parametrize("kind", ["groups", "validation"])
def test_a_large_sparse_table_is_predicted_as_in_its_axes(kind, monkeypatch):
    X, y = zipf_texts(250, 520)
    y = np.column_stack([y, X[:, :50].sum(axis=1)])
    y[::3, 0] = np.nan
    given = {
        "groups": {"groups": np.arange(200) // 4},
        "validation": {"X_val": X[200:], "y_val": y[200:]},
    }[kind]
    exact = RidgeMember(random_state=0).fit(X[:200], y[:200], **given)
    monkeypatch.setattr(_ridge, "_MAX_AXES_SIZE", 0)
    model = RidgeMember(random_state=0).fit(X[:200], y[:200], **given)
    assert model._axes.directions is None
    for ours, theirs in zip(
        model._task_outputs(X[200:]), exact._task_outputs(X[200:]), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_a_large_sparse_table_of_one_group_has_axes(monkeypatch):
    # nothing is held out, and generalised cross-validation needs axes
    X, y = zipf_texts(120, 600)
    monkeypatch.setattr(_ridge, "_MAX_AXES_SIZE", 0)
    with pytest.warns(UserWarning, match="all samples are in one group"):
        model = RidgeMember(random_state=0).fit(X, y, groups=np.zeros(120))
    assert model._axes.directions is not None
