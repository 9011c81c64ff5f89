from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.comparison.report._html_affinity import affinity_table, read_affinity

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
    message = r"affinity has shape \(3, 3\); 2 tasks need \(2, 2\)"
    with pytest.raises(ValueError, match=message):
        read_affinity(VALUES, ["a", "b"])


def test_colours_say_the_sign_and_the_size_and_the_diagonal_is_empty():
    source = affinity_table(NAMES, VALUES)
    assert source.count("<td></td>") == 3
    assert '<td class="less" style="--a:0.60">-0.400</td>' in source
    assert '<td class="more" style="--a:0.30">+0.200</td>' in source
    assert "<td>-</td>" in source


def test_equal_affinities_of_zero_are_no_error():
    assert "--a:0.00" in affinity_table(["a", "b"], np.zeros((2, 2)))
