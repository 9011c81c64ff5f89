import re
import warnings
from base64 import b64decode
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from sklearn_mtl.comparison import SampleEfficiencyDisplay, TaskGainDisplay
from sklearn_mtl.comparison.report._pictures import draw


@pytest.fixture
def display(comparison):
    return TaskGainDisplay(comparison.gains)


def source_of(uri):
    kind, _, text = uri.partition(",")
    assert kind == "data:image/svg+xml;base64"
    return b64decode(text).decode("utf-8")


def texts_of(uri):
    root = ET.fromstring(source_of(uri))
    return [
        "".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")
    ]


def test_both_pictures_are_as_wide_as_a_phone_and_hold_the_names(display):
    picture = draw(display, "what it shows", height=2.5)
    assert picture.alt == "what it shows"
    assert (picture.width, picture.height) == (360, 240)
    for uri in (picture.light, picture.dark):
        root = ET.fromstring(source_of(uri))
        assert root.get("width") == "270pt"  # 360 CSS pixels
        assert {"digit", "ill", "hours", "mean"} <= set(texts_of(uri))
        assert {"gain from sharing", "gain over automatically selected"} <= set(
            texts_of(uri)
        )


def test_text_is_dark_on_light_and_light_on_dark(display):
    picture = draw(display, "", height=2.5)
    inks = [re.findall(r"fill: (#\w+)", source_of(uri)) for uri in picture[:2]]
    assert "#16191d" in inks[0]
    assert "#e9ecef" in inks[1]
    assert not {"#000000", "#16191d", "#ffffff"} & set(inks[1])


def test_the_same_picture_has_the_same_bytes_whatever_the_style(display):
    first = draw(display, "", height=2.5)
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.grid": True}):
        assert draw(display, "", height=2.5) == first
    assert "date" not in source_of(first.light)


def test_nothing_of_the_caller_changes(display):
    before, backend, open_ = dict(mpl.rcParams), mpl.get_backend(), plt.get_fignums()
    draw(display, "", height=2.5)
    assert dict(mpl.rcParams) == before
    assert mpl.get_backend() == backend
    assert plt.get_fignums() == open_


def test_names_in_any_script_and_with_dollars_are_drawn_as_they_are():
    name = "$x^2$ \u4ef7\u683c \\frac <b>"
    display = SampleEfficiencyDisplay([10, 100], [0.1, 0.2], [0.1, 0.2], name=name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = draw(display, "", height=2.5)
    assert f"{name} (shared)" in texts_of(picture.light)
