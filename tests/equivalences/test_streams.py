"""What holds of partial_fit and warm_start, for every estimator that has them."""

import sys
from functools import cache, partial

import numpy as np
import pytest

from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from tests.equivalences.inputs import NEW, SIGNAL, TARGETS, X, outputs
from tests.zoo import predictors

ZOO = {
    key: make for key, make in predictors().items() if hasattr(make(), "partial_fit")
}
every_stream = pytest.mark.parametrize(("kind", "name"), ZOO)

CLASSES = {"classifier": [[0.0, 1.0]] * 2, "regressor": None, "mixed": [[0, 1], None]}


def begin(model, kind, inputs=X, y=None, **arguments):
    """Make the first call of partial_fit, with the classes where some are needed."""
    if kind != "regressor":
        arguments = {"classes": CLASSES[kind], **arguments}
    return model.partial_fit(inputs, TARGETS[kind] if y is None else y, **arguments)


def lines_run(call):
    """Count the lines of Python that a call runs."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@every_stream
def test_a_call_costs_no_more_after_many_calls_than_after_few(kind, name):
    model, y = ZOO[kind, name](), TARGETS[kind]
    begin(model, kind)
    counts = [lines_run(lambda: model.partial_fit(X, y)) for _ in range(40)]
    few, many = np.median(counts[:5]), np.median(counts[-5:])
    assert many <= few + 5  # a loop over the calls so far would add 35 lines and more
    assert len(model.history_["train_loss"]) == model.n_iter_ == 41


@every_stream
def test_a_refused_call_leaves_the_model_as_it_was(kind, name):
    model, y = ZOO[kind, name](), TARGETS[kind]
    before = outputs(begin(model, kind), NEW)
    for inputs, targets, message in (
        (X[:0], y[:0], "0 sample"),
        (X[:, :3], y, "has 3 features, but"),
        (X, y[:50], "inconsistent numbers of samples"),
        (X, y[:, :1], "1 tasks, but 2 were seen in fit"),
        (X, y[:, 0], "1 tasks, but 2 were seen in fit"),
    ):
        with pytest.raises(ValueError, match=message):
            model.partial_fit(inputs, targets)
        np.testing.assert_array_equal(outputs(model, NEW), before)


@pytest.mark.parametrize(
    ("kind", "name"), [key for key in ZOO if key[0] != "regressor"]
)
@pytest.mark.parametrize("first", ["fit", "partial_fit"])
def test_classes_that_differ_from_the_first_are_refused(kind, name, first):
    model, y = ZOO[kind, name](), TARGETS[kind]
    if first == "fit":
        model.fit(X, y)
    else:
        begin(model, kind)
    others = [[0, 1, 2], *CLASSES[kind][1:]]
    message = r"'task0' has the classes \[0, 1, 2\] in this call of partial_fit, but \["
    with pytest.raises(TaskError, match=message):
        model.partial_fit(X, y, classes=others)
    model.partial_fit(X, y, classes=CLASSES[kind])
    model.partial_fit(
        X, y, classes=dict(zip(("task0", "task1"), CLASSES[kind], strict=True))
    )


@pytest.mark.parametrize("name", [name for kind, name in ZOO if kind == "mixed"])
def test_the_first_call_takes_the_declared_types(name):
    y = np.column_stack([TARGETS["mixed"][:, 0], np.arange(60) % 5])
    model = ZOO["mixed", name]().set_params(task_types={"task1": "regression"})
    assert model.partial_fit(X, y).task_set_.kinds == ["binary", "regression"]
    model.partial_fit(X, y + [0, 0.5])
    with pytest.raises(TaskError, match="'task1' is a regression task, so its classes"):
        ZOO["mixed", name]().set_params(task_types=[None, "regression"]).partial_fit(
            X, y, classes=[[0, 1], [0, 1, 2, 3, 4]]
        )


@pytest.mark.parametrize("name", [name for kind, name in ZOO if kind == "regressor"])
def test_a_regression_may_get_its_first_labels_later(name):
    late = SIGNAL.copy()
    late[:, 1] = np.nan
    with pytest.raises(TaskError, match="'task1' has no observed label"):
        ZOO["regressor", name]().partial_fit(X, late)
    model = ZOO["regressor", name]().set_params(on_empty_task="warn")
    with pytest.warns(MissingLabelWarning, match="'task1' has no observed label"):
        model.partial_fit(X, late)
    assert np.isnan(outputs(model, NEW)).all(axis=0).tolist() == [False, True]
    model.partial_fit(X, SIGNAL)
    assert np.isfinite(outputs(model, NEW)).all()


@every_stream
def test_labels_of_a_task_that_fit_left_out_are_refused(kind, name):
    y = TARGETS[kind].copy()
    y[:, 1] = np.nan
    model = ZOO[kind, name]().set_params(on_empty_task="warn", warm_start=True)
    with pytest.warns(MissingLabelWarning):
        model.fit(X, y)
    model.partial_fit(X, y)
    for call in (model.partial_fit, model.fit):
        with pytest.raises(TaskError, match="task 'task1' has labels"):
            call(X, TARGETS[kind])


@pytest.mark.parametrize("name", [name for kind, name in ZOO if kind == "regressor"])
@pytest.mark.parametrize("how", ["fit", "partial_fit", "warm_start"])
def test_regressions_may_leave_the_range_of_the_first_call(name, how):
    y = np.full((60, 2), 4.0)
    model = ZOO["regressor", name]().set_params(warm_start=how == "warm_start")
    model = model.partial_fit(X, y) if how == "partial_fit" else model.fit(X, y)
    for _ in range({"fit": 60, "partial_fit": 200, "warm_start": 8}[how]):
        if how == "warm_start":
            model.fit(X, y - 3.0)
        else:
            model.partial_fit(X, y - 3.0)
    np.testing.assert_allclose(model.predict(NEW), 1.0, atol=0.1)


def samples(kind, n_samples, seed):
    """Return inputs and targets of the same tasks as in `TARGETS`."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n_samples, 4))
    noise = 2.0 * rng.normal(size=(n_samples, 2))
    y = inputs[:, :2] @ [[1.0, 0.5], [-0.5, 1.0]] + noise
    is_class = {"classifier": [True] * 2, "regressor": [False] * 2}
    return inputs, np.where(is_class.get(kind, [True, False]), y > 0, y)


