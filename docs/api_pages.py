"""Write one API page a public package, from its docstring and `__all__`.

A page that is made from the code cannot forget a name.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sphinx.application import Sphinx
from sphinx.config import Config

import sklearn_mtl

PAGE = """{name}
{rule}

.. automodule:: {name}
   :no-members:

.. currentmodule:: {name}
{tables}"""
TABLE = """
.. rubric:: {title}

.. autosummary::
   :toctree: objects

   {names}
"""

# Such as n_features_in_; numpydoc escapes a name that starts a line itself.
TRAILING_UNDERSCORE = re.compile(r"(?<=[\s(\[\"])(\w*[^\W_])_(?=[\s,.;:)\]\"]|$)")


def public_packages() -> Iterator[ModuleType]:
    """Yield the public packages and modules of sklearn_mtl in alphabetical order."""
    for found in sorted(pkgutil.iter_modules(sklearn_mtl.__path__)):
        if found.name.startswith("_") or found.name == "utils":
            continue
        module = importlib.import_module(f"sklearn_mtl.{found.name}")
        if module.__all__:  # datafits and solvers are for the linear models alone
            yield module


def documented_names(module: ModuleType) -> list[str]:
    """Return the public classes and functions; constants and aliases have no page."""
    public = {name: getattr(module, name) for name in module.__all__}
    return sorted(
        name
        for name, target in public.items()
        if inspect.isclass(target) or inspect.isfunction(target)
    )


def page_of(module: ModuleType) -> str:
    """Return the text of one package's page."""
    groups: dict[str, list[str]] = {}
    for name in documented_names(module):
        groups.setdefault(kind_of(getattr(module, name)), []).append(name)
    tables = [
        TABLE.format(title=title, names="\n   ".join(names))
        for title, names in sorted(groups.items())
    ]
    name = module.__name__
    return PAGE.format(name=name, rule="=" * len(name), tables="".join(tables))


def kind_of(target: object) -> str:
    """Return the heading under which a name is listed."""
    if not inspect.isclass(target):
        return "Functions"
    return "Exceptions" if issubclass(target, Exception) else "Classes"


def write_pages(app: Sphinx, config: Config) -> None:
    """Write the pages before Sphinx looks for source files."""
    folder = Path(app.srcdir) / "api" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    # Named, because a later build looks only at the pages that it knew before.
    config.autosummary_generate = [
        f"api/generated/{module.__name__}.rst" for module in public_packages()
    ]
    for module in public_packages():
        path, text = folder / f"{module.__name__}.rst", page_of(module)
        # An untouched file is not built again.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    known = {
        f"{module.__name__}.{name}"
        for module in public_packages()
        for name in documented_names(module)
    }
    for page in (folder / "objects").glob("*.rst"):
        if page.stem not in known:
            page.unlink()  # the name is gone; its page would be an orphan


def is_foreign(
    app: Sphinx, what: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    """Leave out what scikit-learn and PyTorch wrote: their own manuals have it."""
    if isinstance(member, property):
        member = member.fget
    written_by = getattr(member, "__module__", None) or ""
    return None if written_by.split(".")[0] == "sklearn_mtl" else True


def escape_names(
    app: Sphinx, what: str, name: str, member: object, options: object, lines: list
) -> None:
    """Keep reST from reading a name that ends in an underscore as a link.

    Docstrings are read in terminals first, where backslashes and backticks disturb.
    """
    is_code = False
    for number, line in enumerate(lines):
        is_code = is_code or line == "Examples"
        if not is_code:
            lines[number] = TRAILING_UNDERSCORE.sub(r"\1\\_", line)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")  # it knows the event below
    app.connect("config-inited", write_pages)
    app.connect("autodoc-skip-member", is_foreign)
    app.connect("autodoc-process-docstring", escape_names, priority=400)  # first
    return {"parallel_read_safe": True}
