"""Conversion of JSON and arrays to objects of allowed classes."""

from __future__ import annotations

import base64
from collections import OrderedDict, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.neighbors import KernelDensity
from skorch import NeuralNet

from sklearn_mtl.persistence._allowed import Allowed
from sklearn_mtl.persistence._budget import Budget
from sklearn_mtl.persistence._checks import (
    RNG_BYTES,
    checked_bits,
    checked_elements,
    checked_sparse,
    numeric_dtype,
    set_state,
    usable,
)
from sklearn_mtl.persistence._estimators import check_estimator
from sklearn_mtl.persistence._private import NeighborsBase, Tree
from sklearn_mtl.persistence._search_trees import SearchTrees
from sklearn_mtl.persistence._trees import check_tree, tree_bytes
from sklearn_mtl.persistence._values import make_value, value_bytes

__all__ = ["Decoder"]

#: Allowed bit generators of NumPy.
BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


class Decoder:
    """Rebuild objects from the output of `Encoder`.

    Parameters
    ----------
    allowed : Allowed
        Classes and functions that are allowed.
    arrays : list of ndarray
        Bytes of the arrays.
    parts : list
        Objects that skops loaded.
    budget : Budget
        Memory that loading may allocate.
    """

    def __init__(
        self,
        allowed: Allowed,
        arrays: list[np.ndarray],
        parts: list[Any],
        budget: Budget,
    ) -> None:
        self.allowed, self.parts, self.budget = allowed, parts, budget
        self.arrays = dict(enumerate(arrays))
        self.things: list[Any] = []
        self.search_trees = SearchTrees(budget)
        self.states: set[int] = set()

    def model(self, node: Any, n_things: int) -> Any:
        """Return the model, after a check of all objects and their number."""
        model = self.decode(node)
        if len(self.things) != n_things:
            raise ValueError(
                f"the model has {len(self.things)} objects, but {n_things} were saved"
            )
        # All objects are complete now. Parts are checked before the objects that
        # contain them, because the check of gradient boosting calls predict of a part.
        for thing in reversed(self.things):
            check_estimator(thing)
        return model

    def decode(self, node: Any) -> Any:
        """Return the object of a node."""
        if node is None or isinstance(node, bool | int | float | str):
            return node
        if isinstance(node, list):
            thing: list[Any] = []
            self.things.append(thing)
            self._add(thing, node)
            return thing
        kinds = [kind for kind in node if kind not in ("items", "pairs")]
        (kind,) = kinds
        make = getattr(self, f"_make_{kind}", None)
        if make is None:
            raise ValueError(f"unknown kind of node {kind!r}")
        if kind == "object":
            return self._make_object(node)
        return make(node[kind])

    def _items(self, nodes: list[Any]) -> list[Any]:
        return self._add([], nodes)

    def _add(self, things: list[Any], nodes: list[Any]) -> list[Any]:
        nodes.reverse()
        while nodes:  # each node is freed when its object exists, to save memory
            things.append(self.decode(nodes.pop()))
        return things

    # Immutable objects, to which other nodes cannot refer.

    def _make_float(self, text: str) -> float:
        return float(text)

    def _make_tuple(self, nodes: list[Any]) -> tuple[Any, ...]:
        return tuple(self._items(nodes))

    def _make_frozenset(self, nodes: list[Any]) -> frozenset[Any]:
        return frozenset(self._items(nodes))

    def _make_bytes(self, text: str) -> bytes:
        self.budget.take(len(text), "bytes")
        return base64.b64decode(text)

    def _make_complex(self, parts: list[str]) -> complex:
        return complex(float(parts[0]), float(parts[1]))

    def _make_slice(self, nodes: list[Any]) -> slice:
        return slice(*self._items(nodes))

    def _make_range(self, ends: list[int]) -> range:
        return range(*ends)

    def _make_constant(self, name: str) -> Any:
        return {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}[name]

    def _make_path(self, text: str) -> Path:
        return Path(text)

    def _make_dtype(self, about: Any) -> np.dtype:
        return numeric_dtype(about)

    def _make_scalar(self, node: Any) -> Any:
        return self.decode(node)[0]

    def _make_value(self, about: list[Any]) -> Any:
        kind, nodes = about
        self.budget.take(value_bytes(kind), kind)
        return make_value(kind, self._items(nodes))

    def _make_torch(self, name: str) -> torch.dtype:
        dtype = getattr(torch, name)
        if not isinstance(dtype, torch.dtype):
            raise ValueError(f"torch.{name} is not a dtype")
        return dtype

    def _make_device(self, name: str) -> torch.device:
        return torch.device(usable(name))

    def _make_size(self, shape: list[int]) -> torch.Size:
        return torch.Size(shape)

    def _make_enum(self, about: list[str]) -> Any:
        return self.allowed.find(about[0])[about[1]]

    def _make_named(self, name: str) -> Any:
        return self.allowed.find(name)

    # Objects with a number, by which later nodes refer to them.

    def _make_again(self, number: int) -> Any:
        if number < 0:
            raise ValueError(f"a node refers to the object {number}")
        return self.things[number]

    def _number(self) -> int:
        """Reserve and return the next number, for an object that is being built."""
        self.things.append(None)
        return len(self.things) - 1

    def _keep(self, thing: Any) -> Any:
        self.things.append(thing)
        return thing

    def _make_map(self, nodes: dict[str, Any]) -> dict[str, Any]:
        thing: dict[str, Any] = self._keep({})
        for key in list(nodes):
            thing[key] = self.decode(nodes.pop(key))
        return thing

    def _make_dict(self, pairs: list[Any]) -> Any:
        return self._fill(self._keep({}), pairs)

    def _make_ordered(self, pairs: list[Any]) -> Any:
        return self._fill(self._keep(OrderedDict()), pairs)

    def _make_defaultdict(self, about: list[Any]) -> Any:
        thing = self._keep(defaultdict())
        thing.default_factory = self.decode(about[0])
        return self._fill(thing, about[1])

    def _fill(self, thing: Any, pairs: list[Any]) -> Any:
        pairs.reverse()
        while pairs:
            key, value = pairs.pop()
            known = self.decode(key)
            thing[known] = self.decode(value)
        return thing

    def _make_set(self, nodes: list[Any]) -> set[Any]:
        thing: set[Any] = self._keep(set())
        thing.update(self._items(nodes))
        return thing

    def _make_masked(self, nodes: list[Any]) -> Any:
        at = self._number()
        data, mask = self._items(nodes)
        is_array = isinstance(data, np.ndarray) and isinstance(mask, np.ndarray)
        if not is_array or mask.dtype != bool or mask.shape != data.shape:
            raise ValueError("a masked array does not consist of an array and a mask")
        self.things[at] = np.ma.MaskedArray(data, mask)
        return self.things[at]

    def _make_elements(self, about: list[Any]) -> np.ndarray:
        at, (text, shape, nodes) = self._number(), about
        dtype = np.dtype(text)
        self.budget.take(len(nodes) * dtype.itemsize, f"elements of dtype {text}")
        items = checked_elements(self._items(nodes), dtype)
        flat = np.empty(len(items), dtype=dtype)
        for i, item in enumerate(items):
            flat[i] = item
        self.things[at] = flat.reshape(shape)
        return self.things[at]

    def _array(self, number: int) -> np.ndarray:
        """Return the bytes of an array, which only one object may use."""
        return self.arrays.pop(number).reshape(-1)

    def _make_array(self, about: list[Any]) -> np.ndarray:
        number, dtype, shape, order = about
        flat = self._array(number).view(numeric_dtype(dtype))
        if order == "F":
            return self._keep(flat.reshape(shape[::-1]).T)
        return self._keep(flat.reshape(shape))

    def _make_tensor(self, about: list[Any]) -> torch.Tensor:
        number, dtype, shape, requires_grad, is_parameter = about
        flat = torch.from_numpy(self._array(number).view(np.uint8))
        tensor = flat.view(self._make_torch(dtype)).reshape(shape)
        if is_parameter:
            tensor = torch.nn.Parameter(tensor, requires_grad=requires_grad)
        else:
            tensor.requires_grad_(requires_grad)
        return self._keep(tensor)

    def _make_sparse(self, about: list[Any]) -> Any:
        at, (form, is_array, shape, nodes) = self._number(), about
        parts = checked_sparse(form, shape, self._items(nodes), self.budget)
        name = f"{form}_{'array' if is_array else 'matrix'}"
        matrix = getattr(sparse, name)(parts, shape=tuple(shape))
        matrix.check_format(full_check=True)  # SciPy does not check indices later
        self.things[at] = matrix
        return matrix

    def _make_partial(self, nodes: list[Any]) -> Any:
        at = self._number()
        function, args, keywords = self._items(nodes)
        # partial() copies other sequences, and the arguments of a nested partial.
        is_plain = type(args) is tuple and type(keywords) is dict
        if not is_plain or isinstance(function, partial):
            raise ValueError(
                "a partial does not consist of a function, a tuple and a dictionary"
            )
        self.things[at] = partial(function, *args, **keywords)
        return self.things[at]

    def _make_random_state(self, node: Any) -> np.random.RandomState:
        self.budget.take(RNG_BYTES, "a random generator")
        at, thing = self._number(), np.random.RandomState()
        thing.set_state(checked_bits(self.decode(node)))
        self.things[at] = thing
        return thing

    def _make_generator(self, node: Any) -> np.random.Generator:
        self.budget.take(RNG_BYTES, "a random generator")
        at, state = self._number(), checked_bits(self.decode(node))
        if state["bit_generator"] not in BIT_GENERATORS:
            raise ValueError(f"unknown bit generator {state['bit_generator']!r}")
        bits = getattr(np.random, state["bit_generator"])()
        bits.state = state
        self.things[at] = np.random.Generator(bits)
        return self.things[at]

    def _make_torch_generator(self, about: list[Any]) -> torch.Generator:
        self.budget.take(RNG_BYTES, "a random generator")
        at, thing = self._number(), torch.Generator(usable(about[0]))
        thing.set_state(torch.from_numpy(self.decode(about[1])))
        self.things[at] = thing
        return thing

    def _make_tree(self, about: list[Any]) -> Tree:
        at = self._number()
        n_features, n_classes, n_outputs, node = about
        classes, state = self.decode(n_classes), self.decode(node)
        check_tree(state, n_features, classes, n_outputs)
        self.budget.take(tree_bytes(state), "a tree")
        tree = Tree(n_features, classes, n_outputs)
        tree.__setstate__(state)
        self.things[at] = tree
        return tree

    def _make_skops(self, number: int) -> Any:
        return self._keep(self.parts[number])

    def _make_object(self, node: Any) -> Any:
        name, state_node = node["object"]
        cls: Any = self.allowed.find(name)
        if not isinstance(cls, type):
            raise ValueError(f"{name} is not a class")
        make: Any = cls.__new__
        thing = self._keep(make(cls))
        state = self.decode(state_node)
        if "items" in node:
            thing.extend(self._items(node["items"]))
        if "pairs" in node:
            self._fill(thing, node["pairs"])
        if isinstance(thing, NeuralNet):
            state["device"] = usable(state["device"])
        if state is not None:
            set_state(thing, state, self.states, self.budget)
        if isinstance(thing, NeighborsBase) and vars(thing).get("_tree") is True:
            thing._tree = self.search_trees.of_model(thing)
        if isinstance(thing, KernelDensity) and "tree_" in vars(thing):
            thing.tree_ = self.search_trees.of_density(thing)
        return thing
