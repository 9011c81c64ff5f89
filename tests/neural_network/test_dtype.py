import copy
import pickle

import numpy as np
import pytest
import torch

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import (
    MLP,
    Conv,
    CrossStitch,
    MixtureOfExperts,
    ProgressiveExtraction,
    SharedPrivate,
)
from tests.modules.pictures import pictures
from tests.modules.trunk_cases import table

TRUNKS = [
    MLP((16,), normalization="batch", dropout=0.1),
    MLP((8, 8), normalization="layer", residual=True),
    MixtureOfExperts(hidden_layer_sizes=(8,)),
    ProgressiveExtraction(hidden_layer_sizes=(8,)),
    CrossStitch((8,)),
    SharedPrivate((8,)),
]


@pytest.mark.parametrize("trunk", TRUNKS, ids=lambda trunk: type(trunk).__name__)
@pytest.mark.parametrize("n_members", [1, 2])
def test_every_trunk_trains_in_bfloat16(trunk, n_members):
    X, y = table()
    model = MultiTaskClassifier(
        trunk=trunk,
        n_members=n_members,
        dtype="bfloat16",
        max_epochs=3,
        early_stopping=False,
        random_state=0,
    ).fit(X, y[:, :2])
    assert np.isfinite(model.history_["train_loss"]).all()
    assert {p.dtype for p in model.net_.module_.parameters()} == {torch.float32}
    assert model.transform(X).dtype == np.float32


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_pictures_are_learnt_as_well_as_in_float32(normalization):
    X, y = pictures(240)
    spec = Conv((1, 8, 8), channels=(8,), normalization=normalization)
    scores = {}
    for dtype in ("float32", "bfloat16"):
        model = MultiTaskClassifier(
            trunk=spec,
            dtype=dtype,
            max_epochs=25,
            lr=0.01,
            early_stopping=False,
            random_state=0,
        ).fit(X[:160], y[:160])
        scores[dtype] = model.score(X[160:], y[160:])
    assert scores["bfloat16"] > 0.95
    assert abs(scores["bfloat16"] - scores["float32"]) < 0.03


def test_the_trunk_computes_in_bfloat16_and_the_heads_do_not():
    X, y = pictures()
    model = MultiTaskClassifier(
        trunk=Conv((1, 8, 8), channels=(8,)), dtype="bfloat16", max_epochs=1
    ).fit(X, y)
    seen = {}
    module = model.net_.module_
    for name, part in (("trunk", module.trunk), ("heads", module.heads)):
        part.register_forward_hook(
            lambda _, x, out, name=name: seen.update({name: out.dtype})
        )
    model.predict(X)
    assert seen == {"trunk": torch.bfloat16, "heads": torch.float32}


def test_a_net_in_bfloat16_is_pickled_and_goes_on():
    X, y = pictures()
    model = MultiTaskClassifier(
        trunk=Conv((1, 8, 8), channels=(8,)),
        dtype="bfloat16",
        max_epochs=2,
        warm_start=True,
        random_state=0,
    ).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    first = model.history_["train_loss"][0].sum()
    assert model.fit(X, y).history_["train_loss"][-1].sum() < first


HALF = [
    {"balancing": "upgrad"},
    {"balancing": "upgrad", "gramian": "shared"},
    {"trunk": SharedPrivate((8,))},
    {"task_schedule": "asynchronous"},
    {"shared_penalty": 1e-3},
]


@pytest.mark.parametrize("options", HALF, ids=lambda options: " ".join(options))
def test_scaled_float16_gradients_are_those_of_float32(options):
    X, y = table()
    settings = {"hidden_layer_sizes": (16,), "dropout": 0.0, "n_members": 2}
    settings |= {"optimizer": "sgd", "lr": 1e-3, "random_state": 0, "max_epochs": 2}
    weights = []
    for dtype in ("float32", "float16"):
        model = MultiTaskClassifier(**{**settings, **options}, dtype=dtype)
        model.fit(X, y[:, :2])
        weights.append(model.net_.module_.state_dict().values())
    for one, other in zip(*weights, strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-3)


def test_the_scaled_gramian_is_that_of_float32():
    X, y = table()
    found = {}
    for dtype in ("float32", "float16"):
        model = MultiTaskClassifier(
            dtype=dtype, monitor="gradients", max_epochs=1, random_state=0, dropout=0.0
        ).fit(X, y[:, :2])
        found[dtype] = model.history_["gradient_norm"]
    np.testing.assert_allclose(found["float16"], found["float32"], rtol=0.02)


def test_a_step_whose_float16_gradients_overflow_is_skipped():
    X, y = table()
    options = {"max_epochs": 1, "batch_size": None, "early_stopping": False}
    model = MultiTaskClassifier(dtype="float16", warm_start=True, **options)
    net = model.fit(X, y[:, :2]).net_
    net.scaler_state_ = {**net.scaler_state_, "scale": 2.0**100}
    before = copy.deepcopy(net.module_.state_dict())
    model.fit(X, y[:, :2])
    for name, value in net.module_.state_dict().items():
        assert torch.equal(value, before[name])
    assert net.scaler_state_["scale"] == 2.0**99


def test_small_float16_gradients_do_not_underflow():
    X, y = table()
    found = {}
    for dtype in ("float32", "float16"):
        model = MultiTaskClassifier(
            dtype=dtype, max_epochs=1, random_state=0, task_weight=np.full(2, 1e-6)
        ).fit(X, y[:, :2])
        found[dtype] = model.net_.module_.trunk.state_dict()
    for one, other in zip(*(v.values() for v in found.values()), strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=0.05)
