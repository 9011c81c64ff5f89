import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn import config_context
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold
from sklearn.model_selection import cross_val_predict as sklearn_cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    cross_val_predict,
)
from sklearn_mtl.multioutput import IndependentTasks


def data(n=90, missing=0.3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    signal = X @ rng.normal(size=(3, 2)) + 0.3 * rng.normal(size=(n, 2))
    y = np.column_stack([signal[:, 0] > 0, np.digitize(signal[:, 1], [-1, 1])]) * 1.0
    truth = y.copy()
    y[rng.random(y.shape) < missing] = np.nan
    return X, y, truth


def independent():
    return IndependentTasks(LogisticRegression())


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_complete_labels_give_what_scikit_learn_gives(method):
    X, _, y = data()
    cv = KFold(3)
    model = DecisionTreeClassifier(random_state=0)
    ours = cross_val_predict(model, X, y, cv=cv, method=method)
    theirs = sklearn_cross_val_predict(model, X, y, cv=cv, method=method)
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_missing_label_is_no_class():
    X, y, truth = data()
    proba = cross_val_predict(independent(), X, y, method="predict_proba")
    assert [one.shape for one in proba] == [(90, 2), (90, 3)]
    for t, one in enumerate(proba):
        np.testing.assert_allclose(one.sum(axis=1), 1)
        assert np.mean(one.argmax(axis=1) == truth[:, t]) > 0.7


def test_estimator_that_takes_nan_for_a_class_is_found_out():
    class Trap(DummyClassifier):
        def fit(self, X, y):
            return super().fit(X, np.where(np.isnan(y), -1, y))

    X, y, _ = data()
    with pytest.raises(
        TaskError, match=r"learned the classes \[-1.0\], .* not among the"
    ):
        cross_val_predict(Trap(), X, y, method="predict_proba")


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
def test_columns_are_all_classes_of_y_in_every_fold():
    X = np.zeros((4, 1))
    y = np.array([["a", 5], ["b", 6], ["c", 5], ["a", 6]], dtype=object)
    cv = [([0, 3], [1, 2]), ([1, 2], [0, 3])]
    first, second = cross_val_predict(
        IndependentTasks(DecisionTreeClassifier()), X, y, cv=cv, method="predict_proba"
    )
    assert first.tolist() == [[0, 0.5, 0.5], [1, 0, 0], [1, 0, 0], [0, 0.5, 0.5]]
    assert second.tolist() == [[0.5, 0.5]] * 4


def test_mixed_tasks_have_no_probabilities_for_values():
    X, y, _ = data()
    frame = pd.DataFrame({"sick": np.where(y[:, 0] > 0, "yes", "no"), "dose": X[:, 0]})
    model = IndependentTasks(
        classifier=LogisticRegression(), regressor=LinearRegression()
    )
    proba = cross_val_predict(model, X, frame, method="predict_proba")
    assert proba[0].shape == (90, 2)
    assert proba[1] is None
    labels = cross_val_predict(model, X, frame)
    assert set(labels[:, 0]) == {"yes", "no"}
    np.testing.assert_allclose(labels[:, 1].astype(float), X[:, 0])


def test_one_dimensional_labels_give_arrays():
    X, _, y = data()
    assert cross_val_predict(independent(), X, y[:, 1]).shape == (90,)
    proba = cross_val_predict(independent(), X, y[:, 1], method="predict_proba")
    assert proba.shape == (90, 3)


def test_multilabel_arrays_become_a_list():
    X, _, y = data()
    y = np.column_stack([y[:, 0], y[:, 1] > 1])
    model = MLPClassifier(hidden_layer_sizes=2, max_iter=300, tol=0.1, random_state=0)
    proba = cross_val_predict(model, X, y, cv=2, method="predict_proba")
    assert [one.shape for one in proba] == [(90, 2), (90, 2)]


def test_task_without_labels_in_a_fold_is_nan_there():
    X, y, _ = data()
    y = np.where(y == 1, "yes", "no").astype(object)
    y[30:, 0] = None
    model = IndependentTasks(LogisticRegression(), on_empty_task="warn")
    with pytest.warns(MissingLabelWarning):
        labels = cross_val_predict(model, X, y, cv=KFold(3))
    assert all(label != label for label in labels[:30, 0])
    assert set(labels[30:, 0]) <= {"yes", "no"}
    with pytest.warns(MissingLabelWarning):
        proba = cross_val_predict(model, X, y, cv=KFold(3), method="predict_proba")
    assert np.isnan(proba[0][:30]).all()
    assert np.isfinite(proba[0][30:]).all()


def test_a_number_of_folds_is_stratified_on_all_tasks():
    X, y, _ = data()
    by_number = cross_val_predict(independent(), X, y, cv=4)
    by_splitter = cross_val_predict(independent(), X, y, cv=MultiTaskStratifiedKFold(4))
    np.testing.assert_array_equal(by_number, by_splitter)


def test_folds_in_parallel_give_the_same():
    X, y, _ = data()
    with parallel_config(backend="threading"):
        one, two = (
            cross_val_predict(independent(), X, y, n_jobs=n, method="predict_proba")
            for n in (1, 2)
        )
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_groups_and_weights_reach_splitter_and_fit():
    X, y, _ = data()
    groups = np.arange(90) // 3
    weights = np.random.default_rng(0).uniform(size=y.shape)
    cv = MultiTaskStratifiedGroupKFold(3)
    plain = cross_val_predict(
        independent(),
        X,
        y,
        cv=cv,
        groups=groups,
        params={"sample_weight": weights},
        method="predict_proba",
    )
    with config_context(enable_metadata_routing=True):
        model = IndependentTasks(
            LogisticRegression().set_fit_request(sample_weight=True)
        )
        routed = cross_val_predict(
            model,
            X,
            y,
            cv=cv,
            params={"sample_weight": weights, "groups": groups},
            method="predict_proba",
        )
        with pytest.raises(ValueError, match="groups is not allowed with"):
            cross_val_predict(model, X, y, cv=cv, groups=groups)
    unweighted = cross_val_predict(
        independent(), X, y, cv=cv, groups=groups, method="predict_proba"
    )
    for a, b, c in zip(plain, routed, unweighted, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.allclose(a, c)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"method": "transform"}, "method must be one of .* got 'transform'"),
        ({"cv": [([0, 1], [2]), ([2], [0])]}, "are not a partition"),
        ({"cv": [([0, 1], [2, 2]), ([2], [0, 1])]}, "are not a partition"),
    ],
)
def test_wrong_arguments_are_refused(arguments, match):
    X, _, y = data()
    with pytest.raises(ValueError, match=f"cross_val_predict.*{match}"):
        cross_val_predict(independent(), X, y, **arguments)


