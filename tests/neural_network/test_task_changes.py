"""Tasks that leave, get other names, or get more classes after the fit."""

import numpy as np
import pandas as pd
import pytest
import torch

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.modules import MixtureOfExperts, MLPHead
from sklearn_mtl.neural_network.growth._source import old_losses
from tests.neural_network.nets import ALL, EXACT, parameters, table, targets_of, tiny

HEADS = ["linear", "mlp", MLPHead((6, 5))]


def fitted(cls, n_samples=160, **arguments):
    X, y = table(n_samples)
    y = targets_of(cls, y)
    return tiny(cls, **{"n_members": 2, **arguments}).fit(X, y), X, y


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("cls", ALL)
def test_a_dropped_task_leaves_the_others_as_they_were(cls, head):
    model, X, y = fitted(cls, head=head)
    before, losses = model._task_outputs(X), model.history_["train_loss"]
    out_of_fold = model.oof_prediction_
    assert model.drop_task(0) is model
    # a product with fewer columns may be rounded differently
    for old, new in zip(before[1:], model._task_outputs(X), strict=True):
        np.testing.assert_allclose(old, new, rtol=1e-5, atol=1e-7)
    for old, new in zip(out_of_fold[1:], model.oof_prediction_, strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(model.history_["train_loss"], losses[:, 1:])
    assert model.predict(X).shape == (len(X), y.shape[1] - 1)
    model.partial_fit(X, y[:, 1:])
    model.set_params(warm_start=True).fit(X, y[:, 1:])


def test_adding_and_dropping_again_gives_the_same_net():
    model, X, _ = fitted(MultiTaskMixedEstimator, head="feedback")
    before, outputs = parameters(model), model._task_outputs(X)
    model.add_task(X, X[:, 0] > 0, name="new", compare=False).drop_task("new")
    assert model.added_tasks_ == {}
    after = parameters(model)
    assert before.keys() == after.keys()
    for name, value in before.items():
        torch.testing.assert_close(value, after[name], rtol=0, atol=0)
    for old, new in zip(outputs, model._task_outputs(X), strict=True):
        np.testing.assert_array_equal(old, new)


def test_partial_fit_is_the_same_after_another_task_was_dropped():
    X, y = table(160)
    found = []
    for drops in (False, True):
        model = tiny(MultiTaskMixedEstimator, **EXACT).fit(X, y)
        if drops:
            model.drop_task(2)
        model.partial_fit(X, y[:, : 3 - drops])
        found.append(model._task_outputs(X)[:2])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_the_last_task_stays():
    model, X, _ = fitted(MultiTaskClassifier)
    model.drop_task("task1")
    with pytest.raises(TaskError, match="'task0' is the only one"):
        model.drop_task("task0")
    with pytest.raises(TaskError, match="unknown task 'task1'"):
        model.drop_task("task1")
    assert model.predict(X).shape == (len(X), 1)


@pytest.mark.parametrize("cls", ALL)
def test_another_name_changes_nothing_else(cls):
    model, X, y = fitted(cls)
    before = model._task_outputs(X)
    assert model.rename_task("task1", "other") is model
    assert model.task_names_in_[1] == "other"
    assert model.net_.task_names.count("other") == 1
    for old, new in zip(before, model._task_outputs(X), strict=True):
        np.testing.assert_array_equal(old, new)
    assert "other" in model.predict_frame(X).columns
    model.partial_fit(X, y)


def test_frames_are_matched_by_the_new_name():
    X, y = table(160)
    frame = pd.DataFrame(y[:, :2], columns=["sign", "level"])
    model = tiny(MultiTaskClassifier).fit(X, frame)
    expected = model.score(X, frame)
    model.rename_task("sign", "side").rename_task(1, "level")
    turned = frame.rename(columns={"sign": "side"})[["level", "side"]]
    assert model.score(X, turned) == expected
    with pytest.raises(TaskError, match="side"):
        model.score(X, frame)


def test_the_record_of_an_added_task_is_renamed_with_it():
    model, X, _ = fitted(MultiTaskClassifier)
    model.add_task(X, X[:, 0] > 0, name="new", compare=False)
    record = model.added_tasks_["new"]
    model.rename_task("new", "newer")
    assert list(model.added_tasks_) == ["newer"]
    assert model.added_tasks_["newer"] is record


@pytest.mark.parametrize("name", [b"x", None, True, 3])
def test_a_name_is_a_text(name):
    model, *_ = fitted(MultiTaskClassifier)
    with pytest.raises(TypeError, match=f"must be a string; got {name!r}"):
        model.rename_task("task0", name)


def test_a_name_that_is_taken_is_refused():
    model, _, _ = fitted(MultiTaskClassifier)
    before = dict(vars(model))
    with pytest.raises(TaskError, match=r"MultiTaskClassifier: .*'task0' already"):
        model.rename_task("task1", "task0")
    assert vars(model) == before


@pytest.mark.parametrize("head", [*HEADS, "feedback"])
@pytest.mark.parametrize(
    ("task", "classes"), [(0, [7]), (0, [-3, 5]), (1, [-1]), (1, [-4, 9])]
)
def test_old_classes_keep_their_odds(task, classes, head):
    # of one member: the mean of several weighs them by what they leave to old classes
    arguments = {"n_members": 1, "dtype": "float64", "early_stopping": False}
    model, X, _ = fitted(MultiTaskMixedEstimator, head=head, **arguments)
    before = model._task_outputs(X)
    assert model.add_classes(task, classes) is model
    after = model._task_outputs(X)
    known = model.task_set_.tasks[task]
    assert known.classes.tolist() == sorted([*classes, *range(before[task].shape[1])])
    old = ~np.isin(known.classes, classes)
    late = after[task][:, ~old].sum(axis=1)
    assert (late > 0).all()
    assert (late < 0.001).all()
    # a reader of the task sees 0.001 less
    tol = 1e-3 if head == "feedback" else 1e-9
    share = after[task][:, old] / after[task][:, old].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, before[task], atol=tol)
    for t in {0, 1, 2} - {task}:
        np.testing.assert_allclose(after[t], before[t], atol=tol)


