import numpy as np
import pytest
from scipy import sparse
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.exceptions import MissingLabelWarning, SingleClassWarning, TaskError
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 4))
    scores = X[:, :2] @ np.ones((2, 4)) + 0.5 * rng.standard_normal((90, 4))
    y = scores.copy()
    y[:, 0] = scores[:, 0] > 0
    y[:, 2] = np.digitize(scores[:, 2], [-1, 1])
    y[rng.random(y.shape) < 0.2] = np.nan
    return X, y


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@parametrize_with_checks([MultiTaskLinearMixedEstimator()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_each_kind_is_fitted_as_if_it_were_alone(data, is_weighted):
    X, y = data
    weights = np.random.default_rng(1).uniform(0.5, 2.0, y.shape)
    found = MultiTaskLinearMixedEstimator().fit(X, y, weights if is_weighted else None)
    for alone, columns in (
        (MultiTaskLinearClassifier(), [0, 2]),
        (MultiTaskLinearRegressor(), [1, 3]),
    ):
        alone.fit(X, y[:, columns], weights[:, columns] if is_weighted else None)
        np.testing.assert_allclose(found.predict(X)[:, columns], alone.predict(X))
    proba = found.predict_proba(X)
    assert [p if p is None else p.shape[1] for p in proba] == [2, None, 3, None]


def test_names_types_and_views(data):
    pd = pytest.importorskip("pandas")
    X, y = data
    frame = pd.DataFrame(y, columns=["sick", "dose", "stage", "age"])
    model = MultiTaskLinearMixedEstimator(task_types={"stage": "regression"})
    model.fit(X, frame)
    assert model.task_set_.kinds == ["binary", "regression", "regression", "regression"]
    assert list(model.regressor_.task_names_in_) == ["dose", "stage", "age"]
    assert model.task("sick").predict_proba(X).shape == (90, 2)
    assert model.task("age").predict(X).shape == (90,)
    assert model.score(X, frame) > 0.3


def test_one_kind_alone_leaves_the_other_model_out(data):
    X, y = data
    assert MultiTaskLinearMixedEstimator().fit(X, y[:, 1]).classifier_ is None
    only = MultiTaskLinearMixedEstimator().fit(X, y[:, [0]])
    assert only.regressor_ is None
    assert only.predict(X).shape == (90, 1)


def test_empty_and_constant_tasks_are_predicted_as_such(data):
    X, y = data
    y[:, 0] = np.where(np.isnan(y[:, 0]), np.nan, 1.0)
    y[:, 1] = np.nan
    model = MultiTaskLinearMixedEstimator(on_empty_task="warn")
    with pytest.warns((SingleClassWarning, MissingLabelWarning)) as caught:
        predicted = model.fit(X, y).predict(X)
    assert len(caught) == 2  # once for each task
    assert (predicted[:, 0] == 1).all()
    assert np.isnan(predicted[:, 1]).all()
    with pytest.raises(TaskError, match="task1"), pytest.warns(SingleClassWarning):
        MultiTaskLinearMixedEstimator().fit(X, y)


def test_sparse_inputs_and_parameters_of_the_models(data):
    X, y = data
    model = MultiTaskLinearMixedEstimator(
        classifier=MultiTaskLinearClassifier(penalty="l21", alpha=0.05),
        regressor=MultiTaskLinearRegressor(penalty="l21"),
    ).set_params(regressor__alpha=0.1)
    dense = model.fit(X, y).predict(X)
    np.testing.assert_allclose(
        model.fit(sparse.csr_array(X), y).predict(sparse.csr_array(X)), dense, atol=1e-3
    )
    assert model.regressor_.alpha_ == 0.1
