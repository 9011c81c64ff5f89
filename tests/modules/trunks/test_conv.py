import pickle
import re
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from torch import nn

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import MultiTaskKFold, per_task_scorers
from sklearn_mtl.modules import MLP, Augmentation, Columns, Conv
from tests.modules.pictures import pictures
from tests.modules.trunk_cases import built, fitted

SMALL = Conv((1, 8, 8), channels=(8,), hidden=16)


def reference(trunk, member, spec):
    """Return layers of torch's own, channels first, with a member's parameters."""
    parts = []
    for layer in trunk.layers:
        n_out, n_in = layer.weight.shape[1:3]
        conv = nn.Conv2d(n_in, n_out, spec.kernel_size, padding=spec.padding)
        conv.weight.data, conv.bias.data = layer.weight[member], layer.bias[member]
        parts.append(conv)
        if layer.norm is not None:
            norm = nn.BatchNorm2d(n_out)
            norm.weight.data = layer.norm.weight[member, 0].detach()
            norm.bias.data = layer.norm.bias[member, 0].detach()
            parts.append(norm.double())
        parts += [
            {"relu": nn.ReLU(), "gelu": nn.GELU(), "tanh": nn.Tanh()}[spec.activation],
            nn.MaxPool2d(spec.pool),
        ]
    return nn.Sequential(*parts)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"padding": "valid", "activation": "tanh"},
        {"activation": "gelu", "kernel_size": 5},
        {"kernel_size": 4, "channels": (4, 6)},
        {"kernel_size": 2, "image_shape": (3, 9, 7)},
        {"channels": (4, 6), "normalization": "batch"},
        {"pool": 1},
        {"image_shape": (3, 8, 6), "pool": 3},
    ],
)
@pytest.mark.parametrize("n_members", [1, 2])
def test_it_is_convolution_activation_and_pooling(changed, n_members):
    spec = clone(SMALL).set_params(hidden=None, **changed)
    shape = spec.image_shape
    trunk = built(spec, int(np.prod(shape)), n_members).train()
    x = torch.rand(n_members, 5, *shape, dtype=torch.float64)
    ours = trunk(x.flatten(2))
    with torch.no_grad():
        assert torch.equal(trunk(x), ours)
    for member in range(n_members):
        with warnings.catch_warnings():  # of torch's way to pad for even kernels
            warnings.simplefilter("ignore")
            maps = reference(trunk, member, spec)(x[member])
        expected = maps.permute(0, 2, 3, 1).flatten(1)
        torch.testing.assert_close(ours[member], expected)


@pytest.mark.parametrize(
    "changed", [{}, {"kernel_size": 4}, {"image_shape": (2, 9, 11), "channels": (20,)}]
)
def test_it_is_nearly_the_same_in_bfloat16(changed):
    spec = clone(SMALL).set_params(hidden=None, **changed)
    trunk = built(spec, int(np.prod(spec.image_shape)), n_members=2).float()
    draws = torch.Generator().manual_seed(0)
    x = torch.rand(2, 50, int(np.prod(spec.image_shape)), generator=draws)
    maps = trunk(x)
    weight = torch.arange(maps.numel()).remainder(7).sub(3).view_as(maps)
    found = []
    for is_on in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=is_on):
            maps = trunk(x)
        assert maps.dtype is (torch.bfloat16 if is_on else torch.float32)
        (maps.float() * weight).sum().backward()
        found.append([maps.float(), *(p.grad for p in trunk.parameters())])
        trunk.zero_grad()
    (plain, *slopes), (ours, *rounded) = found
    torch.testing.assert_close(ours, plain, atol=0.01, rtol=0.02)
    # another pixel of a block may be the largest after rounding
    for one, other in zip(slopes, rounded, strict=True):
        assert (one - other).norm() < 0.2 * one.norm()


@pytest.mark.parametrize("gramian", ["features", "shared"])
def test_bfloat16_goes_with_balancing_and_gives_the_same_bytes_again(gramian):
    X, y = pictures()
    y[::3, 0] = np.nan
    options = {"balancing": "upgrad", "gramian": gramian, "monitor": "gradients"}
    model = fitted(SMALL, X, y, dtype="bfloat16", max_epochs=3, **options)
    assert np.isfinite(model.history_["gradient_cosine"]).all()
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.transform(X), again.transform(X))
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.transform(X), copied.transform(X))


