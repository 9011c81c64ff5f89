"""Warn about pages that load something from another host.

The pages must work without a network, and readers are not announced to third parties.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*?\bsrc=[\"']((?:https?:)?//[^\"']+)"
    r"|<link\b(?=[^>]*\brel=[\"'](?:stylesheet|preload|icon))[^>]*?"
    r"\bhref=[\"']((?:https?:)?//[^\"']+)",
    re.IGNORECASE,
)
logger = logging.getLogger(__name__)


def loaded_addresses(html: str) -> list[str]:
    """Return the addresses on other hosts that a browser would load; links are none."""
    return [script or style for script, style in LOADED.findall(html)]


def warn_about_pages(app: Sphinx, error: Exception | None) -> None:
    """Warn about each page of a finished build that is not self-contained."""
    if error is not None or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        for address in loaded_addresses(page.read_text(encoding="utf-8")):
            name = page.relative_to(app.outdir)
            logger.warning("%s loads %s from another host", name, address)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("build-finished", warn_about_pages)
    return {"parallel_read_safe": True}