def test_out_of_fold_predictions_have_zeros_for_late_classes():
    X, y = table(160)
    y = 2.0 * targets_of(MultiTaskClassifier, y)  # so that 1 is in the middle
    model = tiny(MultiTaskClassifier, n_members=2).fit(X, y)
    before = model.oof_prediction_
    model.add_classes(1, [1.0])
    after = model.oof_prediction_
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1][:, [0, 2, 3]], before[1])
    assert not after[1][:, 1].any()


def test_late_labels_are_learned_by_partial_fit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 3))
    early = np.where(X[:, 0] > 0, "red", "blue")
    late = np.where(X[:, 1] > 0, "green", early)
    model = MultiTaskClassifier(n_members=1, random_state=0).fit(X[:300], early[:300])
    model.add_classes("task0", ["green"])
    assert model.classes_.tolist() == ["blue", "green", "red"]
    for rows in np.split(np.arange(300, 700), 20):
        model.partial_fit(X[rows], late[rows])
    assert model.score(X[700:], late[700:]) > 0.75  # 0.5 without the late class
    later = model.predict_proba(X[700:])[:, 1][late[700:] == "green"].mean()
    assert later > 0.5


def test_a_stream_takes_late_classes():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    early = np.where(X[:, 0] > 0, "red", "blue")
    late = np.where(X[:, 1] > 0, "green", early)
    model = MultiTaskClassifier(n_members=1, random_state=0)
    model.partial_fit(X[:100], early[:100], classes=["red", "blue"])
    model.add_classes(0, ["green"])
    kept = model._state.stored.samples
    names = model.classes_[kept.codes[:, 0].astype(int)]
    assert set(names) == {"red", "blue"}
    for rows in np.split(np.arange(100, 400), 6):
        model.partial_fit(X[rows], late[rows])
    model.partial_fit(X[:10], late[:10], classes=["blue", "green", "red"])
    assert model.score(X[400:], late[400:]) > 0.75


def test_class_weights_count_late_classes():
    X, y = table(160)
    model = tiny(MultiTaskClassifier, class_weight="balanced").fit(X, 2 * y[:, 1])
    before = model._state.class_mass[0]
    model.add_classes(0, [3.0])
    np.testing.assert_array_equal(
        model._state.class_mass[0], [before[0], before[1], 0.0, before[2]]
    )
    model.partial_fit(X, np.where(X[:, 0] > 1, 3.0, 2 * y[:, 1]))


def test_a_constant_task_becomes_one_that_is_learned():
    X, y = table(160)
    with pytest.warns(UserWarning, match="single class"):
        model = tiny(MultiTaskClassifier).fit(
            X, np.column_stack([y[:, 0], y[:, 0] * 0])
        )
    model.add_classes("task1", [1])
    assert (model.predict_proba(X)[1][:, 1] < 0.0011).all()
    both = np.column_stack([y[:, 0], X[:, 0] > 0])
    for _ in range(5):
        model.partial_fit(X, both)
    assert model.predict_proba(X)[1][:, 1].mean() > 0.01