def test_a_few_pictures_at_a_time_give_the_same_in_bfloat16():
    trunk = built(SMALL, 64).float().eval()
    x = torch.rand(1, 50, 64)
    with torch.autocast("cpu", torch.bfloat16):
        expected = trunk(x).float()
        trunk.n_at_once = 3
        torch.testing.assert_close(trunk(x).float(), expected, atol=0.01, rtol=0.02)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_kernels_that_diverged_are_reported(dtype, value):
    X, y = pictures()
    X[:, :, 0, 0] = 0
    model = fitted(SMALL, X, y, dtype=dtype, max_epochs=1)
    with torch.no_grad():
        model.net_.module_.trunk.layers[0].weight[0, 0] = -value
    with pytest.raises(TaskError, match="the loss of task 'task0' became nan in epoch"):
        model.partial_fit(X, y)


def test_pictures_get_a_gradient_also_in_bfloat16():
    trunk = built(SMALL, 64).float().eval()
    x = torch.rand(1, 5, 64, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        trunk(x).float().sum().backward()
    assert (x.grad != 0).any()


def test_the_dense_layer_comes_after_the_maps():
    trunk, x = built(SMALL, 64), torch.rand(1, 5, 64, dtype=torch.float64)
    maps = trunk._convolve(x[0], 0)
    weight, bias = trunk.dense[0].weight[0], trunk.dense[0].bias[0]
    torch.testing.assert_close(trunk(x)[0], torch.relu(maps @ weight + bias))


def test_batch_norm_remembers_what_it_saw():
    spec = clone(SMALL).set_params(normalization="batch")
    trunk = built(spec, 64, n_members=2)
    x = torch.rand(2, 40, 64, dtype=torch.float64)
    for _ in range(200):
        in_training = trunk.train()(x)
    torch.testing.assert_close(trunk.eval()(x), in_training, rtol=1e-2, atol=1e-3)
    assert torch.isfinite(trunk.train()(x[:, :1])).all()


@pytest.mark.parametrize("n_members", [1, 2])
def test_it_learns_from_flat_rows_and_pictures_alike(n_members):
    X, y = pictures()
    options = {"max_epochs": 40, "lr": 0.01, "n_members": n_members}
    flat = fitted(SMALL, X.reshape(120, -1), y, **options)
    whole = fitted(SMALL, X, y, **options)
    assert flat.n_features_in_ == whole.n_features_in_ == 64
    np.testing.assert_array_equal(flat.transform(X), whole.transform(X))
    np.testing.assert_array_equal(flat.predict(X[:, 0]), whole.predict(X))
    assert (flat.predict(X) == y).mean() > 0.99
    assert flat.transform(X).shape == (120, 16 * n_members)
    again = pickle.loads(pickle.dumps(flat))
    np.testing.assert_array_equal(again.transform(X), flat.transform(X))


def test_bytes_are_read_in_the_unit_range_and_never_copied_as_floats():
    X, y = pictures()
    raw = fitted(SMALL, X, y, max_epochs=3)
    scaled = fitted(SMALL, X / 255, y, max_epochs=3)
    np.testing.assert_allclose(raw.transform(X), scaled.transform(X / 255), rtol=1e-4)

    seen = []

    class Keep(MultiTaskClassifier):
        def _train(self, X, *args, **kwargs):
            seen.append(X)
            return super()._train(X, *args, **kwargs)

    Keep(trunk=SMALL, max_epochs=1).fit(X, y)
    assert np.shares_memory(seen[0], X)
    assert seen[0].dtype == np.uint8


def test_values_in_another_unit_than_in_fit_are_refused():
    X, y = pictures()
    of_bytes = fitted(SMALL, X, y, max_epochs=1)
    np.testing.assert_allclose(
        of_bytes.transform(X / 255), of_bytes.transform(X), rtol=1e-5, atol=1e-6
    )
    message = (
        "MultiTaskClassifier: X was uint8 in fit, but is int64 with values up to 200; "
        "only uint8 is scaled to the unit range. Use uint8, or values in [0, 1]."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        of_bytes.predict(X.astype(int))
    of_floats = fitted(SMALL, X.astype(float), y, max_epochs=1)
    with pytest.raises(ValueError, match="X is uint8, but in fit it had another dtype"):
        of_floats.predict(X)
    of_units = fitted(SMALL, X / 255, y, max_epochs=1)
    assert of_units.predict(X).shape == y.shape


def test_a_memory_map_that_may_not_be_written_is_read(tmp_path):
    X, y = pictures()
    np.save(tmp_path / "pictures.npy", X)
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    model = fitted(SMALL, mapped, y, max_epochs=2)
    np.testing.assert_array_equal(model.predict(mapped), model.predict(X))


@pytest.mark.parametrize("size", [1, 7, 500])
def test_predictions_do_not_depend_on_how_many_rows_come_at_once(size, monkeypatch):
    X, y = pictures()
    model = fitted(SMALL, X, y, max_epochs=3, dtype="float32")
    expected = model.predict_proba(X)
    kind = type(model.net_.module_)
    monkeypatch.setattr(kind, "n_rows_at_once", property(lambda module: size))
    for ours, wanted in zip(model.predict_proba(X), expected, strict=True):
        np.testing.assert_allclose(ours, wanted, atol=1e-6)


def test_large_pictures_are_predicted_a_few_at_a_time():
    X, y = pictures()
    net = fitted(SMALL, X, y, max_epochs=1).net_.module_
    assert net.trunk.n_at_once == 3 * 2**18 // (8 * 64)
    assert net.n_rows_at_once == 2**20 // (8 * 16)
    net.trunk.n_values = 10**9
    assert net.n_rows_at_once == 8


@pytest.mark.parametrize("normalization", [None, "batch"])
@pytest.mark.parametrize("is_training", [True, False])
def test_pictures_convolved_a_few_at_a_time_are_the_same(normalization, is_training):
    spec = clone(SMALL).set_params(normalization=normalization)
    trunk = built(spec, 64).train(is_training)
    x = torch.rand(1, 20, 64, dtype=torch.float64)
    expected = trunk(x)
    trunk.n_at_once = 3
    torch.testing.assert_close(trunk(x), expected)


@pytest.mark.parametrize("balancing", ["uncertainty", "upgrad", "mgda"])
@pytest.mark.parametrize("gramian", ["features", "shared"])
def test_tasks_are_balanced_as_with_any_trunk(balancing, gramian):
    X, y = pictures()
    y[::3, 0] = np.nan
    spec = clone(SMALL).set_params(normalization="batch")
    model = MultiTaskClassifier(
        trunk=spec,
        balancing=balancing,
        gramian=gramian,
        monitor="gradients",
        max_epochs=2,
        random_state=0,
    ).fit(X, y)
    assert np.isfinite(model.history_["gradient_cosine"]).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {"head": "mlp"},
        {"head": "feedback"},
        {"task_schedule": "asynchronous"},
        {"task_schedule": "sampled"},
        {"task_relation": [[0, 1], [1, 0]], "relation_on": "heads"},
    ],
    ids=str,
)
def test_every_head_schedule_and_relation_goes_with_it(arguments):
    X, y = pictures()
    y[:, 1] = y[:, 1] > 0  # relations are between tasks of equal shape
    model = MultiTaskClassifier(
        trunk=SMALL, max_epochs=12, lr=0.01, random_state=0, **arguments
    ).fit(X, y)
    losses = model.history_["train_loss"]
    assert np.nanmean(losses[-1]) < 0.8 * np.nanmean(losses[0])


