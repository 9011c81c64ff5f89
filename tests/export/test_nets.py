"""The graph of a net gives what the net does, whatever its options are."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import sklearn_mtl
from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.modules import (
    MLP,
    Columns,
    Conv,
    CrossStitch,
    FeedbackHead,
    MixtureOfExperts,
    MLPHead,
    Pretrained,
    ProgressiveExtraction,
    SharedPrivate,
    TrunkSpec,
)
from sklearn_mtl.preprocessing import PiecewiseLinear
from tests.export.graphs import (
    LABELS,
    MIXED,
    NEW,
    VALUES,
    X,
    answers,
    assert_same,
)

QUICK = {"max_epochs": 4, "random_state": 0}
TRUNKS = {
    "none": MLP(()),
    "batch norm": MLP((12, 12), normalization="batch", residual=True),
    "layer norm": MLP((12, 12), normalization="layer", residual=True, dropout=0.2),
    "experts": MixtureOfExperts(3, (12,)),
    "one expert": MixtureOfExperts(1, (12,)),
    "few experts": MixtureOfExperts(4, (8, 8), top_k=2),
    "cross-stitch": CrossStitch((12,)),
    "private": SharedPrivate((12,), (6,)),
    "extraction": ProgressiveExtraction(hidden_layer_sizes=(8,)),
    "levels": ProgressiveExtraction(2, 2, 3, hidden_layer_sizes=(8,)),
}
HEADS = ["linear", MLPHead((8, 6)), FeedbackHead(n_passes=2)]


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("name", TRUNKS)
def test_every_trunk_and_head_is_the_same(name, n_members, tmp_path):
    head = HEADS[(list(TRUNKS).index(name) + n_members) % 3]
    model = MultiTaskClassifier(
        trunk=TRUNKS[name], head=head, n_members=n_members, **QUICK
    )
    assert_same(model.fit(X, LABELS), tmp_path / "it.onnx")


@pytest.mark.parametrize("head", HEADS)
def test_every_head_is_the_same_on_experts(head, tmp_path):
    model = MultiTaskMixedEstimator(trunk=MixtureOfExperts(2, (8,)), head=head, **QUICK)
    assert_same(model.fit(X, MIXED), tmp_path / "it.onnx")


@settings(max_examples=12, deadline=None)
@given(
    activation=st.sampled_from(
        ["gelu", "identity", "logistic", "relu", "silu", "tanh"]
    ),
    normalization=st.sampled_from([None, "batch", "layer"]),
    residual=st.booleans(),
    n_members=st.integers(1, 3),
    dtype=st.sampled_from(["auto", "float32", "float64"]),
    embedding=st.sampled_from(["auto", None, PiecewiseLinear(n_quantiles=30)]),
    early_stopping=st.booleans(),
    head=st.sampled_from(["linear", "mlp", "feedback"]),
    seed=st.integers(0, 2**16),
)
def test_options_of_a_net_are_in_the_graph(tmp_path_factory, **drawn):
    spec = {
        name: drawn.pop(name) for name in ("activation", "normalization", "residual")
    }
    embedding, seed = drawn.pop("embedding"), drawn.pop("seed")
    model = MultiTaskMixedEstimator(
        trunk=MLP((8, 8), **spec),
        numeric_embedding=embedding,
        max_epochs=2,
        random_state=seed,
        **drawn,
    )
    path = tmp_path_factory.mktemp("graph") / "it.onnx"
    assert_same(model.fit(X, MIXED), path)


def test_the_default_net_is_the_same(tmp_path):
    assert_same(MultiTaskClassifier(**QUICK).fit(X, LABELS), tmp_path / "it.onnx")
    assert_same(MultiTaskRegressor(**QUICK).fit(X, VALUES), tmp_path / "it.onnx")


def test_the_trunk_of_another_net_and_an_added_task_are_the_same(tmp_path):
    first = MultiTaskClassifier(max_epochs=3, n_members=2, random_state=0)
    first.fit(X, LABELS[:, :2])
    later = MultiTaskClassifier(trunk=Pretrained(first), max_epochs=3, random_state=0)
    later.fit(X, LABELS[:, :1]).add_task(X, LABELS[:, 1], name="new", compare=False)
    assert_same(later, tmp_path / "it.onnx", NEW)


def test_one_row_is_the_same_as_many(tmp_path):
    model = MultiTaskClassifier(**QUICK).fit(X, LABELS)
    whole = answers(model, tmp_path / "it.onnx")
    alone = answers(model, tmp_path / "it.onnx", NEW[7:8])
    for many, one in zip(whole, alone, strict=True):
        np.testing.assert_allclose(one[0], many[7], rtol=0.0, atol=1e-6)


def test_values_that_only_doubles_tell_apart_are_told_apart(tmp_path):
    """Bins of a column in the 1e9s are narrower than what float32 can tell."""
    steps = np.arange(120.0)
    wide = np.column_stack([1e9 + steps, steps % 7])
    y = np.column_stack([steps % 2, steps > 60])
    model = MultiTaskClassifier(n_members=1, **QUICK).fit(wide, y)
    assert len(np.unique(np.float32(wide[:, 0]))) < 10
    assert_same(model, tmp_path / "it.onnx", wide)
    found = answers(model, tmp_path / "it.onnx", wide)[1][:, 1]
    assert len(np.unique(found)) > 100


@pytest.mark.parametrize("n_members", [1, 2])
def test_bins_that_are_nearly_without_width_are_the_same(n_members, tmp_path):
    """The product in the embedding must not be rounded before the sum."""
    steps = np.repeat(np.arange(8.0), 20) * 1e-4
    narrow = np.column_stack([np.where(steps < 5e-4, steps, 1.0), np.arange(160.0)])
    embedding = PiecewiseLinear(n_quantiles=40, n_splits=0)
    model = MultiTaskRegressor(
        n_members=n_members, numeric_embedding=embedding, lr=0.05, **QUICK
    )
    model.fit(narrow, VALUES)
    between = narrow + np.linspace(0.0, 1e-4, 160)[:, None]
    assert_same(model, tmp_path / "it.onnx", between)


@pytest.mark.parametrize("n_members", [1, 2])
def test_angles_come_out_within_their_period(n_members, tmp_path):
    loss = [CircularLoss(360.0), "squared_error", CircularLoss(1.0)]
    y = VALUES % [360.0, 100.0, 1.0]
    model = MultiTaskRegressor(loss=loss, n_members=n_members, lr=0.02, **QUICK)
    model.set_params(task_weight=None).fit(X, y)
    found = answers(model, tmp_path / "it.onnx")
    wanted = model._task_outputs(NEW)
    for t, period in [(0, 360.0), (2, 1.0)]:
        assert found[t].min() >= 0.0
        assert found[t].max() < period
        away = np.abs(found[t] - wanted[t]) / period
        assert np.minimum(away, 1.0 - away).max() < 1e-5
    assert len(np.unique(np.floor(found[0] / 45.0))) > 4  # of eight octants


def test_labels_may_be_text_in_a_frame(tmp_path):
    frame = pd.DataFrame(X, columns=list("abcde"))
    y = pd.DataFrame({"sign": np.where(X[:, 0] > 0, "plus", "minus")})
    model = MultiTaskClassifier(**QUICK).fit(frame, y)
    found = answers(model, tmp_path / "it.onnx")
    wanted = model.predict_proba(pd.DataFrame(NEW, columns=list("abcde")))
    np.testing.assert_allclose(found[0], wanted[0], rtol=0.0, atol=1e-5)


def test_a_member_without_a_label_has_no_say(tmp_path):
    y = LABELS[:, :2].copy()
    y[8:, 1] = np.nan
    model = MultiTaskClassifier(n_members=4, early_stopping=True, **QUICK)
    with pytest.warns(MissingLabelWarning, match="task1"):
        model.fit(X, y, groups=np.arange(len(X)) // 8)
    assert model._state.encoder.known_outputs() is not None
    assert_same(model, tmp_path / "it.onnx")


def test_a_warm_start_and_a_stream_are_the_same(tmp_path):
    model = MultiTaskRegressor(warm_start=True, **QUICK).fit(X, VALUES).fit(X, VALUES)
    assert_same(model, tmp_path / "it.onnx")
    stream = MultiTaskRegressor(on_empty_task="warn", **QUICK)
    y = VALUES.copy()
    y[:, 2] = np.nan
    with pytest.warns(UserWarning, match="task2"):
        stream.partial_fit(X, y)
    stream.partial_fit(X, y)
    assert_same(stream, tmp_path / "it.onnx")
    assert np.isnan(answers(stream, tmp_path / "it.onnx")[2]).all()


def test_tasks_with_nothing_to_learn_are_there(tmp_path):
    y = np.column_stack([np.ones(len(X)), np.full(len(X), np.nan)])
    model = MultiTaskMixedEstimator(
        task_types=["classification", "regression"], on_empty_task="warn", **QUICK
    )
    with pytest.warns(UserWarning, match="task"):
        model.fit(X, y)
    assert_same(model, tmp_path / "it.onnx")
    y = np.column_stack([y, LABELS[:, :1]])
    model.set_params(task_types=["classification"] * 3)
    with pytest.warns(UserWarning, match="task"):
        model.fit(X, y)
    assert_same(model, tmp_path / "it.onnx")


PICTURES = np.random.default_rng(1).integers(0, 256, (80, 64), dtype=np.uint8)
SEEN = np.column_stack([PICTURES[:, 0] > 128, PICTURES[:, 1] % 3])
CONVS = {
    "default": Conv((1, 8, 8)),
    "even kernel": Conv(
        (1, 8, 8), (4, 6), kernel_size=4, activation="gelu", normalization="batch"
    ),
    "no pool": Conv((4, 4, 4), pool=1, padding="valid", hidden=None, dropout=0.1),
    "odd rest": Conv((1, 8, 8), (4,), pool=3),
}


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("name", CONVS)
def test_pictures_are_the_same(name, n_members, tmp_path):
    model = MultiTaskClassifier(trunk=CONVS[name], n_members=n_members, **QUICK)
    assert_same(model.fit(PICTURES, SEEN), tmp_path / "it.onnx", PICTURES)


def test_pictures_of_floats_are_read_as_doubles(tmp_path):
    scaled = PICTURES / 255.0
    model = MultiTaskClassifier(trunk=CONVS["default"], dtype="float64", **QUICK)
    assert_same(model.fit(scaled, SEEN), tmp_path / "it.onnx", scaled)


def plain_trunk(n_features):
    """Return a trunk for pictures as anyone would write it."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(16, 12, bias=False),
        nn.LayerNorm(12),
        nn.BatchNorm1d(12),
        nn.SiLU(),
    )


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_trunk_in_plain_torch_is_the_same(n_members, tmp_path):
    model = MultiTaskClassifier(trunk=plain_trunk, n_members=n_members, **QUICK)
    scaled = PICTURES / 255.0
    assert_same(model.fit(scaled, SEEN), tmp_path / "it.onnx", scaled)


