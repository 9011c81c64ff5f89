"""Pages from templates: each is one file that needs no network and no script."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_mtl._version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Part", "page", "render"]


class Part(NamedTuple):
    """A section: its title, the macro of sections.html that writes it, and of what."""

    title: str
    kind: str
    content: Any


def page(title: str, opening: dict[str, Any], parts: Iterable[Part]) -> str:
    """Return a complete page: title, what is said first, links, sections."""
    shown = [part for part in parts if part.content]
    return render("page.html", title=title, opening=opening, parts=shown)


def render(template: str, **content: Any) -> str:
    """Return what a template makes of its content."""
    made = _environment().get_template(template)
    return made.render(version=__version__, **content)


@cache
def _environment() -> Environment:
    """Return the templates; names of tasks and messages may hold anything: escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("sklearn_mtl.comparison.report"),
        autoescape=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
