"""A task that comes after the fit."""

import copy
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.exceptions import NegativeTransferWarning, TaskError
from sklearn_mtl.losses import CircularLoss, FocalLoss
from sklearn_mtl.modules import CrossStitch, MixtureOfExperts, MLPHead, SharedPrivate
from tests.neural_network.nets import ALL, EXACT, table, targets_of, tiny

HEADS = ["linear", "mlp", "feedback"]


def fitted(cls, n_samples=160, **arguments):
    X, y = table(n_samples)
    y = targets_of(cls, y)
    return tiny(cls, **{"n_members": 2, **arguments}).fit(X, y), X, y


def new_label(cls, X, n_labels=60):
    """Return labels of a task for a class of estimators, NaN but for some samples."""
    value = X[:, 0] - X[:, 1]
    labels = value.copy() if cls is MultiTaskRegressor else (value > 0).astype(float)
    labels[n_labels:] = np.nan
    return labels


@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        pytest.param("float64", marks=pytest.mark.exhaustive),
        pytest.param("bfloat16", marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("cls", ALL)
def test_old_tasks_are_predicted_as_before(cls, head, dtype):
    model, X, y = fitted(cls, head=head, dtype=dtype)
    before = model._task_outputs(X)
    assert model.add_task(X, new_label(cls, X), name="new", compare=False) is model
    after = model._task_outputs(X)
    for old, new in zip(before, after, strict=False):
        np.testing.assert_array_equal(old, new)
    assert model.task_names_in_.tolist()[-1] == "new"
    assert model.n_tasks_ == len(after) == y.shape[1] + 1
    assert model.predict(X).shape == (len(X), y.shape[1] + 1)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    "n_members", [pytest.param(1, marks=pytest.mark.exhaustive), 2]
)
@pytest.mark.parametrize("cls", ALL)
def test_the_new_task_is_learned_from_few_labels(cls, head, n_members):
    model, X, _ = fitted(cls, head=head, n_members=n_members, max_epochs=30)
    labels = new_label(cls, X)
    model.add_task(X, labels, name="new", compare=False)
    rest = slice(60, None)
    whole = new_label(cls, X, len(X))
    assert model.task("new").score(X[rest], whole[rest]) > 0.75
    assert model.added_tasks_["new"].score > 0.3


def test_members_have_heads_of_their_own_and_are_averaged():
    model, X, _ = fitted(MultiTaskClassifier)
    model.add_task(X, new_label(MultiTaskClassifier, X), name="new", compare=False)
    place = int(np.argmax(model._state.encoder.layout.order))
    heads = model.net_.module_.heads.weight[..., place]
    assert not torch.equal(heads[0], heads[1])
    (logits,) = model._state._apply(
        model._read_fitted(X), lambda rows: model.net_.logits(rows)
    )
    proba = torch.sigmoid(logits[..., place]).mean(dim=0).double().numpy()
    np.testing.assert_allclose(model.predict_proba(X)[2][:, 1], proba, atol=1e-6)


@pytest.mark.parametrize("cls", ALL)
def test_partial_fit_and_warm_start_go_on_with_the_new_task(cls):
    model, X, y = fitted(cls, warm_start=True)
    model.add_task(X, new_label(cls, X), name="new", compare=False)
    every = np.column_stack([y, new_label(cls, X, len(X))])
    before = model.predict_task(X, ["new"] * len(X))
    model.partial_fit(X, every)
    assert not np.array_equal(model._task_outputs(X)[-1], before)
    n_epochs = model.n_iter_
    model.fit(X, every)
    assert model.n_iter_ > n_epochs
    assert np.isfinite(model.history_["train_loss"][-1]).all()
    assert np.isfinite(model.oof_prediction_[-1].astype(float)).all()


