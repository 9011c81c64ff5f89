"""Trunks and heads of a user's own train like ours."""

import pickle

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.model_selection import MultiTaskKFold
from sklearn_mtl.modules import MLP, MemberLinear, TrunkSpec
from tests.modules.own import Gain, GainTail, Halves, HalvesTrunk, Plain, Wide

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = np.tanh(X @ RNG.normal(size=(4, 3))) + 0.1 * RNG.normal(size=(60, 3))
MISSING = np.where(RNG.random((60, 3)) < 0.3, np.nan, Y)
SMALL = {"max_epochs": 4, "batch_size": 16, "lr": 0.02, "random_state": 0}
PARTS = {
    "spec": {"trunk": Wide()},
    "spec with dropout": {"trunk": Wide(dropout=0.3)},
    "plain": {"trunk": Plain()},
    "plain with dropout": {"trunk": Plain(dropout=0.3)},
    "module": {"trunk": nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.3))},
    "for each task": {"trunk": Halves()},
    "head": {"head": Gain(), "hidden_layer_sizes": (8,)},
    "both": {"head": Gain(), "trunk": Halves()},
}
every_part = pytest.mark.parametrize("part", PARTS)


@pytest.mark.parametrize("n_members", [1, 3])
@every_part
def test_it_trains_reproducibly_from_private_generators(part, n_members):
    model = MultiTaskRegressor(**SMALL, **PARTS[part], n_members=n_members)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    model.fit(X, MISSING)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    again = clone(model).fit(X, MISSING)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert len(np.unique(model.history_["train_loss"])) > 1
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


@every_part
def test_it_goes_with_other_arguments(part):
    classes = np.column_stack([np.digitize(Y[:, 0], [-0.3, 0.3]), Y[:, 1] > 0])
    mixed = np.column_stack([classes, Y[:, 2]])
    for arguments in (
        {"balancing": "upgrad"},
        {"task_schedule": "asynchronous"},
        {"shared_penalty": 1e-3, "balancing": "uncertainty"},
    ):
        model = MultiTaskMixedEstimator(**SMALL, **PARTS[part], **arguments)
        model.set_params(n_members=2).fit(X, mixed)
        assert np.isfinite(model.predict(X).astype(float)).all()
    model = MultiTaskClassifier(**SMALL, **PARTS[part], n_members=1)
    model.partial_fit(X, classes, classes=[[0, 1, 2], [0, 1]])
    assert model.partial_fit(X, classes).transform(X).shape[0] == 60


def test_a_spec_that_equals_ours_gives_the_same_net():
    ours = MultiTaskRegressor(
        **SMALL, trunk=MLP((8,), activation="tanh", scale_inputs=False)
    )
    own = MultiTaskRegressor(**SMALL, trunk=Wide())
    predictions = [model.fit(X, MISSING).predict(X) for model in (ours, own)]
    np.testing.assert_array_equal(*predictions)


def test_a_callable_may_ask_for_a_table_and_members():
    class Prepared(Plain):
        preparation = "table"
        default_n_members = 4

    model = MultiTaskRegressor(**SMALL, trunk=Prepared())
    holes = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
    assert model.fit(holes, Y).transform(holes).shape == (60, 4 * 8)
    assert np.isfinite(model.fit(sparse.csr_array(X), Y).predict(X)).all()


def test_their_parameters_are_searched():
    model = MultiTaskRegressor(**SMALL, trunk=Plain(), head=Gain())
    grid = {"trunk__width": [2, 8], "head__start": [0.5, 2.0]}
    search = GridSearchCV(model, grid, cv=MultiTaskKFold(2), error_score="raise")
    scores = search.fit(X, MISSING).cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 4


def test_parts_of_pytorch_in_a_spec_are_drawn_from_the_seed():
    class Ours(TrunkSpec):
        def build(self, n_features, n_members, n_tasks=1):
            return nn.Linear(n_features, 6)

    models = [MultiTaskRegressor(**SMALL, trunk=Ours()).fit(X, Y) for _ in range(2)]
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))


class Flat(TrunkSpec):
    def build(self, n_features, n_members, n_tasks=1):
        return FlatTrunk(n_features, n_members, n_tasks, 4)


class FlatTrunk(HalvesTrunk):
    def gather(self, parts):
        return super().gather(parts).flatten(1, 2)


class Orphan(Gain):
    def build(self, n_members, blocks):
        return OrphanTail(n_members, blocks, self.start)


class OrphanTail(GainTail):
    def owners(self):
        return super().owners()[1:]


class NoTail(Gain):
    def build(self, n_members, blocks):
        return MemberLinear(n_members, 3, 3)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"trunk": Flat()}, r"FlatTrunk.gather: expected shape \(1, 3, 2, 8\); found"),
        ({"head": Orphan()}, r"Orphan.owners: expected every .*none for \['gain'\]"),
        ({"head": NoTail()}, "NoTail.build: expected a HeadTail, or None"),
    ],
)
def test_what_does_not_fit_is_named(part, message):
    model = MultiTaskRegressor(**SMALL, n_members=1, **part)
    with pytest.raises(ValueError, match=f"MultiTaskRegressor: {message}"):
        model.fit(X, Y)
