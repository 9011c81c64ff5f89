import numpy as np
import pytest

from sklearn_mtl.comparison.report._html_results import scores
from sklearn_mtl.comparison.report._html_table import make_table

NAN = float("nan")


def bold(table):
    return [[cell.is_best for cell in row.cells] for row in table.rows]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.7581, 0.7584, 0.7579], [False, True, False]),  # all are shown as 0.758
        ([0.3, 0.1 + 0.2, 0.2], [True, True, False]),  # equal but for rounding
        ([NAN, -0.5, -0.2], [False, False, True]),
        ([NAN, NAN, NAN], [False, False, False]),
        ([-np.inf, 0.1, NAN], [False, True, False]),
    ],
)
def test_the_largest_value_is_marked_whatever_is_shown(values, expected):
    rows = [[f"m{i}", f"{value:.3f}"] for i, value in enumerate(values)]
    column = np.array(values)[:, None]
    table = make_table(["model", "score"], rows, label="", values=column)
    assert [cells[0] for cells in bold(table)] == expected


def test_without_values_nothing_is_marked():
    assert bold(make_table(["a", "b"], [["x", "1.0"]], label="")) == [[False]]


def test_the_page_marks_the_best_of_every_column_of_scores(make):
    comparison = make(spread=1e-5)
    comparison.measured.scores[:] = comparison.measured.scores[2:3] + np.linspace(
        *(0, 1e-4, 5)
    ).reshape(5, 1, 1)
    comparison.measured.chosen[:] = 0
    names = [*(task.name for task in comparison.tasks), "mean"]
    values = comparison.table[names].to_numpy()
    marked = np.array(bold(scores(comparison)["table"]))
    np.testing.assert_array_equal(marked, values == values.max(axis=0))
    assert marked.sum() == 4
