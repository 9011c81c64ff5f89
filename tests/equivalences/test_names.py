"""Frames of the same tasks are matched by name, whatever the names are."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge as SkRidge

from sklearn_mtl import IndependentTasks, MultiTaskRegressor
from sklearn_mtl.balancing import Asynchronous, Fixed
from sklearn_mtl.datasets import hide_labels
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.inspection import TaskAffinity, task_permutation_importance
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.metrics import delta_m, mean_task_score, per_task_score
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.penalties import Ridge, Sum, TaskGraph
from tests.equivalences.inputs import NEW, TARGETS, X, outputs
from tests.zoo import RETRIEVERS, SMALL_NET, predictors

ZOO = predictors()
every_predictor = pytest.mark.parametrize(("kind", "name"), ZOO)
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
every_frame = pytest.mark.parametrize("make_frame", FRAMES.values(), ids=FRAMES)

WEIGHTS = np.random.default_rng(3).integers(0, 3, (60, 2)).astype(float)
# labels of columns that are no text
YEARS = [2021, 2020]
LEVELS = [("school", "b"), ("school", 2020)]


def frame_of(make_frame, values, names=("a", "b")):
    return make_frame({name: values[:, t] for t, name in enumerate(names)})


def swapped(frame):
    """Return the same columns in another order."""
    return frame[list(frame.columns)[::-1]]


@every_predictor
@every_frame
def test_weights_and_labels_in_another_order_are_the_same(kind, name, make_frame):
    y, weights = (frame_of(make_frame, v) for v in (TARGETS[kind], WEIGHTS))
    model, other = ZOO[kind, name](), ZOO[kind, name]()
    model.fit(X, y, sample_weight=weights)
    other.fit(X, y, sample_weight=swapped(weights))
    np.testing.assert_array_equal(outputs(model, NEW), outputs(other, NEW))
    score = model.score(X, TARGETS[kind], sample_weight=WEIGHTS)
    assert model.score(X, swapped(y), sample_weight=weights) == score
    assert model.score(X, y, sample_weight=swapped(weights)) == score
    scorer = per_task_scorers()
    expected = scorer(model, X, y, sample_weight=weights)
    assert scorer(model, X, swapped(y), sample_weight=weights) == expected
    assert scorer(model, X, y, sample_weight=swapped(weights)) == expected


@every_predictor
def test_weights_are_matched_to_a_y_that_has_the_names(kind, name):
    """The model was fitted to an array, and so knows none."""
    model = ZOO[kind, name]().fit(X, TARGETS[kind])
    y, weights = (frame_of(pd.DataFrame, v) for v in (TARGETS[kind], WEIGHTS))
    score = model.score(X, TARGETS[kind], sample_weight=WEIGHTS)
    assert model.score(X, y, sample_weight=swapped(weights)) == score


@every_predictor
def test_weights_beside_an_array_are_those_of_its_tasks_by_name(kind, name):
    """Where the weight is 0, and where it is more, are read alike."""
    y, frame = TARGETS[kind], frame_of(pd.DataFrame, WEIGHTS, ["task0", "task1"])
    expected = ZOO[kind, name]().fit(X, y, sample_weight=WEIGHTS)
    score = expected.score(X, y, sample_weight=WEIGHTS)
    scores = per_task_scorers()(expected, X, y, sample_weight=WEIGHTS)
    for weights in (swapped(frame), swapped(frame).set_axis([1, 0], axis=1)):
        model = ZOO[kind, name]().fit(X, y, sample_weight=weights)
        np.testing.assert_array_equal(outputs(model, NEW), outputs(expected, NEW))
        assert model.score(X, y, sample_weight=weights) == score
        assert per_task_scorers()(model, X, y, sample_weight=weights) == scores


@every_predictor
def test_an_array_of_weights_has_the_columns_of_the_y_that_it_comes_with(kind, name):
    y, make = frame_of(pd.DataFrame, TARGETS[kind]), ZOO[kind, name]
    model = make().fit(X, y)
    for ask in (model.score, partial(per_task_scorers(), model)):
        expected = ask(X, y, sample_weight=WEIGHTS)
        assert ask(X, swapped(y), sample_weight=WEIGHTS[:, ::-1]) == expected
    if hasattr(model, "partial_fit"):
        assert_same_labels(lambda *a, **w: make().fit(X, y).partial_fit(*a, **w), y)
        classes = [task.classes for task in model.task_set_.tasks]
        declared = {} if kind == "regressor" else {"classes": classes}
        assert_same_labels(
            lambda *a, **w: make().partial_fit(X, y, **declared).partial_fit(*a, **w),
            y,
        )
    if "warm_start" in model.get_params():
        assert_same_labels(
            lambda *a, **w: make().set_params(warm_start=True).fit(X, y).fit(*a, **w),
            y,
        )


def assert_same_labels(learn, y):
    """Compare models that learn the same labels in both orders of the columns."""
    expected = outputs(learn(X, y, sample_weight=WEIGHTS), NEW)
    found = outputs(learn(X, swapped(y), sample_weight=WEIGHTS[:, ::-1]), NEW)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", TARGETS)
def test_validation_weights_have_the_columns_of_y_val(kind):
    """The blend reads them, and so do its members."""
    y = frame_of(pd.DataFrame, TARGETS[kind])

    def fit(y_val, weights):
        val = {"X_val": X[30:], "y_val": y_val[30:], "sample_weight_val": weights[30:]}
        model = ZOO[kind, "blend"]().fit(X[:30], y[:30], **val)
        return model.weights_, outputs(model, NEW)

    weights, expected = fit(y, WEIGHTS)
    again, found = fit(swapped(y), WEIGHTS[:, ::-1])
    assert again == weights
    np.testing.assert_array_equal(found, expected)
    assert fit(swapped(y), WEIGHTS)[0] != weights


def test_importances_of_a_frame_in_another_order_are_the_same():
    y = frame_of(pd.DataFrame, TARGETS["mixed"])
    model = ZOO["mixed", "linear"]().fit(X, y)
    measure = partial(task_permutation_importance, model, X, random_state=0)
    expected = measure(y, sample_weight=WEIGHTS).to_frame()
    found = measure(swapped(y), sample_weight=WEIGHTS[:, ::-1]).to_frame()
    pd.testing.assert_frame_equal(found, expected)


@every_predictor
def test_frames_of_other_tasks_are_refused(kind, name):
    y = frame_of(pd.DataFrame, TARGETS[kind])
    other = frame_of(pd.DataFrame, WEIGHTS, ["a", "c"])
    match = r"columns of sample_weight are \['a', 'c'\], but the tasks are \['a', 'b'\]"
    with pytest.raises(TaskError, match=match):
        ZOO[kind, name]().fit(X, y, sample_weight=other)
    model = ZOO[kind, name]().fit(X, y)
    with pytest.raises(TaskError, match=match):
        model.score(X, y, sample_weight=other)
    with pytest.raises(TaskError, match=r"columns of y are \['a', 'c'\], but"):
        model.score(X, y.set_axis(["a", "c"], axis=1))


@every_predictor
@pytest.mark.parametrize("names", [YEARS, LEVELS], ids=["numbers", "tuples"])
def test_names_that_are_no_text_find_their_task(kind, name, names):
    y = frame_of(pd.DataFrame, TARGETS[kind], names)
    model = ZOO[kind, name]().fit(X, y)
    expected = ZOO[kind, name]().fit(X, TARGETS[kind])
    np.testing.assert_array_equal(outputs(model, NEW), outputs(expected, NEW))
    for t, label in enumerate(names):
        found = model.task(label).predict(NEW)
        np.testing.assert_array_equal(found, expected.task(t).predict(NEW))
        with pytest.raises(TaskError, match="unknown task"):
            model.task(1999)
    assert model.task_names_in_.tolist() == [str(label) for label in names]
    ids = [names[i % 2] for i in range(len(NEW))]
    found = model.predict_task(NEW, ids)
    expected = expected.predict_task(NEW, np.arange(len(NEW)) % 2)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("names", [YEARS, LEVELS], ids=["numbers", "tuples"])
@pytest.mark.parametrize("name", ["net", "linear", "forest", "independent", "blend"])
def test_names_that_are_no_text_are_keys_of_every_argument(names, name):
    first, second = names
    kind = "mixed"
    y = frame_of(pd.DataFrame, TARGETS[kind], names)
    by_label = {
        "task_types": {second: "regression"},
        "class_weight": {first: "balanced"},
        "task_weight": {first: 2.0, second: 1.0},
        "loss": {first: "focal", second: "huber"},
        "by_task": {},
    }
    model, by_order = ZOO[kind, name](), ZOO[kind, name]()
    for parameter, value in by_label.items():
        if parameter in model.get_params() and value:
            model.set_params(**{parameter: value})
            in_order = [value.get(label) for label in names]
            by_order.set_params(**{parameter: in_order})
    np.testing.assert_array_equal(
        outputs(model.fit(X, y), NEW), outputs(by_order.fit(X, y), NEW)
    )


@pytest.mark.parametrize("names", [YEARS, LEVELS], ids=["numbers", "tuples"])
def test_parts_of_models_take_such_names_too(names):
    first, second = names
    y = frame_of(pd.DataFrame, TARGETS["regressor"], names)
    special = IndependentTasks(SkRidge(), by_task={second: SkRidge(alpha=99.0)})
    assert [one.alpha for one in special.fit(X, y).estimators_] == [1.0, 99.0]
    for by_name, in_order in (
        ({"balancing": Fixed({second: 3.0})}, {"balancing": Fixed([1.0, 3.0])}),
        (
            {"task_schedule": Asynchronous({first: 3.0, second: 1.0})},
            {"task_schedule": Asynchronous([3.0, 1.0])},
        ),
        ({"loss": {first: CircularLoss(9.0)}}, {"loss": [CircularLoss(9.0), "auto"]}),
    ):
        one, other = (MultiTaskRegressor(**SMALL_NET, **a) for a in (by_name, in_order))
        np.testing.assert_array_equal(
            outputs(one.fit(X, y), NEW), outputs(other.fit(X, y), NEW)
        )
    guess, known = TARGETS["regressor"] + 0.5, [str(label) for label in names]
    scored = {"metric": {first: "r2", second: "mean_absolute_error"}}
    scored["periods"] = {second: 24.0}
    assert list(per_task_score(y, guess, **scored)) == known
    mean = mean_task_score(y, guess, **scored, average={second: 1.0})
    assert mean == pytest.approx(0.5)
    hidden = hide_labels(y, {first: 0.5}, random_state=0).isna().sum()
    assert hidden.tolist() == [30, 0]


@every_frame
def test_predictions_are_matched_by_name(make_frame):
    y = frame_of(make_frame, TARGETS["mixed"])
    assert per_task_score(y, swapped(y)) == {"a": 1.0, "b": 1.0}
    weights = frame_of(make_frame, WEIGHTS)
    guess = frame_of(make_frame, TARGETS["mixed"][::-1])
    expected = per_task_score(y, guess, sample_weight=weights)
    assert per_task_score(y, swapped(guess), sample_weight=swapped(weights)) == expected
    assert per_task_score(swapped(y), guess, sample_weight=weights) == expected
    by_task = {name: guess[name] for name in ("b", "a")}
    assert per_task_score(y, by_task, sample_weight=weights) == expected
    with pytest.raises(TaskError, match=r"columns of y_pred are \['a', 'c'\], but"):
        per_task_score(y, frame_of(make_frame, TARGETS["mixed"], ["a", "c"]))
    with pytest.raises(TaskError, match=r"no predictions for the tasks \['b'\]"):
        per_task_score(y, {"a": guess["a"]})


def test_columns_that_are_numbered_are_in_order():
    y = frame_of(pd.DataFrame, TARGETS["regressor"])
    numbered = pd.DataFrame(TARGETS["regressor"])
    assert per_task_score(y, numbered) == {"a": 1.0, "b": 1.0}
    assert per_task_score(y, numbered[[1, 0]]) == {"a": 1.0, "b": 1.0}
    assert per_task_score(TARGETS["regressor"], y) == {"task0": 1.0, "task1": 1.0}


def test_frames_of_probabilities_are_matched_by_task_and_class():
    y = pd.DataFrame({"b": np.where(TARGETS["mixed"][:, 0], "yes", "no")})
    y[("g", 1)] = np.digitize(X[:, 0], [-0.5, 0.5])
    model = ZOO["classifier", "linear"]().fit(X, y)
    expected = per_task_score(y, model.predict_proba(X), metric="log_loss")
    frame = model.proba_frame(X)
    for columns in (frame.columns, frame.columns[::-1], frame.columns[[3, 1, 4, 0, 2]]):
        found = per_task_score(y, frame[columns], metric="log_loss")
        assert found == pytest.approx(expected)
    with pytest.raises(TaskError, match=r"no predictions for the tasks \['b'\]"):
        per_task_score(y, frame.iloc[:, 2:])
    one = y["b"]
    for make_frame in FRAMES.values():
        proba = frame_of(make_frame, frame.to_numpy()[:, :2], ["no", "yes"])
        found = per_task_score(one, swapped(proba), metric="log_loss")
        assert found["b"] == pytest.approx(expected["b"])


def test_probabilities_are_in_the_order_of_the_classes_that_are_given():
    y = np.array(["a", "b", "c", "a"])
    proba = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [1, 0, 0]])
    scores = per_task_score(
        y, proba[:, [2, 0, 1]], classes=["c", "a", "b"], metric="accuracy"
    )
    assert scores == {"task0": 1.0}


def test_series_by_task_are_matched_by_name():
    multi = pd.Series({"a": 1.0, "b": 2.0})
    assert delta_m(multi, multi[["b", "a"]]) == 0.0
    assert delta_m({2020: 1.0}, {"2020": 2.0}) == 0.5
    y = TARGETS["regressor"]
    scores = mean_task_score(
        frame_of(pd.DataFrame, y),
        y * [1.0, 0.0],
        average=pd.Series({"b": 0.0, "a": 1.0}),
    )
    assert scores == 1.0


@pytest.mark.parametrize("name", RETRIEVERS)
@every_frame
def test_labels_of_queries_are_matched_by_name(name, make_frame):
    y = frame_of(make_frame, TARGETS["classifier"])
    new = y[:20] if make_frame is pl.DataFrame else y.iloc[:20]
    retriever = RETRIEVERS[name]().fit(X, y)
    assert retriever.report(NEW, swapped(new)) == retriever.report(NEW, new)
    before = retriever.labels_[:20]
    retriever.add(NEW, swapped(new))
    np.testing.assert_array_equal(retriever.labels_[-20:], before)


SIMILARITY = pd.DataFrame(
    [[0.0, 2.0, 1.0], [2.0, 0.0, 0.0], [1.0, 0.0, 0.0]], list("abc"), list("abc")
)
THREE = pd.DataFrame(TARGETS["regressor"] @ [[1.0, 0.5, 0.0], [0.0, 1.0, 1.0]])
THREE.columns = list("abc")
SEARCH = partial(TaskGroupSearchCV, MultiTaskLinearRegressor(), cv=2, random_state=0)
ALPHAS = pd.Series({"a": 1.0, "b": 5.0, "c": 0.1})


@pytest.mark.parametrize(
    ("make", "matrix"),
    [
        (lambda m: MultiTaskRegressor(task_relation=m, **SMALL_NET), SIMILARITY),
        (lambda m: MultiTaskLinearRegressor(penalty=TaskGraph(graph=m)), SIMILARITY),
        (
            lambda m: MultiTaskLinearRegressor(
                penalty=Sum([("graph", TaskGraph(graph=m)), ("ridge", Ridge())])
            ),
            SIMILARITY,
        ),
        (lambda m: SEARCH(method=m), SIMILARITY),
        (
            lambda m: SEARCH(
                method=TaskAffinity(list(m.columns), m.to_numpy(), "given")
            ),
            SIMILARITY,
        ),
        (lambda m: MultiTaskLinearRegressor(penalty=Ridge(alpha=m)), ALPHAS),
        (lambda m: MultiTaskLinearRegressor(penalty=Ridge(alpha=dict(m))), ALPHAS),
    ],
    ids=["net", "graph", "sum", "groups", "affinity", "series", "dict"],
)
def test_what_relates_tasks_is_matched_by_name(make, matrix):
    other = ["c", "a", "b"]
    shuffled = matrix[other] if matrix.ndim == 1 else matrix.loc[other, other]
    expected = outputs(make(matrix).fit(X, THREE), NEW)
    np.testing.assert_array_equal(outputs(make(shuffled).fit(X, THREE), NEW), expected)
    with pytest.raises(TaskError, match=r"but the tasks are|names unknown tasks"):
        make(shuffled).fit(X, THREE.set_axis(["a", "b", "d"], axis=1))
