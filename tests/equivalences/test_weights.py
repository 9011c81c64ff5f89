"""A label of weight 0 is a missing label, and one of weight 2 is two labels."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_mtl import MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.balancing import METHODS, GradientAggregator, Sampled
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from sklearn_mtl.modules import MLP, MixtureOfExperts, SharedPrivate
from sklearn_mtl.preprocessing import PiecewiseLinear
from tests.zoo import RETRIEVERS, SMALL_CONV, SMALL_NET, predictors

ZOO = {
    **predictors(),
    # what labels decide in a net, all of it: folds, edges, scales and ranges
    ("mixed", "net with hold-outs"): lambda: MultiTaskMixedEstimator(
        hidden_layer_sizes=(8,), n_members=3, max_epochs=3, random_state=0
    ),
}
N_SAMPLES = 120
JUNK = {"classifier": 7.0, "regressor": 1e6, "mixed": 1e6}


@pytest.fixture(params=ZOO, ids=" ".join)
def case(request):
    """A kind of estimator, an unfitted one, and X and y for it."""
    kind, _ = request.param
    return kind, ZOO[request.param](), *make_data(kind)


def make_data(kind, n_samples=N_SAMPLES):
    """Return X and y with three tasks, about a third of the labels being missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    signal = X[:, :3] + 0.5 * rng.normal(size=(n_samples, 3))
    y = {
        "classifier": np.digitize(signal, [-0.5, 0.5]).astype(float),
        "regressor": signal,
        "mixed": np.column_stack([signal[:, 0] > 0, signal[:, 1:]]),
    }[kind]
    y[rng.random(y.shape) < 0.2] = np.nan
    return X, y


def outputs(model, X):
    """Return the probabilities and values of all tasks, and the classes."""
    classes = [task.classes for task in model.task_set_.tasks]
    return [*model._task_outputs(X), *(c for c in classes if c is not None)]


