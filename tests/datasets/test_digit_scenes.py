import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import affine_transform
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from sklearn_mtl.datasets import load_digit_scenes
from sklearn_mtl.tasks import TaskSet


def test_shapes_names_and_types():
    scenes = load_digit_scenes(60)
    assert scenes.data.shape == (60, 196)
    assert scenes.images.shape == (60, 14, 14)
    assert scenes.task_names == ["digit", "place", "size", "rotation"]
    assert scenes.task_types == ["multiclass"] * 4
    assert len(scenes.feature_names) == 196
    assert "60 images" in scenes.DESCR
    np.testing.assert_array_equal(scenes.images.reshape(60, -1), scenes.data)


def test_same_seed_same_bytes_and_another_seed_other_scenes():
    one, two, other = (load_digit_scenes(50, random_state=s) for s in (3, 3, 4))
    assert one.data.tobytes() == two.data.tobytes()
    assert one.target.tobytes() == two.target.tobytes()
    assert not np.array_equal(one.data, other.data)


def test_the_global_generator_is_untouched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    load_digit_scenes(20)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_the_asked_share_of_every_task_is_hidden():
    scenes = load_digit_scenes(1000, missing_fraction=0.25)
    share = np.isnan(scenes.target).mean(axis=0)
    np.testing.assert_allclose(share, 0.25, atol=0.005)
    shown = ~np.isnan(scenes.target)
    np.testing.assert_array_equal(scenes.target[shown], scenes.complete_target[shown])
    assert not np.isnan(scenes.complete_target).any()


def test_nothing_is_hidden_when_nothing_is_asked():
    scenes = load_digit_scenes(40, missing_fraction=0.0)
    np.testing.assert_array_equal(scenes.target, scenes.complete_target)


def test_pictures_do_not_depend_on_the_targets():
    one, two, both = (
        load_digit_scenes(30, targets=kind, missing_fraction=0.0)
        for kind in ("classification", "regression", "mixed")
    )
    np.testing.assert_array_equal(one.data, two.data)
    np.testing.assert_array_equal(one.data, both.data)
    assert both.task_types == ["multiclass"] * 2 + ["regression"] * 3
    np.testing.assert_array_equal(both.target[:, 0], one.target[:, 0])
    np.testing.assert_array_equal(both.target[:, 2:4], two.target[:, :2])


def test_classes_are_the_ranges_of_the_values():
    classes = load_digit_scenes(300, missing_fraction=0.0).target
    values = load_digit_scenes(300, targets="regression", missing_fraction=0.0).target
    x, y, scale, angle = values.T
    np.testing.assert_array_equal(classes[:, 1], (x > 0) + 2 * (y < 0))
    np.testing.assert_array_equal(classes[:, 2], np.digitize(scale, [0.925, 1.075]))
    np.testing.assert_array_equal(classes[:, 3], 2 - np.digitize(angle, [-10, 10]))


def centres(pictures):
    """Return the centres of mass, to the right and up from the middle."""
    ticks = np.arange(pictures.shape[1]) - (pictures.shape[1] - 1) / 2
    right = (pictures * ticks).sum(axis=(1, 2))
    up = (pictures * -ticks[:, None]).sum(axis=(1, 2))
    return np.stack([right, up]) / pictures.sum(axis=(1, 2))


def test_pixels_lie_where_the_targets_say():
    scenes = load_digit_scenes(
        400, targets="regression", missing_fraction=0.0, noise=0.0
    )
    x, y, scale, angle = scenes.target.T
    digits = load_digits().images[scenes.groups]
    radians = np.deg2rad(angle)
    turn = np.array(
        [[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]]
    )
    # scene = place + scale * turn * digit, both seen from their middles
    expected = np.stack([x, y]) + scale * np.einsum("ijn,jn->in", turn, centres(digits))
    # half of a digit's outermost pixels is beyond what the interpolation knows of
    assert np.abs(centres(scenes.images) - expected).max() < 0.5 * scale.max()
    for i in range(40):
        back = turn[:, :, i].T / scale[i]  # of (right, up)
        matrix = (back * [[1, -1], [-1, 1]])[::-1, ::-1]  # of (row, column)
        middle = np.array([6.5 - y[i], 6.5 + x[i]])
        drawn = affine_transform(
            digits[i], matrix, 3.5 - matrix @ middle, (14, 14), order=1
        )
        np.testing.assert_allclose(scenes.images[i], drawn, atol=0.05 + 1e-9)


def test_digits_are_those_of_scikit_learn_and_come_once_before_they_repeat():
    scenes = load_digit_scenes(2000, missing_fraction=0.0)
    np.testing.assert_array_equal(
        scenes.target[:, 0], load_digits().target[scenes.groups]
    )
    assert len(np.unique(scenes.groups[:1797])) == 1797


def test_frame_has_readable_classes_that_the_reader_of_y_knows():
    scenes = load_digit_scenes(80, as_frame=True)
    plain = load_digit_scenes(80)
    assert isinstance(scenes.data, pd.DataFrame)
    assert set(scenes.target["size"].dropna()) == {"small", "medium", "large"}
    missing = scenes.target.isna().to_numpy()
    np.testing.assert_array_equal(missing, np.isnan(plain.target))
    tasks, _ = TaskSet.from_y(scenes.target)
    assert tasks.names == scenes.task_names
    assert tasks.kinds == ["multiclass"] * 4
    seen = ~missing[:, 3]
    names = np.array(scenes.target_names["rotation"])
    codes = plain.target[seen, 3].astype(int)
    assert scenes.target["rotation"][seen].tolist() == names[codes].tolist()


def test_frame_of_values_is_numeric():
    target = load_digit_scenes(20, targets="regression", as_frame=True).target
    assert {str(dtype) for dtype in target.dtypes} == {"float64"}


def test_return_X_y_is_the_data_of_the_bunch():
    X, y = load_digit_scenes(10, return_X_y=True)
    scenes = load_digit_scenes(10)
    np.testing.assert_array_equal(X, scenes.data)
    np.testing.assert_array_equal(y, scenes.target)


def test_every_task_can_be_learned_from_the_pixels():
    scenes = load_digit_scenes(1200, missing_fraction=0.0)
    pixels = scenes.data / 16
    model = LogisticRegression(C=0.1, max_iter=300)
    for t, n_classes in enumerate((10, 4, 3, 3)):
        labels = scenes.target[:, t]
        model.fit(pixels[:900], labels[:900])
        score = model.score(pixels[900:], labels[900:])
        assert score > 1.5 / n_classes, scenes.task_names[t]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"targets": "colour"}, "targets is 'colour'; it must be one of"),
        ({"canvas": 8}, "canvas is 8; it must be at least 13"),
        ({"noise": -1.0}, "noise is -1.0; it must not be negative"),
        ({"n_samples": 0}, "n_samples is 0; it must be at least 1"),
        ({"missing_fraction": 1.0}, r"is 1.0; it must be in \[0, 1\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_digit_scenes(**arguments)
