import pytest
import torch

from sklearn_mtl.modules import MLP, draw_parameters, use_generators
from sklearn_mtl.modules.trunks._branches import Branches, BranchLinear
from tests.modules.trunk_cases import generators, rows


def branches(n_members, n_branches, **arguments):
    made = Branches(n_members, n_branches, 5, (4, 3), "tanh", 0.0, **arguments)
    draw_parameters(made, generators(n_members))
    return made.double()


def expected(made, x, m, b, *, is_wide):
    first, second = made[0], made[3 if is_wide else 2]
    if is_wide:
        at = slice(4 * b, 4 * b + 4)
        hidden = x @ first.weight[m][:, at] + first.bias[m][:, at]
    else:
        hidden = x @ first.weight[m, b] + first.bias[m, b]
    return (hidden.tanh() @ second.weight[m, b] + second.bias[m, b]).tanh()


@pytest.mark.parametrize("n_members", [1, 2])
def test_branches_read_the_same_rows(n_members):
    made, x = branches(n_members, 3), rows(n_members=n_members)
    found = made(x)
    assert found.shape == (n_members, 3, 6, 3)
    for m in range(n_members):
        for b in range(3):
            hidden = expected(made, x[m], m, b, is_wide=True)
            torch.testing.assert_close(found[m, b], hidden)


@pytest.mark.parametrize("n_members", [1, 2])
def test_branches_read_rows_of_their_own(n_members):
    made = branches(n_members, 3, is_input_shared=False)
    x = rows(n_members=3 * n_members).view(n_members, 3, 6, 5)
    found = made(x)
    for m in range(n_members):
        for b in range(3):
            hidden = expected(made, x[m, b], m, b, is_wide=False)
            torch.testing.assert_close(found[m, b], hidden)


def test_one_branch_is_the_perceptron_bit_by_bit_in_its_draws():
    made = Branches(2, 1, 5, (4, 3), "gelu", 0.5)
    plain = MLP((4, 3), dropout=0.5).build(5, 2)
    for module in (made, plain):
        draw_parameters(module, generators(2))
    for ours, theirs in zip(made.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours.flatten(), theirs.flatten())
    x = rows(n_members=2).float()
    hidden = []
    for module in (made, plain):
        use_generators(module, generators(2, seed=5))
        hidden.append(module(x))
    torch.testing.assert_close(hidden[0][:, 0], hidden[1])


def test_members_draw_apart():
    many, one = BranchLinear(2, 3, 4, 5), BranchLinear(1, 3, 4, 5)
    many.draw(generators(2))
    one.draw(generators(2)[1:])
    assert torch.equal(many.weight[1], one.weight[0])
    assert many.weight.abs().max() <= 0.5