def test_partial_fit_after_add_task_is_the_step_of_a_net_that_always_had_it():
    # n_labels and second moments of the new head are those of its own labels
    model, X, y = fitted(MultiTaskRegressor, n_members=1, head="mlp", **EXACT)
    model.add_task(X, y[:, 0], name="again", compare=False)
    update = model._state.head_update
    place = int(np.argmax(model._state.encoder.layout.order))
    assert update.n_labels[0, place] == len(X)
    module = model.net_.module_
    rows = torch.as_tensor(model._state.preparation.transform(model._read_fitted(X)))
    seen = []
    handle = module.tail.last_layer.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0])
    )
    module(rows[None].double())
    handle.remove()
    z = seen[0][0, place].detach()
    z = torch.cat([z, torch.ones(len(z), 1, dtype=z.dtype)], dim=1)
    moment = (z.T @ z / len(z)).float()
    torch.testing.assert_close(update.moment[0, place], moment)


@pytest.mark.parametrize("cls", ALL)
def test_a_stream_goes_on_with_the_new_task(cls):
    X, y = table(200)
    y = targets_of(cls, y)
    classes = {"regression": {}, "classification": {"classes": [[0, 1], [0, 1, 2]]}}
    first = classes.get(cls._kind, {"classes": [[0, 1], [0, 1, 2], None]})
    model = tiny(cls).partial_fit(X[:100], y[:100], **first)
    model.add_task(X[:60], new_label(cls, X[:60]), name="new", compare=False)
    assert model._state.stream.n_labels[-1] == 60
    every = np.column_stack([y, new_label(cls, X, len(X))])
    for rows in (slice(100, 110), slice(110, 200)):  # the last one makes all anew
        model.partial_fit(X[rows], every[rows])
    assert model._state.stream.n_labels[-1] == 160
    assert model.added_tasks_["new"].n_labels == 60
    assert np.isfinite(model.predict(X).astype(float)).all()


@pytest.mark.parametrize("training_state", [False, True])
def test_a_changed_net_is_saved_and_loaded(tmp_path, training_state):
    model, X, y = fitted(MultiTaskMixedEstimator)
    labels = np.where(np.isnan(new_label(MultiTaskClassifier, X)), None, "no")
    labels[X[:, 0] > 0] = "yes"
    model.add_task(X, labels, name="text", compare=False)
    sklearn_mtl.save(model, tmp_path / "m", training_state=training_state)
    loaded = sklearn_mtl.load(tmp_path / "m")
    for one, other in zip(model._task_outputs(X), loaded._task_outputs(X), strict=True):
        np.testing.assert_array_equal(one, other)
    record = loaded.added_tasks_["text"]
    assert record.score == model.added_tasks_["text"].score
    assert (record.oof_prediction is not None) == training_state
    loaded.add_task(X, y[:, 0], name="later", compare=False)
    model.add_task(X, y[:, 0], name="later", compare=False)
    np.testing.assert_array_equal(
        loaded._task_outputs(X)[-1], model._task_outputs(X)[-1]
    )


def test_pickles_and_copies_grow_to_the_same_bits():
    model, X, _ = fitted(MultiTaskClassifier)
    others = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for one in [model, *others]:
        one.add_task(X, new_label(MultiTaskClassifier, X), name="new")
    for one in others:
        np.testing.assert_array_equal(
            one.predict_proba(X)[2], model.predict_proba(X)[2]
        )
        assert one.added_tasks_["new"].gain == model.added_tasks_["new"].gain


def test_global_generators_are_left_alone():
    model, X, _ = fitted(MultiTaskClassifier, head="mlp")
    numbers, states = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    labels = new_label(MultiTaskClassifier, X)
    model.add_task(X, labels, name="new", tune_trunk=True)
    assert torch.equal(torch.get_rng_state(), states)
    np.testing.assert_array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002


