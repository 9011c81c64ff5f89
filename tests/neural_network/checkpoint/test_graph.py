"""A state refers to what is there, and names no class that no training began with."""

import json
from collections import Counter, deque
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from sklearn_mtl.neural_network.checkpoint._graph import Surroundings
from sklearn_mtl.persistence import Budget, NotAllowedError


class Own:
    def __init__(self, value):
        self.value = value


class Slots:
    __slots__ = ("value",)


def back(state, things=(), began_with=None):
    """Write a state, and read it where equal things are."""
    around = Surroundings(things, state if began_with is None else began_with)
    return around.read(around.write(state), Budget(10**6))


def test_what_is_there_is_referred_to():
    net, function, shared = torch.nn.Linear(2, 2), lambda x: x, [1.5]
    state = {"net": net, "bias": net.bias, "f": function, "a": shared, "b": shared}
    found = back(state, [net, net.bias, net])
    assert found["net"] is net
    assert found["bias"] is net.bias
    assert found["f"] is function
    assert found["a"] is found["b"] is not shared


def test_objects_that_are_built_from_arguments_come_back():
    random = Random(3)
    state = [
        deque([1, "a"], maxlen=3),
        Counter("abca"),
        Path("a/b"),
        date(2026, 1, 2),
        Decimal("1.5"),
        random,
    ]
    found = back(state)
    assert found[:5] == state[:5]
    assert found[0].maxlen == 3
    assert [type(one) for one in found] == [type(one) for one in state]
    assert found[5].random() == random.random()


def test_own_objects_and_circles_come_back():
    one = Own(np.arange(3.0))
    one.me, one.slots = one, Slots()
    one.slots.value = one.value
    found = back([one])[0]
    assert type(found) is Own
    assert found.me is found
    assert found.slots.value is found.value
    np.testing.assert_array_equal(found.value, [0, 1, 2])


def test_generators_go_on_where_they_were():
    mine, torchs = np.random.default_rng(1), torch.Generator().manual_seed(1)
    mine.random(7)
    torch.rand(7, generator=torchs)
    found = back([mine, torchs])
    assert found[0].random() == mine.random()
    expected = torch.rand(3, generator=torchs)
    assert torch.equal(torch.rand(3, generator=found[1]), expected)


def test_a_class_that_no_training_began_with_is_an_error_with_its_place():
    around = Surroundings([], {"a": 1})
    with pytest.raises(TypeError, match=r"\['deep'\]\[0\].*Own"):
        around.write({"deep": [Own(1)]})
    with pytest.raises(TypeError, match="lambda"):
        around.write({"deep": lambda: None})


@pytest.mark.parametrize("name", ["posix:system", "tests:Own", "builtins:eval"])
@pytest.mark.parametrize("kind", ["object", "built"])
def test_a_file_cannot_name_other_classes(kind, name):
    around = Surroundings([], [Own(1), deque()])
    members = around.write([Own(1), deque()])
    graph = json.loads(members["state.json"])
    at = 0 if kind == "object" else 1
    graph["state"][at][kind][0] = name
    members["state.json"] = json.dumps(graph).encode()
    with pytest.raises(NotAllowedError):
        around.read(members, Budget(10**6))


def test_other_surroundings_are_refused():
    members = Surroundings([torch.nn.Linear(2, 2)], []).write([])
    with pytest.raises(ValueError, match="different net"):
        Surroundings([torch.nn.ReLU()], []).read(members, Budget(10**6))
