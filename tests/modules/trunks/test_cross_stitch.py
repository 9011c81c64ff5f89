import re

import numpy as np
import pytest
import torch

from sklearn_mtl.modules import MLP, CrossStitch
from sklearn_mtl.modules.trunks._cross_stitch import Stitch
from tests.modules.trunk_cases import built, fitted, one_step, rows, table

SMALL = CrossStitch((4, 3), activation="tanh")


def net_of(trunk, layer, m, t, size):
    """Return weight and bias of one task's net in one layer."""
    linear = trunk.nets[layer]
    if layer:
        return linear.weight[m, t], linear.bias[m, t]
    at = slice(size * t, size * t + size)
    return linear.weight[m][:, at], linear.bias[m][:, at]


@pytest.mark.parametrize("n_members", [1, 2])
def test_layers_of_all_tasks_are_mixed(n_members):
    trunk, x = built(SMALL, n_members=n_members), rows(n_members=n_members)
    mixing = [part for part in trunk.modules() if isinstance(part, Stitch)]
    with torch.no_grad():  # no two weights alike
        for stitch in mixing:
            stitch.weight += 0.1 * rows(3, 3, n_members)
    found = trunk.gather(trunk(x))
    for m in range(n_members):
        hidden = [x[m]] * 3
        for layer, size, stitch in zip((0, 4), (4, 3), mixing, strict=True):
            nets = [net_of(trunk, layer, m, t, size) for t in range(3)]
            own = [(h @ w + b).tanh() for h, (w, b) in zip(hidden, nets, strict=True)]
            weight = stitch.weight[m]
            hidden = [sum(weight[t, s] * own[s] for s in range(3)) for t in range(3)]
        for t in range(3):
            torch.testing.assert_close(found[m, t], hidden[t])


def test_stitches_start_with_rows_that_sum_to_one():
    weight = Stitch(2, 4, self_weight=0.7).weight.detach()
    assert torch.equal(weight[0], weight[1])
    torch.testing.assert_close(weight[0].diagonal(), torch.full((4,), 0.7))
    torch.testing.assert_close(weight.sum(dim=2), torch.ones(2, 4))


def test_the_shared_representation_is_that_of_all_tasks_side_by_side():
    trunk, x = built(SMALL, n_members=2), rows(n_members=2)
    z = trunk.gather(trunk(x))
    expected = torch.cat([z[:, t] for t in range(3)], dim=-1)
    assert torch.equal(trunk.share(trunk(x)), expected)
    assert expected.shape[-1] == trunk.n_shared


def test_one_step_moves_every_part():
    names, still = one_step(SMALL)
    assert "trunk.nets.3.weight" in names
    assert still == []


def test_stitches_do_not_decay():
    X, y = table()
    model = fitted(SMALL, X, y[:, :2], weight_decay=0.3, max_epochs=1)
    groups = model.net_.optimizer_.param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    named = model.net_.module_.named_parameters()
    without = {name for name, value in named if decay[id(value)] == 0}
    assert {name for name in without if name.endswith("weight")} == {
        "trunk.nets.3.weight",
        "trunk.nets.6.weight",
    }


def test_one_task_is_a_perceptron():
    X, y = table()
    ours = fitted(SMALL, X, y[:, 0], n_members=2)
    plain = fitted(MLP((4, 3), activation="tanh"), X, y[:, 0], n_members=2)
    np.testing.assert_allclose(ours.predict_proba(X), plain.predict_proba(X), rtol=1e-6)


def test_permuted_tasks_get_permuted_representations():
    trunk, x, order = built(CrossStitch((4,), activation="tanh")), rows(), [2, 0, 1]
    before = trunk.gather(trunk(x))
    linear = trunk.nets[0]
    with torch.no_grad():
        for parameter in linear.parameters():
            by_task = torch.unflatten(parameter, -1, (3, -1))
            parameter.copy_(by_task[:, :, order].reshape(parameter.shape))
    torch.testing.assert_close(trunk.gather(trunk(x)), before[:, order])


@pytest.mark.parametrize("weight", [-0.1, 1.5, "much"])
def test_a_wrong_weight_is_explained(weight):
    message = f"CrossStitch: self_weight must be from 0 to 1; got {weight!r}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CrossStitch(self_weight=weight).build(3, 1)
