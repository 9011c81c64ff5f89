"""What is particular to each kind of target."""

import numpy as np
import pytest

from sklearn_mtl.losses import LOSSES
from sklearn_mtl.metrics import find_metric
from sklearn_mtl.tasks import TARGET_KINDS, Task, TaskSet, target_of

CLASSES = {
    kind: np.arange(n) for kind, n in (("binary", 2), ("multiclass", 3), ("tokens", 3))
}
PAIRS = [(target, kind) for target in TARGET_KINDS for kind in target.kinds]


def test_types_and_kinds_are_names_of_one_target_each():
    types = [target.type for target in TARGET_KINDS]
    kinds = [kind for _, kind in PAIRS]
    assert len(set(types)) == len(types)
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(("target", "kind"), PAIRS)
def test_default_loss_and_metrics_suit_the_kind(target, kind):
    classes = CLASSES.get(kind)
    task = Task("a", kind, classes, np.dtype(float))
    assert task.learned_as in LOSSES[target.loss].kinds
    for wanted in ("auto", "skill"):
        metric = find_metric(target.metric(wanted, kind, classes), "me")
        assert metric.kind in target.scored_by
        assert not metric.is_error


def test_a_task_that_cannot_be_learned_keeps_its_target():
    assert target_of("empty", None).type == "regression"
    assert target_of("empty", np.array([])).type == "classification"
    assert target_of("constant", np.array([1])).type == "classification"


@pytest.mark.parametrize(
    ("y", "codes"),
    [
        (["b", "a", "b"], [1, 0, 1]),
        ([4, 0, 2], [2, 0, 1]),
        ([0.5, 1.5, 9.0], [0.5, 1.5, 9.0]),
    ],
)
def test_labels_come_back_from_their_codes(y, codes):
    task_set, found = TaskSet.from_y(y, warn=False)
    assert found[:, 0].tolist() == codes
    (task,) = task_set.tasks
    assert task.target.decode(found[:, 0], task.classes).tolist() == y
