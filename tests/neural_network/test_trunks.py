"""What all tasks share: the default, a spec, a module, a callable."""

import copy
import re

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from torch import nn

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.modules import MLP, MemberLinear, TrunkSpec
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
)

X, Y = table()


def small(n_features):
    return nn.Sequential(nn.Linear(n_features, 6), nn.ReLU())


@pytest.mark.parametrize("cls", ALL)
def test_the_default_is_the_spec_of_the_same_arguments(cls):
    y = targets_of(cls, Y)
    plain = tiny(cls, hidden_layer_sizes=(5, 3), activation="tanh", dropout=0.1)
    spec = MLP(hidden_layer_sizes=(5, 3), activation="tanh", dropout=0.1)
    assert same_bits(plain.fit(X, y), tiny(cls, trunk=spec).fit(X, y))


def test_parameters_of_a_spec_are_searchable():
    model = tiny(MultiTaskClassifier, trunk=MLP())
    model = clone(model).set_params(trunk__hidden_layer_sizes=(3,), trunk__dropout=0.2)
    assert model.get_params()["trunk__dropout"] == 0.2
    assert model.fit(X, Y[:, 0]).transform(X).shape == (120, 3)


class Residual(TrunkSpec):
    """A spec that anyone might write."""

    def __init__(self, width=4):
        self.width = width

    def build(self, n_features, n_members, n_tasks):
        return nn.Sequential(MemberLinear(n_members, n_features, self.width), nn.ReLU())


@pytest.mark.parametrize("n_members", [1, 3])
def test_a_spec_of_your_own_is_prepared_and_drawn_like_ours(n_members):
    model = tiny(MultiTaskClassifier, trunk=Residual(), n_members=n_members)
    same = tiny(
        MultiTaskClassifier,
        trunk=MLP((4,), activation="relu", scale_inputs=False),
        n_members=n_members,
    )
    assert same_bits(model.fit(X, Y[:, :2]), same.fit(X, Y[:, :2]))


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("cls", ALL)
def test_a_callable_gives_the_trunk_of_each_member(cls, n_members):
    y = targets_of(cls, Y)
    model = tiny(cls, trunk=small, n_members=n_members, max_epochs=30, lr=0.02)
    assert model.fit(X, y).score(X, y) > 0.5
    assert model.transform(X).shape == (120, 6 * n_members)


def test_an_own_trunk_sees_the_values_as_they_are():
    seen = []

    class Watch(nn.Linear):
        def forward(self, x):
            seen.append(x)
            return super().forward(x)

    model = tiny(MultiTaskClassifier, trunk=lambda n: Watch(n, 3), **EXACT)
    model.fit(7 + 3 * X, Y[:, 0])
    np.testing.assert_array_equal(seen[-1], 7 + 3 * X)


def test_pictures_are_scaled_to_the_unit_range_and_keep_their_shape():
    pictures = np.random.default_rng(0).integers(0, 256, (120, 1, 5, 5), dtype=np.uint8)
    seen = []

    class Watch(nn.Flatten):
        def forward(self, x):
            seen.append(x)
            return super().forward(x)

    model = tiny(MultiTaskClassifier, trunk=Watch(), **EXACT).fit(pictures, Y[:, 0])
    assert seen[-1].shape == (120, 1, 5, 5)
    np.testing.assert_allclose(seen[-1], pictures / 255, rtol=1e-6)
    assert model.predict(pictures).shape == (120,)
    with pytest.raises(ValueError, match="features"):
        model.predict(pictures.reshape(120, -1)[:, :20])


def test_a_sparse_x_is_made_dense_for_an_own_trunk():
    Z = np.where(np.abs(X) > 0.5, X, 0.0)
    dense = tiny(MultiTaskClassifier, trunk=small).fit(Z, Y[:, 0])
    thin = tiny(MultiTaskClassifier, trunk=small).fit(sparse.csr_array(Z), Y[:, 0])
    assert same_bits(dense, thin)


def test_the_users_module_is_not_changed():
    module = small(4)
    before = copy.deepcopy(module.state_dict())
    model = tiny(MultiTaskClassifier, trunk=module, n_members=2).fit(X, Y[:, 0])
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    assert module.training
    own = parameters(model)["trunk.members.0.0.weight"]
    assert not torch.equal(own, before["0.weight"])
    copied = clone(model)
    assert not hasattr(copied, "net_")
    assert same_bits(copied.fit(X, Y[:, 0]), model)


