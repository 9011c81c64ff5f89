"""Pages from templates: each is one file that needs no network and no script."""

from __future__ import annotations

import hashlib
from base64 import b64encode
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
    from markupsafe import Markup

    shown = [part for part in parts if part.content]
    style = render("style.css")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return render(
        "page.html",
        title=title,
        opening=opening,
        parts=shown,
        style=Markup(style),
        digest=digest,
    )


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
