"""Every Display follows scikit-learn's conventions and is safe for every eye."""

import inspect
import pickle
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from sklearn_mtl import comparison, inspection, neighbors
from sklearn_mtl.utils._colors import COLORS, DIVERGING, SEQUENTIAL
from tests.displays import DISPLAYS

PACKAGES = [comparison, inspection, neighbors]


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


@pytest.fixture(params=DISPLAYS)
def display(request):
    return DISPLAYS[request.param]()


def axes_of(display):
    """Return all axes of a drawn Display: several stand in `axes_`."""
    axes = display.axes_ if hasattr(display, "axes_") else display.ax_
    return [ax for ax in np.ravel(axes) if ax is not None]


def arrays_of(value):
    """Return copies of the arrays that an object, dict or list holds."""
    if isinstance(value, np.ndarray):
        return [value.copy()]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [array for item in value for array in arrays_of(item)]
    return []


def test_every_public_display_is_in_the_suite():
    public = {name for package in PACKAGES for name in package.__all__}
    assert {name for name in public if name.endswith("Display")} <= DISPLAYS.keys()


def test_it_is_named_as_it_is_listed():
    assert {name: type(make()).__name__ for name, make in DISPLAYS.items()} == {
        name: name for name in DISPLAYS
    }


def test_making_one_does_not_load_matplotlib():
    code = (
        "import sys; from tests.displays import DISPLAYS; "
        "[make() for make in DISPLAYS.values()]; sys.exit('matplotlib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_keeps_arrays_and_has_no_axes_until_it_is_drawn(display):
    before = arrays_of(vars(display))
    assert before
    assert not hasattr(display, "ax_")
    assert not hasattr(display, "figure_")
    display.plot()
    drawn = {"ax_", "axes_", "figure_"}
    kept = {name: value for name, value in vars(display).items() if name not in drawn}
    after = arrays_of(kept)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_plot_returns_itself_with_axes_and_figure(display):
    assert display.plot() is display
    assert {ax.figure for ax in axes_of(display)} == {display.figure_}
    assert all(ax.has_data() for ax in axes_of(display))


def test_given_axes_are_used_and_no_figure_is_made(display):
    figure, ax = plt.subplots()
    display.plot(ax=ax)
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert ax in axes_of(display) or len(axes_of(display)) > 1


def test_it_can_be_drawn_again(display):
    first = display.plot().figure_
    assert display.plot().figure_ is not first


def test_ax_is_none_by_default_and_a_class_method_makes_it(display):
    assert inspect.signature(display.plot).parameters["ax"].default is None
    makers = [name for name in dir(type(display)) if name.startswith("from_")]
    assert makers
    for name in makers:
        assert inspect.ismethod(getattr(type(display), name))


def test_it_survives_pickling(display):
    twin = pickle.loads(pickle.dumps(display))
    for one, other in zip(arrays_of(vars(display)), arrays_of(vars(twin)), strict=True):
        np.testing.assert_array_equal(one, other)
    twin.plot()


def test_axes_say_what_they_show(display):
    for ax in axes_of(display.plot()):
        assert ax.get_xlabel() or ax.get_ylabel() or ax.get_title()


def colors_of(ax):
    """Return the colours of lines, markers and bars, as "#rrggbb"."""
    found = [line.get_color() for line in ax.lines]
    for collection in ax.collections:
        if collection.get_array() is None:  # else a colour map paints it
            found += [*collection.get_facecolor(), *collection.get_edgecolor()]
    found += [patch.get_facecolor() for patch in ax.patches if patch.get_visible()]
    return {to_hex(color).lower() for color in found}


def is_grey(color):
    return len({color[1:3], color[3:5], color[5:]}) == 1


def test_colours_are_safe_for_every_kind_of_colour_vision(display):
    display.plot()
    used = set().union(*(colors_of(ax) for ax in axes_of(display)))
    safe = {color.lower() for color in COLORS.values()}
    assert {color for color in used if not is_grey(color)} <= safe


def test_colour_maps_are_safe_and_diverging_ones_have_zero_in_the_middle(display):
    display.plot()
    painted = [
        artist
        for ax in axes_of(display)
        for artist in [*ax.images, *ax.collections]
        if artist.get_array() is not None
    ]
    for artist in painted:
        name = artist.get_cmap().name.removesuffix("_r")
        assert name in (DIVERGING, SEQUENTIAL, "gray")
        if name == DIVERGING:
            low, high = artist.get_clim()
            assert low == -high


def test_backends_without_a_screen_are_enough(display, tmp_path):
    assert mpl.get_backend().lower() == "agg"
    path = tmp_path / "picture.png"
    display.plot().figure_.savefig(path)
    assert path.stat().st_size > 1000
