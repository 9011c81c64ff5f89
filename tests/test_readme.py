"""The README's example prints what the README shows."""

import contextlib
import io
import pkgutil
import re
from pathlib import Path

import pytest

import sklearn_mtl

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+\.\d+")
# Another processor may add in another order; a net with convolutions then changes up
# to three labels in a hundred (measured with the kernels of tests/kernels.py).
ABSOLUTE = 0.05


def blocks() -> dict[str, str]:
    """Return the first code block of each language."""
    found = reversed(BLOCKS.findall(README.read_text(encoding="utf-8")))
    return dict(found)


def printed_by(code: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, README.name, "exec"), {"__name__": "readme"})
    return out.getvalue()


def test_the_example_prints_what_is_shown():
    code, shown = blocks()["python"], blocks()["text"]
    printed = printed_by(code)
    assert NUMBER.sub("0", printed).split() == NUMBER.sub("0", shown).split()
    expected = [float(number) for number in NUMBER.findall(shown)]
    found = [float(number) for number in NUMBER.findall(printed)]
    assert found == pytest.approx(expected, abs=ABSOLUTE)


def test_the_example_is_short():
    assert len([line for line in blocks()["python"].splitlines() if line]) <= 14


def test_the_table_holds_every_package():
    table = README.read_text(encoding="utf-8").split("## What is where")[1]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"\w+", row)}
    there = {module.name for module in pkgutil.iter_modules(sklearn_mtl.__path__)}
    public = {name for name in there if not name.startswith("_")} - {
        "exceptions",
        "utils",
    }
    assert named == public | {"sklearn_mtl"}


def test_the_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
