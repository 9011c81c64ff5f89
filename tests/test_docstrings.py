"""Docstrings of everything public follow numpydoc's rules."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from inspect import signature

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate
from sklearn.base import BaseEstimator

import sklearn_mtl

# numpydoc's codes that we do not follow, each with its reason.
NOT_FOLLOWED = {
    "ES01",  # a short function needs no second paragraph
    "EX01",  # asked below of what users call; a class shows its methods
    "GL01",  # the summary starts on the line of the quotes (ruff's D212)
    *("PR08", "RT04", "SS02"),  # a text may start with a name: n_test / n_train
    "RT02",  # a returned value has a name, as in scikit-learn
    "SA01",  # See Also only where there is something to see
    "SA04",  # a cross-reference names what it points to
    "SS06",  # a summary may take a second line rather than lose its meaning
}
# What estimators are made of: for developers, who read the code beside it.
BUILDING_BLOCKS = {
    *("tasks", "losses", "modules", "balancing"),
    *("datafits", "penalties", "solvers"),
}
# There a method or function may say in one line what names and types do not.
NOT_ASKED_OF_THEIR_FUNCTIONS = {"PR01", "RT01"}
# Constructors are keyword-only, so the order of their parameters says nothing.
NOT_ASKED_OF_CLASSES = {"PR03"}
# Lines that group the many parameters of the nets; numpydoc takes them for parameters.
HEADINGS = {"Model", "Objective", "Optimisation", "Data", "Running"}
# scikit-learn documents these, whoever overrides them.
KNOWN_METHODS = {"get_params", "set_params"}


def public_modules() -> Iterator[str]:
    """Yield the package and its public rooms; what is inside a room is its own."""
    yield sklearn_mtl.__name__
    for module in pkgutil.iter_modules(sklearn_mtl.__path__):
        if not module.name.startswith("_") and module.name != "utils":
            yield f"{sklearn_mtl.__name__}.{module.name}"


def public_names() -> list[str]:
    """Return the dotted names that users see, each object once."""
    names: dict[object, str] = {}
    methods: set[str] = set()
    for module_name in public_modules():
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            target = getattr(module, name)
            if inspect.isfunction(target) or inspect.isclass(target):
                names[target] = f"{module_name}.{name}"
            if inspect.isclass(target):
                methods.update(methods_of(target))
    return sorted([*names.values(), *methods])


def methods_of(owner: type) -> Iterator[str]:
    """Yield the dotted names of the public methods, each where it is first defined.

    An override says only what it does differently; a copied docstring would drift.
    """
    for name, member in inspect.getmembers(owner, inspect.isfunction):
        # scikit-learn generates the request methods in the class that uses them.
        is_routing = name.startswith("set_") and name.endswith("_request")
        is_known = name.startswith("_") or name in KNOWN_METHODS or is_routing
        if is_ours(member) and not is_known:
            bases = [base for base in owner.__mro__ if is_ours(base)]
            first = [base for base in bases if name in vars(base)][-1]
            yield f"{first.__module__}.{first.__qualname__}.{name}"


def is_ours(target: type | Callable) -> bool:
    return target.__module__.split(".")[0] == sklearn_mtl.__name__


def find(name: str) -> type | Callable | None:
    """Return the class or function of a dotted name; None for a method."""
    module, _, last = name.rpartition(".")
    return getattr(sys.modules.get(module), last, None)


def not_asked(name: str) -> set[str]:
    """Return the codes that this docstring need not follow."""
    target = find(name)
    if not inspect.isclass(target):
        is_block = name.split(".")[1] in BUILDING_BLOCKS
        return NOT_FOLLOWED | (NOT_ASKED_OF_THEIR_FUNCTIONS if is_block else set())
    if getattr(target, "_is_protocol", False) or documents_fields(target):
        return NOT_FOLLOWED | NOT_ASKED_OF_CLASSES | {"PR01"}
    return NOT_FOLLOWED | NOT_ASKED_OF_CLASSES


def documents_fields(target: type) -> bool:
    """Say whether this is a dataclass whose Attributes section has every field."""
    if not dataclasses.is_dataclass(target):
        return False
    told = {one.name for one in NumpyDocString(inspect.getdoc(target))["Attributes"]}
    return {field.name for field in dataclasses.fields(target)} <= told


def needs_an_example(name: str) -> bool:
    """Say whether this is a function or class that a user calls."""
    target = find(name)
    if not inspect.isclass(target):
        return target is not None and name.split(".")[1] not in BUILDING_BLOCKS
    if issubclass(target, Exception) or dataclasses.is_dataclass(target):
        return False  # a result is shown by the function that returns it
    if name.split(".")[1] not in BUILDING_BLOCKS:
        return True
    # Trunk specs and penalties; a base without parameters is not for calling.
    return issubclass(target, BaseEstimator) and bool(signature(target).parameters)


def is_about_headings(code: str, text: str) -> bool:
    """Say whether an error is only that a heading is no parameter."""
    named = set(re.findall(r"[\"'](\w+)[\"']", text))
    return code in {"PR02", "PR04", "PR07"} and named <= HEADINGS


@pytest.mark.parametrize("name", public_names())
def test_the_docstring_follows_numpydoc(name):
    found = validate(name)["errors"]
    asked = [one for one in found if one[0] not in not_asked(name)]
    assert [one for one in asked if not is_about_headings(*one)] == []


@pytest.mark.parametrize(
    "name", [name for name in public_names() if needs_an_example(name)]
)
def test_the_docstring_has_an_example(name):
    assert "EX01" not in [code for code, _ in validate(name)["errors"]]


@pytest.mark.parametrize("name", list(public_modules()))
def test_a_public_package_says_what_it_is_and_what_it_holds(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert sorted(module.__all__) == sorted(set(module.__all__))
    assert all(hasattr(module, one) for one in module.__all__)
