"""Docstrings of everything public follow numpydoc's rules."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator

import pytest
from numpydoc.validate import validate

import sklearn_mtl

# numpydoc's codes that we do not follow, each with its reason.
NOT_FOLLOWED = {
    "ES01",  # a short function needs no second paragraph
    "EX01",  # asked of classes and functions below; a class shows its methods
    "GL01",  # the summary starts on the line of the quotes (ruff's D212)
    "RT02",  # a returned value has a name, as in scikit-learn
    "SA01",  # See Also only where there is something to see
    "SA04",  # a cross-reference names what it points to
    "SS06",  # a summary may take a second line rather than lose its meaning
}


def public_modules() -> Iterator[str]:
    """Yield the package and each of its modules without an underscore."""
    yield sklearn_mtl.__name__
    found = pkgutil.walk_packages(sklearn_mtl.__path__, f"{sklearn_mtl.__name__}.")
    for module in found:
        if not any(part.startswith("_") for part in module.name.split(".")):
            yield module.name


def public_names() -> list[str]:
    """Return the dotted names that users see, each object once."""
    names: dict[int, str] = {}
    for module_name in public_modules():
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            target = getattr(module, name)
            if inspect.isfunction(target) or inspect.isclass(target):
                names[id(target)] = f"{module_name}.{name}"
            if inspect.isclass(target):
                for method, function in methods_of(target):
                    names.setdefault(id(function), f"{module_name}.{name}.{method}")
    return sorted(names.values())


def methods_of(owner: type) -> Iterator[tuple[str, object]]:
    """Yield the public methods that this package wrote, inherited ones included."""
    for name, member in inspect.getmembers(owner, inspect.isfunction):
        is_ours = member.__module__.split(".")[0] == sklearn_mtl.__name__
        # scikit-learn generates the request methods in the class that uses them.
        is_routing = name.startswith("set_") and name.endswith("_request")
        if is_ours and not name.startswith("_") and not is_routing:
            yield name, member


def shows(name: str) -> bool:
    """Say whether the docstring must hold an example: no method's, no exception's."""
    module, _, last = name.rpartition(".")
    owner = sys.modules.get(module)
    target = getattr(owner, last, None)
    is_exception = inspect.isclass(target) and issubclass(target, Exception)
    return owner is not None and not is_exception


@pytest.mark.parametrize("name", public_names())
def test_the_docstring_follows_numpydoc(name):
    errors = validate(name)["errors"]
    told = [f"{code} {text}" for code, text in errors if code not in NOT_FOLLOWED]
    assert "\n".join(told) == ""


@pytest.mark.parametrize("name", [name for name in public_names() if shows(name)])
def test_the_docstring_has_an_example(name):
    assert "EX01" not in [code for code, _ in validate(name)["errors"]]


@pytest.mark.parametrize("name", list(public_modules()))
def test_a_public_package_says_what_it_is_and_what_it_holds(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert sorted(module.__all__) == sorted(set(module.__all__))
    assert all(hasattr(module, one) for one in module.__all__)