def test_blocks_of_columns_are_the_same(tmp_path):
    pretrained = Pretrained(nn.Sequential(nn.Linear(40, 6), nn.Tanh()))
    blocks = [("a", MLP((8,)), slice(0, 24)), ("b", pretrained, slice(24, 64))]
    model = MultiTaskClassifier(trunk=Columns(blocks), n_members=2, **QUICK)
    scaled = PICTURES / 255.0
    assert_same(model.fit(scaled, SEEN), tmp_path / "it.onnx", scaled)


# What no graph can be written of.


class Strange(nn.Module):
    """Has no nodes."""

    def forward(self, x):
        return torch.cumsum(x, dim=-1)


class StrangeTrunk(TrunkSpec):
    """Builds it for all members."""

    def build(self, n_features, n_members, n_tasks=1):
        return Strange()


@pytest.mark.parametrize("trunk", [lambda n: Strange(), StrangeTrunk()])
def test_a_module_without_nodes_is_named(trunk, tmp_path):
    model = MultiTaskClassifier(trunk=trunk, n_members=1, **QUICK)
    model.fit(np.nan_to_num(X), LABELS[:, :2])
    with pytest.raises(TypeError, match=r"net of MultiTaskClassifier has a Strange"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
    assert not list(tmp_path.iterdir())


def test_columns_of_categories_are_named(tmp_path):
    frame = pd.DataFrame({"size": X[:, 0], "colour": ["red", "blue"] * 80})
    model = MultiTaskClassifier(n_members=1, **QUICK).fit(frame, LABELS[:, 0])
    with pytest.raises(TypeError, match=r"MultiTaskClassifier uses .* \['colour'\]"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")


def test_a_fit_to_a_sparse_table_is_refused(tmp_path):
    from scipy import sparse

    model = MultiTaskClassifier(n_members=1, **QUICK)
    model.fit(sparse.csr_array(np.nan_to_num(X)), LABELS[:, 0])
    with pytest.raises(TypeError, match="sparse X"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")


def test_roundings_of_bfloat16_are_refused(tmp_path):
    model = MultiTaskClassifier(n_members=1, dtype="bfloat16", **QUICK)
    model.fit(X, LABELS[:, 0])
    with pytest.raises(TypeError, match="bfloat16"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