def test_a_pipeline_and_a_search_take_it():
    X, digit = load_digits(return_X_y=True)
    y = np.column_stack([digit, digit % 2])[:300]
    net = MultiTaskClassifier(
        trunk=Conv((1, 8, 8), channels=(8,)), max_epochs=20, lr=0.01, random_state=0
    )
    search = GridSearchCV(
        make_pipeline(MinMaxScaler(), net),
        {"multitaskclassifier__trunk__hidden": [8, 32]},
        cv=MultiTaskKFold(2),
        scoring=per_task_scorers("accuracy"),
        refit="mean",
    ).fit(X[:300], y)
    assert search.best_params_ == {"multitaskclassifier__trunk__hidden": 32}
    assert search.best_score_ > 0.8


def test_pictures_and_a_table_are_joined():
    X, y = pictures()
    rng = np.random.default_rng(0)
    table = rng.normal(size=(120, 2))
    targets = np.column_stack([y, table[:, 0] + y[:, 0]])
    joined = np.hstack([X.reshape(120, -1) / 255, table])
    trunk = Columns([("picture", SMALL, slice(0, 64)), ("table", MLP((4,)), [64, 65])])
    model = MultiTaskMixedEstimator(
        trunk=trunk, max_epochs=150, lr=0.01, batch_size=32, random_state=0
    ).fit(joined, targets)
    assert model.transform(joined).shape == (120, 20)
    assert model.net_.module_.n_rows_at_once == 2**20 // (8 * 16)
    scores = model.history_["valid_score"][model.best_epoch_ - 1]
    assert (scores > 0.8).all()