def assert_same(found, expected):
    """Compare to the bit."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_label_of_weight_0_is_a_missing_label(case):
    kind, model, X, y = case
    weight = np.random.default_rng(1).integers(0, 3, size=y.shape)
    y[weight == 0] = np.nan
    expected = model.fit(X, y, sample_weight=weight)
    expected = [*outputs(expected, X), expected.score(X, y, sample_weight=weight)]
    y[weight == 0] = JUNK[kind]  # the classifier has no such class
    model.fit(X, y, sample_weight=weight)
    found = [*outputs(model, X), model.score(X, y, sample_weight=weight)]
    assert_same(found, expected)


def test_a_sample_of_weight_0_is_a_sample_without_labels(case):
    kind, model, X, y = case
    weight = np.random.default_rng(1).integers(0, 3, size=len(y))
    y[weight == 0] = np.nan
    expected = outputs(model.fit(X, y, sample_weight=np.where(weight, weight, 5)), X)
    y[weight == 0] = JUNK[kind]
    assert_same(outputs(model.fit(X, y, sample_weight=weight), X), expected)


def test_a_task_of_weight_0_is_a_task_without_labels(case):
    _, model, X, y = case
    weight = np.ones(y.shape)
    weight[:, 1] = 0.0
    message = "task 'task1' has no observed label: all 120 values of y are missing"
    with pytest.raises(TaskError, match=message):
        model.fit(X, y, sample_weight=weight)
    model.set_params(on_empty_task="warn")
    with pytest.warns(MissingLabelWarning, match="'task1' has no observed label"):
        model.fit(X, y, sample_weight=weight)
    assert np.isnan(model.predict(X).astype(float)[:, 1]).all()
    y[:, 1] = np.nan
    found = outputs(model, X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingLabelWarning)
        assert_same(outputs(model.fit(X, y), X), found)


def test_all_labels_of_weight_0_are_no_labels(case):
    _, model, X, y = case
    with pytest.raises(TaskError, match="task 'task0' has no observed label"):
        model.fit(X, y, sample_weight=np.zeros(len(y)))
    model.set_params(on_empty_task="warn")
    with pytest.warns(MissingLabelWarning, match="no observed label"):
        model.fit(X, y, sample_weight=np.zeros(len(y)))
    assert np.isnan(model.predict(X).astype(float)).all()


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("shape", ["samples", "labels"])
@pytest.mark.parametrize("dtype", [float, int, str])
def test_a_label_of_weight_0_is_a_missing_label_in_a_gallery(name, shape, dtype):
    X, y = make_data("classifier")
    weight = np.random.default_rng(1).integers(0, 3, size=y.shape)
    if shape == "samples":
        weight = weight[:, 0]
    if name == "features" and shape == "labels":
        pytest.skip("a scaler takes weights of samples")
    weightless = np.broadcast_to(weight.reshape(len(y), -1) == 0, y.shape)
    full = np.nan_to_num(y).astype(dtype)
    missing = full.astype(object)
    missing[weightless] = None
    retriever, other = RETRIEVERS[name](), RETRIEVERS[name]()
    retriever.fit(X, full, sample_weight=weight)
    other.fit(X, missing, sample_weight=weight)
    np.testing.assert_array_equal(retriever.embedding_, other.embedding_)
    assert (retriever.labels_ != retriever.labels_)[weightless].all()  # NaN
    assert retriever.report(X[:20], full[:20]) == other.report(X[:20], full[:20])
    one = RETRIEVERS[name]().fit(
        X, full[:, 0], sample_weight=weight.reshape(120, -1)[:, 0]
    )
    np.testing.assert_array_equal(
        one.labels_.astype(str), retriever.labels_[:, 0].astype(str)
    )


def test_repeated_samples_may_be_more_than_a_hundred_without_an_embedding():
    X, y = make_data("regressor", 80)
    weights = np.random.default_rng(1).integers(0, 4, 80)
    rows = np.repeat(np.arange(80), weights)
    net = MultiTaskRegressor(
        batch_size=None,
        early_stopping=False,
        numeric_embedding=None,
        n_members=2,
        max_epochs=5,
        random_state=0,
    )
    expected = clone(net).fit(X[rows], y[rows]).predict(X)
    found = net.fit(X, y, sample_weight=weights).predict(X)
    assert len(rows) > 100
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


# of which folds or draws depend on the number of samples
DRAWN = ("groups", "linear CV", "net with hold-outs")
# of which draws depend on the number of nodes that are looked at
DRAWN_BY_LABEL = ("blend", "forest")
REPEATABLE = {key: make for key, make in ZOO.items() if key[1] not in DRAWN}


def repeat(X, y, weight):
    """Return samples as often as their labels weigh, each label so often."""
    weight = np.broadcast_to(weight.reshape(len(y), -1), y.shape)
    rows = np.repeat(np.arange(len(y)), weight.max(axis=1))
    number = np.arange(len(rows)) - np.searchsorted(rows, rows)  # of the copy
    return X[rows], np.where(number[:, None] < weight[rows], y[rows], np.nan)


def assert_repeats(model, X, y, weight):
    """Compare a fit with weights to one with repeated samples."""
    expected = outputs(clone(model).fit(*repeat(X, y, weight)), X)
    found = outputs(model.fit(X, y, sample_weight=weight), X)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def draw_weights(y, shape):
    """Return whole numbers from 0 to 3, one per sample or per label."""
    size = y.shape if shape == "labels" else len(y)
    return np.random.default_rng(1).integers(0, 4, size=size)


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        (key, shape)
        for key in REPEATABLE
        for shape in ("samples", "labels")
        if shape == "samples" or key[1] not in DRAWN_BY_LABEL
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_a_weight_of_2_is_the_same_twice(key, shape):
    X, y = make_data(key[0], n_samples=30)  # repeated, they are one batch
    assert_repeats(REPEATABLE[key](), X, y, draw_weights(y, shape))


OPTIONS = [
    {"balancing": name, "gramian": gramian}
    for name, method in METHODS.items()
    for gramian in (
        ["features", "shared"] if issubclass(method, GradientAggregator) else ["auto"]
    )
] + [
    {"balancing": "upgrad", "n_members": 2},
    {"balancing": "upgrad", "task_weight": [1.0, 2.0, 3.0]},
    {"balancing": "upgrad", "task_schedule": Sampled(2, frequency="size")},
    {"balancing": "upgrad", "class_weight": {"task0": {1: 3.0}}},
    {"numeric_embedding": PiecewiseLinear()},
    {"trunk": SharedPrivate((16,), private_layer_sizes=(4,))},
    {"trunk": MixtureOfExperts(), "monitor": "gradients"},
    {"trunk": MLP((16,), normalization="batch"), "n_members": 2},
    {"trunk": clone(SMALL_CONV["trunk"]).set_params(normalization="batch")},
    {"task_relation": np.eye(3)[[0, 2, 1]], "relation_on": "outputs"},
]


@pytest.mark.parametrize("shape", ["samples", "labels"])
@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda options: " ".join(map(str, options.values()))
)
def test_a_weight_of_2_is_the_same_twice_to_every_net(options, shape):
    X, y = make_data("mixed", n_samples=30)
    model = MultiTaskMixedEstimator(**{**SMALL_NET, "max_epochs": 8, **options})
    assert_repeats(model, X, y, draw_weights(y, shape))


STREAMS = {
    key: make for key, make in predictors().items() if hasattr(make(), "partial_fit")
}


@pytest.mark.parametrize("key", STREAMS, ids=" ".join)
def test_a_label_of_weight_0_is_a_missing_label_in_a_stream(key):
    kind, model = key[0], STREAMS[key]()
    X, y = make_data(kind)
    weight = np.random.default_rng(1).integers(0, 3, size=y.shape)
    junk = y.copy()
    y[weight == 0] = np.nan
    junk[weight == 0] = JUNK[kind]
    classes = [task.classes for task in model.fit(X, y).task_set_.tasks]
    declared = {} if kind == "regressor" else {"classes": classes}

    def stream(labels):
        made = clone(model)
        for rows, given in ((slice(80), declared), (slice(80, None), {})):
            part = X[rows], labels[rows]
            made.partial_fit(*part, sample_weight=weight[rows], **given)
        return made

    found = stream(junk)
    assert_same(outputs(found, X), outputs(stream(y), X))
    before = outputs(found, X)
    found.partial_fit(X, junk, sample_weight=np.zeros(len(X)))
    assert_same(outputs(found, X), before)


def test_a_common_factor_changes_nothing_or_is_warned_of(case, request):
    _, model, X, y = case
    if request.node.callspec.id.split()[1] in ("conformal", "independent", "groups"):
        pytest.skip("Ridge and LogisticRegression count weights as samples")
    weight = np.random.default_rng(1).integers(0, 3, size=len(y)).astype(float)
    expected = outputs(clone(model).fit(X, y, sample_weight=weight), X)
    for factor in (2.0**-70, 2.0**60):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(X, y, sample_weight=factor * weight)
        if any("Divide the weights by their mean" in str(w.message) for w in caught):
            return  # a weight is a number of samples
        for found, wanted in zip(outputs(model, X), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("factor", [1e-40, 1e40])
def test_weights_that_cannot_be_computed_with_are_refused(case, factor):
    _, model, X, y = case
    with pytest.raises(ValueError, match=r"largest sample_weight is 1e[+-]40; allowed"):
        model.fit(X, y, sample_weight=np.full(len(y), factor))
