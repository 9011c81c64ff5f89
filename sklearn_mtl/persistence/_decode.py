"""From JSON and arrays back to an object, by an allow-list of what may be built."""

from __future__ import annotations

import base64
from collections import OrderedDict, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.neighbors import BallTree, KDTree
from skorch import NeuralNet

from sklearn_mtl.persistence._allowed import Allowed
from sklearn_mtl.persistence._private import NeighborsBase, Tree
from sklearn_mtl.persistence._trees import check_estimator, check_tree
from sklearn_mtl.persistence._values import make_value
from sklearn_mtl.utils._versioned import VersionedState

__all__ = ["Decoder"]

#: Generators of NumPy that a file may name.
BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


class Decoder:
    """Put together what `Encoder` took apart.

    Parameters
    ----------
    allowed : Allowed
        The classes that may be built.
    arrays : list of ndarray
        The arrays by number; bytes where NumPy has no such dtype.
    parts : list
        What skops loaded.
    """

    def __init__(
        self,
        allowed: Allowed,
        arrays: list[np.ndarray],
        parts: list[Any],
    ) -> None:
        self.allowed, self.arrays, self.parts = allowed, arrays, parts
        self.things: list[Any] = []

    def model(self, node: Any, n_things: int) -> Any:
        """Return the model, whose parts are as many as were written."""
        model = self.decode(node)
        if len(self.things) != n_things:
            raise ValueError(f"{len(self.things)} objects in place of {n_things}")
        for thing in self.things:  # now that all of them are complete
            check_estimator(thing)
        return model

    def decode(self, node: Any) -> Any:
        """Return the object that a node stands for."""
        if node is None or isinstance(node, bool | int | float | str):
            return node
        if isinstance(node, list):
            thing: list[Any] = []
            self.things.append(thing)
            thing.extend(self.decode(item) for item in node)
            return thing
        kinds = [kind for kind in node if kind not in ("items", "pairs")]
        (kind,) = kinds
        make = getattr(self, f"_make_{kind}", None)
        if make is None:
            raise ValueError(f"unknown kind {kind!r}")
        if kind == "object":
            return self._make_object(node)
        return make(node[kind])

    def _items(self, nodes: list[Any]) -> list[Any]:
        return [self.decode(node) for node in nodes]

    # What is simple.

    def _make_float(self, text: str) -> float:
        return float(text)

    def _make_tuple(self, nodes: list[Any]) -> tuple[Any, ...]:
        return tuple(self._items(nodes))

    def _make_frozenset(self, nodes: list[Any]) -> frozenset[Any]:
        return frozenset(self._items(nodes))

    def _make_bytes(self, text: str) -> bytes:
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
        return _dtype(about)

    def _make_scalar(self, node: Any) -> Any:
        return self.decode(node)[0]

    def _make_value(self, about: list[Any]) -> Any:
        kind, nodes = about
        return make_value(kind, self._items(nodes))

    def _make_torch(self, name: str) -> torch.dtype:
        dtype = getattr(torch, name)
        if not isinstance(dtype, torch.dtype):
            raise ValueError(f"torch.{name} is no dtype")
        return dtype

    def _make_device(self, name: str) -> torch.device:
        return torch.device(_usable(name))

    def _make_size(self, shape: list[int]) -> torch.Size:
        return torch.Size(shape)

    def _make_enum(self, about: list[str]) -> Any:
        return self.allowed.find(about[0])[about[1]]

    def _make_named(self, name: str) -> Any:
        return self.allowed.find(name)

    # What has a number, by which it may come again.

    def _make_again(self, number: int) -> Any:
        if number < 0:
            raise ValueError("a reference to what comes later")
        return self.things[number]

    def _number(self) -> int:
        """Return the next number, kept for what is being made."""
        self.things.append(None)
        return len(self.things) - 1

    def _keep(self, thing: Any) -> Any:
        self.things.append(thing)
        return thing

    def _make_map(self, nodes: dict[str, Any]) -> dict[str, Any]:
        thing: dict[str, Any] = self._keep({})
        for key, node in nodes.items():
            thing[key] = self.decode(node)
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
        for key, value in pairs:
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
        self.things[at] = np.ma.MaskedArray(data, mask)
        return self.things[at]

    def _make_elements(self, about: list[Any]) -> np.ndarray:
        at, (dtype, shape, nodes) = self._number(), about
        kind, items = _elements_dtype(dtype), self._items(nodes)
        longest = max((len(item) for item in items if isinstance(item, str)), default=1)
        if kind.kind in "US" and kind.itemsize > 4 * max(4 * longest, 100):
            raise ValueError(f"texts of dtype {dtype}, the longest of {longest}")
        flat = np.empty(len(items), dtype=kind)
        for i, item in enumerate(items):
            flat[i] = item
        self.things[at] = flat.reshape(shape)
        return self.things[at]

    def _make_array(self, about: list[Any]) -> np.ndarray:
        number, dtype, shape, order = about
        flat = self.arrays[number].reshape(-1).view(_dtype(dtype))
        if order == "F":
            return self._keep(flat.reshape(shape[::-1]).T)
        return self._keep(flat.reshape(shape))

    def _make_tensor(self, about: list[Any]) -> torch.Tensor:
        number, dtype, shape, requires_grad, is_parameter = about
        flat = torch.from_numpy(self.arrays[number].reshape(-1).view(np.uint8))
        tensor = flat.view(self._make_torch(dtype)).reshape(shape)
        if is_parameter:
            tensor = torch.nn.Parameter(tensor, requires_grad=requires_grad)
        else:
            tensor.requires_grad_(requires_grad)
        return self._keep(tensor)

    def _make_sparse(self, about: list[Any]) -> Any:
        at, (form, is_array, shape, nodes) = self._number(), about
        name = f"{form}_{'array' if is_array else 'matrix'}"
        if form not in ("csr", "csc"):
            raise ValueError(f"a sparse format {form!r}")
        matrix = getattr(sparse, name)(tuple(self._items(nodes)), shape=shape)
        matrix.check_format(full_check=True)  # its loops trust the indices
        self.things[at] = matrix
        return matrix

    def _make_partial(self, nodes: list[Any]) -> Any:
        at = self._number()
        function, args, keywords = self._items(nodes)
        self.things[at] = partial(function, *args, **keywords)
        return self.things[at]

    def _make_random_state(self, node: Any) -> np.random.RandomState:
        at, thing = self._number(), np.random.RandomState()
        thing.set_state(_checked_bits(self.decode(node)))
        self.things[at] = thing
        return thing

    def _make_generator(self, node: Any) -> np.random.Generator:
        at, state = self._number(), _checked_bits(self.decode(node))
        if state["bit_generator"] not in BIT_GENERATORS:
            raise ValueError(f"a bit generator {state['bit_generator']!r}")
        bits = getattr(np.random, state["bit_generator"])()
        bits.state = state
        self.things[at] = np.random.Generator(bits)
        return self.things[at]

    def _make_torch_generator(self, about: list[Any]) -> torch.Generator:
        at, thing = self._number(), torch.Generator(_usable(about[0]))
        thing.set_state(torch.from_numpy(self.decode(about[1])))
        self.things[at] = thing
        return thing

    def _make_tree(self, about: list[Any]) -> Tree:
        at = self._number()
        n_features, n_classes, n_outputs, node = about
        classes, state = self.decode(n_classes), self.decode(node)
        check_tree(state, n_features, classes, n_outputs)
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
            raise ValueError(f"{name} is no class")
        make: Any = cls.__new__
        thing = self._keep(make(cls))
        state = self.decode(state_node)
        if "items" in node:
            thing.extend(self._items(node["items"]))
        if "pairs" in node:
            self._fill(thing, node["pairs"])
        if isinstance(thing, NeuralNet):
            state["device"] = _usable(state["device"])
        if state is not None:
            _set_state(thing, state)
        if isinstance(thing, NeighborsBase) and vars(thing).get("_tree") is True:
            thing._tree = _neighbors_tree(thing)
        return thing


