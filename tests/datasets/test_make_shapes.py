import re

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.datasets import make_shapes
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.metrics import circular_error, mean_iou
from sklearn_mtl.modules import Conv

CLEAR = {"noise": 0.0, "return_X_y": False, "random_state": 0}


def columns(made, key="y_complete"):
    return dict(zip(made.task_names, made[key].T, strict=True))


def test_what_is_told_is_what_is_seen():
    made = make_shapes(60, size=40, **CLEAR)
    truth = columns(made)
    pictures = made.images / 255
    bright = (pictures.max(axis=3) - pictures.min(axis=3)) > 0.2  # the ground is grey
    down, across = np.mgrid[:40, :40] + 0.5
    for i, mask in enumerate(bright):
        if truth["shape"][i] == 0:
            assert across[mask].mean() == pytest.approx(truth["x"][i], abs=0.3)
            assert down[mask].mean() == pytest.approx(truth["y"][i], abs=0.3)
            radius = np.sqrt(mask.sum() / np.pi)
            assert radius == pytest.approx(truth["scale"][i], abs=0.5)
        seen = (
            across[mask].min(),
            down[mask].min(),
            across[mask].max(),
            down[mask].max(),
        )
        box = [truth[name][i] for name in ("left", "top", "right", "bottom")]
        np.testing.assert_allclose(seen, box, atol=2.5)  # a tip is thin, and dim


def test_colours_are_those_named():
    made = make_shapes(80, size=16, **CLEAR)
    truth = columns(made)
    brightest = {"blue": 2, "green": 1, "red": 0}
    for i, name in enumerate(made.target_names["colour"]):
        shown = made.images[truth["colour"] == i].reshape(-1, 3)
        shown = shown[np.ptp(shown.astype(int), axis=1) > 60]
        if name in brightest:
            assert (shown.argmax(axis=1) == brightest[name]).all()
        else:
            assert (shown[:, 2] < shown[:, :2].min(axis=1)).all()


def test_rotation_is_missing_where_there_is_none():
    made = make_shapes(200, **CLEAR)
    truth = columns(made)
    discs = truth["shape"] == made.target_names["shape"].index("disc")
    np.testing.assert_array_equal(np.isnan(truth["rotation"]), discs)
    assert np.isfinite(np.delete(made.y_complete, 5, axis=1)).all()
    seen = truth["rotation"][~discs]
    assert ((seen >= 0) & (seen < 360)).all()


def test_rows_are_flat_pictures_with_channels_first():
    made = make_shapes(5, size=9, **CLEAR)
    assert made.X.dtype == np.uint8
    pictures = made.X.reshape(5, *made.image_shape)
    np.testing.assert_array_equal(pictures.transpose(0, 2, 3, 1), made.images)


def test_occlusion_hides_a_share_of_the_box():
    clear = make_shapes(300, size=40, scale=(0.4, 0.45), **CLEAR)
    hidden = make_shapes(300, size=40, scale=(0.4, 0.45), occlusion=0.25, **CLEAR)
    np.testing.assert_array_equal(clear.y_complete, hidden.y_complete)
    patch = (hidden.images == 128).all(axis=3)
    truth = columns(clear)
    area = (truth["right"] - truth["left"]) * (truth["bottom"] - truth["top"])
    share = patch.sum(axis=(1, 2)) / area
    assert share.mean() == pytest.approx(0.25, abs=0.01)
    np.testing.assert_array_equal(clear.images[~patch], hidden.images[~patch])


def test_labels_are_hidden_and_noise_is_added():
    made = make_shapes(400, missing_fraction=0.3, **{**CLEAR, "noise": 0.1})
    hidden = np.isnan(made.y) & ~np.isnan(made.y_complete)
    share = hidden.sum(axis=0) / (~np.isnan(made.y_complete)).sum(axis=0)
    np.testing.assert_allclose(share, 0.3, atol=0.01)
    corner = made.images[:, 0, 0] / 255  # noise apart a grey of up to a quarter
    assert 0.05 < np.ptp(corner, axis=1).mean() < 0.3


def test_the_seed_decides_and_tasks_are_chosen():
    X, y = make_shapes(20, tasks=["rotation", "shape"], shapes=["tee"], random_state=3)
    again, _ = make_shapes(20, shapes=["tee"], random_state=3)
    np.testing.assert_array_equal(X, again)
    assert y.shape == (20, 2)
    assert set(y[:, 1]) == {2.0}
    assert not np.array_equal(X, make_shapes(20, shapes=["tee"], random_state=4)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"tasks": ["size"]},
            "tasks is ['size']; it must contain at least one of ['shape', ",
        ),
        ({"tasks": ["x", "x"]}, "tasks is ['x', 'x']; it must contain"),
        ({"shapes": []}, "shapes is []; it must contain at least one of ['disc', "),
        ({"size": 4}, "n_samples must be at least 1 and size at least 8; got 500 "),
        ({"scale": (0.3, 0.6)}, "scale must be two ascending numbers in (0, 0.5]; "),
        ({"noise": -1}, "noise must be at least 0 and occlusion in [0, 1); got -1 "),
        ({"occlusion": 1.0}, "noise must be at least 0 and occlusion in [0, 1); "),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=f"^make_shapes: {re.escape(message)}"):
        make_shapes(**arguments)


def test_a_net_learns_what_where_how_large_and_how_turned():
    n_train = 2500
    made = make_shapes(n_train + 500, size=12, scale=(0.3, 0.45), **CLEAR)
    y = pd.DataFrame(made.y, columns=made.task_names)
    model = MultiTaskMixedEstimator(
        trunk=Conv(made.image_shape, (16,), hidden=128, normalization="batch"),
        task_types=dict(zip(made.task_names, made.task_types, strict=True)),
        loss={"rotation": CircularLoss(360)},
        lr=0.005,
        weight_decay=0.01,
        batch_size=64,
        max_epochs=20,
        random_state=0,
    ).fit(made.X[:n_train], y[:n_train])
    given = model.predict(made.X[n_train:]).astype(float)
    truth, told = made.y_complete[n_train:], made.y_complete[:n_train]
    turned = ~np.isnan(truth[:, 5])

    def errors(given):
        """Return the errors of each task; without noise the best rule has none."""
        return np.array(
            [
                *(given[:, :2] != truth[:, :2]).mean(axis=0),
                *abs(given[:, 2:5] - truth[:, 2:5]).mean(axis=0),
                circular_error(truth[turned, 5], given[turned, 5], period=360),
                1 - mean_iou(truth[:, 6:], given[:, 6:]),
            ]
        )

    constant = np.tile(np.nanmean(told, axis=0), (500, 1))
    constant[:, 2:5] = np.median(told[:, 2:5], axis=0)
    constant[:, :2] = [
        np.bincount(codes).argmax() for codes in told[:, :2].T.astype(int)
    ]
    of_constant = errors(constant)
    # four shapes and colours, each as often: 3 / 4; and all angles: errors up to 180,
    # 90 on average with a standard deviation of 52
    np.testing.assert_allclose(of_constant[:2], 0.75, atol=3 * np.sqrt(3 / 16 / 500))
    assert of_constant[5] == pytest.approx(90, abs=3 * 52 / np.sqrt(turned.sum()))
    left = errors(given) / of_constant
    assert (left < [0.15, 0.02, 0.4, 0.4, 0.4, 0.5, 0.4]).all()
