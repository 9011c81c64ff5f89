"""Intersection over union of boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from sklearn_mtl.tasks import (
    TaskNames,
    check_sample_weight,
    order_of_columns,
    task_name,
)
from sklearn_mtl.utils._containers import fill_masked
from sklearn_mtl.utils._frames import column_names
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._table import take_tasks

__all__ = ["box_iou", "mean_iou"]

_CORNERS = "xyxy"
_CENTRE = "cxcywh"


def box_iou(
    y_true: ArrayLike, y_pred: ArrayLike, *, form: str = _CORNERS
) -> np.ndarray:
    r"""Return intersection over union of each pair of boxes.

    .. math:: \mathrm{IoU}_i = \frac{|A_i \cap B_i|}{|A_i \cup B_i|}

    The value is 1 for equal boxes, and 0 if the boxes do not overlap or if the left and
    right (or top and bottom) of a predicted box are swapped. It is NaN if a coordinate
    of the true box is missing.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, 4)
        Boxes, given by the four columns of y with their coordinates. The columns of two
        DataFrames are matched by name.
    form : {"xyxy", "cxcywh"}, default="xyxy"
        Meaning of the columns: left, top, right and bottom; or x and y of the centre,
        width and height.

    Returns
    -------
    ndarray of shape (n_samples,)
        Values in [0, 1], or NaN.

    Raises
    ------
    ValueError
        If the shapes are not (n_samples, 4) and equal, two DataFrames have different
        column names, or the form is unknown.

    See Also
    --------
    mean_iou : Mean of the values.

    References
    ----------
    P. Jaccard, "The Distribution of the Flora in the Alpine Zone", New Phytologist 11,
    1912; M. Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge",
    IJCV 88, 2010, section 4.2.

    Examples
    --------
    >>> from sklearn_mtl.metrics import box_iou
    >>> box_iou([[0, 0, 2, 2], [0, 0, 1, 1]], [[1, 0, 3, 2], [0, 0, 1, 1]]).round(3)
    array([0.333, 1.   ])
    """
    warn_of_index_order("box_iou", y_true=y_true, y_pred=y_pred)
    y_pred = _in_order(y_pred, y_true)
    truth, given = _read(y_true, form, "y_true"), _read(y_pred, form, "y_pred")
    if truth.shape != given.shape:
        raise ValueError(
            f"box_iou: y_true has shape {truth.shape}, but y_pred has shape "
            f"{given.shape}."
        )
    low = np.maximum(truth[:, :2], given[:, :2])
    high = np.minimum(truth[:, 2:], given[:, 2:])
    common = np.prod(np.maximum(high - low, 0.0), axis=1)
    union = _area(truth) + _area(given) - common
    # the value of two boxes without area is 0
    return np.where(union == 0, 0.0, common / np.where(union == 0, 1.0, union))


def mean_iou(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    form: str = _CORNERS,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean of `box_iou` over the boxes without missing coordinates.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, 4)
        Boxes; y_true may contain NaN.
    form : {"xyxy", "cxcywh"}, default="xyxy"
        As in `box_iou`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    float
        Mean in [0, 1]; NaN if there is no box.

    Raises
    ------
    ValueError
        As in `box_iou`.

    See Also
    --------
    box_iou : Value of each box.

    Examples
    --------
    >>> from sklearn_mtl.metrics import mean_iou
    >>> mean_iou([[0, 0, 2, 2], [0, 0, 1, 1]], [[0, 0, 1, 2], [0, 0, 1, 1]])
    0.75
    """
    found = box_iou(y_true, y_pred, form=form)
    weights = check_sample_weight(sample_weight, (len(found), 1), "mean_iou")[:, 0]
    seen = ~np.isnan(found)
    if not weights[seen].sum() > 0:
        return float("nan")
    return float(np.average(found[seen], weights=weights[seen]))


def _in_order(y_pred: ArrayLike, y_true: ArrayLike) -> Any:
    """Return boxes with the columns of a DataFrame in the order of y_true, by name."""
    expected, given = column_names(y_true), column_names(y_pred)
    if expected is None or given is None:
        return y_pred
    coordinates = TaskNames([task_name(label) for label in expected])
    if len(given) != len(expected):
        return y_pred  # the caller raises
    order = order_of_columns(given, coordinates, "y_pred", "box_iou")
    return y_pred if order is None else take_tasks(y_pred, order)


def _read(boxes: Any, form: str, name: str) -> np.ndarray:
    """Return the left, top, right and bottom of boxes."""
    if form not in (_CORNERS, _CENTRE):
        raise ValueError(
            f"box_iou: form must be one of {[_CENTRE, _CORNERS]}; got {form!r}."
        )
    given = check_array(
        fill_masked(boxes),
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name=name,
    )
    if given.shape[1] != 4:
        raise ValueError(f"box_iou: {name} must have 4 columns; got {given.shape[1]}.")
    if form == _CORNERS:
        return given
    half = given[:, 2:] / 2.0
    return np.hstack([given[:, :2] - half, given[:, :2] + half])


def _area(boxes: np.ndarray) -> np.ndarray:
    """Return areas, 0 for a box with swapped sides."""
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
