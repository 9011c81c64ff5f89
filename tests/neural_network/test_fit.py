"""What fit learns, against loops that anyone would write."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import accuracy_score, d2_log_loss_score, r2_score
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from tests.neural_network.nets import (
    ALL,
    EXACT,
    Plain,
    parameters,
    table,
    targets_of,
    tiny,
    untrained,
    with_gaps,
)


def train(net, X, loss, n_epochs, lr=0.05, *, labelled=slice(None)):
    """Run full-batch gradient descent by autograd."""
    x = torch.tensor(StandardScaler().fit(X[labelled]).transform(X))
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(n_epochs):
        optimizer.zero_grad()
        loss(net(x)).backward()
        optimizer.step()
    with torch.no_grad():
        return net(x)


def descend(cls, X, y, n_epochs=30):
    """Return an estimator trained as `train` does, and a plain net at its start."""
    settings = {"optimizer": "sgd", "lr": 0.05, "weight_decay": 0.0, **EXACT}
    model = tiny(cls, max_epochs=n_epochs, **settings)
    start = Plain.like(untrained(model, X, y))
    return model.fit(X, y), start


def test_one_binary_task_equals_the_single_task_net():
    X, y = table()
    model, net = descend(MultiTaskClassifier, X, y[:, 0])
    t = torch.tensor(y[:, 0])
    z = train(net, X, lambda z: F.binary_cross_entropy_with_logits(z[:, 0], t), 30)
    proba = torch.sigmoid(z[:, 0]).numpy()
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], proba, rtol=1e-9)


def test_one_multiclass_task_equals_the_single_task_net():
    X, y = table()
    model, net = descend(MultiTaskClassifier, X, y[:, 1])
    z = train(net, X, lambda z: F.cross_entropy(z, torch.tensor(y[:, 1]).long()), 30)
    proba = z.softmax(dim=1).numpy()
    np.testing.assert_allclose(model.predict_proba(X), proba, rtol=1e-9)


def test_one_regression_equals_the_single_task_net():
    X, y = table()
    model, net = descend(MultiTaskRegressor, X, y[:, 2])
    scaler = StandardScaler().fit(y[:, [2]])
    t = torch.tensor(scaler.transform(y[:, [2]]))
    z = train(net, X, lambda z: F.mse_loss(z, t), 30)
    expected = scaler.inverse_transform(z.numpy())[:, 0]
    expected = np.clip(expected, y[:, 2].min(), y[:, 2].max())
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-8)


def test_several_tasks_minimise_the_weighed_sum_of_their_mean_losses_over_labels():
    X, y = table()
    y = with_gaps(y)
    seen = ~np.isnan(y)
    model, net = descend(MultiTaskMixedEstimator, X, y)
    value = (y[:, 2] - np.nanmean(y[:, 2])) / np.nanstd(y[:, 2])
    t = torch.tensor(np.nan_to_num(np.c_[y[:, :2], value]))
    rows = [torch.tensor(np.flatnonzero(seen[:, j])) for j in range(3)]
    v = np.sqrt(seen.sum(axis=0)) / np.sqrt(seen.sum(axis=0)).mean()

    def objective(z):  # the layout: binary, regression, three classes
        binary = F.binary_cross_entropy_with_logits(z[rows[0], 0], t[rows[0], 0])
        squared = F.mse_loss(z[rows[2], 1], t[rows[2], 2])
        several = F.cross_entropy(z[rows[1], 2:], t[rows[1], 1].long())
        return v[0] * binary + v[1] * several + v[2] * squared

    # a sample without labels adds nothing, also not to the scale of the features
    z = train(net, X, objective, 30, labelled=seen.any(axis=1))
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba[0][:, 1], torch.sigmoid(z[:, 0]), rtol=1e-9)
    np.testing.assert_allclose(proba[1], z[:, 2:].softmax(dim=1), rtol=1e-9)
    assert float(objective(z)) < float(model.history_["train_loss"][0] @ v)


@pytest.mark.parametrize("with_missing", [False, True])
def test_permuted_tasks_have_permuted_results(with_missing):
    X, y = table()
    y = np.c_[y, y[:, 1] > 0, -y[:, 2]]
    y = with_gaps(y) if with_missing else y
    order = np.array([4, 1, 3, 0, 2])
    models = []
    for columns in (np.arange(5), order):
        model = tiny(MultiTaskMixedEstimator, warm_start=True, **EXACT)
        models.append(untrained(model, X, y[:, columns]))
    layouts = [model.net_.criterion_.layout for model in models]
    heads = [model.net_.module_.heads for model in models]
    with torch.no_grad():  # the same initial parameters up to the permutation
        for j, t in enumerate(layouts[1].order):
            source = layouts[0].order.tolist().index(order[t])
            at, found = layouts[1].columns(j), layouts[0].columns(source)
            heads[1].weight[..., at] = heads[0].weight[..., found]
            heads[1].bias[..., at] = heads[0].bias[..., found]
    predicted = []
    for model, columns in zip(models, (np.arange(5), order), strict=True):
        model.set_params(max_epochs=1, lr=0.1, optimizer="sgd").fit(X, y[:, columns])
        predicted.append(model.predict_proba(X))
    values = [np.asarray(model.predict(X), dtype=float) for model in models]
    for t, source in enumerate(order):
        if predicted[1][t] is None:
            found, expected = values[1][:, t], values[0][:, source]
        else:
            found, expected = predicted[1][t], predicted[0][source]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("cls", ALL)
def test_shifted_and_scaled_inputs_give_the_same_model(cls):
    X, y = table()
    y = targets_of(cls, y)
    model = tiny(cls, max_epochs=20, **EXACT)
    before = model.fit(X, y).transform(X)
    shifted = X * np.array([1e-3, 1.0, 1e4, 10.0]) + np.array([5.0, -2.0, 1e5, 0.0])
    after = model.fit(shifted, y).transform(shifted)
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)


def test_shifted_and_scaled_targets_give_shifted_and_scaled_predictions():
    X, y = table()
    y = y[:, 1:]
    model = tiny(MultiTaskRegressor, max_epochs=20, **EXACT)
    before = model.fit(X, y).predict(X)
    unit, offset = np.array([1e3, 1e-4]), np.array([1e5, -3.0])
    after = model.fit(X, y * unit + offset).predict(X)
    np.testing.assert_allclose(after, before * unit + offset, rtol=1e-7)


def best_score(cls, X, y):
    """Return the score of the probabilities and means that `table` draws from."""
    above = norm.cdf(X[:, :2, None] / 0.3 - np.array([0.0, -0.7, 0.7]) / 0.3)
    high = above[:, 0, 0]
    three = -np.diff(above[:, 1, 1:], prepend=1, append=0)
    accuracy, skill = accuracy_score, d2_log_loss_score
    rules = {
        "classification": [(accuracy, high > 0.5), (accuracy, three.argmax(axis=1))],
        "regression": [(r2_score, high), (r2_score, X[:, 2])],
        "mixed": [(skill, high), (skill, three), (r2_score, X[:, 2])],
    }[cls._kind]
    scores = []
    for (metric, rule), labels in zip(rules, y.T, strict=True):
        seen = ~np.isnan(labels)
        scores.append(metric(labels[seen], rule[seen]))
    return np.mean(scores)


@pytest.mark.parametrize("cls", ALL)
def test_the_tasks_are_learnt(cls):
    X, y = table(300)
    y = targets_of(cls, with_gaps(y))
    model = tiny(cls, n_members=2, max_epochs=40, lr=0.02, batch_size=32)
    assert model.fit(X, y).score(X, y) > 0.85 * best_score(cls, X, y)


def test_untrained_probabilities_are_the_class_frequencies():
    X, y = table()
    model = tiny(MultiTaskClassifier, hidden_layer_sizes=(), **EXACT)
    untrained(model, X, y[:, :2])
    with torch.no_grad():
        model.net_.module_.heads.weight.zero_()
    for t, proba in enumerate(model.predict_proba(X)):
        np.testing.assert_allclose(proba[0], np.bincount(y[:, t].astype(int)) / 120)


def test_predictions_stay_within_the_labels_unless_told_otherwise():
    X, y = table()
    far = 100 * X
    bounds = y[:, 2].min(), y[:, 2].max()
    model = tiny(MultiTaskRegressor, max_epochs=30, lr=0.05).fit(X, y[:, 2])
    predicted = model.predict(far)
    assert predicted.min() == bounds[0]
    assert predicted.max() == bounds[1]
    model = model.set_params(clip_predictions=False).fit(X, y[:, 2])
    assert model.predict(far).max() > bounds[1]


@pytest.mark.parametrize(
    ("arguments", "dtype"),
    [
        ({}, torch.float32),
        ({"batch_size": None}, torch.float64),
        ({"batch_size": None, "dtype": "float32"}, torch.float32),
        ({"dtype": "float64"}, torch.float64),
    ],
)
def test_one_batch_is_trained_in_double_precision_unless_told_otherwise(
    arguments, dtype
):
    X, y = table()
    model = tiny(MultiTaskClassifier, **arguments).fit(X, y[:, :2])
    assert {value.dtype for value in parameters(model).values()} == {dtype}


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", torch.optim.RMSprop])
def test_any_optimiser_of_torch_can_train(optimizer):
    X, y = table()
    model = tiny(MultiTaskClassifier, optimizer=optimizer, lr=0.05, max_epochs=10)
    losses = model.fit(X, y[:, :2]).history_["train_loss"]
    assert (losses[-1] < losses[0]).all()


def test_weight_decay_pulls_weights_to_zero_but_not_the_biases():
    X, y = table()
    common = {"optimizer": "sgd", "lr": 1e-3, "max_epochs": 1, **EXACT}
    free = tiny(MultiTaskClassifier, weight_decay=0.0, **common).fit(X, y[:, 0])
    held = tiny(MultiTaskClassifier, weight_decay=100.0, **common).fit(X, y[:, 0])
    start = untrained(tiny(MultiTaskClassifier, **common), X, y[:, 0])
    for name, value in parameters(free).items():
        other, first = parameters(held)[name], parameters(start)[name]
        expected = value if name.endswith("bias") else value - 0.1 * first
        torch.testing.assert_close(other, expected)
