import pickle
import re

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import MLP, Columns, MixtureOfExperts, Pretrained
from tests.modules.trunk_cases import EXACT, built, fitted, one_step, rows, table

TWO = Columns([("left", MLP((3,)), slice(0, 2)), ("right", MLP((4,)), [4, 2])])


@pytest.mark.parametrize("n_members", [1, 2])
def test_each_block_reads_its_columns(n_members):
    trunk, x = built(TWO, n_members=n_members), rows(n_members=n_members)
    left, right = trunk.blocks
    expected = torch.cat([left(x[..., :2]), right(x[..., [4, 2]])], dim=-1)
    torch.testing.assert_close(trunk(x), expected)


@pytest.mark.parametrize(
    "columns", [slice(1, 3), [1, 2], np.array([False, True, True, False, False])]
)
def test_columns_are_named_in_any_way(columns):
    trunk, x = built(Columns([("only", MLP(()), columns)])), rows()
    assert torch.equal(trunk(x), x[..., 1:3])


def test_parameters_of_the_blocks_are_searched():
    spec = clone(TWO).set_params(left__dropout=0.2, right__hidden_layer_sizes=(5,))
    assert spec.blocks[0][1].dropout == 0.2
    assert spec.get_params()["right__hidden_layer_sizes"] == (5,)
    assert TWO.blocks[0][1].dropout == 0.0
    assert spec.blocks[1][2] == [4, 2]
    spec.set_params(left=MLP((7,)))
    assert spec.get_params()["left__hidden_layer_sizes"] == (7,)
    model = MultiTaskClassifier(trunk=spec).set_params(trunk__left__dropout=0.4)
    assert clone(model).get_params()["trunk__left__dropout"] == 0.4
    assert clone(spec).set_params(blocks=TWO.blocks).blocks is TWO.blocks


def test_pictures_and_a_table_are_fitted_together():
    X, y = table()
    picture = nn.Sequential(
        nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 3, 2), nn.Flatten()
    )
    trunk = Columns(
        [
            ("picture", picture, slice(0, 4)),
            ("table", MLP((4,)), [4]),
            ("old", Pretrained(nn.Linear(2, 2)), [0, 1]),
        ]
    )
    model = fitted(trunk, X, y[:, :2], max_epochs=3)
    assert model.transform(X).shape == (90, 3 + 4 + 2)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    old = trunk.blocks[2][1].module
    after = model.net_.module_.trunk.blocks[2].members[0]
    assert torch.equal(after.weight.float(), old.weight)


def test_one_step_moves_every_block():
    names, still = one_step(TWO)
    assert {"trunk.blocks.0.0.weight", "trunk.blocks.1.0.weight"} <= set(names)
    assert still == []


def test_one_block_of_all_columns_is_its_trunk():
    X, y = table()
    whole = Columns([("all", MLP((4,)), slice(None))])
    ours = fitted(whole, X, y[:, 0])
    raw = MLP((4,))
    raw.preparation = "raw"
    plain = MultiTaskClassifier(trunk=raw, **{**EXACT, "max_epochs": 20})
    np.testing.assert_allclose(
        ours.predict_proba(X), plain.fit(X, y[:, 0]).predict_proba(X)
    )


@pytest.mark.parametrize(
    ("blocks", "error", "message"),
    [
        ([], ValueError, "Columns: blocks must have unique names; got []."),
        (
            [("a", MLP(), [0]), ("a", MLP(), [1])],
            ValueError,
            "Columns: blocks must have unique names; got ['a', 'a'].",
        ),
        (
            [("a", MLP(), [0, 9])],
            ValueError,
            "Columns: block 'a' has columns [0, 9], but X has 5 columns.",
        ),
        (
            [("a", MLP(), slice(7, 9))],
            ValueError,
            "Columns: block 'a' has columns slice(7, 9, None), which select none of "
            "the 5 columns of X.",
        ),
        (
            [("a", "mlp", [0])],
            TypeError,
            "Columns: the trunk of block 'a' must be a trunk spec or an nn.Module; "
            "got 'mlp'.",
        ),
        (
            [("a", MixtureOfExperts(), [0])],
            ValueError,
            "Columns: block 'a' has MixtureOfExperts, which has one representation per "
            "task; blocks require one for all tasks.",
        ),
    ],
)
def test_wrong_blocks_are_explained(blocks, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        Columns(blocks).build(5, 1)
