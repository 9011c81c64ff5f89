import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._by_task import by_task, square_by_task
from sklearn_mtl.tasks._names import TaskNames

NAMES = ["a", "b"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, {"a": 3, "b": 3}),
        (None, {"a": None, "b": None}),
        ("balanced", {"a": "balanced", "b": "balanced"}),
        ({"b": 1}, {"a": 9, "b": 1}),
        ([1, 2], {"a": 1, "b": 2}),
        ((1, 2), {"a": 1, "b": 2}),
        (np.array([1, 2]), {"a": 1, "b": 2}),
        (pl.Series([1, 2]), {"a": 1, "b": 2}),
        (pd.Series({"b": 1}), {"a": 9, "b": 1}),
        ({1: 1, -2: 2}, {"a": 2, "b": 1}),
        ({np.str_("b"): 1}, {"a": 9, "b": 1}),
        (np.array(3), {"a": np.array(3), "b": np.array(3)}),
    ],
)
def test_a_value_holds_for_all_a_list_in_order_a_dict_by_name(value, expected):
    found = by_task(value, NAMES, parameter="p", who="me", default=9)
    assert found == expected
    assert list(found) == NAMES


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"c": 1, "a": 2}, "me: p names unknown tasks ['c']. Known tasks: ['a', 'b']."),
        ([1, 2, 3], "me: p has 3 entries, but there are 2 tasks."),
        ({"a": 1, 0: 2}, "me: p names task 'a' twice."),
    ],
)
def test_what_fits_no_task_is_refused(value, message):
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        by_task(value, NAMES, parameter="p", who="me")


class Counted(list):
    """Names that count how often they are read from the first to the last."""

    n_reads = 0

    def _read(self):
        type(self).n_reads += 1

    def __iter__(self):
        self._read()
        return super().__iter__()

    def __contains__(self, name):
        self._read()
        return super().__contains__(name)

    def index(self, *arguments):
        self._read()
        return super().index(*arguments)


@pytest.mark.parametrize("by_number", [False, True])
def test_a_dict_does_not_search_the_names_for_each_task(by_number):
    n_reads = []
    for n_tasks in (10, 1000):
        names = Counted(f"assay {t}" for t in range(n_tasks))
        keys = range(n_tasks) if by_number else list(names)
        Counted.n_reads = 0
        found = by_task(dict.fromkeys(keys, 1), names, parameter="p", who="me")
        assert found == dict.fromkeys(names, 1)
        n_reads.append(Counted.n_reads)
    assert n_reads[0] == n_reads[1]


def test_few_of_many_names_are_quoted():
    names = [f"task{t}" for t in range(5000)]
    with pytest.raises(TaskError, match=r"Known tasks: \['task0', .*'task19', '...'\]"):
        by_task({"x": 1}, names, parameter="p", who="me")


class TestSquare:
    VALUES = np.arange(9.0).reshape(3, 3)
    FRAME = pd.DataFrame(VALUES, index=["a", "b", "c"], columns=["a", "b", "c"])
    TASKS = TaskNames(["a", "b", "c"])

    @pytest.mark.parametrize(
        "given",
        [
            VALUES,
            FRAME,
            FRAME.loc[["c", "a", "b"]],
            FRAME[["b", "c", "a"]],
            FRAME.loc[["c", "a", "b"], ["b", "c", "a"]],
            FRAME.reset_index(drop=True),
            FRAME.loc[["b", "c", "a"], ["b", "c", "a"]].reset_index(drop=True),
            pl.from_pandas(FRAME.loc[["b", "c", "a"], ["b", "c", "a"]]),
            pd.DataFrame(VALUES),
            pd.DataFrame(VALUES).loc[[2, 0, 1], [1, 2, 0]],
        ],
    )
    def test_rows_and_columns_are_matched_by_name(self, given):
        found = square_by_task(given, self.TASKS, "p", "me")
        np.testing.assert_array_equal(found, self.VALUES)

    def test_rows_are_matched_to_columns_where_tasks_have_no_names(self):
        unnamed = TaskNames(["task0", "task1", "task2"], has_names=False)
        found = square_by_task(self.FRAME.loc[["c", "a", "b"]], unnamed, "p", "me")
        np.testing.assert_array_equal(found, self.VALUES)

    def test_other_names_are_refused(self):
        other = self.FRAME.rename(index={"a": "x"})
        with pytest.raises(TaskError, match=r"me: the index of p is \['x', 'b', 'c'\]"):
            square_by_task(other, self.TASKS, "p", "me")
        other = other.rename(columns={"a": "x"})
        with pytest.raises(TaskError, match=r"me: the columns of p are \['x', "):
            square_by_task(other, self.TASKS, "p", "me")