def test_channels_of_one_are_laid_out_last():
    trunk = built(SMALL, 64)
    seen = []
    trunk.layers[0].register_forward_pre_hook(lambda _, x: seen.append(x[0].stride()))
    trunk(torch.zeros(1, 5, 64, dtype=torch.float64))
    assert seen == [(64, 1, 8, 1)]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"image_shape": (1, 9, 9)},
            "Conv: an image of image_shape (1, 9, 9) has 81 values, but a row of X "
            "has 64.",
        ),
        (
            {"image_shape": (1, 1, 8, 8)},
            "Conv: image_shape must be channels, height and width; got (1, 1, 8, 8).",
        ),
        (
            {"channels": (4, 4, 4), "pool": 3},
            "Conv: the images in layer 1 have 2 x 2 pixels, too few for kernel_size=3 "
            "and pool=3. Use fewer layers (at most 1; channels has 3 entries) or a "
            "smaller pool.",
        ),
        (
            {"image_shape": (8, 8)},
            "Conv: image_shape must have at least 3 numbers; got (8, 8).",
        ),
        ({"channels": 8}, "Conv: channels must be a sequence of whole numbers of at "),
        ({"channels": ["8"]}, "Conv: channels must be a sequence of whole numbers of "),
        ({"channels": ()}, "Conv: channels must have at least 1 layer; got ()."),
        ({"pool": 0}, "Conv: pool must be a whole number of at least 1; got 0."),
        ({"hidden": 0}, "Conv: hidden must be a whole number of at least 1; got 0."),
        (
            {"kernel_size": 9, "padding": "valid"},
            "Conv: the images in layer 0 have 8 x 8 pixels, too few for kernel_size=9 "
            "and pool=2. Use a smaller pool or a smaller kernel_size or "
            "padding='same'.",
        ),
        ({"padding": "full"}, "Conv: padding 'full' is unknown"),
        ({"normalization": "layer"}, "Conv: normalization 'layer' is unknown"),
        ({"dropout": 1.0}, "Conv: dropout must lie in [0, 1); got 1.0."),
    ],
)
def test_wrong_parameters_are_explained(changed, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        clone(SMALL).set_params(**changed).build(64, 1)


def test_an_augmentation_must_be_one():
    with pytest.raises(TypeError, match=r"^Conv: augmentation must be an Augm"):
        clone(SMALL).set_params(augmentation="flip").build(64, 1)
    spec = clone(SMALL).set_params(augmentation=Augmentation())
    assert "augmentation__flip" in spec.get_params()


def test_pictures_of_another_shape_are_explained():
    X, y = pictures(channels=3)
    model = MultiTaskClassifier(trunk=Conv((3, 8, 8)))
    message = (
        "Conv: X has images of shape (8, 8, 3); image_shape is (3, 8, 8), channels "
        "first."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.fit(X.transpose(0, 2, 3, 1), y)
    with pytest.raises(ValueError, match="images of shape"):
        model.fit(X[:, 0], y)
    model.set_params(max_epochs=1).fit(X.tolist(), y)
    assert model.n_features_in_ == 192


def test_one_row_updates_a_net_of_images():
    rng = np.random.default_rng(0)
    images, y = rng.normal(size=(40, 6)), rng.normal(size=40)
    model = MultiTaskRegressor(
        trunk=Conv((1, 2, 3), channels=(4,)), n_members=1, max_epochs=2, random_state=0
    )
    model.fit(images, y).update(images[:1], y[:1])
    assert np.isfinite(model.predict(images)).all()