def test_strings_frames_and_missing_labels():
    X, y = table(160)
    frame = pd.DataFrame(X, columns=list("abcd"))
    old = pd.DataFrame({"sign": y[:, 0], "level": y[:, 1]})
    model = tiny(MultiTaskClassifier, n_members=2).fit(frame, old)
    colour = pd.Series(np.where(X[:, 0] > 0, "red", "blue"), name="colour")
    colour[::3] = None
    model.add_task(frame, colour, compare=False)
    assert model.classes_[2].tolist() == ["blue", "red"]
    assert set(model.predict_frame(frame)["colour"]) <= {"blue", "red"}
    assert list(model.proba_frame(frame).columns.get_level_values(0).unique()) == [
        "sign",
        "level",
        "colour",
    ]
    record = model.added_tasks_["colour"]
    assert record.n_labels == colour.notna().sum()
    missing = np.isnan(record.oof_prediction).any(axis=1)
    np.testing.assert_array_equal(missing, colour.isna())
    every = old.assign(colour=colour)[["colour", "level", "sign"]]
    model.partial_fit(frame, every)  # columns are matched by name


def test_new_class_names_may_differ_from_old_ones_in_type():
    model, X, _ = fitted(MultiTaskClassifier)
    model.add_task(X, X[:, 3] > 0, name="flag", compare=False)
    assert model.classes_[2].dtype == bool
    assert model.transform_task(X, "flag").shape[0] == len(X)
    assert model.transform_task(X, "flag", kind="probability").shape == (len(X), 2)


def test_many_classes_angles_and_other_losses():
    model, X, _ = fitted(MultiTaskMixedEstimator, max_epochs=30)
    level = np.digitize(X[:, 0], [-1, 0, 1]).astype(float)
    model.add_task(X, level, name="level", compare=False)
    assert model.predict_proba(X)[3].shape == (len(X), 4)
    assert model.task("level").score(X, level) > 0.7
    focal, X, _ = fitted(MultiTaskClassifier, loss=FocalLoss())
    focal.add_task(X, level, name="level", compare=False)
    losses = [group.loss for group in focal._state.encoder.layout.groups]
    assert {type(loss) for loss in losses} == {FocalLoss}
    angle = np.arctan2(X[:, 1], X[:, 0])
    loss = {"angle": CircularLoss(period=2 * np.pi)}
    circle, X, _ = fitted(MultiTaskRegressor, max_epochs=30)
    circle.set_params(loss=loss).add_task(X, angle, name="angle", compare=False)
    assert circle.task_set_.tasks[-1].period == pytest.approx(2 * np.pi)
    assert circle.task("angle").score(X, angle) > 0.7


def test_types_are_inferred_or_said():
    model, X, _ = fitted(MultiTaskMixedEstimator)
    counts = np.arange(len(X)) % 3.0
    for name, task_type in (("inferred", None), ("numbers", "regression")):
        model.add_task(X, counts, name=name, task_type=task_type, compare=False)
    assert model.task_set_.kinds[-2:] == ["multiclass", "regression"]


@pytest.mark.parametrize("n_labels", [1, 3, 5])
@pytest.mark.parametrize("cls", ALL)
def test_a_handful_of_labels_is_enough(cls, n_labels):
    model, X, _ = fitted(cls)
    labels = new_label(cls, X, n_labels)
    if cls is not MultiTaskRegressor:
        labels[:n_labels] = np.arange(n_labels) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one class alone is constant, and said so
        model.add_task(X, labels, name="new", compare=False)
    assert np.isfinite(model._task_outputs(X)[-1]).all()
    assert (model.added_tasks_["new"].score is None) == (n_labels < 4)


def test_one_class_is_a_constant_task():
    model, X, _ = fitted(MultiTaskClassifier)
    with pytest.warns(UserWarning, match="'switch' has the single class"):
        model.add_task(X, ["on"] * len(X), name="switch")
    assert set(model.predict(X)[:, 2]) == {"on"}
    assert model.added_tasks_["switch"].trunk_helps is None


