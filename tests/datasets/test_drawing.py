import numpy as np
from scipy.ndimage import rotate, shift

from sklearn_mtl.datasets._drawing import draw_scenes


def draw(picture, canvas=15, x=0.0, y=0.0, scale=1.0, angle=0.0):
    values = {"x": x, "y": y, "scale": scale, "angle": angle}
    arrays = {name: np.array([value]) for name, value in values.items()}
    return draw_scenes(picture[None], canvas, **arrays)[0]


def spot(size=7):
    picture = np.zeros((size, size))
    picture[1:6, 2:5] = np.arange(15).reshape(5, 3)
    return picture


def centre_of_mass(scene):
    ticks = np.arange(len(scene)) - (len(scene) - 1) / 2
    weight = scene / scene.sum()
    return (weight * ticks).sum(), -(weight * ticks[:, None]).sum()


def test_without_change_the_picture_stands_in_the_middle():
    scene = draw(spot())
    np.testing.assert_allclose(scene[4:11, 4:11], spot(), atol=1e-12)
    np.testing.assert_allclose(scene.sum(), spot().sum())


def test_x_runs_right_and_y_runs_up():
    scene = draw(spot(), x=2.0, y=3.0)
    np.testing.assert_allclose(scene, shift(draw(spot()), (-3, 2), order=1), atol=1e-12)


def test_rotation_by_a_quarter_is_counterclockwise_as_scipy_rotates():
    expected = rotate(draw(spot()), 90, reshape=False, order=1)
    np.testing.assert_allclose(draw(spot(), angle=90.0), expected, atol=1e-9)


def test_scale_multiplies_the_area():
    plain, large = draw(np.ones((4, 4)), 21), draw(np.ones((4, 4)), 21, scale=3.0)
    # Bilinear edges reach half a picture pixel further, hence the tolerance.
    assert 9 * 0.75 <= large.sum() / plain.sum() <= 9 * 1.35


def test_fractional_places_move_the_centre_of_mass_as_much():
    at_zero = np.array(centre_of_mass(draw(spot())))
    moved = np.array(centre_of_mass(draw(spot(), x=1.3, y=-0.7)))
    np.testing.assert_allclose(moved - at_zero, [1.3, -0.7], atol=1e-9)


def test_scenes_drawn_together_equal_scenes_drawn_alone():
    rng = np.random.default_rng(0)
    pictures = rng.uniform(size=(4, 8, 8))
    changes = {k: rng.uniform(0.5, 1.5, size=4) for k in ("x", "y", "scale", "angle")}
    together = draw_scenes(pictures, 16, **changes)
    for i in range(4):
        alone = {k: v[i : i + 1] for k, v in changes.items()}
        np.testing.assert_array_equal(
            together[i], draw_scenes(pictures[i : i + 1], 16, **alone)[0]
        )
