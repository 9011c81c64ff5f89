"""The commands that guide and README show are ones that the command line takes."""

import re
import shlex
from pathlib import Path

import pytest

from sklearn_mtl.command_line._main import _parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.rst"))]
COMMAND = re.compile(r"^\s*(?:\.venv/bin/)?sklearn-mtl (.*?)(?:\s+#.*)?$", re.MULTILINE)
SHOWN = [
    (path.name, line)
    for path in PAGES
    for line in COMMAND.findall(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_it_is_read_without_an_error(page, line):
    options = _parser().parse_args(shlex.split(line))
    assert callable(options.work)


def test_each_command_is_shown():
    shown = {line.split()[0] for _, line in SHOWN}
    assert shown == {"compare", "fit", "predict", "inspect"}