def test_weight_zero_is_a_missing_label():
    X, y = table(160)
    labels = new_label(MultiTaskClassifier, X, len(X))
    weights = np.where(np.arange(len(X)) < 60, 1.0, 0.0)
    masked = np.where(weights > 0, labels, np.nan)
    found = []
    for label, weight in ((labels, weights), (masked, None)):
        model = tiny(MultiTaskClassifier, n_members=2).fit(X, y[:, :2])
        model.add_task(X, label, name="new", sample_weight=weight, compare=False)
        found.append(model.predict_proba(X)[2])
    np.testing.assert_allclose(*found, atol=1e-12)


@pytest.mark.parametrize("named", [False, True])
def test_class_weights_are_weights_of_samples(named):
    rare = np.where(table(160)[0][:, 0] > 1.0, 1.0, 0.0)
    counts = np.bincount(rare.astype(int))
    balanced = (len(rare) / (2 * counts))[rare.astype(int)]
    found = []
    for weight, class_weight in ((balanced, None), (None, "balanced")):
        model, X, _ = fitted(MultiTaskClassifier)
        model.set_params(class_weight={"new": class_weight} if named else class_weight)
        model.add_task(X, rare, name="new", sample_weight=weight, compare=False)
        found.append(model.predict_proba(X)[2])
    np.testing.assert_allclose(*found, atol=1e-10)
    plain, X, _ = fitted(MultiTaskClassifier)
    plain.add_task(X, rare, name="new", compare=False)
    assert found[0][:, 1].mean() > plain.predict_proba(X)[2][:, 1].mean() + 0.02


def test_groups_are_not_divided():
    model, X, _ = fitted(MultiTaskRegressor)
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(8), 20)
    labels = rng.normal(size=8)[group]  # nothing but the group says it
    X = np.column_stack([np.eye(8)[group][:, :4] * 3 + 0.01 * X])
    model.add_task(X, labels, name="apart", groups=group, compare=False)
    model.add_task(X, labels, name="mixed", compare=False)
    records = model.added_tasks_
    assert records["apart"].score < records["mixed"].score - 0.1


def test_labels_of_one_group_are_chosen_by_as_without_groups():
    model, X, _ = fitted(MultiTaskRegressor)
    labels, group = new_label(MultiTaskRegressor, X), np.repeat([0, 1], [60, 100])
    with pytest.warns(UserWarning, match="all labels of task 'one' are in one group"):
        model.add_task(X, labels, name="one", groups=group, compare=False)
    model.add_task(X, labels, name="none", compare=False)
    one, none = (model.added_tasks_[name] for name in ("one", "none"))
    assert (one.alpha, one.score) == (none.alpha, none.score)
    predicted = model.predict(X)
    np.testing.assert_array_equal(predicted[:, -1], predicted[:, -2])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.0, np.inf], "task 'late': Input y contains infinity"),
        ([0.0, 1e71], "task 'late' has labels with absolute values of up to 1e+71"),
        (["a", 1], "task 'late' has labels of the types"),
        ([np.nan, None], "new task 'late' has no observed label: all 160 values"),
    ],
)
def test_bad_labels_are_those_of_the_new_task(labels, message):
    model, X, _ = fitted(MultiTaskMixedEstimator)
    y = np.array(labels, dtype=object)[np.arange(len(X)) % 2]
    for given in (y, pd.Series(y, name="other")):
        with pytest.raises(TaskError, match=re.escape(message)) as error:
            model.add_task(X, given.tolist() if given is y else given, name="late")
        assert "Drop the column" not in str(error.value)


