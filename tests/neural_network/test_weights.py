"""Weights of rows, cells, classes and tasks."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.exceptions import TaskError
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    untrained,
    with_gaps,
)


def assert_same_net(a, b, rtol=1e-6):
    """Compare to what rounding in another order of rows allows."""
    a, b = parameters(a), parameters(b)
    for name, value in a.items():
        np.testing.assert_allclose(b[name], value, rtol=rtol, atol=1e-7, err_msg=name)


def weighted_table(cls, n_samples=500):
    X, y = table(n_samples)
    y = targets_of(cls, with_gaps(y))
    X[::7, 1] = np.nan
    X[::300, 2] = np.nan  # too few for a flag of their own
    return X, y, np.random.default_rng(3).integers(0, 4, size=n_samples)


@pytest.mark.parametrize("embedding", [None, "auto"])
@pytest.mark.parametrize("cls", ALL)
def test_whole_number_weights_repeat_rows(cls, embedding):
    X, y, weight = weighted_table(cls)
    model = tiny(cls, numeric_embedding=embedding, max_epochs=10, **EXACT)
    rows = np.repeat(np.arange(500), weight)
    repeated = parameters(model.fit(X[rows], y[rows]))
    there = model.predict(X)
    model.fit(X, y, sample_weight=weight)
    for name, value in parameters(model).items():
        np.testing.assert_allclose(value, repeated[name], rtol=1e-5, atol=1e-7)
    if cls is not MultiTaskMixedEstimator:
        np.testing.assert_allclose(model.predict(X), there, rtol=1e-5)


@pytest.mark.parametrize("cls", ALL)
def test_a_weight_of_zero_drops_the_row(cls):
    X, y, weight = weighted_table(cls)
    X[weight == 0, 0] = np.nan  # which only they lack
    X[weight == 0, 3] += 1e6
    model = tiny(cls, max_epochs=10, numeric_embedding="auto", **EXACT)
    kept = weight > 0
    dropped = tiny(cls, max_epochs=10, numeric_embedding="auto", **EXACT)
    dropped.fit(X[kept], y[kept])
    assert_same_net(model.fit(X, y, sample_weight=kept.astype(float)), dropped)


def test_many_targets_are_weighted_in_the_edges_too():
    X, y = table(300)
    y = np.column_stack([y[:, 2] * k + X[:, k % 4] ** 2 for k in range(10)])
    weight = np.random.default_rng(3).integers(0, 4, size=300)
    rows = np.repeat(np.arange(300), weight)
    arguments = {"numeric_embedding": "auto", "max_epochs": 3, **EXACT}
    weighted = tiny(ALL[1], **arguments).fit(X, y, sample_weight=weight)
    assert_same_net(weighted, tiny(ALL[1], **arguments).fit(X[rows], y[rows]), 1e-5)


def test_sparse_columns_are_scaled_with_weights():
    X, y = table(200)
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    weight = np.random.default_rng(3).integers(0, 4, size=200)
    rows = np.repeat(np.arange(200), weight)
    model = tiny(MultiTaskClassifier, **EXACT)
    expected = tiny(MultiTaskClassifier, **EXACT)
    expected.fit(sparse.csr_array(X[rows]), y[rows, :2])
    model.fit(sparse.csr_array(X), y[:, :2], sample_weight=weight)
    assert_same_net(model, expected)


@pytest.mark.parametrize("cls", ALL)
def test_weights_of_cells_equal_to_those_of_rows_say_the_same(cls):
    X, y, weight = weighted_table(cls)
    cells = np.repeat(weight[:, None], y.shape[1], axis=1)
    model = tiny(cls).fit(X, y, sample_weight=weight)
    assert same_bits(model, tiny(cls).fit(X, y, sample_weight=cells))


@pytest.mark.parametrize("cls", ALL)
def test_a_cell_of_weight_zero_is_a_missing_label(cls):
    X, y = table()
    y = targets_of(cls, y)
    hidden = np.random.default_rng(2).random(y.shape) < 0.3
    hidden[:, -1] = False
    model = tiny(cls, **EXACT).fit(X, y, sample_weight=np.where(hidden, 0.0, 1.0))
    masked = np.where(hidden, np.nan, y)
    assert_same_net(model, tiny(cls, **EXACT).fit(X, masked))


@pytest.mark.parametrize("cls", ALL)
def test_the_size_of_all_weights_does_not_matter(cls):
    X, y, weight = weighted_table(cls)
    one = tiny(cls, **EXACT).fit(X, y, sample_weight=weight)
    assert_same_net(one, tiny(cls, **EXACT).fit(X, y, sample_weight=1000 * weight))


def test_class_weights_are_weights_of_their_cells():
    X, y = table()
    y = np.column_stack([with_gaps(y[:, 0]), y[:, 1]])
    cells = np.ones(y.shape)
    cells[y[:, 0] == 1, 0] = 0.25
    arguments = {"optimizer": "sgd", "lr": 0.1, "task_weight": None, **EXACT}
    model = tiny(MultiTaskClassifier, class_weight={"task0": {1.0: 0.25}}, **arguments)
    weighted = tiny(MultiTaskClassifier, **arguments).fit(X, y, sample_weight=cells)
    assert_same_net(model.fit(X, y), weighted)


@pytest.mark.parametrize(
    "class_weight",
    ["balanced", ["balanced", "balanced"], {"task0": "balanced", "task1": "balanced"}],
)
def test_balanced_starts_from_classes_of_equal_weight(class_weight):
    X, y = table()
    y[:, 0] = X[:, 0] > 1
    y = with_gaps(y[:, :2])
    model = tiny(MultiTaskClassifier, class_weight=class_weight, **EXACT)
    bias = untrained(model, X, y).net_.module_.heads.bias.detach()[0, 0]
    np.testing.assert_allclose(bias, np.log([1, 1 / 3, 1 / 3, 1 / 3]), atol=1e-7)
    given = [{k: 100 / np.nansum(y[:, t] == k) for k in range(t + 2)} for t in range(2)]
    expected = tiny(MultiTaskClassifier, class_weight=given, **EXACT).fit(X, y)
    assert_same_net(model.fit(X, y), expected)


def test_task_weights_are_factors_of_the_losses():
    X, y = table()
    for weight in ({"task1": 3.0}, [1.0, 3.0, 1.0], np.array([1, 3, 1])):
        model = tiny(
            MultiTaskMixedEstimator,
            task_weight=weight,
            optimizer="sgd",
            max_epochs=3,
            **EXACT,
        ).fit(X, y)
        np.testing.assert_array_equal(model.history_["task_weight"], [[1, 3, 1]] * 3)
        total = model.net_.history[:, "train_loss"]
        parts = model.history_["train_loss"] @ [1, 3, 1]
        np.testing.assert_allclose(total, parts)


def test_a_task_of_weight_zero_is_not_learnt():
    X, y = table()
    arguments = {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.0, **EXACT}
    model = tiny(MultiTaskClassifier, task_weight=[1.0, 0.0], **arguments)
    model.fit(X, y[:, :2])
    other = tiny(MultiTaskClassifier, task_weight=[1.0, 0.0], **arguments)
    other.fit(X, np.column_stack([y[:, 0], y[::-1, 1]]))
    np.testing.assert_array_equal(model.predict_proba(X)[0], other.predict_proba(X)[0])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(120), "MultiTaskClassifier: task 'task0' has no observed label: all"),
        (np.ones(3), "MultiTaskClassifier: sample_weight has shape (3,); allowed are"),
        (
            -np.ones(120),
            "MultiTaskClassifier: sample_weight must be finite and not neg",
        ),
    ],
)
def test_wrong_sample_weights_are_explained(weight, message):
    X, y = table()
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is compared below
        tiny(MultiTaskClassifier).fit(X, y[:, :2], sample_weight=weight)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("value", [{"colour": 1.0}, [1.0, 2.0, 3.0], [1.0, -1.0]])
def test_wrong_task_weights_are_explained(value):
    X, y = table()
    with pytest.raises(TaskError, match=r"MultiTaskClassifier: .*task_weight"):
        tiny(MultiTaskClassifier, task_weight=value).fit(X, y[:, :2])
