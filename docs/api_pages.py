"""Write one API page per public package, from its docstring and `__all__`.

A page that is made from the code cannot forget a name. The index by purpose,
api/index.rst, is written by hand; a warning names what it lacks.
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
from sphinx.util import logging

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
   :nosignatures:
   :toctree: objects

   {names}
"""
ROOT_TABLE = """
.. rubric:: Names that can be imported from here

.. autosummary::
   :nosignatures:

   {names}
"""
LISTED = re.compile(r"^   (\w+\.\w+)$", re.MULTILINE)
logger = logging.getLogger(__name__)

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


def page_of_root() -> str:
    """Return the text of the root's page, which links to the pages of the packages."""
    public = documented_names(sklearn_mtl)
    homes = [getattr(sklearn_mtl, name).__module__.split(".")[1] for name in public]
    names = [f"{home}.{name}" for home, name in zip(homes, public, strict=True)]
    table = ROOT_TABLE.format(names="\n   ".join(names))
    return PAGE.format(name="sklearn_mtl", rule="=" * len("sklearn_mtl"), tables=table)


def warn_about_index(path: Path, known: set[str]) -> None:
    """Warn about names that the index by purpose lacks, repeats or should not have."""
    listed = LISTED.findall(path.read_text(encoding="utf-8"))
    named = [f"sklearn_mtl.{name}" for name in listed]
    for name in sorted(known ^ set(named)):
        problem = "is missing" if name in known else "is not public"
        logger.warning("%s %s in api/index.rst", name, problem)
    for name in sorted({name for name in named if named.count(name) > 1}):
        logger.warning("%s is listed twice in api/index.rst", name)


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
    pages = {module.__name__: page_of(module) for module in public_packages()}
    for name, text in {"sklearn_mtl": page_of_root(), **pages}.items():
        path = folder / f"{name}.rst"
        # An untouched file is not built again.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    known = {
        f"{module.__name__}.{name}"
        for module in public_packages()
        for name in documented_names(module)
    }
    warn_about_index(Path(app.srcdir) / "api" / "index.rst", known)
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
