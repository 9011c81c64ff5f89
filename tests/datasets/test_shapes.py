import numpy as np
import pytest

from sklearn_mtl.datasets._shapes import SHAPES, Poses, bounding_boxes, coverage


def poses(name, angle, radius=9.0, centre=(15.0, 15.0)):
    n = len(angle)
    x, y = (np.full(n, value) for value in centre)
    return Poses(np.full(n, name), x, y, np.full(n, radius), np.asarray(angle, float))


@pytest.mark.parametrize("name", SHAPES)
def test_the_box_is_what_is_covered(name):
    some = poses(name, np.arange(0, 360, 17), centre=(13.3, 16.1))
    covered, boxes = coverage(some, 30) > 0, bounding_boxes(some)
    for mask, (left, top, right, bottom) in zip(covered, boxes, strict=True):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(0))
        seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        np.testing.assert_allclose([left, top, right, bottom], seen, atol=1.4)


@pytest.mark.parametrize("name", SHAPES)
def test_a_quarter_of_a_turn_goes_counterclockwise(name):
    first, second = coverage(poses(name, [20, 110]), 30)
    np.testing.assert_allclose(np.rot90(first), second, atol=0.2)
    assert SHAPES[name].has_direction == (abs(first - second).max() > 0.5)


def test_at_nothing_it_points_to_the_right():
    tip = coverage(poses("triangle", [0]), 30)[0]
    assert tip[14:16, 23].max() > 0
    assert tip[:, 6:8].max() == 0
    assert tip[11, 10] == 1


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("disc", np.pi),
        ("half disc", np.pi / 2),
        ("triangle", 0.7 * 1.7),
        ("tee", 0.4 * 1.4 + 1.25 * 0.4),
    ],
)
def test_the_area_is_that_of_the_shape(name, area):
    covered = coverage(poses(name, [33, 78]), 30).sum(axis=(1, 2))
    np.testing.assert_allclose(covered, area * 81, rtol=0.02)


@pytest.mark.parametrize("name", SHAPES)
def test_all_of_a_shape_lies_in_the_circle(name):
    shape = SHAPES[name]
    assert (np.hypot(*shape.outline.T) < 1.01).all()
    u, v = np.meshgrid(np.linspace(-1.2, 1.2, 241), np.linspace(-1.2, 1.2, 241))
    assert not shape.contains(u, v)[np.hypot(u, v) > 1.01].any()
