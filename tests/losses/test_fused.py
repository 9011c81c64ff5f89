"""The closed forms against a loop over tasks with torch's own losses and autograd."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from sklearn_mtl.losses import FusedLoss, OutputLayout, read_losses, split_classes
from tests.losses.test_layout import tasks_of

SETS = {
    "binary": [2, 2, 2],
    "one": [2],
    "regression": [0, 0],
    "multiclass": [3],
    "class_major": [3, 3, 3, 3],
    "ragged": [3, 5, 4, 3, 10, 5],
    "mixed": [4, 0, 2, 3, 2, 1, 3, 0, 3, -1],
}
# A loss a task; what is left is "auto".
LOSSES_OF = {
    "binary": ["focal", "auto", "focal"],
    "ragged": ["focal", "focal", "auto", "auto", "focal", "auto"],
    "mixed": ["focal", "huber", "auto", *["auto", "focal"] * 2, *["auto"] * 3],
}


class Case:
    """Logits, targets, weights and task weights for some tasks."""

    def __init__(self, n_classes, dtype=torch.float64, n_members=2, n_rows=7, seed=0):
        rng = np.random.default_rng(seed)
        self.layout = OutputLayout(tasks_of(n_classes))
        self.n_classes = [n_classes[t] for t in self.layout.order]
        shape = (n_members, n_rows, len(self.n_classes))
        self.logits = 3 * rng.normal(size=(*shape[:2], self.layout.n_outputs))
        y = [
            rng.normal(size=shape[:2]) if k == 0 else rng.integers(k, size=shape[:2])
            for k in self.n_classes
        ]
        self.targets = np.stack(y, axis=-1)
        self.weights = rng.random(shape) * (rng.random(shape) > 0.4)
        self.task_weight = rng.random(shape[-1]) + 0.5
        for name in ("logits", "targets", "weights", "task_weight"):
            setattr(self, name, torch.tensor(getattr(self, name), dtype=dtype))

    def loss(self):
        return FusedLoss(self.layout, self.task_weight)

    def fused(self):
        return self.loss()(self.logits, self.targets, self.weights)

    def loop(self):
        """Return values and gradient, a task and a member at a time, by autograd."""
        logits = self.logits.clone().requires_grad_()
        n_members, n_rows = logits.shape[:2]
        values = []
        for m in range(n_members):
            for j, k in enumerate(self.n_classes):
                z, y = logits[m][:, self.layout.columns(j)], self.targets[m, :, j]
                if k == 0:
                    cell = F.mse_loss(z[:, 0], y, reduction="none")
                elif k == 2:
                    cell = F.binary_cross_entropy_with_logits(
                        z[:, 0], y, reduction="none"
                    )
                else:
                    cell = F.cross_entropy(z, y.long(), reduction="none")
                values.append((cell * self.weights[m, :, j]).sum() / n_rows)
        values = torch.stack(values).reshape(n_members, -1)
        (values * self.task_weight).sum().backward()
        return values.detach(), logits.grad


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("name", SETS)
def test_values_and_gradient_are_those_of_a_loop_over_tasks(name, dtype):
    case = Case(SETS[name], dtype)
    values, dlogits = case.fused()
    expected, gradient = case.loop()
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(values, expected, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(dlogits, gradient, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", SETS)
def test_the_gradient_is_the_slope_of_the_values(name):
    case = Case(SETS[name], n_members=1, n_rows=3)
    _, dlogits = case.fused()
    step = 1e-6
    for index in np.ndindex(*case.logits.shape):
        rise = []
        for sign in (1, -1):
            logits = case.logits.clone()
            logits[index] += sign * step
            values, _ = case.loss()(logits, case.targets, case.weights)
            rise.append(float((values * case.task_weight).sum()))
        slope = (rise[0] - rise[1]) / (2 * step)
        assert float(dlogits[index]) == pytest.approx(slope, abs=1e-8, rel=1e-6)


@pytest.mark.parametrize("name", SETS)
def test_a_masked_cell_has_exactly_no_gradient_and_no_value(name):
    case = Case(SETS[name])
    case.logits *= 100
    case.weights[:, ::2] = 0.0
    values, dlogits = case.fused()
    assert (dlogits[:, ::2] == 0).all()
    assert (dlogits[:, 1::2] != 0).any()
    # the number that stands for a missing label does not matter
    other = case.targets.clone()
    other[:, ::2] = 0.0
    same_values, same = case.loss()(case.logits, other, case.weights)
    assert torch.equal(values, same_values)
    assert torch.equal(dlogits, same)


@pytest.mark.parametrize("name", SETS)
def test_a_task_without_a_label_in_the_batch_is_zero_and_not_nan(name):
    case = Case(SETS[name])
    case.weights[..., 0] = 0.0
    values, dlogits = case.fused()
    assert (values[:, 0] == 0).all()
    assert (dlogits[..., case.layout.columns(0)] == 0).all()
    assert torch.isfinite(values).all()


@pytest.mark.parametrize("size", [50.0, 1e4, 1e30])
@pytest.mark.parametrize("name", ["binary", "class_major", "ragged"])
def test_huge_logits_stay_finite_and_right(name, size):
    case = Case(SETS[name], torch.float32)
    case.logits = case.logits.sign() * size
    case.weights[:] = 1.0
    values, dlogits = case.fused()
    assert torch.isfinite(values).all()
    assert torch.isfinite(dlogits).all()
    bound = case.task_weight.max() / case.logits.shape[1]
    assert (dlogits.abs() <= bound * (1 + 1e-6)).all()
    expected, _ = case.loop()
    torch.testing.assert_close(values, expected)


def test_a_class_that_is_ruled_out_costs_nothing_where_it_is_not_the_label():
    case = Case([3], n_members=1)
    case.logits[..., 2] = -torch.inf
    case.targets.clamp_(max=1)
    case.weights[:] = 1.0
    values, dlogits = case.fused()
    expected, _ = case.loop()
    torch.testing.assert_close(values, expected)
    assert torch.isfinite(dlogits).all()
    assert (dlogits[..., 2] == 0).all()


def test_permuted_tasks_have_permuted_losses_and_gradients():
    n_classes = [4, 0, 2, 3, 2, 3, 0, 3]
    case = Case(n_classes)
    place = np.argsort(case.layout.order)  # of each task
    turned = OutputLayout(tasks_of(n_classes[::-1]))
    source = [int(place[len(n_classes) - 1 - t]) for t in turned.order]
    logits = torch.empty_like(case.logits)
    for j, i in enumerate(source):
        logits[..., turned.columns(j)] = case.logits[..., case.layout.columns(i)]
    loss = FusedLoss(turned, case.task_weight[source])
    found, gradient = loss(logits, case.targets[..., source], case.weights[..., source])
    values, dlogits = case.fused()
    torch.testing.assert_close(found, values[:, source], rtol=1e-14, atol=0)
    for j, i in enumerate(source):
        torch.testing.assert_close(
            gradient[..., turned.columns(j)],
            dlogits[..., case.layout.columns(i)],
            rtol=1e-13,
            atol=1e-16,
        )


def test_one_row_of_weights_holds_for_all_rows():
    case = Case(SETS["mixed"])
    case.weights = case.weights[:, :1]
    values, dlogits = case.fused()
    case.weights = case.weights.expand(2, 7, -1)
    same_values, same = case.fused()
    assert torch.equal(values, same_values)
    assert torch.equal(dlogits, same)


def test_losses_of_equal_batches_average_to_that_of_all_rows():
    case = Case(SETS["mixed"], n_rows=8)
    values, _ = case.fused()
    parts = [
        case.loss()(case.logits[:, s], case.targets[:, s], case.weights[:, s])[0]
        for s in (slice(0, 4), slice(4, 8))
    ]
    torch.testing.assert_close((parts[0] + parts[1]) / 2, values)


def test_task_weights_scale_the_gradient_and_not_the_values():
    case = Case(SETS["ragged"])
    values, dlogits = case.fused()
    case.task_weight = case.task_weight * 3
    same, tripled = case.fused()
    assert torch.equal(values, same)
    torch.testing.assert_close(tripled, 3 * dlogits)


def test_no_graph_is_kept():
    case = Case(SETS["mixed"])
    case.logits.requires_grad_()
    values, dlogits = case.fused()
    assert not values.requires_grad
    assert not dlogits.requires_grad


@pytest.mark.parametrize("name", ["class_major", "ragged"])
def test_logits_of_a_group_are_viewed_by_class(name):
    case = Case(SETS[name])
    for group in case.layout.groups:
        block = split_classes(case.logits, group)
        for j in range(group.tasks.start, group.tasks.stop):
            own = case.logits[..., case.layout.columns(j)]
            number = j - group.tasks.start
            found = block[..., number] if group.class_major else block[..., number, :]
            assert torch.equal(found, own)


@pytest.mark.parametrize("name", LOSSES_OF)
def test_tasks_with_losses_of_their_own_are_computed_as_if_alone(name):
    tasks = tasks_of(SETS[name])
    losses = read_losses(LOSSES_OF[name], tasks, "Net")
    case = Case(SETS[name])
    case.layout = OutputLayout(tasks, losses)
    case.targets = torch.stack(
        [
            torch.tensor(
                np.random.default_rng(t).integers(max(SETS[name][t], 2), size=(2, 7))
            )
            for t in case.layout.order
        ],
        dim=-1,
    ).double()
    values, dlogits = case.fused()
    for place, t in enumerate(case.layout.order):
        alone = OutputLayout([tasks[t]], [losses[t]])
        columns = case.layout.columns(place)
        loss = FusedLoss(alone, case.task_weight[[place]])
        own_values, own = loss(
            case.logits[..., columns],
            case.targets[..., [place]],
            case.weights[..., [place]],
        )
        torch.testing.assert_close(values[:, [place]], own_values)
        torch.testing.assert_close(dlogits[..., columns], own)
