import numpy as np
import pytest
import torch

from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.modules import HeadBlock, MemberLinear, TaskHeads
from sklearn_mtl.neural_network.training._build import head_blocks
from sklearn_mtl.tasks import Task
from tests.modules.trunk_cases import drawn_heads, generators

# two binary tasks, two of three classes, three of two columns with classes first
BLOCKS = [(2, 1, False), (2, 3, False), (3, 2, True)]
# columns of each of the seven tasks
COLUMNS = [[0], [1], [2, 3, 4], [5, 6, 7], [8, 11], [9, 12], [10, 13]]


def representations(n_members, seed=1):
    draw = generators(1, seed)[0]
    return torch.randn(n_members, 7, 5, 4, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize("n_members", [1, 2])
def test_each_task_reads_its_own_representation(n_members):
    heads, z = drawn_heads(n_members, 4, BLOCKS), representations(n_members)
    found = heads(z)
    assert found.shape == (n_members, 5, 14)
    for t, columns in enumerate(COLUMNS):
        expected = z[:, t] @ heads.weight[..., columns] + heads.bias[..., columns]
        torch.testing.assert_close(found[..., columns], expected)


def test_with_one_representation_it_is_one_linear_layer():
    heads, z = drawn_heads(2, 4, BLOCKS), representations(2)[:, :1]
    plain = MemberLinear(2, 4, 14).double()
    plain.load_state_dict(heads.state_dict())
    torch.testing.assert_close(heads(z.expand(-1, 7, -1, -1)), plain(z[:, 0]))
    torch.testing.assert_close(heads.read_shared(z[:, 0]) + heads.bias, plain(z[:, 0]))


def test_the_columns_of_a_representation_add_up():
    heads, z = drawn_heads(1, 4, BLOCKS), representations(1)
    first, rest = slice(0, 1), slice(1, 4)
    parts = heads.read_tasks(z[..., first], first) + heads.read_tasks(
        z[..., rest], rest
    )
    torch.testing.assert_close(parts, heads.read_tasks(z))


def test_a_value_of_a_task_is_repeated_for_its_outputs():
    found = drawn_heads(1, 4, BLOCKS).spread(torch.arange(7.0).view(1, 7))
    for t, columns in enumerate(COLUMNS):
        assert found[0, columns].tolist() == [t] * len(columns)


@pytest.mark.parametrize("n_classes", [[2, 2, 3], [5, 3, 2, 0, 3, 5, 5], [4], [0]])
def test_blocks_are_those_of_the_layout(n_classes):
    kinds = {0: "regression", 2: "binary"}
    tasks = [
        Task(
            f"t{i}",
            kinds.get(k, "multiclass"),
            np.arange(k) if k else None,
            np.dtype(int),
        )
        for i, k in enumerate(n_classes)
    ]
    layout = OutputLayout(tasks)
    heads = TaskHeads(1, 4, head_blocks(layout))
    assert heads.n_tasks == len(tasks)
    found = heads.spread(torch.arange(float(len(tasks))))
    for place in range(len(tasks)):
        columns = found[layout.columns(place)]
        assert columns.tolist() == [place] * len(columns)
        assert len(columns) == max(
            1, n_classes[layout.order[place]] * (n_classes[layout.order[place]] > 2)
        )


def test_without_tasks_there_is_no_logit():
    heads = TaskHeads(1, 4, head_blocks(OutputLayout([])))
    assert heads.blocks == [HeadBlock(0, 1)]
    assert heads(torch.zeros(1, 0, 5, 4)).shape == (1, 5, 0)
