from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.comparison.report._html_affinity import affinity_section, read_affinity

VALUES = np.array([[1.0, 0.2, -0.4], [0.1, 1.0, np.nan], [0.0, 0.3, 1.0]])
NAMES = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("given", "method"),
    [
        (VALUES, ""),
        (VALUES.tolist(), ""),
        (pd.DataFrame(VALUES, index=NAMES, columns=NAMES), ""),
        (SimpleNamespace(names=NAMES, values=VALUES, method="gain"), "gain"),
    ],
    ids=["array", "list", "frame", "object"],
)
def test_all_forms_are_read(given, method):
    names, values, found = read_affinity(given, NAMES)
    assert names == NAMES
    np.testing.assert_array_equal(values, VALUES)
    assert found == method


def test_a_matrix_that_does_not_fit_is_refused():
    message = r"affinity has shape \(3, 3\); for 2 task names it must be \(2, 2\)"
    with pytest.raises(ValueError, match=message):
        read_affinity(VALUES, ["a", "b"])


def test_colours_say_the_sign_and_the_size_and_the_diagonal_is_empty():
    section = affinity_section(VALUES, NAMES)
    assert section["names"] == NAMES
    cells = section["cells"]
    empty = {"text": "", "kind": "", "strength": 0}
    assert [cells[i][i] for i in range(3)] == [empty] * 3
    assert cells[0][2] == {"text": "-0.400", "kind": "less", "strength": 10}
    assert cells[0][1] == {"text": "+0.200", "kind": "more", "strength": 5}
    assert cells[1][2] == empty | {"text": "-"}


def test_equal_affinities_of_zero_are_no_error():
    cells = affinity_section(np.zeros((2, 2)), ["a", "b"])["cells"]
    assert cells[0][1]["strength"] == 0


def test_without_an_affinity_there_is_no_section():
    assert affinity_section(None, NAMES) is None
