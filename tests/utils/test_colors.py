import sys

import matplotlib.pyplot as plt
import pytest

from sklearn_mtl.utils._colors import make_axes, mark_of


def test_no_two_of_many_series_look_alike():
    marks = [tuple(mark_of(number).values()) for number in range(49)]
    assert len(set(marks)) == 49


def test_given_axes_come_back_and_new_ones_have_the_wanted_size():
    _, ax = plt.subplots()
    assert make_axes(ax, "Me") is ax
    figure = make_axes(None, "Me", width=3, height=2).figure
    assert figure.get_size_inches().tolist() == [3, 2]
    plt.close("all")


def test_matplotlib_that_is_absent_is_told_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"Me\.plot needs matplotlib: .*\[plot\]"):
        make_axes(None, "Me")
