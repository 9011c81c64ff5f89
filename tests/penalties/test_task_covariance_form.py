"""Penalties that are quadratic over tasks: few directions stand for all tasks."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_mtl.penalties import (
    Decomposition,
    Ridge,
    Shared,
    TaskColumns,
    TaskCovarianceForm,
    TaskGraph,
)

N_TASKS = 12
W = np.random.default_rng(0).normal(size=(4, N_TASKS))
FORMS = {
    "ridge": Ridge(0.5),
    "ridge by task": Ridge(np.linspace(0.5, 2.0, N_TASKS)),
    "free": Ridge(0.0),
    "one vector": Shared(0.5),
    "one free vector": Shared(0.0),
    "vector and own": Decomposition([("all", Shared(0.5)), ("own", Ridge(0.3))]),
    "free vector and own": Decomposition([("all", Shared(0.0)), ("own", Ridge(0.3))]),
    "chain": TaskGraph(0.4, "chain"),
    "mean": TaskGraph(0.4, "mean"),
}


def form_of(name: str) -> TaskCovarianceForm:
    form = FORMS[name].task_covariance_form(TaskColumns.plain(N_TASKS))
    assert form is not None
    return form


def weight_matrix(form: TaskCovarianceForm, strong: float = 1e9) -> np.ndarray:
    """Return M, with a large number where W must vanish."""
    Q, weights, other = form.thin_spectrum()
    rest = 0.0 if other is None else min(other, strong)
    return rest * np.eye(len(Q)) + (Q * (np.minimum(weights, strong) - rest)) @ Q.T


@pytest.mark.parametrize("name", FORMS)
def test_the_thin_spectrum_is_that_of_all_directions(name):
    vectors, weights = form_of(name).spectrum()
    expected = (vectors * np.minimum(weights, 1e9)) @ vectors.T
    np.testing.assert_allclose(weight_matrix(form_of(name)), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["ridge", "one vector", "free vector and own"])
def test_the_thin_spectrum_has_few_directions(name):
    assert form_of(name).thin_spectrum()[0].shape[1] <= 2


@pytest.mark.parametrize("name", FORMS)
def test_value_and_product_are_those_of_the_dense_covariance(name):
    form = form_of(name)
    np.testing.assert_allclose(
        form.times_covariance(W), W @ form.covariance, rtol=1e-10, atol=1e-12
    )
    inside = W @ form.covariance + W @ form.free @ form.free.T
    vectors, weights = form.spectrum()
    allowed = np.isfinite(weights)
    squares = np.square(inside @ vectors).sum(axis=0)
    expected = 0.5 * squares[allowed] @ weights[allowed]
    np.testing.assert_allclose(form.value(inside), expected, rtol=1e-9)


def test_a_point_off_the_range_costs_infinitely_much():
    assert form_of("one vector").value(W) == np.inf
    assert form_of("one free vector").value(W) == np.inf


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ridge by task", True), ("free", True), ("one vector", False), ("chain", False)],
)
def test_only_penalties_that_are_a_sum_over_tasks_separate_them(name, expected):
    assert form_of(name).separates_tasks is expected
