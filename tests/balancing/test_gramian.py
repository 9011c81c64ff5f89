"""The closed form against autograd."""

import pytest
import torch

from sklearn_mtl.balancing import feature_gramian, lowest_overlap


def slow_gramian(dlogits, weight, task_of, n_tasks):
    """Return inner products of the gradients of each row's features, task by task."""
    n_members = len(dlogits)
    out = torch.zeros(n_members, n_tasks, n_tasks, dtype=dlogits.dtype)
    for m in range(n_members):
        z = torch.zeros(
            dlogits.shape[1], weight.shape[1], dtype=dlogits.dtype, requires_grad=True
        )
        logits = z @ weight[m]
        gradients = [
            torch.autograd.grad(
                logits, z, dlogits[m] * (task_of == t), retain_graph=True
            )[0].flatten()
            for t in range(n_tasks)
        ]
        J = torch.stack(gradients)
        out[m] = J @ J.T
    return out


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("task_of", [[0, 1, 2], [2, 0, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1]])
def test_the_closed_form_is_what_autograd_gives(task_of, n_members):
    generator = torch.Generator().manual_seed(0)
    task_of = torch.tensor(task_of)
    n_tasks = int(task_of.max()) + 1
    n = len(task_of)
    dlogits = torch.randn(n_members, 9, n, generator=generator, dtype=torch.double)
    weight = torch.randn(n_members, 4, n, generator=generator, dtype=torch.double)
    torch.testing.assert_close(
        feature_gramian(dlogits, weight, task_of, n_tasks),
        slow_gramian(dlogits, weight, task_of, n_tasks),
    )


def test_the_overlap_is_the_smallest_share_of_common_labels():
    observed = torch.tensor([[1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 1, 1]]).bool()
    # of the labels of tasks 1 and 2, two in three are common
    assert lowest_overlap(observed) == pytest.approx(2 / 3)
    assert lowest_overlap(torch.ones(5, 3).bool()) == 1.0
    assert lowest_overlap(torch.eye(3).bool()) == 0.0
    assert lowest_overlap(torch.tensor([[True, False], [True, False]])) == 1.0


@pytest.mark.parametrize("shape", ["samples", "labels"])
def test_a_weight_counts_as_so_many_samples(shape):
    generator = torch.Generator().manual_seed(0)
    task_of = torch.tensor([2, 0, 0, 1])
    slopes = torch.randn(1, 9, 4, generator=generator, dtype=torch.double)
    weight = torch.randn(1, 5, 4, generator=generator, dtype=torch.double)
    drawn = torch.randint(0, 4, (1, 9, 3), generator=generator).double()
    if shape == "samples":
        drawn[:] = drawn[..., :1]
    given = drawn[..., :1] if shape == "samples" else drawn[..., task_of]
    # copy k has the labels that weigh more than k
    copies = [slopes * (drawn > k)[..., task_of] for k in range(3)]
    torch.testing.assert_close(
        feature_gramian(slopes * drawn[..., task_of], weight, task_of, 3, given),
        feature_gramian(torch.cat(copies, dim=1), weight, task_of, 3),
    )
    observed = torch.cat([drawn[0] > k for k in range(3)])
    assert lowest_overlap(drawn[0]) == pytest.approx(lowest_overlap(observed))