def test_members_of_a_module_start_alike_and_differ_by_their_heads():
    model = tiny(MultiTaskClassifier, trunk=small(4), n_members=2, **EXACT)
    values = parameters(model.set_params(lr=1e-300, optimizer="sgd").fit(X, Y[:, 0]))
    first, second = (values[f"trunk.members.{m}.0.weight"] for m in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(values["heads.weight"][0], values["heads.weight"][1])


def test_dropout_in_an_own_module_is_on_in_training_only():
    def trunk(n_features):
        return nn.Sequential(nn.Linear(n_features, 6), nn.Dropout(0.5))

    model = tiny(MultiTaskClassifier, trunk=trunk).fit(X, Y[:, 0])
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))


class Two(nn.Module):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize(
    ("trunk", "message"),
    [
        (
            nn.Flatten(0),
            "the trunk returned shape (8,) for 2 samples of shape (4,); it must return "
            "(n_samples, n_hidden).",
        ),
        (
            nn.Unflatten(1, (2, 2)),
            "the trunk returned shape (2, 2, 2) for 2 samples of shape (4,); it must "
            "return (n_samples, n_hidden).",
        ),
        (
            nn.Linear(5, 3),
            "the trunk failed on 2 samples of shape (4,): mat1 and mat2 shapes cannot "
            "be multiplied (2x4 and 5x3). It must return a tensor of shape (n_samples, "
            "n_hidden).",
        ),
        (Two(), "the trunk failed on 2 samples of shape (4,): "),
    ],
)
def test_a_trunk_of_the_wrong_shape_is_explained(trunk, message, n_members):
    model = tiny(MultiTaskClassifier, trunk=trunk, n_members=n_members)
    with pytest.raises(ValueError, match=f"^MultiTaskClassifier: {re.escape(message)}"):
        model.fit(X, Y[:, 0])


def test_a_callable_that_returns_no_module_is_explained():
    message = (
        "MultiTaskClassifier: trunk must be None, a trunk spec such as MLP(), an nn"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        tiny(MultiTaskClassifier, trunk=lambda n_features: 3).fit(X, Y[:, 0])


@pytest.mark.parametrize("trunk", [3, "mlp", [nn.Linear(4, 3)]])
def test_what_is_no_trunk_is_refused(trunk):
    with pytest.raises(
        ValueError, match="'trunk' parameter of MultiTaskClassifier must"
    ):
        tiny(MultiTaskClassifier, trunk=trunk).fit(X, Y[:, 0])


def test_a_trunk_without_missing_values_says_so():
    gaps = np.where(X > 2, np.nan, X)
    model = tiny(MultiTaskClassifier, trunk=small)
    assert not model.__sklearn_tags__().input_tags.allow_nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.fit(gaps, Y[:, 0])
    assert tiny(MultiTaskClassifier).__sklearn_tags__().input_tags.allow_nan


class Sign(torch.optim.SGD):
    """An optimiser of a user that does not divide by the size of gradients."""


@pytest.mark.parametrize(
    ("optimizer", "lr", "factor"),
    [
        ("adamw", 3e-3, 20.0),
        ("adam", 0.01, 6.0),
        ("adamw", 0.1, 1.0),
        ("sgd", 3e-3, 1.0),
        (torch.optim.ASGD, 3e-3, 1.0),
        (torch.optim.RMSprop, 3e-3, 20.0),
        (Sign, 3e-3, 1.0),
    ],
)
def test_factors_of_inputs_have_a_higher_but_limited_rate(optimizer, lr, factor):
    model = tiny(MultiTaskClassifier, trunk=MLP((4,)), optimizer=optimizer, lr=lr)
    model.set_params(max_epochs=1, lr_schedule="constant").fit(X, Y[:, 0])
    net = model.net_
    change = net.module_.trunk[0].change
    rates = {id(p): g["lr"] for g in net.optimizer_.param_groups for p in g["params"]}
    assert rates[id(change)] == pytest.approx(factor * lr)
    assert not torch.equal(change, torch.zeros_like(change))


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_a_high_rate_does_not_let_the_factors_diverge(optimizer):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 5))
    target = inputs @ rng.normal(size=(5, 1))
    model = MultiTaskRegressor(
        trunk=MLP(dropout=0.15), n_members=2, optimizer=optimizer, lr=0.05
    )
    model.set_params(max_epochs=60, random_state=0).fit(inputs, target[:, 0])
    assert model.score(inputs, target[:, 0]) > 0.9
