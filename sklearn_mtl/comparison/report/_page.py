"""Rendering of self-contained HTML pages from templates."""

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
    """Title of a section, the macro of sections.html that renders it, and its data."""

    title: str
    kind: str
    content: Any


def page(title: str, opening: dict[str, Any], parts: Iterable[Part]) -> str:
    """Return a complete page with title, opening, links and sections."""
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
    """Return a rendered template."""
    made = _environment().get_template(template)
    return made.render(version=__version__, **content)


@cache
def _environment() -> Environment:
    """Return the environment of the templates."""
    # autoescape, because task names and messages may contain HTML
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("sklearn_mtl.comparison.report"),
        autoescape=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
