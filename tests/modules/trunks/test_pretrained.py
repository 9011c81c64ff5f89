import copy
import re

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from torch import nn

from sklearn_mtl.modules import Pretrained
from tests.modules.trunk_cases import fitted, rows, table


def backbone(seed=0):
    """Return a module with normalisation and dropout, whose weights are given."""
    net = nn.Sequential(
        nn.Sequential(
            nn.Linear(5, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5)
        ),
        nn.Linear(8, 6),
        nn.Dropout(0.5),
    )
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.uniform_(-0.5, 0.5, generator=draw)
    return net


def unchanged(model, module):
    """Return which entries of the state are still those of the module, bit by bit."""
    before = module.state_dict()
    after = model.net_.module_.trunk.members[0].state_dict()
    return {
        name
        for name, value in after.items()
        if torch.equal(value.to(before[name].dtype), before[name])
    }


def learnt(spec, **arguments):
    X, y = table()
    options = {"max_epochs": 3, "lr": 0.05, "weight_decay": 0.3, **arguments}
    return fitted(spec, X, y[:, :2], **options), X


def test_a_frozen_module_keeps_every_bit():
    module = backbone()
    model, X = learnt(Pretrained(module))
    assert unchanged(model, module) == set(module.state_dict())
    x = torch.as_tensor(X, dtype=torch.float64)
    expected = copy.deepcopy(module).double().eval()(x).detach().numpy()
    np.testing.assert_allclose(model.transform(X), expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(model.history_["train_loss"]).all()


def test_the_heads_of_a_frozen_module_learn():
    model, _ = learnt(Pretrained(backbone()), max_epochs=60)
    losses = model.history_["train_loss"]
    assert (losses[-1] < losses[0] - 0.02).all()


def test_a_partly_frozen_module_keeps_what_the_patterns_say():
    module = backbone()
    model, _ = learnt(Pretrained(module, frozen=["0.*"]))
    frozen = {name for name in module.state_dict() if name.startswith("0.")}
    assert unchanged(model, module) == frozen
    trunk = model.net_.module_.trunk.train()
    training = [part.training for part in trunk.members[0]]
    assert training == [False, True, True]
    assert not any(part.training for part in trunk.members[0][0])


def test_a_single_frozen_parameter_stays():
    module = backbone()
    model, _ = learnt(Pretrained(module, frozen="1.weight"))
    assert unchanged(model, module) == {"1.weight"}


def test_nothing_needs_to_be_frozen_and_the_module_itself_never_changes():
    module = backbone()
    kept = copy.deepcopy(module.state_dict())
    model, _ = learnt(Pretrained(module, frozen=False))
    assert unchanged(model, module) == set()
    for name, value in module.state_dict().items():
        assert torch.equal(value, kept[name])
    assert all(parameter.requires_grad for parameter in module.parameters())


class Rates(Callback):
    """Note the options of the optimiser for one parameter of each kind."""

    def on_train_begin(self, net, **kwargs):
        self.seen = []

    def on_epoch_end(self, net, **kwargs):
        named = dict(net.module_.named_parameters())
        names = ("heads.weight", "trunk.members.0.1.weight", "trunk.members.0.1.bias")
        groups = [
            next(
                group
                for group in net.optimizer_.param_groups
                if any(named[name] is one for one in group["params"])
            )
            for name in names
        ]
        self.seen.append([(group["lr"], group["weight_decay"]) for group in groups])


def test_it_has_a_learning_rate_of_its_own_that_follows_the_schedule():
    spec, rates = Pretrained(backbone(), frozen=False, lr=1e-4), Rates()
    model, _ = learnt(
        spec,
        lr=1e-2,
        lr_schedule="cosine",
        max_epochs=5,
        batch_size=30,
        callbacks=[rates],
    )
    heads, weight, bias = np.array(rates.seen).transpose(1, 2, 0)
    np.testing.assert_allclose(weight[0], 1e-2 * heads[0])
    np.testing.assert_allclose(bias[0], 1e-2 * heads[0])
    np.testing.assert_allclose(model.history_["lr"], heads[0])
    assert len(set(heads[0])) == 5
    assert set(weight[1]) == {0.3}
    assert set(bias[1]) == {0.0}


def test_only_what_is_not_frozen_is_shared_and_trained():
    model, _ = learnt(Pretrained(backbone(), frozen=["0.*"]))
    assert len(model.net_.module_.shared_parameters()) == 2


def test_auto_is_one_member_and_more_are_copies():
    assert Pretrained(backbone()).default_n_members == 1
    module = backbone()
    trunk = Pretrained(module).build(5, 2).eval()
    x = rows(n_members=2).float()
    module.eval()
    torch.testing.assert_close(trunk(x), torch.stack([module(x[0]), module(x[1])]))


def test_a_clone_holds_a_copy_of_the_weights():
    spec = Pretrained(backbone(), lr=1e-4)
    again = clone(spec)
    assert again.module is not spec.module
    for a, b in zip(again.module.parameters(), spec.module.parameters(), strict=True):
        assert torch.equal(a, b)
    assert again.lr == 1e-4


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"module": nn.Linear(2, 1), "frozen": ["conv*"]},
            ValueError,
            "Pretrained: frozen has 'conv*', which matches none of ['weight', 'bias'].",
        ),
        (
            {"module": nn.Linear(2, 1), "lr": 0.0},
            ValueError,
            "Pretrained: lr must be positive; got 0.0.",
        ),
        (
            {"module": "resnet"},
            TypeError,
            "Pretrained: module must be an nn.Module or a fitted multi-task net; got "
            "'resnet'.",
        ),
    ],
)
def test_wrong_arguments_are_explained(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        Pretrained(**arguments).build(2, 1)
