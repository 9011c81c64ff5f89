"""The closed form of the relation of outputs against pairs of tasks and autograd."""

import numpy as np
import pytest
import torch

from sklearn_mtl.losses import (
    OutputLayout,
    OutputRelation,
    comparable_tasks,
    read_losses,
)
from tests.losses.test_layout import tasks_of

SETS = {
    "binary": [2, 2, 2],
    "regression": [0, 0],
    "class_major": [3, 3, 3, 3],
    "task_major": [5, 5],
    "ragged": [3, 2, 0, 3, 4, 2, 0, 5, 2, 4],
}


class Case:
    """Logits, a similarity and row weights for some tasks."""

    def __init__(self, n_classes, losses=None, n_members=2, n_rows=6):
        rng = np.random.default_rng(0)
        tasks = tasks_of(n_classes)
        self.layout = OutputLayout(tasks, losses and read_losses(losses, tasks, "Net"))
        self.kinds = [n_classes[t] for t in self.layout.order]
        n_tasks = len(n_classes)
        A = rng.random((n_tasks, n_tasks))
        self.similarity = torch.tensor(A + A.T)[None]
        shape = n_members, n_rows, self.layout.n_outputs
        self.logits = torch.tensor(2 * rng.normal(size=shape))
        self.rows = torch.tensor(rng.random(shape[:2]))
        self.rows[:, 1] = 0.0

    def fused(self):
        relation = OutputRelation(self.layout)
        return relation(self.logits, self.similarity, self.rows)

    def soft(self, logits, place):
        z = logits[..., self.layout.columns(place)]
        if self.kinds[place] == 0:
            return z
        return z.sigmoid() if self.kinds[place] == 2 else z.softmax(dim=-1)

    def loop(self):
        """Return R and its gradient, a pair of tasks at a time, by autograd."""
        logits = self.logits.clone().requires_grad_()
        share = self.rows / self.rows.sum(dim=1, keepdim=True)
        values = torch.zeros(len(logits), dtype=torch.float64)
        for s, first in enumerate(self.kinds):
            for t, second in enumerate(self.kinds):
                if first == second:
                    gap = self.soft(logits, s) - self.soft(logits, t)
                    mean = (gap.square().mean(dim=-1) * share).sum(dim=1)
                    values = values + 0.5 * self.similarity[0, s, t] * mean
        values.sum().backward()
        return values.detach(), logits.grad


@pytest.mark.parametrize("name", SETS)
def test_values_and_gradient_are_those_of_a_loop_over_pairs(name):
    case = Case(SETS[name])
    for found, expected in zip(case.fused(), case.loop(), strict=True):
        torch.testing.assert_close(found, expected)


def test_tasks_are_comparable_whatever_their_losses():
    case = Case([2, 2, 3, 3, 0, 0], ["focal", "auto"] * 2 + ["huber", "auto"])
    assert [len(places) for _, places in comparable_tasks(case.layout)] == [2, 2, 2]
    for found, expected in zip(case.fused(), case.loop(), strict=True):
        torch.testing.assert_close(found, expected)


def test_the_sets_are_of_one_kind_and_shape():
    layout = Case(SETS["ragged"]).layout
    found = [
        [SETS["ragged"][layout.order[place]] for place in places]
        for _, places in comparable_tasks(layout)
    ]
    assert sorted(found) == [[0, 0], [2, 2, 2], [3, 3], [4, 4], [5]]


def test_each_member_may_have_a_relation_of_its_own():
    case = Case(SETS["ragged"])
    A = case.similarity
    case.similarity = torch.cat([A, 3 * A])
    values, dlogits = case.fused()
    case.similarity = A
    same_values, same = case.fused()
    torch.testing.assert_close(values, same_values * torch.tensor([1.0, 3.0]).double())
    torch.testing.assert_close(dlogits[1], 3 * same[1])


def test_rows_without_weight_have_no_gradient():
    case = Case(SETS["ragged"])
    case.rows[1] = 0.0
    values, dlogits = case.fused()
    assert values[1] == 0
    assert (dlogits[1] == 0).all()
    assert (dlogits[0, 1] == 0).all()
    assert torch.isfinite(dlogits).all()


def test_what_a_task_is_to_itself_does_not_matter():
    case = Case(SETS["ragged"])
    values, _ = case.fused()
    case.similarity = case.similarity + 5 * torch.eye(10).double()
    torch.testing.assert_close(case.fused()[0], values)


def test_one_task_is_related_to_none():
    case = Case([2])
    values, dlogits = case.fused()
    assert (values == 0).all()
    assert (dlogits == 0).all()
