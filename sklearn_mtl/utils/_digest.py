"""Digests of data and estimators that are the same in every process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import joblib
import numpy as np
from joblib.hashing import NumpyHasher
from scipy import sparse

from sklearn_mtl.utils._frames import is_pandas, to_pandas

__all__ = ["digest_object", "digest_table"]

#: Folders of installed packages, whose code only changes with their version.
_INSTALLED = ("site-packages", "dist-packages")


class _Hasher(NumpyHasher):
    """Hasher of joblib with support of tensors, whose pickles differ by process."""

    def reducer_override(self, value: Any) -> Any:
        root = type(value).__module__.partition(".")[0]
        if root == "torch" and hasattr(value, "detach"):
            plain = value.detach().cpu()
            # NumPy has no bfloat16, whose values can all be represented as float32
            array = (plain.float() if plain.is_floating_point() else plain).numpy()
            return str, (f"{value.dtype} {value.requires_grad} {joblib.hash(array)}",)
        return NotImplemented


class _CodeHasher(_Hasher):
    """Hasher that includes the code of the user's functions and classes.

    joblib hashes functions and classes by name, so that changes of the code are not
    detected, and does not support lambdas.
    """

    def __init__(self, told: set[int] | None = None) -> None:
        super().__init__(hash_name="md5")
        # visited functions, to terminate for functions that call each other
        self._told: set[int] = set() if told is None else told

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, type | FunctionType) and _is_own(value):
            name = f"{value.__module__}.{value.__qualname__}"
            if id(value) in self._told:
                return str, (name,)
            self._told.add(id(value))
            if isinstance(value, type):
                return list, ([name, *self._of_class(value)],)
            return list, ([name, *self._of_function(value)],)
        return super().reducer_override(value)

    def _of_class(self, value: type) -> Iterator[Any]:
        """Yield the methods and constants of a class, and its base classes."""
        for name, member in sorted(vars(value).items()):
            found = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(found, FunctionType):
                yield name
                yield list(self._of_function(found))
            elif not name.startswith("__"):
                yield [name, self._of_value(found)]
        yield [base for base in value.__bases__ if _is_own(base)]

    def _of_function(self, value: FunctionType) -> Iterator[Any]:
        """Yield the code of a function, and the values that it refers to."""
        yield from _of_code(value.__code__)
        yield [value.__defaults__, value.__kwdefaults__]
        for cell in value.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # the cell is empty
                continue
        known = value.__globals__
        for name in sorted(_names(value.__code__) & known.keys()):
            found = known[name]
            if isinstance(found, type | FunctionType):
                if _is_own(found):
                    yield [name, found]
            elif not isinstance(found, ModuleType):
                yield [name, self._of_value(found)]

    def _of_value(self, value: Any) -> str:
        """Return a digest of a constant, or its type if it cannot be pickled."""
        try:
            return str(_CodeHasher(self._told).hash(value))
        except Exception:  # any error, for example for a lock or an open file
            return f"{type(value).__module__}.{type(value).__qualname__}"


def _is_own(value: Any) -> bool:
    """Return whether a class or function is user code or cannot be imported."""
    if "<" in value.__qualname__:  # a lambda or a local function
        return True
    module = str(value.__module__)
    if module == "__main__":  # in a worker, its file is one of joblib
        return True
    if module.partition(".")[0] in ("sklearn_mtl", *sys.stdlib_module_names):
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return not any(part in _INSTALLED for part in Path(file).parts)


def _names(code: CodeType) -> set[str]:
    """Return the names that code looks up, including those of nested functions."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _of_code(code: CodeType) -> Iterator[Any]:
    """Yield the content of code without its position in a file."""
    yield code.co_code
    yield code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield list(_of_code(constant))
        elif isinstance(constant, frozenset):  # its order differs between processes
            yield sorted(map(repr, constant))
        else:
            yield repr(constant)


def digest_object(value: Any, *, with_code: bool = False) -> str:
    """Return a digest of an estimator or any other object that can be pickled.

    By default, classes and functions must be importable. With `with_code`, their code
    is part of the digest, and lambdas are allowed.
    """
    hasher = _CodeHasher() if with_code else _Hasher(hash_name="md5")
    return str(hasher.hash(value))


def digest_table(table: Any) -> str:
    """Return a digest of the values of a table, independent of the memory layout."""
    table = to_pandas(table)
    if is_pandas(table):
        from pandas.util import hash_pandas_object

        kinds = [(str(name), str(kind)) for name, kind in table.dtypes.items()]
        table = [kinds, hash_pandas_object(table, index=False).to_numpy()]
    elif sparse.issparse(table):
        entries = table.tocoo()
        table = [entries.shape, entries.coords, entries.data]
    else:
        table = np.ascontiguousarray(table)
        if table.dtype.kind == "O":  # pickles depend on the identity of equal texts
            table = [str(type(value)) + repr(value) for value in table.ravel()]
    return str(joblib.hash(table))
