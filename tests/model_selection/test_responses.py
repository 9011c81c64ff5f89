import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection._responses import (
    classes_of_tasks,
    given_of_tasks,
    predicted_columns,
)


def data(n_classes=2, n_tasks=2):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = np.digitize(X @ rng.normal(size=(3, n_tasks)), np.arange(1, n_classes) - 1.0)
    return X, y


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=5, random_state=0),
        KNeighborsClassifier(),
        MultiOutputClassifier(LogisticRegression()),
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        pytest.param(MLPClassifier(max_iter=300, tol=0.1, random_state=0), id="MLP"),
    ],
)
def test_every_form_of_multilabel_output_gives_the_same_kind_of_answer(model):
    X, y = data()
    model.fit(X, y)
    classes = classes_of_tasks(model, 2, "me")
    assert [one.tolist() for one in classes] == [[0, 1], [0, 1]]
    given = given_of_tasks(model, X, classes, ["proba", "labels"], "me")
    for t, one in enumerate(given):
        assert one.is_proba
        assert one.scores.shape == (60, 2)
        np.testing.assert_allclose(one.scores.sum(axis=1), 1)
        np.testing.assert_array_equal(one.predicted, model.predict(X)[:, t])
        agrees = one.scores.argmax(axis=1) == one.predicted
        assert agrees.mean() > 0.95  # ties


def test_multiclass_multioutput_keeps_its_classes():
    X, y = data(n_classes=3)
    model = RandomForestClassifier(n_estimators=5, random_state=0).fit(X, y)
    classes = classes_of_tasks(model, 2, "me")
    assert [one.tolist() for one in classes] == [[0, 1, 2]] * 2
    (first, _) = given_of_tasks(model, X, classes, ["scores", "scores"], "me")
    np.testing.assert_array_equal(first.scores, model.predict_proba(X)[0])
    assert first.predicted is None


def test_one_task_has_one_array_of_classes():
    X, y = data(n_classes=3)
    model = LogisticRegression().fit(X, y[:, 0])
    (classes,) = classes_of_tasks(model, 1, "me")
    assert classes.tolist() == [0, 1, 2]
    (given,) = given_of_tasks(model, X, [classes], ["proba"], "me")
    np.testing.assert_array_equal(given.scores, model.predict_proba(X))


def test_regressor_has_values_only():
    X, y = data()
    model = LinearRegression().fit(X, y)
    assert classes_of_tasks(model, 2, "me") == [None, None]
    given = given_of_tasks(model, X, [None, None], ["values", "values"], "me")
    np.testing.assert_array_equal(given[1].predicted, model.predict(X)[:, 1])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_decisions_rank_where_there_are_no_probabilities(n_classes):
    X, y = data(n_classes)
    model = LinearSVC().fit(X, y[:, 0])
    classes = classes_of_tasks(model, 1, "me")
    (given,) = given_of_tasks(model, X, classes, ["scores"], "me")
    assert not given.is_proba
    np.testing.assert_array_equal(given.scores.argmax(axis=1), model.predict(X))


def test_decisions_of_a_multilabel_model_rank_its_tasks():
    X, y = data()
    model = RidgeClassifier().fit(X, y)
    given = given_of_tasks(
        model, X, classes_of_tasks(model, 2, "me"), ["scores", "scores"], "me"
    )
    for t in range(2):
        np.testing.assert_array_equal(
            given[t].scores.argmax(axis=1), model.predict(X)[:, t]
        )


def test_missing_probabilities_are_told_with_a_remedy():
    X, y = data()
    model = LinearSVC().fit(X, y[:, 0])
    with pytest.raises(TaskError, match="me: LinearSVC has no predict_proba"):
        given_of_tasks(model, X, classes_of_tasks(model, 1, "me"), ["proba"], "me")


def test_sparse_predictions_are_read():
    columns = predicted_columns(sparse.csr_array(np.eye(3)), 3, "me")
    assert columns[1].tolist() == [0, 1, 0]


def test_another_number_of_tasks_is_refused():
    with pytest.raises(
        TaskError, match="me: predict of the estimator has 3 tasks, but y has 2"
    ):
        predicted_columns(np.zeros((4, 3)), 2, "me")
