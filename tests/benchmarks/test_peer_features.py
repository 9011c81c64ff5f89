"""The table of other packages on the start page is the one that the script prints."""

import pytest

from benchmarks import _peer_features as peers
from benchmarks.peer_features import PAGE, table_of


def fail(message):
    def probe():
        raise ValueError(message)

    return probe


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        ("Input y contains NaN.", "error: Input y contains NaN"),
        ("[18:11:06] /x/data.cc:568: Check failed: valid: No. Stack", "error: No"),
        ("lib/metric.cpp:7: no nan allowed", "error: no nan allowed"),
        ("y should be 1d, got\n 2d.", "error: y should be 1d"),
    ],
)
def test_an_error_is_its_first_sentence_without_the_place_in_the_code(message, cell):
    assert peers.message_of(fail(message)) == cell


def test_the_page_has_a_row_for_each_peer_in_the_form_of_the_script():
    page = PAGE.read_text(encoding="utf-8")
    rows = page.split("   * - ")[2:]
    names = [name.format("*") for name in peers.PEERS]
    assert len(rows) == len(names) + 1
    for name, row in zip(names, rows[1:], strict=True):
        before, _, after = name.partition("*")
        found = row.splitlines()[0]
        assert found.startswith(before)
        assert found.endswith(after)
    header = table_of({}).splitlines()[3:]
    assert header == page.splitlines()[3 : 3 + len(header)]
