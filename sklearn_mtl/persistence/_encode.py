"""Conversion of objects to JSON and arrays."""

from __future__ import annotations

import base64
import copyreg
import math
from collections import OrderedDict, defaultdict
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.neighbors import KernelDensity
from skorch import NeuralNet

from sklearn_mtl.persistence._allowed import Allowed, name_of
from sklearn_mtl.persistence._checks import RNG_BYTES, isotonic_bytes
from sklearn_mtl.persistence._parts import is_part
from sklearn_mtl.persistence._private import NeighborsBase, Tree
from sklearn_mtl.persistence._search_trees import search_tree_bytes, search_tree_rows
from sklearn_mtl.persistence._trees import tree_bytes
from sklearn_mtl.persistence._values import take_value, value_bytes
from sklearn_mtl.utils._versioned import VersionedState

__all__ = ["Encoder"]

GENERATORS = (np.random.RandomState, np.random.Generator, torch.Generator)
#: Function that pickle calls to create objects without a custom __reduce__.
NEW_OBJECT = copyreg.__newobj__  # type: ignore[attr-defined]


class Encoder:
    """Convert objects to JSON and arrays.

    Lists, dictionaries, sets, arrays, tensors and other objects are numbered in the
    order of their conversion. If an object occurs again, only its number is written.
    This preserves shared objects and cycles.

    Parameters
    ----------
    allowed : Allowed
        Classes and functions that are allowed.
    training : bool
        Whether to include state that is only needed for further training.
    """

    def __init__(self, allowed: Allowed, training: bool) -> None:
        self.allowed, self.training = allowed, training
        self.arrays: list[np.ndarray] = []
        self.parts: list[Any] = []  # objects that are saved with skops
        self.numbers: dict[int, int] = {}
        self.alive: list[Any] = []  # keeps objects alive, so that ids are not reused
        self.path: list[str] = []
        self.making = 0  # bytes that loading needs in addition to arrays and JSON

    def encode(self, thing: Any, at: str = "") -> Any:
        """Return the JSON node of an object."""
        self.path.append(at)
        node = self._encode(thing)
        self.path.pop()
        return node

    def _encode(self, thing: Any) -> Any:
        if thing is None or type(thing) in (bool, int, str):
            return thing
        if type(thing) is float:
            return thing if math.isfinite(thing) else {"float": repr(thing)}
        simple = self._simple(thing)
        if simple is not None:
            return simple
        known = self.numbers.get(id(thing))
        if known is not None:
            return {"again": known}
        self.numbers[id(thing)] = len(self.numbers)
        self.alive.append(thing)
        return self._shared(thing)

    def _simple(self, thing: Any) -> Any:
        """Return the node of an immutable object, or None for other objects."""
        kind = type(thing)
        if kind is tuple:
            return {"tuple": self._items(thing)}
        if kind is frozenset:
            return {"frozenset": self._items(sorted(thing, key=repr))}
        if kind is bytes:
            self.making += 2 * len(thing)
            return {"bytes": base64.b64encode(thing).decode()}
        if kind is complex:
            return {"complex": [repr(thing.real), repr(thing.imag)]}
        if kind is slice:
            return {"slice": self._items((thing.start, thing.stop, thing.step))}
        if kind is range:
            return {"range": [thing.start, thing.stop, thing.step]}
        if thing is Ellipsis or thing is NotImplemented:
            return {"constant": repr(thing)}
        if isinstance(thing, PurePath):  # such as the parameter checkpoint
            return {"path": str(thing)}
        if isinstance(thing, np.dtype):
            return {"dtype": _describe(thing, self)}
        if isinstance(thing, np.generic):
            return {"scalar": self.encode(np.asarray(thing)[None], "scalar")}
        value = take_value(thing)
        if value is not None:
            self.making += value_bytes(value[0])
            return {"value": [value[0], self._items(value[1])]}
        if isinstance(thing, torch.dtype):
            return {"torch": str(thing).removeprefix("torch.")}
        if isinstance(thing, torch.device):
            return {"device": str(thing)}
        if isinstance(thing, torch.Size):
            return {"size": list(thing)}
        if isinstance(thing, Enum):
            return {"enum": [self._name(kind), thing.name]}
        if isinstance(thing, type | FunctionType | BuiltinFunctionType | np.ufunc):
            return {"named": self._name(thing)}
        return None

    def _shared(self, thing: Any) -> Any:
        """Return the node of an object with a number."""
        kind = type(thing)
        if kind is list:
            return self._items(thing)
        if kind in (dict, OrderedDict, defaultdict):
            return self._dict(thing)
        if kind is set:
            return {"set": self._items(sorted(thing, key=repr))}
        if isinstance(thing, np.ma.MaskedArray):
            masked = (thing.data, np.ma.getmaskarray(thing))
            return {"masked": self._items(masked)}
        if kind in (np.ndarray, np.memmap):
            return self._array(thing)
        if isinstance(thing, torch.Tensor):
            return self._tensor(thing)
        if sparse.issparse(thing):
            matrix = thing.tocsc() if thing.format == "csc" else thing.tocsr()
            parts = (matrix.data, matrix.indices, matrix.indptr)
            is_array = isinstance(thing, sparse.sparray)
            return {
                "sparse": [
                    matrix.format,
                    is_array,
                    list(thing.shape),
                    self._items(parts),
                ]
            }
        if kind is partial:
            return {
                "partial": self._items((thing.func, thing.args, thing.keywords)),
            }
        if isinstance(thing, GENERATORS):
            self.making += RNG_BYTES
        if isinstance(thing, np.random.RandomState):
            return {"random_state": self.encode(thing.get_state(legacy=False))}
        if isinstance(thing, np.random.Generator):
            return {"generator": self.encode(thing.bit_generator.state)}
        if isinstance(thing, torch.Generator):
            state = thing.get_state().numpy(force=True)
            return {"torch_generator": [str(thing.device), self.encode(state)]}
        if kind is Tree:
            sizes = [thing.n_features, self.encode(thing.n_classes), thing.n_outputs]
            state = thing.__getstate__()
            self.making += tree_bytes(state)
            return {"tree": [*sizes, self.encode(state, "tree")]}
        return self._object(thing)

    def _items(self, things: Any) -> list[Any]:
        return [self.encode(thing, f"[{i}]") for i, thing in enumerate(things)]

    def _dict(self, thing: dict[Any, Any]) -> Any:
        """Return a map if all keys are strings, otherwise pairs."""
        if type(thing) is dict and all(type(key) is str for key in thing):
            return {"map": {k: self.encode(v, f"[{k!r}]") for k, v in thing.items()}}
        factory = None
        if type(thing) is defaultdict:  # first, in the order in which it is read
            factory = self.encode(thing.default_factory, "default_factory")
        pairs = [
            [self.encode(key, "key"), self.encode(value, f"[{key!r}]")]
            for key, value in thing.items()
        ]
        if type(thing) is defaultdict:
            return {"defaultdict": [factory, pairs]}
        return {"ordered" if type(thing) is OrderedDict else "dict": pairs}

    def _array(self, array: np.ndarray) -> Any:
        """Return the index, dtype and shape of an array, or its elements if objects."""
        if array.dtype.kind in "OUST":
            self.making += array.nbytes
            items = self._items(array.ravel().tolist())
            return {"elements": [array.dtype.str, list(array.shape), items]}
        is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        flat = array.T if is_fortran else array
        self.arrays.append(np.ascontiguousarray(flat))
        order = "F" if is_fortran else "C"
        at, shape = len(self.arrays) - 1, list(array.shape)
        return {"array": [at, _describe(array.dtype, self), shape, order]}

    def _tensor(self, tensor: torch.Tensor) -> Any:
        """Return the array index of a tensor and its properties."""
        is_parameter = type(tensor) is torch.nn.Parameter
        is_plain = type(tensor) is torch.Tensor or is_parameter
        if not is_plain or tensor.layout != torch.strided:
            raise self._error(f"a tensor of class {type(tensor).__name__}")
        plain = tensor.detach().cpu().contiguous()
        dtype = str(tensor.dtype).removeprefix("torch.")
        # as bytes, because NumPy has no bfloat16
        flat = plain.reshape(-1).view(torch.uint8).numpy()
        self.arrays.append(flat)
        about = [dtype, list(tensor.shape), tensor.requires_grad, is_parameter]
        return {"tensor": [len(self.arrays) - 1, *about]}

    def _object(self, thing: Any) -> Any:
        """Return the class and state of an object."""
        cls = type(thing)
        if isinstance(thing, NeuralNet):  # its __getstate__ would return a pickle
            state = self._saved_attributes(thing)
            return {"object": [self._name(cls), self.encode(state, "")]}
        if cls.__module__.startswith("sklearn.") and not self.allowed.allows(cls):
            return self._part(thing)
        reduced = thing.__reduce_ex__(2)
        is_plain = isinstance(reduced, tuple) and reduced[0] is NEW_OBJECT
        if not is_plain or reduced[1] != (cls,):
            return self._part(thing)
        state = reduced[2]
        if _has_plain_state(cls) and not isinstance(state, tuple):  # a tuple has slots
            state = self._saved_attributes(thing)
        node = {"object": [self._name(cls), self._state(state)]}
        if len(reduced) > 3 and reduced[3] is not None:
            node["items"] = self._items(list(reduced[3]))
        if len(reduced) > 4 and reduced[4] is not None:
            # The pairs are not objects of the model, so they have no number.
            node["pairs"] = [
                [self.encode(k, "key"), self.encode(v)] for k, v in reduced[4]
            ]
        return node

    def _saved_attributes(self, thing: Any) -> dict[str, Any]:
        """Return the attributes of an object that are saved."""
        state = dict(vars(thing))
        if isinstance(thing, NeighborsBase) and state.get("_tree") is not None:
            rows, options = thing._fit_X, thing.effective_metric_params_
            self.making += search_tree_bytes(rows, thing.leaf_size, options)
            state["_tree"] = True  # load rebuilds it, because its table is not checked
        if isinstance(thing, KernelDensity) and "tree_" in state:
            state["tree_"] = search_tree_rows(thing.tree_)
            self.making += search_tree_bytes(state["tree_"][1], thing.leaf_size, {})
        if isinstance(thing, IsotonicRegression):
            self.making += isotonic_bytes(state)
        if not self.training:
            for name in getattr(type(thing), "_only_for_training", ()):
                state.pop(name, None)
        return state

    def _state(self, state: Any) -> Any:
        if isinstance(state, dict):
            number = len(self.numbers)
            self.numbers[id(state)] = number
            self.alive.append(state)
            return {"map": {k: self.encode(v, f".{k}") for k, v in state.items()}}
        return self.encode(state)

    def _part(self, thing: Any) -> Any:
        """Return the node of a compiled loss, which is saved with skops."""
        if not is_part(thing):
            raise self._error(f"an object of {name_of(type(thing))}")
        self.parts.append(thing)
        return {"skops": len(self.parts) - 1}

    def _name(self, thing: Any) -> str:
        if not self.allowed.allows(thing):
            raise self._error(name_of(thing))
        return name_of(thing)

    def _error(self, found: str) -> TypeError:
        return TypeError(
            f"save: {''.join(self.path)} is or contains {found}, which cannot be "
            "saved. Allowed are sklearn_mtl, estimators of scikit-learn, layers and "
            "optimisers of torch, and the classes and functions in trusted=[...]."
        )


def _has_plain_state(cls: type) -> bool:
    """Return whether the state of pickle consists of the attributes only."""
    plain = (object, BaseEstimator, VersionedState)
    return any(cls.__getstate__ is one.__getstate__ for one in plain)


def _describe(dtype: np.dtype, encoder: Encoder) -> Any:
    """Return the name of a dtype, or the names and dtypes of its fields."""
    if dtype.hasobject:
        raise encoder._error(f"the dtype {dtype}")
    if dtype.fields is None:
        return dtype.str
    return {
        "names": list(dtype.names or ()),
        "formats": [_describe(field[0], encoder) for field in dtype.fields.values()],
        "offsets": [field[1] for field in dtype.fields.values()],
        "itemsize": dtype.itemsize,
    }
