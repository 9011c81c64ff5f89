"""Numbers of README and guide are those of benchmarks/figures."""

import io
import json
import platform

import numpy as np
import pytest

from benchmarks._figures import ROOT, read_files, record
from benchmarks._figures.files import Tee
from benchmarks._figures.pages import all_problems, filled, problems_of
from benchmarks._figures.tables import cell_text

PAGE = "docs/guide/page.rst"
TABLE = {
    "form": "list",
    "options": {"header-rows": "1"},
    "columns": ["table", "net"],
    "rows": [["adult", -0.029], ["best rival", 0]],
    "formats": [None, "+.3f"],
}
FILES = {
    "demo": {
        "pages": [PAGE],
        "figures": {"the net is better by _": -0.25},
        "tables": {"scores": TABLE},
    }
}
TEXT = """The net is better by −0.25; ``0.75`` and the rest are code.

.. figures: demo.scores

.. list-table::
   :header-rows: 1

   * - table
     - net
   * - adult
     - −0.029
   * - best rival
     - 0

>>> 0.5 + 0.1
0.6

Then::

    0.7
"""


def test_every_number_of_readme_and_guide_is_in_a_file():
    assert all_problems() == []


@pytest.mark.parametrize("name", read_files())
def test_a_file_says_when_and_how_it_was_measured(name):
    content = read_files()[name]
    assert content["command"].startswith(f"python -m benchmarks.{name}")
    assert {"date", "machine", "versions"} <= content.keys()
    assert all((ROOT / page).exists() for page in content["pages"])


def test_a_page_that_agrees_has_no_problem():
    assert problems_of(PAGE, TEXT, FILES) == []


@pytest.mark.parametrize(("old", "new"), [("0.25", "0.26"), ("Then::", "In 0.8 s::")])
def test_an_unknown_number_of_the_prose_is_a_problem(old, new):
    (problem,) = problems_of(PAGE, TEXT.replace(old, new), FILES)
    assert "is in no file" in problem


def test_a_number_of_another_page_is_unknown():
    assert "0.25 is in no file" in problems_of("README.md", TEXT, FILES)[0]


def test_a_changed_cell_is_a_problem_that_filling_mends():
    changed = TEXT.replace("−0.029", "−0.030")
    (problem,) = problems_of(PAGE, changed, FILES)
    assert "a table differs" in problem
    assert filled(changed, FILES) == TEXT


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [(-0.5, "+.2f", "−0.50"), (0.84, "~.2f", ".84"), (0, ".3f", "0"), ("a", "d", "a")],
)
def test_a_cell_is_shown_as_the_guide_shows_it(value, form, text):
    assert cell_text(value, form) == text


def test_a_run_is_recorded_without_the_name_of_the_machine(tmp_path):
    path = tmp_path / "demo.json"
    path.write_text(json.dumps({"tables": {"scores": TABLE}, "note": "not rerun"}))
    record(path, {"seconds": np.array([1.5, np.nan])})
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["measured"] == {"seconds": [1.5, None]}
    assert content["tables"] == {"scores": TABLE}
    assert content["versions"]["python"] == platform.python_version()
    assert "note" not in content
    assert platform.node() not in text


def test_what_a_benchmark_prints_is_shown_and_recorded(tmp_path):
    shown = io.StringIO()
    tee = Tee(shown)
    print("net 0.5", file=tee)
    path = tmp_path / "demo.json"
    tee.write_record(path)
    assert shown.getvalue() == "net 0.5\n"
    assert json.loads(path.read_text())["measured"] == {"printed": ["net 0.5"]}
