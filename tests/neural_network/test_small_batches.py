"""Batches of one sample, for every normalisation of a trunk."""

import numpy as np
import pytest

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.modules import MLP, Columns, Conv
from tests.neural_network.nets import parameters, table, tiny

BATCH_NORMS = {
    "MLP": MLP((8,), normalization="batch"),
    "inside another trunk": Columns(
        [("all", MLP((8,), normalization="batch"), [0, 1, 2, 3])]
    ),
    "Conv to one pixel": Conv(
        (1, 2, 2), (3,), 2, pool=1, padding="valid", hidden=8, normalization="batch"
    ),
}
MESSAGE = "MultiTaskRegressor: got a batch of one sample, but batch normalisation"


def net(trunk, **options):
    options = {"hidden_layer_sizes": "auto", "early_stopping": False, **options}
    return tiny(MultiTaskRegressor, trunk=trunk, **options)


def data(n_samples):
    X, y = table(n_samples)
    return X, y[:, 2]


@pytest.mark.parametrize("trunk", BATCH_NORMS.values(), ids=BATCH_NORMS)
@pytest.mark.parametrize(("n_samples", "batch_size"), [(20, 1), (21, 2), (1, None)])
def test_batch_norm_refuses_a_batch_of_one_sample(trunk, n_samples, batch_size):
    with pytest.raises(ValueError, match=MESSAGE):
        net(trunk, batch_size=batch_size).fit(*data(n_samples))


@pytest.mark.parametrize("trunk", BATCH_NORMS.values(), ids=BATCH_NORMS)
def test_batch_norm_learns_from_batches_of_two_samples(trunk):
    X, y = data(20)
    model = net(trunk, batch_size=2, max_epochs=60, lr=0.01).fit(X, y)
    assert model.score(X, y) > 0.5


@pytest.mark.parametrize("trunk", BATCH_NORMS.values(), ids=BATCH_NORMS)
def test_a_stream_of_single_samples_needs_stored_samples(trunk):
    X, y = data(20)
    with pytest.raises(ValueError, match=MESSAGE):
        net(trunk).partial_fit(X[:1], y[:1])
    model = net(trunk).partial_fit(X[:2], y[:2])
    before = parameters(model)
    model.partial_fit(X[2:3], y[2:3])  # trained together with a stored sample
    assert any(
        not np.array_equal(value, before[name])
        for name, value in parameters(model).items()
    )


@pytest.mark.parametrize(
    "trunk",
    [
        MLP((8,)),
        MLP((8,), normalization="layer"),
        Conv((1, 2, 2), channels=(3,), pool=1, hidden=8, normalization="batch"),
    ],
    ids=["none", "layer", "batch over pixels"],
)
def test_other_trunks_learn_from_batches_of_one_sample(trunk):
    X, y = data(20)
    model = net(trunk, batch_size=1, max_epochs=60, lr=0.003).fit(X, y)
    assert model.score(X, y) > 0.5


def test_a_single_label_in_a_batch_moves_the_layers_before_the_norm():
    X, y = data(12)
    y[1:] = np.nan
    model = net(BATCH_NORMS["MLP"], batch_size=None, max_epochs=1, lr=0.1)
    moved = parameters(model.fit(X, y))
    start = parameters(net(BATCH_NORMS["MLP"], max_epochs=1, lr=1e-300).fit(X, y))
    assert not np.allclose(moved["trunk.0.weight"], start["trunk.0.weight"], atol=1e-3)


def test_layer_norm_refuses_a_layer_of_one_unit():
    X, y = data(20)
    trunk = MLP((8, 1), normalization="layer")
    with pytest.raises(ValueError, match=r"MLP: normalization='layer' .*=\(8, 1\)"):
        tiny(MultiTaskClassifier, trunk=trunk).fit(X, y > 0)
