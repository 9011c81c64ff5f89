import numpy as np
import pytest
from sklearn.base import clone

from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Ridge,
    Shared,
    Sum,
    TaskColumns,
    TaskGraph,
    TraceNorm,
)

PLAIN = TaskColumns.plain(3)


@pytest.fixture
def mean_and_own():
    return Decomposition([("shared", Shared(0.0)), ("own", Ridge(alpha=2.0))])


def test_parameters_of_members_are_searchable(mean_and_own):
    copy = clone(mean_and_own).set_params(own__alpha=0.5, shared=Shared(alpha=3.0))
    assert copy.get_params()["own__alpha"] == 0.5
    assert copy.get_params()["shared__alpha"] == 3.0
    assert mean_and_own.get_params()["own__alpha"] == 2.0


def test_shared_plus_ridge_is_the_mean_regularised_graph(mean_and_own):
    """Minimising over the common vector leaves the distance to the mean."""
    W = np.random.default_rng(0).standard_normal((4, 3))
    form = mean_and_own.task_covariance_form(PLAIN)
    graph = TaskGraph(alpha=2.0)
    assert form.value(W) == pytest.approx(graph.value(W))
    np.testing.assert_allclose(form.matrix(), 2.0 * graph.laplacian(PLAIN), atol=1e-12)


def test_a_sum_of_penalties_on_feature_groups_has_their_form():
    groups, ridge = Sum([("a", L21(0.5)), ("b", Ridge(2.0))]).feature_group_form(2)
    assert groups.tolist() == [0.5, 0.5]
    assert ridge == 2.0


def test_split_takes_the_smooth_part_out():
    matrix, rest = Sum([("a", L1(0.5)), ("b", Ridge(2.0))]).split(PLAIN)
    np.testing.assert_allclose(matrix, 2.0 * np.eye(3))
    assert isinstance(rest, L1)


@pytest.mark.parametrize(
    ("penalty", "error", "message"),
    [
        (Sum([]), TypeError, "pairs"),
        (Sum([("a", L1()), ("a", L1())]), ValueError, "must be unique"),
        (Sum([("a__b", L1())]), ValueError, "'a__b' is not allowed as a name"),
        (Sum([("a", "l1")]), TypeError, "'a' must be a single .* Sum; got 'l1'"),
        (
            Sum([("a", Decomposition([("b", L1())]))]),
            TypeError,
            "'a' must be a single penalty or a Sum; got Decomposition",
        ),
    ],
)
def test_members_that_do_not_fit_are_named(penalty, error, message):
    with pytest.raises(error, match=message):
        penalty.check(PLAIN, 4)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_a_sum_is_certified_whatever_the_units(scale):
    rng = np.random.default_rng(0)
    penalty = Sum([("trace", TraceNorm()), ("l21", L21())])
    U = rng.standard_normal((5, 3)) * 3.0
    W = penalty.prox(U)
    subgradient = U - W
    assert penalty.optimality(scale * W, -subgradient) < 1e-8
    found, conjugate = penalty.certificate(subgradient, scale * W)
    gap = penalty.value(scale * W) + conjugate(found)
    gap -= found * float(np.vdot(subgradient, scale * W))
    assert abs(gap) < 1e-7 * penalty.value(scale * W)


def test_inner_sums_are_members_of_the_outer_one():
    inner = Sum([("l1", L1(0.1)), ("ridge", Ridge(0.1))])
    nested = Sum([("inner", inner), ("l21", L21(0.1))])
    flat = Sum([("l1", L1(0.1)), ("ridge", Ridge(0.1)), ("l21", L21(0.1))])
    U = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_array_equal(nested.prox(U), flat.prox(U))
    W = flat.prox(U)
    assert nested.certificate(U - W, W)[0] == flat.certificate(U - W, W)[0]


def test_a_cycle_that_ends_where_it_began_does_not_end_the_prox_of_a_sum():
    """The graph moves the point off zero, and at first the threshold moves it back."""
    penalty = Sum([("graph", TaskGraph(0.5)), ("l1", L1(0.2))])
    W, step = np.array([[0.8, -0.5, 0.2]]), 3.0
    Z = penalty.prox(W, step)
    assert Z.any()
    assert penalty.optimality(Z, (Z - W) / step) < 1e-10