@given(
    seed=st.integers(0, 2**16),
    missing=st.sampled_from([0.0, 0.4, 0.8]),
    kind=st.sampled_from(["float", "text", "frame"]),
    method=st.sampled_from(["predict", "predict_proba"]),
)
@settings(max_examples=25, deadline=None, derandomize=True)
@pytest.mark.filterwarnings("ignore::UserWarning")  # single classes, empty tasks
def test_any_labels_are_answered_with_labels_of_their_own(seed, missing, kind, method):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, 2))
    codes = rng.integers(rng.integers(1, 4), size=(12, 2))
    y = codes.astype(float) if kind == "float" else np.array(list("abc"))[codes]
    y = y if kind == "float" else y.astype(object)
    y[rng.random(y.shape) < missing] = np.nan
    given_y = pd.DataFrame(y) if kind == "frame" else y
    model = IndependentTasks(DecisionTreeClassifier(), on_empty_task="warn")
    out = cross_val_predict(model, X, given_y, cv=3, method=method)
    for t in range(2):
        known = {v for v in y[:, t] if v == v}
        if method == "predict":
            assert {v for v in out[:, t] if v == v} <= known
        else:
            assert out[t].shape == (12, len(known))
            sums = out[t].sum(axis=1)
            assert (np.isnan(sums) | (np.abs(sums - 1) < 1e-9) | (not known)).all()


class Remember(DummyClassifier):
    """Keeps what fit was given besides X and y."""

    def fit(self, X, y, sample_weight=None, *, groups=None, X_val=None):
        self.given_ = groups, X_val
        return super().fit(X, y)

    def predict(self, X):
        groups, X_val = self.given_
        assert X_val is None or len(X_val) == 12
        return np.full(len(X), len(groups))


def test_fit_gets_the_groups_of_its_fold_and_the_whole_validation_set():
    X, y, groups = np.zeros((12, 1)), np.arange(12) % 2, np.arange(12) // 3
    found = cross_val_predict(
        Remember(), X, y, groups=groups, cv=4, params={"X_val": X}
    )
    assert (found == 9).all()
