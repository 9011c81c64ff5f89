"""The shared representation, and one task's view of it."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.metrics import RocCurveDisplay, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.exceptions import SingleClassWarning, TaskError
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold
from sklearn_mtl.modules import MLP
from tests.neural_network.nets import (
    ALL,
    EXACT,
    Plain,
    table,
    targets_of,
    tiny,
    with_gaps,
)

X, Y = table()


@pytest.mark.parametrize("cls", ALL)
def test_members_stand_side_by_side(cls):
    model = tiny(cls, n_members=3).fit(X, targets_of(cls, Y))
    Z = model.transform(X)
    assert Z.shape == (120, 24)
    assert Z.dtype == np.float32
    names = [f"{cls.__name__.lower()}{i}" for i in range(24)]
    assert model.get_feature_names_out().tolist() == names


def test_it_is_the_last_hidden_layer():
    model = tiny(MultiTaskClassifier, **EXACT).fit(X, Y[:, 0])
    x = torch.tensor(StandardScaler().fit_transform(X))
    with torch.no_grad():
        expected = torch.nn.functional.gelu(Plain.like(model).hidden(x))
    np.testing.assert_allclose(model.transform(X), expected, rtol=1e-5, atol=1e-6)


def test_frames_come_out_where_they_are_asked_for():
    model = tiny(MultiTaskClassifier).set_output(transform="pandas")
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(120)[::-1])
    Z = model.fit(frame, Y[:, 0]).transform(frame)
    assert Z.columns.tolist() == model.get_feature_names_out().tolist()
    assert Z.index.tolist() == frame.index.tolist()
    model.set_output(transform="polars")
    assert type(model.transform(frame)).__module__.startswith("polars")


def test_fit_transform_is_fit_and_transform():
    Z = tiny(MultiTaskClassifier).fit_transform(X, Y[:, 0])
    np.testing.assert_array_equal(
        Z, tiny(MultiTaskClassifier).fit(X, Y[:, 0]).transform(X)
    )


@pytest.mark.parametrize(("t", "rank"), [(0, 1), (1, 3), (2, 1)])
@pytest.mark.parametrize("n_members", [1, 2])
def test_the_projection_holds_all_that_the_head_sees(t, rank, n_members):
    arguments = {"n_members": n_members, "dtype": "float64"}
    model = tiny(MultiTaskMixedEstimator, **arguments).fit(X, Y)
    projected = model.transform_task(X, t)
    assert projected.shape == (120, rank * n_members)
    Z = model.transform(X)
    module, layout = model.net_.module_, model.net_.criterion_.layout
    at = layout.columns(layout.order.tolist().index(t))
    heads = module.heads.weight.detach()[..., at].numpy()
    for m in range(n_members):
        z = Z[:, 8 * m : 8 * (m + 1)]
        p = projected[:, rank * m : rank * (m + 1)]
        # the logits are a linear map of the projection, whose columns are orthonormal
        logits = z @ heads[m]
        fitted = p @ np.linalg.lstsq(p, logits, rcond=None)[0]
        np.testing.assert_allclose(fitted, logits, atol=1e-4)
        basis = np.linalg.lstsq(z, p, rcond=None)[0]
        np.testing.assert_allclose(basis.T @ basis, np.eye(rank), atol=1e-3)


def test_a_head_wider_than_the_representation_projects_on_all_of_it():
    five = np.digitize(X[:, 3], [-1, -0.3, 0.3, 1])
    model = tiny(MultiTaskClassifier, hidden_layer_sizes=(3,)).fit(X, five)
    assert model.transform_task(X, 0).shape == (120, 3)


def test_the_input_of_a_head_is_the_shared_representation():
    model = tiny(MultiTaskMixedEstimator).fit(X, Y)
    np.testing.assert_array_equal(
        model.transform_task(X, "task1", kind="input"), model.transform(X)
    )


def test_probabilities_and_values_are_a_view_too():
    model = tiny(MultiTaskMixedEstimator).fit(X, Y)
    for t in range(2):
        proba = model.transform_task(X, t, kind="probability")
        np.testing.assert_allclose(proba, model.predict_proba(X)[t], rtol=1e-6)
        assert proba.dtype == np.float32
    value = model.transform_task(X, 2, kind="probability")
    assert value.shape == (120, 1)
    np.testing.assert_allclose(value[:, 0], model.predict(X)[:, 2].astype(float), 1e-6)


def test_a_task_without_a_head_has_no_projection():
    with pytest.warns(SingleClassWarning):
        model = tiny(MultiTaskClassifier).fit(X, np.c_[Y[:, 0], np.ones(120)])
    message = "MultiTaskClassifier: task 'task1' is constant and has no head to project"
    with pytest.raises(TaskError, match=message):
        model.transform_task(X, "task1")
    assert model.transform_task(X, "task1", kind="probability").shape == (120, 1)


def test_an_unknown_view_is_told_the_known_ones():
    model = tiny(MultiTaskClassifier).fit(X, Y[:, 0])
    message = (
        "MultiTaskClassifier: transform_task got kind='logit'; allowed are "
        "'projection', 'input' and 'probability'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.transform_task(X, 0, kind="logit")
    with pytest.raises(TaskError, match="MultiTaskClassifier: unknown task 'x'"):
        model.transform_task(X, "x")


@pytest.mark.parametrize("method", ["transform", "get_feature_names_out"])
def test_an_unfitted_net_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(tiny(MultiTaskClassifier), method)(*[X] * (method == "transform"))
    with pytest.raises(NotFittedError):
        tiny(MultiTaskClassifier).transform_task(X, 0)


def test_the_curve_of_a_view_is_that_of_its_probabilities():
    model = tiny(MultiTaskClassifier, max_epochs=20).fit(X, Y[:, :2])
    display = RocCurveDisplay.from_estimator(model.task("task0"), X, Y[:, 0])
    expected = roc_auc_score(Y[:, 0], model.predict_proba(X)[0][:, 1])
    assert display.roc_auc == pytest.approx(expected)


def test_sizes_of_the_trunk_are_searched_in_a_pipeline():
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["ward"] = np.where(X[:, 0] + X[:, 3] > 0, "north", "south")
    columns = ColumnTransformer(
        [("text", OneHotEncoder(), ["ward"])], remainder=StandardScaler()
    )
    net = tiny(MultiTaskClassifier, trunk=MLP())
    search = GridSearchCV(
        make_pipeline(columns, net),
        {
            "multitaskclassifier__trunk__hidden_layer_sizes": [(2,), (8, 4)],
            "multitaskclassifier__trunk__dropout": [0.0, 0.2],
        },
        cv=MultiTaskStratifiedKFold(2),
        error_score="raise",
    )
    y = with_gaps(Y[:, :2])
    search.fit(frame, y)
    width = search.best_params_["multitaskclassifier__trunk__hidden_layer_sizes"][-1]
    fitted = search.best_estimator_
    assert fitted.transform(frame).shape == (120, width)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