@every_stream
def test_more_samples_after_a_fit_do_no_harm(kind, name):
    model = ZOO[kind, name]().fit(*samples(kind, 100, seed=1))
    inputs, targets = samples(kind, 1000, seed=2)
    scores = [model.score(inputs, targets)]
    for call in range(20):
        model.partial_fit(*samples(kind, 5, seed=10 + call))
        scores.append(model.score(inputs, targets))
    # at the learning rate of the fit it is 0.03 to 0.3 worse
    assert min(scores) >= scores[0] - 0.01


@cache
def score_of_stream(kind, name, order_by, n_first=20):
    """Return the score on fresh samples after a stream in some order."""
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(2500, 4))
    values = inputs[:, :2] @ [[1.0, 0.5], [-0.5, 1.0]]
    values += 0.3 * rng.normal(size=values.shape)
    is_class = {"classifier": [True] * 2, "regressor": [False] * 2}
    y = np.where(is_class.get(kind, [True, False]), values > 0, 1e3 + 50 * values)
    inputs = inputs * [1e-3, 1.0, 50.0, 1.0] + [0.0, 7.0, 0.0, 0.0]
    keys = {"x": inputs[:2000, 0], "y": values[:2000, 0], "chance": rng.random(2000)}
    keys["alike first"] = np.where(np.abs(values[:2000]).max(axis=1) < 0.1, -1, 1)
    order = np.argsort(keys[order_by], kind="stable")
    model = ZOO[kind, name]()
    for rows in np.split(order, [n_first, *range(n_first + 50, 2000, 50)]):
        call = partial(begin, model, kind) if rows[0] == order[0] else model.partial_fit
        call(inputs[rows], y[rows])
    return model.score(inputs[2000:], y[2000:])


TABLES = [key for key in ZOO if key[1] != "conv"]


@pytest.mark.parametrize(("kind", "name"), TABLES)
@pytest.mark.parametrize("n_first", [1, 3, 20])
def test_a_small_first_batch_does_not_ruin_the_rest(kind, name, n_first):
    score = score_of_stream(kind, name, "chance", n_first)
    assert score > score_of_stream(kind, name, "chance", 1100) - 0.05


@pytest.mark.parametrize(("kind", "name"), TABLES)
@pytest.mark.parametrize("order_by", ["x", "y", "alike first"])
def test_the_order_of_a_stream_does_not_ruin_it(kind, name, order_by):
    score = score_of_stream(kind, name, order_by)
    # at the scale of the first batch and without old samples it is 0.2 to 2 worse
    assert score > score_of_stream(kind, name, "chance", 1100) - 0.15


@pytest.mark.parametrize("name", [name for kind, name in ZOO if kind == "regressor"])
def test_a_target_whose_labels_come_late_has_its_own_scale(name):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4000, 4))
    y = inputs[:, :2] @ [[1.0, 0.5], [-0.5, 1.0]] * [1.0, 1e6]
    late = y.copy()
    late[:2000, 1] = np.nan
    model = ZOO["regressor", name]().set_params(on_empty_task="warn")
    if name == "conv":
        pytest.skip("a convolution of these pictures learns little")
    with pytest.warns(MissingLabelWarning):
        model.partial_fit(inputs[:1500], late[:1500])
    for start in range(1500, 4000, 50):
        before = model.predict(NEW)[:, 0]
        model.partial_fit(inputs[start : start + 50], late[start : start + 50])
        assert np.abs(model.predict(NEW)[:, 0] - before).max() < 1.0
    assert model.score(inputs, y) > 0.9
