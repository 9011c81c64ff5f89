"""The quadratic forms of heads against pairs of tasks, and autograd."""

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_mtl.modules import HeadRelation
from sklearn_mtl.penalties import TaskCovariance

# tasks 0 and 2 with one column, 1 and 3 with two, task 4 alone; two layers
TASK_OF = torch.tensor([0, 2, 1, 3, 1, 3, 4])
SETS = [[0, 2], [1, 3], [4]]


def layers(n_members=2, seed=0):
    draw = torch.Generator().manual_seed(seed)
    shapes = [(n_members, 6, 7), (n_members, 3, 7)]
    return [
        (nn.Parameter(torch.randn(shape, generator=draw, dtype=torch.float64)), TASK_OF)
        for shape in shapes
    ]


def vectors(weights, member):
    """Return all weights of each task as one vector."""
    return [
        torch.cat([w[member][:, task_of == t].flatten() for w, task_of in weights])
        for t in range(5)
    ]


def similarity(seed=1):
    A = np.random.default_rng(seed).random((5, 5))
    return torch.tensor(A + A.T)[None]


def test_a_similarity_pulls_heads_together_pair_by_pair():
    weights, A = layers(), similarity()
    expected = []
    for member in range(2):
        w = vectors(weights, member)
        pairs = [(s, t) for s, t in np.ndindex(5, 5) if {s, t} in ({0, 2}, {1, 3})]
        R = [0.5 * A[0, s, t] * (w[s] - w[t]).square().sum() for s, t in pairs]
        expected.append(sum(R))
    (3.0 * sum(expected)).backward()
    gradients = [w.grad for w, _ in weights]
    for w, _ in weights:
        w.grad = torch.ones_like(w)
    relation = HeadRelation(SETS)
    found = relation.add_gradient(weights, relation.precision(A), 3.0)
    torch.testing.assert_close(found, torch.stack(expected).detach())
    for (w, _), gradient in zip(weights, gradients, strict=True):
        torch.testing.assert_close(w.grad, gradient + 1)


def test_the_covariance_is_that_of_the_linear_models():
    weights = layers(n_members=1)
    covariance, precision = HeadRelation(SETS).covariance(weights)
    # a task with two columns counts with both, one under the other
    for places in SETS[:2]:
        w = vectors(weights, 0)
        W = torch.stack([w[t] for t in places], dim=1).detach().numpy()
        expected = TaskCovariance().covariance(W)
        at = np.ix_(places, places)
        np.testing.assert_allclose(covariance[0][at], expected)
        np.testing.assert_allclose(precision[0][at], np.linalg.inv(expected))
    assert (covariance[0, 4] == 0).all()
    assert (covariance[0, 0, 1] == 0).all()


def test_the_penalty_at_the_learned_covariance_is_half_the_squared_trace_norm():
    weights = layers(n_members=1)
    relation = HeadRelation([[0, 2]])
    _, precision = relation.covariance(weights)
    w = vectors(weights, 0)
    W = torch.stack([w[0], w[2]], dim=1)
    found = relation.add_gradient(weights, precision, 1.0)
    expected = 0.5 * torch.linalg.svdvals(W).sum() ** 2
    torch.testing.assert_close(found[0], expected)
    (gradient,) = torch.autograd.grad(expected, weights[0][0])
    torch.testing.assert_close(weights[0][0].grad, gradient)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_heads_have_a_covariance_that_can_be_inverted(value):
    weights = layers()
    with torch.no_grad():
        for w, _ in weights:
            w.fill_(value)
    covariance, precision = HeadRelation(SETS).covariance(weights)
    assert torch.isfinite(precision).all()
    trace = covariance[:, [0, 2]][..., [0, 2]].diagonal(dim1=1, dim2=2).sum(dim=1)
    torch.testing.assert_close(trace, torch.ones(2).double())
