import re

import pytest
import torch

from sklearn_mtl.modules import MixtureOfExperts, ProgressiveExtraction
from tests.modules.trunk_cases import built, drawn_heads, fitted, one_step, rows, table

CGC = ProgressiveExtraction(
    n_shared_experts=2, n_private_experts=2, hidden_layer_sizes=(4,)
)
PLE = ProgressiveExtraction(
    n_shared_experts=2, n_private_experts=2, n_levels=2, hidden_layer_sizes=(4,)
)


def mixture(gate, experts):
    return sum(gate[..., [e]] * expert for e, expert in enumerate(experts))


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_task_mixes_its_own_and_the_shared_experts(n_members):
    trunk, x = built(CGC, n_members=n_members), rows(n_members=n_members)
    level = trunk.levels[0]
    private, shared = level.private(x), level.shared(x)
    logits = level.gates.linear(x).view(n_members, 6, 4, 3)
    z = trunk.gather(trunk(x))
    assert z.shape == (n_members, 3, 6, 4)
    for t in range(3):
        experts = [private[:, 2 * t], private[:, 2 * t + 1], shared[:, 0], shared[:, 1]]
        expected = mixture(logits[..., t].softmax(dim=-1), experts)
        torch.testing.assert_close(z[:, t], expected)


def test_the_second_level_reads_the_mixtures_of_the_first():
    trunk, x = built(PLE, n_members=2), rows(n_members=2)
    first, second = trunk.levels
    parts = first(x, x)
    own = trunk.gather(parts)
    everything = [*first.private(x).unbind(1), *first.shared(x).unbind(1)]
    gate = first.shared_gate.linear(x).softmax(dim=-1)
    common = mixture(gate, everything)
    torch.testing.assert_close(first.mix_all(parts, x), common)
    shared = second.shared(common)
    z = trunk.gather(trunk(x))
    for t in range(3):
        weight, bias = second.gates.weight[:, t], second.gates.bias[:, t]
        gate = torch.baddbmm(bias, own[:, t], weight).softmax(dim=-1)
        private = [
            torch.baddbmm(
                second.private[0].bias[:, e], own[:, t], second.private[0].weight[:, e]
            )
            for e in (2 * t, 2 * t + 1)
        ]
        experts = [torch.nn.functional.gelu(h) for h in private]
        expected = mixture(gate, [*experts, *shared.unbind(1)])
        torch.testing.assert_close(z[:, t], expected)


@pytest.mark.parametrize("spec", [CGC, PLE])
@pytest.mark.parametrize(
    "blocks", [[(3, 1, False)], [(1, 1, False), (2, 3, False)], [(3, 30, False)]]
)
def test_mixed_logits_are_the_logits_of_the_mixture(spec, blocks):
    trunk, x = built(spec, n_members=2), rows(n_members=2)
    heads, parts = drawn_heads(2, 4, blocks), trunk(x)
    torch.testing.assert_close(
        trunk.apply_heads(parts, heads), heads(trunk.gather(parts))
    )


@pytest.mark.parametrize("spec", [CGC, PLE])
def test_the_shared_representation_is_the_shared_experts_of_the_last_level(spec):
    trunk, x = built(spec), rows()
    parts = trunk(x)
    assert torch.equal(trunk.share(parts), torch.cat([*parts[1][0]], dim=-1)[None])
    assert trunk.share(parts).shape[-1] == trunk.n_shared


@pytest.mark.parametrize("spec", [CGC, PLE])
def test_one_step_moves_every_part(spec):
    names, still = one_step(spec)
    assert any(name.startswith("trunk.levels.0.private") for name in names)
    assert still == []


@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_shared_parameters_are_those_that_several_tasks_move(n_levels):
    trunk = built(
        ProgressiveExtraction(2, 1, n_levels=n_levels, hidden_layer_sizes=(4,))
    )
    z = trunk.gather(trunk(rows())).square().sum(dim=(0, 2, 3))
    everything = list(trunk.parameters())
    moves = [
        torch.autograd.grad(z[t], everything, retain_graph=True, allow_unused=True)
        for t in range(3)
    ]
    for number, parameter in enumerate(everything):
        # the entries that each task moves; gates and private experts are told apart
        moved = [m[number] for m in moves]
        counts = sum((g != 0).int() for g in moved if g is not None)
        is_shared = any(parameter is one for one in trunk.shared_parameters())
        assert bool((counts > 1).any()) == is_shared


def test_one_task_is_a_mixture_of_experts():
    ours = built(CGC, n_features=5, n_tasks=1)
    plain = built(MixtureOfExperts(4, (4,)), n_features=5, n_tasks=1)
    level, x = ours.levels[0], rows()
    with torch.no_grad():
        for name in ("weight", "bias"):
            private, shared = (
                getattr(part[0], name) for part in (level.private, level.shared)
            )
            getattr(plain.experts[0], name).copy_(torch.cat([private, shared], dim=-1))
        plain.gates.load_state_dict(level.gates.state_dict())
    torch.testing.assert_close(ours.gather(ours(x)), plain.gather(plain(x)))


def test_a_fitted_net_predicts_from_both_kinds_of_experts():
    X, y = table()
    model = fitted(PLE, X, y[:, :2], n_members=2, max_epochs=80, lr=1e-2)
    assert model.score(X, y[:, :2]) > 0.8
    assert model.transform(X).shape == (90, 2 * 8)
    assert model.transform_task(X, 0, kind="input").shape == (90, 2 * 4)


@pytest.mark.parametrize("name", ["n_shared_experts", "n_private_experts", "n_levels"])
def test_wrong_counts_are_explained(name):
    message = (
        f"ProgressiveExtraction: {name} must be a whole number of at least 1; got 0."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ProgressiveExtraction(**{name: 0}).build(3, 1)