def test_whether_the_trunk_helps_is_said():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 30))
    W = rng.normal(size=(30, 2))
    y = X @ W @ rng.normal(size=(2, 6)) + 0.1 * rng.normal(size=(600, 6))
    model = MultiTaskRegressor(n_members=1, random_state=0).fit(X, y)
    like = X @ W @ [1.0, -1.0] + 0.5 * rng.normal(size=600)
    model.add_task(X[:60], like[:60], name="like")
    record = model.added_tasks_["like"]
    assert record.trunk_helps
    assert record.gain == pytest.approx(record.score - record.fresh_score)
    assert record.gain > 2 * record.gain_error
    other = np.where(X[:, 7] > 0, 1.0, -1.0) + 0.1 * rng.normal(size=600)
    with pytest.warns(NegativeTransferWarning, match="'other'"):
        model.add_task(X, other, name="other")
    assert not model.added_tasks_["other"].trunk_helps


def test_a_tuned_trunk_holds_the_old_tasks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 10))
    y = (X[:, :3] + 0.5 * rng.normal(size=(1000, 3)) > 0).astype(float)
    new = (X[:, 5] > 0).astype(float)  # of no use to the old tasks
    # few epochs, so that the trunk still has the input of the new task
    model = MultiTaskClassifier(n_members=2, max_epochs=6, random_state=0)
    model.fit(X[:500], y[:500])
    test = X[500:]
    frozen = copy.deepcopy(model)
    frozen.add_task(X[:300], new[:300], name="new", compare=False)
    old = frozen._task_outputs(test)
    tuned = model.add_task(
        X[:300], new[:300], name="new", compare=False, tune_trunk=True
    )
    record = tuned.added_tasks_["new"]
    assert record.n_tuning_steps > 0
    assert max(record.changes.values()) <= 0.0001
    assert list(record.changes) == ["task0", "task1", "task2"]
    scores = [m.task("new").score(test, new[500:]) for m in (frozen, tuned)]
    assert scores[1] > scores[0]
    for t, before in enumerate(old[:3]):
        after = tuned._task_outputs(test)[t]
        assert np.abs(after - before).max() > 0
        at = np.arange(len(test)), y[500:, t].astype(int)
        lost = (np.log(before[at]) - np.log(after[at])).mean()
        assert lost < 0.002 * np.log(2)


TASK_TRUNKS = [
    MixtureOfExperts(n_experts=3, hidden_layer_sizes=(8,)),
    SharedPrivate((8,), private_layer_sizes=(4,)),
    SharedPrivate((8,), private_layer_sizes=(5, 4)),
]


@pytest.mark.parametrize("trunk", TASK_TRUNKS)
def test_parts_of_an_old_task_are_taken(trunk):
    model, X, y = fitted(MultiTaskMixedEstimator, trunk=trunk, max_epochs=20)
    before = model._task_outputs(X)
    labels = new_label(MultiTaskClassifier, X)
    model.add_task(X, labels, name="new", compare=False)
    for old, new in zip(before, model._task_outputs(X), strict=False):
        np.testing.assert_allclose(new, old, atol=1e-6)
    whole = new_label(MultiTaskClassifier, X, len(X))
    assert model.task("new").score(X, whole) > 0.75
    n_parts = len(model._state.encoder.layout.order)
    module = model.net_.module_
    parts = module.encode(torch.zeros(2, 5, 4))
    assert module.head_inputs(parts).shape[1] == n_parts == 4
    model.partial_fit(X, np.column_stack([y, whole]))
    outputs = model._task_outputs(X)
    model.drop_task(0)
    for old, new in zip(outputs[1:], model._task_outputs(X), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)
    model.set_params(warm_start=True)
    model.fit(X, np.column_stack([y[:, 1:], whole]))


def test_a_trunk_with_a_net_for_each_task_is_refused():
    trunk = CrossStitch(hidden_layer_sizes=(8,))
    model, X, _ = fitted(MultiTaskClassifier, trunk=trunk)
    before = model.predict(X)
    with pytest.raises(TaskError, match="has task-specific layers"):
        model.add_task(X, X[:, 0] > 0, name="new", compare=False)
    np.testing.assert_array_equal(model.predict(X), before)


