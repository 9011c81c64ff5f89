import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_mtl.metrics import box_iou, mean_iou

UNIT = [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (UNIT, 1.0),
        ([0.5, 0.0, 1.5, 1.0], 1 / 3),
        ([0.5, 0.5, 1.5, 1.5], 0.25 / 1.75),
        ([0.25, 0.25, 0.75, 0.75], 0.25),
        ([1.0, 0.0, 2.0, 1.0], 0.0),
        ([3.0, 3.0, 4.0, 4.0], 0.0),
        ([1.0, 1.0, 0.0, 0.0], 0.0),  # inside out
        ([0.5, 0.5, 0.5, 0.5], 0.0),  # a point
    ],
)
def test_boxes_laid_by_hand(box, expected):
    assert box_iou([UNIT], [box])[0] == pytest.approx(expected)


def test_two_points_have_nothing_in_common():
    assert box_iou([[1, 1, 1, 1]], [[1, 1, 1, 1]])[0] == 0.0


corners = st.integers(0, 8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[corners] * 4), min_size=2, max_size=2))
def test_it_counts_cells_of_a_grid(boxes):
    masks = []
    for left, top, right, bottom in boxes:
        mask = np.zeros((8, 8), dtype=bool)
        mask[top:bottom, left:right] = True
        masks.append(mask)
    union = (masks[0] | masks[1]).sum()
    expected = (masks[0] & masks[1]).sum() / union if union else 0.0
    assert box_iou([boxes[0]], [boxes[1]])[0] == pytest.approx(expected)


def test_centres_and_sizes_are_read_as_well():
    assert box_iou(
        [[0.5, 0.5, 1.0, 1.0]], [[1.0, 0.5, 1.0, 1.0]], form="cxcywh"
    ) == pytest.approx(1 / 3)


def test_the_mean_leaves_out_missing_boxes():
    y = [UNIT, [0.0, 0.0, np.nan, 1.0], UNIT]
    given = np.array([UNIT, UNIT, [0.5, 0.0, 1.5, 1.0]], dtype=object)
    assert np.isnan(box_iou(y, given)[1])
    assert mean_iou(y, given) == pytest.approx(2 / 3)
    assert mean_iou(y, given, sample_weight=[1, 5, 0]) == 1.0
    assert np.isnan(mean_iou(y[1:2], given[1:2]))


def test_wrong_boxes_are_explained():
    with pytest.raises(ValueError, match="y_pred must have 4 columns; got 3"):
        box_iou([UNIT], [[0, 0, 1]])
    with pytest.raises(
        ValueError, match=r"shape \(1, 4\), but y_pred has shape \(2, 4\)"
    ):
        box_iou([UNIT], [UNIT, UNIT])
    with pytest.raises(ValueError, match=r"form must be one of .* got 'xywh'"):
        mean_iou([UNIT], [UNIT], form="xywh")


def test_columns_of_frames_are_matched_by_name():
    boxes = pd.DataFrame([UNIT, [0, 0, 2, 4]], columns=["left", "top", "right", "low"])
    for form in ("xyxy", "cxcywh"):
        swapped = boxes[["low", "right", "top", "left"]]
        assert box_iou(boxes, swapped, form=form)[1] == 1.0
    with pytest.raises(ValueError, match=r"columns of y_pred are .*'high'.* but"):
        box_iou(boxes, boxes.rename(columns={"low": "high"}))


def test_a_masked_coordinate_is_missing():
    masked = np.ma.masked_array([UNIT, UNIT], mask=[[0] * 4, [0, 0, 0, 1]])
    np.testing.assert_array_equal(box_iou(masked, [UNIT, UNIT]), [1.0, np.nan])
    assert mean_iou(masked, [UNIT, UNIT]) == 1.0
