from functools import partial

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.metrics import circular_error, circular_score
from sklearn_mtl.model_selection import per_task_scorers, task_scorer
from sklearn_mtl.modules import CrossStitch

NET = {"hidden_layer_sizes": (32,), "max_epochs": 60, "lr": 0.01, "random_state": 0}
DEGREES = CircularLoss(360)


def compass(n_samples=300, seed=0):
    """Return X, and where it points in degrees, its length and whether it is north."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 2))
    angle = np.degrees(np.arctan2(X[:, 1], X[:, 0])) % 360
    return X, np.column_stack([angle, np.hypot(*X.T), X[:, 1] > 0])


def test_an_angle_is_learnt_across_the_cut():
    X, y = compass()
    model = MultiTaskRegressor(loss={"task0": DEGREES}, n_members=2, **NET)
    predicted = model.fit(X, y[:, :2]).predict(X)
    assert ((predicted[:, 0] >= 0) & (predicted[:, 0] < 360)).all()
    assert circular_error(y[:, 0], predicted[:, 0], period=360) < 8
    near = np.minimum(y[:, 0], 360 - y[:, 0]) < 20
    assert circular_error(y[near, 0], predicted[near, 0], period=360) < 12
    squared = MultiTaskRegressor(n_members=2, **NET).fit(X, y[:, :2]).predict(X)
    assert circular_error(y[near, 0], squared[near, 0], period=360) > 20


def test_score_is_that_of_points_on_the_circle():
    X, y = compass()
    model = MultiTaskRegressor(loss={"task0": DEGREES}, n_members=1, **NET)
    model.fit(X, y[:, 0])
    expected = circular_score(y[:, 0], model.predict(X), period=360)
    assert model.score(X, y[:, 0]) == pytest.approx(expected)
    assert model.score(X, y[:, 0] + 360) == pytest.approx(expected)
    assert model.task_set_.tasks[0].period == 360
    best = model.history_["valid_score"][model.best_epoch_ - 1, 0]
    assert 0.9 < best < 1


@pytest.mark.parametrize("n_members", [1, 2])
def test_it_stands_beside_classes_and_numbers_with_missing_labels(n_members):
    X, y = compass(400)
    y[::3, 0], y[1::4, 1] = np.nan, np.nan
    model = MultiTaskMixedEstimator(
        loss={"task0": DEGREES}, n_members=n_members, **NET
    ).fit(X, y)
    predicted = model.predict(X)
    seen = ~np.isnan(y[:, 0])
    error = partial(circular_error, period=360)
    assert error(y[seen, 0], predicted[seen, 0].astype(float)) < 10
    assert (predicted[:, 2] == y[:, 2]).mean() > 0.95
    assert model.score(X, y) > 0.8
    assert model.transform_task(X, "task0").shape == (400, 2 * n_members)


def test_a_net_that_has_learnt_nothing_points_to_the_circular_mean():
    rng = np.random.default_rng(0)
    X, angle = np.zeros((200, 3)), rng.normal(0, 10, 200) % 360
    still = {**NET, "max_epochs": 1, "lr": 1e-12}
    model = MultiTaskRegressor(loss=DEGREES, n_members=1, **still).fit(X, angle)
    zero = model.net_.module_.heads.bias.detach().numpy()[0, 0]
    mean = np.exp(1j * np.radians(angle)).mean()
    np.testing.assert_allclose(zero, [mean.real, mean.imag], atol=0.02)


def test_members_agree_on_a_direction_and_not_on_a_number():
    X, y = compass(120)
    model = MultiTaskRegressor(loss=DEGREES, n_members=4, **NET).fit(X, y[:, 0])
    held_out = model.oof_prediction_
    assert circular_error(y[:, 0], held_out, period=360) < 20
    assert circular_error(y[:, 0], model.predict(X), period=360) < 12


def test_it_goes_with_trunks_of_each_task_and_with_gradients():
    X, y = compass(150)
    for arguments in ({"trunk": CrossStitch((8,))}, {"balancing": "upgrad"}):
        model = MultiTaskMixedEstimator(
            loss={"task0": DEGREES}, **{**NET, "max_epochs": 3}, **arguments
        ).fit(X, y)
        assert np.isfinite(model.history_["train_loss"]).all()


def test_it_goes_on_with_another_batch():
    X, y = compass()
    model = MultiTaskRegressor(loss=DEGREES, lr=0.01, random_state=0)
    for _ in range(30):
        model.partial_fit(X, y[:, 0])
    assert circular_error(y[:, 0], model.predict(X), period=360) < 20


def wrapped(net):
    """Return the net in all that scorers have to look through."""
    names = {"multitaskregressor__lr": [0.01]}
    pipe = make_pipeline(StandardScaler(), net)
    return {
        "net": net,
        "pipeline": pipe,
        "search": GridSearchCV(pipe, names, cv=2),
        "one per task": IndependentTasks(net),
        "groups": TaskGroupSearchCV(net, method=np.zeros((2, 2)), max_groups=1, cv=2),
    }


@pytest.mark.parametrize("wrapper", list(wrapped(MultiTaskRegressor())))
def test_scorers_by_name_know_the_period(wrapper):
    X, y = compass(120)
    y = y[:, :2]
    net = MultiTaskRegressor(
        loss={"task0": DEGREES}, n_members=1, **{**NET, "max_epochs": 5}
    )
    model = wrapped(net)[wrapper].fit(X, y)
    angle = model.predict(X)[:, 0]
    for one in (model, FrozenEstimator(model)):
        scores = per_task_scorers()(one, X, y)
        assert scores["task0"] == pytest.approx(
            circular_score(y[:, 0], angle, period=360)
        )
        assert scores["mean"] == pytest.approx(model.score(X, y))
    error = task_scorer("neg_mean_absolute_error", average={"task0": 1})(model, X, y)
    assert error == pytest.approx(-circular_error(y[:, 0], angle, period=360))


def test_scorers_can_be_told_the_period_of_a_model_that_does_not_know_it():
    X, y = compass(120)
    model = LinearRegression().fit(X, y[:, :2])
    scores = per_task_scorers("r2", periods={"task0": 360})(model, X, y[:, :2])
    expected = circular_score(y[:, 0], model.predict(X)[:, 0], period=360)
    assert scores["task0"] == pytest.approx(expected)
    assert scores["task1"] == pytest.approx(
        per_task_scorers("r2")(model, X, y[:, :2])["task1"]
    )


def test_the_view_of_an_angle_is_scored_on_the_circle():
    X, y = compass(120)
    model = MultiTaskRegressor(loss={"task0": DEGREES}, n_members=1, **NET)
    view = model.fit(X, y[:, :2]).task("task0")
    weights = np.random.default_rng(0).uniform(size=120)
    expected = circular_score(
        y[:, 0], view.predict(X), period=360, sample_weight=weights
    )
    assert view.score(X, y[:, 0] + 360, weights) == pytest.approx(expected)