def test_sparse_inputs_and_one_target():
    X, y = table(160)
    X = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0.0))
    model = tiny(MultiTaskClassifier, n_members=2).fit(X, y[:, 0])
    assert model.predict(X).ndim == 1
    model.add_task(X, y[:, 1], name="level", compare=True)
    assert model.predict(X).shape == (160, 2)
    assert len(model.oof_prediction_) == 2
    assert np.isnan(model.oof_prediction_[1]).all()
    assert np.isnan(model.history_["train_loss"][:, 1]).all()


def test_what_the_relation_and_the_balancing_know_grows():
    model, X, y = fitted(
        MultiTaskRegressor,
        task_relation="learned",
        balancing="upgrad",
        task_schedule="sampled",
        task_weight={"task0": 2.0},
    )
    model.add_task(X, new_label(MultiTaskRegressor, X), name="new", compare=False)
    assert model.task_relation_.shape == (3, 3)
    assert not model.task_relation_[2].any()
    assert model.history_["task_weight"].shape[1] == 3
    model.set_params(warm_start=True).fit(X, np.column_stack([y, X[:, 0] - X[:, 1]]))
    assert model.task_relation_[2].any()


BAD = {
    "two columns": (lambda X, y: (X, y), {"name": "new"}, "one task at a time"),
    "a known name": (lambda X, y: (X, y[:, 0]), {"name": "task0"}, "already"),
    "no label": (lambda X, y: (X, y[:, 0] * np.nan), {"name": "new"}, "no observed"),
    "fewer labels": (lambda X, y: (X, y[1:, 0]), {"name": "new"}, "inconsistent"),
    "other columns": (lambda X, y: (X[:, :2], y[:, 0]), {"name": "new"}, "features"),
    "weights of labels": (
        lambda X, y: (X, y[:, 0]),
        {"name": "new", "sample_weight": np.ones((160, 2))},
        "sample_weight",
    ),
    "fractions": (lambda X, y: (X, X[:, 0]), {"name": "new"}, "fraction"),
    "no type": (lambda X, y: (X, y[:, 0]), {"task_type": "foo"}, "got 'foo'"),
    "other type": (lambda X, y: (X, y[:, 0]), {"task_type": "regression"}, "only"),
    "tune": (lambda X, y: (X, y[:, 0]), {"tune_trunk": "yes"}, "tune_trunk='yes'"),
    "compare": (lambda X, y: (X, y[:, 0]), {"compare": "x"}, "compare='x'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_error_and_changes_nothing(case):
    make, arguments, message = BAD[case]
    model, X, y = fitted(MultiTaskClassifier)
    before, attributes = model.predict_proba(X), dict(vars(model))
    with pytest.raises(ValueError, match=message) as caught:
        model.add_task(*make(X, y), **arguments)
    assert "MultiTaskClassifier" in str(caught.value) or case == "fewer labels"
    assert vars(model) == attributes
    for old, new in zip(before, model.predict_proba(X), strict=True):
        np.testing.assert_array_equal(old, new)


def test_another_head_than_that_of_the_fit_is_refused():
    model, X, _ = fitted(MultiTaskClassifier)
    model.set_params(head=MLPHead())
    with pytest.raises(ValueError, match="head was changed after fit"):
        model.add_task(X, X[:, 0] > 0, name="new", compare=False)


def test_a_net_must_be_fitted_first():
    with pytest.raises(ValueError, match="not fitted"):
        MultiTaskClassifier().add_task([[0.0]], [1], name="new")


def test_many_labels_are_learned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5200, 4))
    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0])
    model = tiny(MultiTaskClassifier, n_members=3, max_epochs=3).fit(X[:500], y[:500])
    model.add_task(X, X[:, 0] + X[:, 1] > 0, name="both", compare=False)
    assert model.added_tasks_["both"].score > 0.5
    assert model.task("both").score(X, X[:, 0] + X[:, 1] > 0) > 0.85