def _set_state(thing: Any, state: Any) -> None:
    """Give an object its attributes, by its own way where it has one."""
    own = getattr(type(thing), "__setstate__", None)
    plain = (BaseEstimator, NeuralNet, VersionedState)
    if own is None or any(own is one.__setstate__ for one in plain):
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        if attributes:
            vars(thing).update(attributes)
        for name, value in (slots or {}).items():
            if name.startswith("__"):
                raise ValueError(f"an attribute {name}")
            object.__setattr__(thing, name, value)
    else:
        thing.__setstate__(state)


def _checked_bits(state: Any) -> Any:
    """Return the state of a random generator whose position is in its table."""
    position = state["state"].get("pos", 0)
    if not 0 <= position <= 624:  # NumPy would read beyond the table
        raise ValueError(f"a random generator at position {position}")
    return state


def _neighbors_tree(model: Any) -> Any:
    """Return the tree of a nearest-neighbours model, as its fit made it."""
    kinds = {"kd_tree": KDTree, "ball_tree": BallTree}
    options = {"metric": model.effective_metric_, **model.effective_metric_params_}
    return kinds[model._fit_method](model._fit_X, model.leaf_size, **options)


def _usable(device: str) -> str:
    """Return the device, or the CPU where there is no such device here."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        return "cpu"
    if device.startswith("mps") and not torch.backends.mps.is_available():
        return "cpu"
    return device


def _dtype(about: Any) -> np.dtype:
    """Return a dtype without Python objects in it."""
    if isinstance(about, dict):
        formats = [_dtype(one) for one in about["formats"]]
        fields: Any = {**about, "formats": formats}
        dtype = np.dtype(fields)
    else:
        dtype = np.dtype(about)
    if dtype.hasobject:
        raise ValueError("an array of objects among arrays of numbers")
    return dtype


def _elements_dtype(text: str) -> np.dtype:
    dtype = np.dtype(text)
    if dtype.kind not in "OUST":
        raise ValueError(f"elements of dtype {text}")
    return dtype