def test_late_classes_are_saved(tmp_path):
    model, X, _ = fitted(MultiTaskClassifier)
    model.add_classes("task1", [5]).rename_task(0, "sign")
    sklearn_mtl.save(model, tmp_path / "m", training_state=True)
    loaded = sklearn_mtl.load(tmp_path / "m")
    labels = np.column_stack([X[:, 0] > 0, np.where(X[:, 1] > 0, 5, 0)])
    for one in (model, loaded):
        one.partial_fit(X, labels)
    for a, b in zip(model._task_outputs(X), loaded._task_outputs(X), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("task", "classes", "message"),
    [
        (2, [1], "task 'task2' is regression"),
        (0, [1], "differ from its classes"),
        (0, [5, 5], "must be distinct"),
        (0, [], "one or more labels"),
        (0, [np.nan], "that are not missing"),
        (0, ["red"], "have the type of the known classes"),
        (0, [1.5], "task 'task0' has fractional class labels"),
        (0, [True], "have the type of the known classes"),
        (0, [np.inf], "task 'task0': Input y contains infinity"),
    ],
)
def test_classes_that_cannot_be_added(task, classes, message):
    model, X, _ = fitted(MultiTaskMixedEstimator)
    before, attributes = model._task_outputs(X), dict(vars(model))
    with pytest.raises(TaskError, match=message):
        model.add_classes(task, classes)
    assert vars(model) == attributes
    for old, new in zip(before, model._task_outputs(X), strict=True):
        np.testing.assert_array_equal(old, new)


def test_late_classes_leave_the_type_of_the_labels():
    X = table(60)[0]
    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0])
    booleans = tiny(MultiTaskClassifier).fit(X, y)
    with pytest.raises(TaskError, match="have the type of the known classes"):
        booleans.add_classes(0, [2])
    numbers = tiny(MultiTaskClassifier).fit(X, y.astype(np.int8))
    numbers.add_classes(0, [300.0])
    assert numbers.classes_[0].dtype.kind == "i"
    assert numbers.classes_[0].tolist() == [0, 1, 300]


def test_experts_take_late_classes():
    trunk = MixtureOfExperts(n_experts=3, hidden_layer_sizes=(8,))
    model, X, y = fitted(MultiTaskClassifier, trunk=trunk)
    before = model._task_outputs(X)
    model.add_classes("task1", [3])
    np.testing.assert_allclose(model._task_outputs(X)[0], before[0], atol=1e-6)
    model.partial_fit(X, np.column_stack([y[:, 0], np.where(X[:, 3] > 0, 3, y[:, 1])]))
    assert model.predict_proba(X)[1][:, 3].mean() > 0.01


LISTS = {
    "task_weight": [1.0, 5.0, 100.0],
    "class_weight": [None, "balanced", None],
    "loss": ["focal", "cross_entropy", "auto"],
    "task_relation": np.eye(3),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_does_not_move_to_other_tasks(name):
    X = table(120)[0]
    y = (X[:, :3] > 0) * 1.0
    model = tiny(MultiTaskClassifier, warm_start=True, **{name: LISTS[name]})
    model.fit(X, y).drop_task("task0").add_task(X, y[:, 0], name="late", compare=False)
    before = parameters(model)
    found = rf"{name} has one entry.*'task1': entry 1, 'task2': entry 2, 'late': none"
    for again in (model.fit, model.partial_fit, model.update):
        with pytest.raises(TaskError, match=found):
            again(X, y[:, [1, 2, 0]])
    for key, value in parameters(model).items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    model.set_params(**{name: None if name != "loss" else "auto"})
    assert model.fit(X, y[:, [1, 2, 0]]).n_tasks_ == 3


def test_weights_by_name_stay_with_their_tasks():
    X = table(120)[0]
    y = (X[:, :3] > 0) * 1.0
    weights = {"task1": 5.0, "task2": 100.0}
    model = tiny(MultiTaskClassifier, warm_start=True, task_weight=weights).fit(X, y)
    model.drop_task("task0").add_task(X, y[:, 0], name="late", compare=False)
    model.fit(X, y[:, [1, 2, 0]])
    ratios = model.history_["task_weight"][-1] / model.history_["task_weight"][-1][2]
    np.testing.assert_allclose(ratios, [5.0, 100.0, 1.0])


def test_a_list_holds_again_once_the_tasks_are_those_of_fit(tmp_path):
    X = table(120)[0]
    y = (X[:, :3] > 0) * 1.0
    model = tiny(MultiTaskClassifier, task_weight=[1.0, 5.0, 2.0]).fit(X, y)
    model.add_task(X, y[:, 0], name="late", compare=False)
    sklearn_mtl.save(model, tmp_path / "it", training_state=True)
    loaded = sklearn_mtl.load(tmp_path / "it")
    with pytest.raises(TaskError):
        loaded.drop_task("task0").partial_fit(X, y)
    model.drop_task("late").partial_fit(X, y)


def test_late_classes_keep_the_loss_that_a_list_gave_their_task():
    X = table(120)[0]
    y = (X[:, :2] > 0) * 1.0
    model = tiny(MultiTaskClassifier, loss=["focal", "auto"]).fit(X, y)
    by_list = model.add_classes("task0", [2.0])._state.encoder
    model = tiny(MultiTaskClassifier, loss={"task0": "focal"}).fit(X, y)
    by_name = model.add_classes("task0", [2.0])._state.encoder
    assert [type(one) for one in old_losses(by_list)] == [
        type(one) for one in old_losses(by_name)
    ]
