"""Common checks of custom penalties, losses, methods and modules."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import clone

__all__ = ["Faults", "check_spec", "is_importable", "refusing"]


class Faults:
    """Checks that raise an AssertionError with the names of a class and a method.

    Parameters
    ----------
    spec : object
        Object to check.
    """

    def __init__(self, spec: Any) -> None:
        self.who = type(spec).__name__

    def fail(self, method: str, expected: str, found: Any) -> None:
        """Raise the error."""
        raise AssertionError(f"{self.who}.{method}: expected {expected}; found {found}")

    def require(self, holds: Any, method: str, expected: str, found: Any) -> None:
        """Raise the error unless a condition holds."""
        if not holds:
            self.fail(method, expected, found)

    @contextmanager
    def leaving_alone(self, state: Callable[[], Any], method: str) -> Iterator[None]:
        """Raise the error if a block draws from a global generator."""
        before = _bytes(state), _numpy_state()
        try:
            yield
        finally:  # also after a failed check, which the global generator may explain
            after = _bytes(state), _numpy_state()
            self.require(
                before == after,
                method,
                "numbers drawn from the generators that are given",
                "that a global generator was used",
            )

    @contextmanager
    def keeping(self, spec: Any, method: str) -> Iterator[None]:
        """Raise the error if a block changes an object, or stores something in it."""
        before, names = repr(spec), set(getattr(spec, "__dict__", ()))
        yield
        self.require(repr(spec) == before, method, "unchanged parameters", spec)
        added = sorted(set(getattr(spec, "__dict__", ())) - names)
        what = "nothing stored in the object but the arguments of its constructor"
        self.require(not added, method, what, added)

    def close(
        self, found: Any, expected: Any, method: str, what: str, *, tol: float = 1e-7
    ) -> None:
        """Raise the error unless numbers are close, relative to the largest one."""
        found, expected = _array(found), _array(expected)
        self.require(
            found.shape == expected.shape,
            method,
            f"{what} of shape {expected.shape}",
            f"shape {found.shape}",
        )
        scale = max(float(np.abs(expected).max(initial=0.0)), 1.0)
        with np.errstate(invalid="ignore"):
            errors = np.where(found == expected, 0.0, np.abs(found - expected))
        worst = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
        is_close = not errors.size or errors.flat[worst] <= tol * scale
        self.require(
            is_close,
            method,
            f"{what} {expected.flat[worst] if errors.size else ''}",
            found.flat[worst] if errors.size else "",
        )


@contextmanager
def refusing(who: str) -> Iterator[None]:
    """Convert the AssertionError of a check to the ValueError of an estimator."""
    try:
        yield
    except AssertionError as error:
        raise ValueError(f"{who}: {error}.") from None


def check_spec(spec: Any, base: type[Any]) -> Faults:
    """Check that an object can be cloned, searched and pickled."""
    if not isinstance(spec, base):
        raise TypeError(
            f"expected an instance of a subclass of {base.__name__}; found {spec!r}."
        )
    faults = Faults(spec)
    try:
        copy = clone(spec).set_params(**spec.get_params(deep=False))
    except (AttributeError, RuntimeError, TypeError) as error:
        faults.fail("__init__", "each argument stored under its own name", error)
    faults.require(
        copy.get_params(deep=False).keys() == spec.get_params(deep=False).keys(),
        "get_params",
        "the arguments of the constructor",
        sorted(copy.get_params(deep=False)),
    )
    if is_importable(type(spec)):
        try:
            pickle.loads(pickle.dumps(spec))
        except Exception as error:
            faults.fail("__reduce__", "an object that can be pickled", error)
    return faults


def _array(numbers: Any) -> np.ndarray:
    """Return numbers as an array, also from a tensor that requires gradients."""
    if hasattr(numbers, "detach"):
        numbers = numbers.detach()
    return np.asarray(numbers, dtype=float)


def _bytes(state: Callable[[], Any]) -> bytes:
    """Return the bytes of a generator state of PyTorch."""
    found: bytes = state().numpy().tobytes()
    return found


def _numpy_state() -> str:
    """Return the state of NumPy's global generator, without using the generator."""
    return repr(np.random.get_state())  # noqa: NPY002


def is_importable(kind: type) -> bool:
    """Return whether a class can be imported by name, unlike a local class."""
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind
