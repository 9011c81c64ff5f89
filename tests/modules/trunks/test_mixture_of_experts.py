import re

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mtl.modules import MLP, HeadBlock, MixtureOfExperts, TaskHeads
from sklearn_mtl.modules.trunks._gates import mix, mixed_logits
from tests.modules.trunk_cases import built, drawn_heads, fitted, one_step, rows, table

SMALL = MixtureOfExperts(n_experts=4, hidden_layer_sizes=(8, 6))


@pytest.mark.parametrize("n_members", [1, 2])
def test_each_task_mixes_the_experts_by_its_own_gate(n_members):
    trunk, x = built(SMALL, n_members=n_members), rows(n_members=n_members)
    experts = trunk.experts(x)
    logits = trunk.gates.linear(x).view(n_members, 6, 4, 3)
    z = trunk.gather(trunk(x))
    assert z.shape == (n_members, 3, 6, 6)
    for t in range(3):
        gate = logits[..., t].softmax(dim=-1)  # (n_members, n_rows, n_experts)
        parts = [gate[..., [e]] * experts[:, e] for e in range(4)]
        torch.testing.assert_close(z[:, t], sum(parts))


def test_the_shared_representation_is_all_experts_side_by_side():
    trunk, x = built(SMALL, n_members=2), rows(n_members=2)
    experts = trunk.experts(x)
    expected = torch.cat([experts[:, e] for e in range(4)], dim=-1)
    assert torch.equal(trunk.share(trunk(x)), expected)
    assert expected.shape[-1] == trunk.n_shared


@pytest.mark.parametrize(
    "blocks", [[(3, 1, False)], [(1, 1, False), (2, 3, False)], [(3, 30, False)]]
)
@pytest.mark.parametrize("n_members", [1, 2])
def test_mixed_logits_are_the_logits_of_the_mixture(blocks, n_members):
    trunk, x = built(SMALL, n_members=n_members), rows(n_members=n_members)
    heads = drawn_heads(n_members, 6, blocks)
    parts = trunk(x)
    torch.testing.assert_close(
        trunk.apply_heads(parts, heads), heads(trunk.gather(parts))
    )
    mixed = mixed_logits(*parts, heads)
    torch.testing.assert_close(mixed, heads(mix(*parts)))


@pytest.mark.parametrize("n_members", [1, 2])
def test_the_gradient_of_mixed_logits_is_that_of_its_parts(n_members):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.double)

    heads = TaskHeads(n_members, 3, [HeadBlock(2, 1)]).double()
    experts, gates = draw(n_members, 4, 5, 3), draw(n_members, 5, 4, 2)
    with torch.no_grad():
        heads.weight.copy_(draw(*heads.weight.shape))
    inputs = [experts.requires_grad_(), gates.requires_grad_(), *heads.parameters()]
    slope = draw(n_members, 5, 2)
    found = torch.autograd.grad(mixed_logits(experts, gates, heads), inputs, slope)
    expected = torch.autograd.grad(heads(mix(experts, gates)), inputs, slope)
    torch.testing.assert_close(found, expected)


def test_only_the_largest_gates_count():
    trunk, x = built(clone(SMALL).set_params(top_k=2)), rows()
    found = trunk.gates(x)
    kept = trunk.gates.linear(x).view(1, 6, 4, 3)
    for t in range(3):
        for gate, row in zip(found[0, :, :, t], kept[0, :, :, t], strict=True):
            best = row.argsort()[-2:]
            expected = torch.zeros(4, dtype=torch.float64)
            expected[best] = row[best].softmax(dim=0)
            torch.testing.assert_close(gate, expected)
    all_of_them = built(clone(SMALL).set_params(top_k=4)).gates(x)
    assert torch.equal(all_of_them, built(SMALL).gates(x))


def test_permuted_tasks_get_permuted_representations():
    trunk, x, order = built(SMALL), rows(), [2, 0, 1]
    before = trunk.gather(trunk(x))
    with torch.no_grad():
        for parameter in trunk.gates.parameters():
            by_task = parameter.view(1, -1, 4, 3)
            parameter.copy_(by_task[..., order].reshape(parameter.shape))
    torch.testing.assert_close(trunk.gather(trunk(x)), before[:, order])


def test_one_step_moves_every_part():
    names, still = one_step(SMALL)
    assert {name.split(".")[1] for name in names if "trunk" in name} == {
        "experts",
        "gates",
    }
    assert still == []


def test_gates_are_not_shared():
    trunk = built(SMALL)
    found = {id(parameter) for parameter in trunk.shared_parameters()}
    assert found == {id(parameter) for parameter in trunk.experts.parameters()}


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_one_expert_is_a_perceptron(n_tasks):
    X, y = table()
    expert = MixtureOfExperts(n_experts=1, hidden_layer_sizes=(8,), dropout=0.2)
    models = [
        fitted(trunk, X, y[:, :n_tasks], n_members=2)
        for trunk in (expert, MLP((8,), dropout=0.2))
    ]
    for t in range(n_tasks):
        ours, plain = (model.predict_proba(X)[t] for model in models)
        np.testing.assert_allclose(ours, plain, rtol=1e-6)
        ours, plain = (model.transform_task(X, t, kind="input") for model in models)
        np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"n_experts": 0},
            "MixtureOfExperts: n_experts must be a whole number of at least 1; got 0.",
        ),
        (
            {"n_experts": 4, "top_k": 5},
            "MixtureOfExperts: top_k must be a whole number from 1 to 4; got 5.",
        ),
        (
            {"hidden_layer_sizes": ()},
            "MixtureOfExperts: hidden_layer_sizes must have at least 1 layer; got ().",
        ),
        (
            {"activation": "swish"},
            "MixtureOfExperts: activation 'swish' is unknown; allowed are ['gelu', "
            "'identity', 'logistic', 'relu', 'silu', 'tanh'].",
        ),
        ({"dropout": 1.0}, "MixtureOfExperts: dropout must lie in [0, 1); got 1.0."),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MixtureOfExperts(**arguments).build(3, 1)
