from xml.etree import ElementTree as ET

import numpy as np

from sklearn_mtl.comparison.report._svg import _ticks, gain_plot


def test_plot_is_xml_with_a_mark_a_gain_and_a_line_an_interval(comparison):
    root = ET.fromstring(gain_plot(comparison.gains, 0.95))
    assert len(root.findall(".//g[@class='twin']/circle")) == 4 + 1  # and the key
    assert len(root.findall(".//g[@class='best']/rect")) == 4 + 1
    assert len(root.findall(".//g[@class='twin']/line")) == 4
    assert root.find("title").text.startswith("Gains of net by task, with 95%")


def test_marks_stand_where_the_numbers_say(comparison):
    root = ET.fromstring(gain_plot(comparison.gains, 0.95))
    zero = float(root.find(".//line[@class='grid zero']").get("x1"))
    places = [float(c.get("cx")) for c in root.findall(".//g[@class='twin']/circle")]
    gains = [g.interval.mean for g in comparison.gains if g.against == "twin"]
    scale = (places[0] - zero) / gains[0]
    np.testing.assert_allclose(places[:4], zero + scale * np.array(gains), atol=0.15)


def test_every_whisker_lies_inside_the_plot(make):
    for spread in (1e-6, 0.01, 3.0):
        root = ET.fromstring(gain_plot(make(spread=spread).gains, 0.95))
        lines = root.findall(".//g/line")
        ends = [float(line.get(k)) for line in lines for k in ("x1", "x2")]
        assert min(ends) >= 112
        assert max(ends) <= 342 + 0.1


def test_ticks_are_round_hold_zero_and_are_few(make):
    for spread in (0.001, 0.05, 2.0):
        ticks = _ticks(make(spread=spread).gains)
        assert np.abs(ticks).min() < 1e-12
        assert 3 <= len(ticks) <= 8


def test_a_plot_without_intervals_has_marks_only(make):
    root = ET.fromstring(gain_plot(make(n_splits=1).gains, 0.95))
    assert root.findall(".//g[@class='twin']/line") == []
    assert len(root.findall(".//g[@class='twin']/circle")) == 5
