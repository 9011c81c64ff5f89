from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.comparison.report._svg_axes import place, round_ticks
from sklearn_mtl.comparison.report._svg_curve import curve_plot

ROWS = pd.DataFrame(
    {
        "labels": [10.0, 11.0, 100.0],
        "score": [0.5, 0.52, 0.8],
        "twin": [0.3, 0.4, 0.79],
        "low": [0.1, 0.05, -0.02],
        "high": [0.3, 0.2, 0.04],
    }
)


def points_of(root, kind):
    text = root.find(f".//g[@class='{kind}']/polyline").get("points")
    return np.array([pair.split(",") for pair in text.split()], dtype=float)


def test_curves_stand_where_the_numbers_say():
    root = ET.fromstring(curve_plot(ROWS, "a title"))
    shared, apart = points_of(root, "twin"), points_of(root, "apart")
    np.testing.assert_array_equal(shared[:, 0], apart[:, 0])
    scale = (shared[2, 1] - shared[0, 1]) / 0.3
    heights = shared[0, 1] + scale * (ROWS["twin"] - 0.5)
    np.testing.assert_allclose(apart[:, 1], heights, atol=0.15)
    logs = np.log(ROWS["labels"])
    share = (logs - logs[0]) / (logs[2] - logs[0])
    x = shared[0, 0] + (shared[2, 0] - shared[0, 0]) * share
    np.testing.assert_allclose(shared[:, 0], x, atol=0.15)
    assert root.find("title").text == "a title"


def test_the_band_goes_around_and_numbers_that_would_touch_are_left_out():
    root = ET.fromstring(curve_plot(ROWS, ""))
    assert len(root.find("polygon").get("points").split()) == 6
    below = [t.text for t in root.findall("text[@class='tick']")]
    assert below[:2] == ["10", "100"]


def test_a_very_wide_band_is_cut_so_that_the_curves_are_seen():
    rows = ROWS.assign(low=-50.0, high=50.0)
    root = ET.fromstring(curve_plot(rows, ""))
    heights = points_of(root, "twin")[:, 1]
    assert np.ptp(heights) > 20
    band = root.find("polygon").get("points").replace(",", " ").split()
    band = np.array(band, dtype=float)[1::2]
    lines = [float(line.get("y1")) for line in root.findall("line[@class='grid']")]
    np.testing.assert_allclose([band.min(), band.max()], [min(lines), max(lines)])


def test_gaps_and_curves_without_intervals_are_drawn():
    rows = ROWS.assign(low=np.nan, high=np.nan)
    rows.loc[1, "twin"] = np.nan
    root = ET.fromstring(curve_plot(rows, ""))
    assert root.find("polygon") is None
    assert len(points_of(root, "apart")) == 2
    assert len(root.findall(".//g[@class='apart']/g/rect")) == 2


@pytest.mark.parametrize("values", [[0.31, 0.42], [5.0, 5.0], [-3e4, 7e4], [np.nan]])
def test_ticks_are_round_around_all_values_and_few(values):
    values = np.array(values)
    ticks = round_ticks(values)
    assert 2 <= len(ticks) <= 8
    seen = values[np.isfinite(values)]
    assert (seen >= ticks[0] - 1e-9).all()
    assert (seen <= ticks[-1] + 1e-9).all()


def test_places_lie_between_the_pixels():
    assert place(5, (0, 10), (100, 200)) == 150
    assert place(0, (0, 0), (100, 200)) == 100
