"""partial_fit after a fit: one step of second order, of the last layer alone."""

import numpy as np
import pytest
import torch

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.modules import MixtureOfExperts
from sklearn_mtl.neural_network.training._head_update import _RIDGE
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    with_gaps,
)

X, Y = table(90)
OLD, NEW = slice(0, 60), slice(60, 90)


def with_one(model, inputs):
    return np.column_stack([model.transform(inputs), np.ones(len(inputs))])


def heads(model):
    """Return weights and biases (n_hidden + 1, n_outputs) of the first member."""
    layer = model.net_.module_.heads
    return torch.cat([layer.weight, layer.bias], dim=1)[0].detach().double().numpy()


@pytest.mark.parametrize("cls", [MultiTaskClassifier, MultiTaskRegressor])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_step_is_that_of_the_formula(cls, is_weighted):
    y = with_gaps(targets_of(cls, Y)[:, 0])
    weights = np.random.default_rng(2).random(90) + 0.5 if is_weighted else np.ones(90)
    model = tiny(cls, **EXACT).fit(X[OLD], y[OLD], sample_weight=weights[OLD])
    before, z = heads(model), with_one(model, X)
    if cls is MultiTaskRegressor:
        encoder = model._state.encoder
        mean, scale, curvature = encoder.mean_[0, 0], encoder.scale_[0, 0], 2.0
        slopes = 2.0 * (z @ before - ((y - mean) / scale)[:, None])
    else:
        curvature, slopes = 0.25, 1 / (1 + np.exp(-z @ before)) - y[:, None]
    model.partial_fit(X[NEW], y[NEW], sample_weight=weights[NEW])

    seen = ~np.isnan(y)
    new = np.flatnonzero(seen & (np.arange(90) >= 60))
    n_rows = 60 + len(new)
    moment = (z[OLD].T @ z[OLD] + z[new].T @ z[new]) / n_rows
    ridge = _RIDGE / n_rows * np.trace(moment) / len(moment) * np.eye(len(moment))
    gradient = z[new].T @ (weights[new, None] * slopes[new])
    step = np.linalg.solve(moment + ridge, gradient) / curvature / weights[seen].sum()
    np.testing.assert_allclose(heads(model), before - step, rtol=1e-4, atol=1e-6)


def moved(model, inputs, y):
    """Return which parameters a call of partial_fit changes."""
    before = parameters(model)
    after = parameters(model.partial_fit(inputs, y))
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("linear", {"heads.weight", "heads.bias"}),
        ("feedback", {"heads.weight", "heads.bias"}),
        ("mlp", {"tail.layers.0.weight", "tail.layers.0.bias"}),
    ],
)
@pytest.mark.parametrize("trunk", [None, MixtureOfExperts(2, (8,))])
def test_it_moves_the_last_layer_and_nothing_else(cls, head, names, trunk):
    y = targets_of(cls, with_gaps(Y))
    model = tiny(cls, head=head, trunk=trunk, n_members=2).fit(X[OLD], y[OLD])
    shared = model.transform(X)
    assert moved(model, X[NEW], y[NEW]) == names
    np.testing.assert_array_equal(model.transform(X), shared)
    assert moved(model, X[NEW], np.full_like(y[NEW], np.nan)) == set()


@pytest.mark.parametrize("trunk", [None, MixtureOfExperts(2, (8,))])
@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_new_labels_lower_their_own_loss(trunk, head):
    options = {"trunk": trunk, "head": head, "n_members": 2}
    model = tiny(MultiTaskMixedEstimator, **options).fit(X[OLD], Y[OLD])
    before = model.score(X[NEW], Y[NEW])
    for _ in range(3):
        model.partial_fit(X[NEW], Y[NEW])
    assert model.score(X[NEW], Y[NEW]) > before + 0.02


def test_tasks_that_have_no_weight_stay_as_they_are():
    y = Y[:, [0, 0]]
    model = tiny(MultiTaskClassifier, task_weight=[1, 0]).fit(X[OLD], y[OLD])
    before = heads(model)
    change = heads(model.partial_fit(X[NEW], y[NEW])) != before
    assert change.any(axis=0).tolist() == [True, False]


def test_one_call_or_several_learn_alike():
    y = Y[:, :2]
    one, several = (tiny(MultiTaskClassifier).fit(X[OLD], y[OLD]) for _ in range(2))
    start = np.column_stack(one.predict_proba(X))
    one.partial_fit(X[NEW], y[NEW])
    for i in range(60, 90, 5):
        several.partial_fit(X[i : i + 5], y[i : i + 5])
    a, b = (np.column_stack(m.predict_proba(X)) for m in (one, several))
    assert np.abs(a - b).max() < 0.2 * np.abs(a - start).max()


def test_the_loss_of_a_call_is_recorded_and_has_no_rate():
    model = tiny(MultiTaskClassifier).fit(X[OLD], Y[OLD, 0])
    proba = model.predict_proba(X[NEW])
    loss = -np.log(proba[np.arange(30), Y[NEW, 0].astype(int)]).mean()
    history = model.partial_fit(X[NEW], Y[NEW, 0]).history_
    assert history["train_loss"][-1, 0] == pytest.approx(loss, rel=1e-6)
    assert np.isnan(history["lr"][-1])
    assert np.isfinite(history["lr"][:-1]).all()


def test_after_partial_fit_alone_everything_learns():
    model = tiny(MultiTaskClassifier).partial_fit(X[OLD], Y[OLD, 0], classes=[0, 1])
    assert len(moved(model, X[NEW], Y[NEW, 0])) == 4


def test_another_fit_learns_everything_again():
    model = tiny(MultiTaskClassifier, warm_start=True, **EXACT).fit(X[OLD], Y[OLD, 0])
    model.partial_fit(X[NEW], Y[NEW, 0])
    before = parameters(model)
    after = parameters(model.fit(X, Y[:, 0]))
    assert not any(torch.equal(before[name], after[name]) for name in before)
    assert not same_bits(model, tiny(MultiTaskClassifier, **EXACT).fit(X, Y[:, 0]))
