import numpy as np
import pytest

from sklearn_mtl.uncertainty._outputs_as_features import Axes
from sklearn_mtl.uncertainty._scale_model import ScaleModel, fit_scales, make_parts

COEF = np.array([0.5, 0.8, -0.3])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    z = rng.normal(size=2000)
    F = np.stack([np.ones(2000), z, z**2 - 1], axis=1)
    return F, rng.exponential(np.exp(F @ COEF)), rng.uniform(0.5, 1.5, size=2000)


def deviance(coef, F, errors, weights, alpha):
    logs = F @ coef
    loss = weights / weights.mean() @ (logs + errors * np.exp(-logs))
    return loss + alpha * (coef[1:] ** 2).sum() / 2


@pytest.mark.parametrize("alpha", [1e-3, 10.0, 1e4])
def test_coefficients_minimise_the_penalised_deviance(data, alpha):
    F, errors, weights = data
    coef = ScaleModel.learn(slice(0, 1), F, errors, weights, alpha).coef
    steps = 2e-3 * np.vstack([np.eye(3), -np.eye(3)])
    least = deviance(coef, F, errors, weights, alpha)
    assert all(deviance(coef + d, F, errors, weights, alpha) > least for d in steps)


def test_the_coefficients_of_exponential_errors_are_found(data):
    F, errors, weights = data
    coef = ScaleModel.learn(slice(0, 1), F, errors, weights, 1e-3).coef
    np.testing.assert_allclose(coef, COEF, atol=0.1)


def errors_of(outputs, spread, seed=1):
    noise = np.random.default_rng(seed).normal(size=outputs.shape)
    return noise * spread


def scales_of(outputs, errors, weights=None):
    weights = np.ones(errors.shape) if weights is None else weights
    places = [slice(t, t + 1) for t in range(outputs.shape[1])]
    parts = make_parts(None, len(outputs))
    axes = Axes.learn(outputs)
    return list(fit_scales(axes, outputs, places, errors, weights, parts))


def test_scales_follow_errors_that_grow_with_another_tasks_output():
    outputs = np.random.default_rng(0).normal(size=(1500, 2))
    errors = errors_of(outputs, np.exp(outputs[:, [1]]))
    (_, scales), _ = scales_of(outputs, errors)
    assert np.corrcoef(np.log(scales), outputs[:, 1])[0, 1] > 0.95


def test_equal_errors_have_one_scale():
    outputs = np.random.default_rng(0).normal(size=(1500, 2))
    errors = errors_of(outputs, 1.0)
    for t, (model, scales) in enumerate(scales_of(outputs, errors)):
        assert np.log(scales).std() < 0.05
        assert np.exp(model.coef[0]) == pytest.approx(abs(errors[:, t]).mean(), rel=0.1)


def test_the_scale_of_a_sample_does_not_depend_on_its_own_error():
    outputs = np.random.default_rng(0).normal(size=(200, 1))
    errors = errors_of(outputs, 1.0)
    ((_, before),) = scales_of(outputs, errors)
    errors[make_parts(None, 200) == 0] *= 1.01  # too little to choose another alpha
    ((_, after),) = scales_of(outputs, errors)
    own = make_parts(None, 200) == 0
    np.testing.assert_array_equal(before[own], after[own])
    assert (before[~own] != after[~own]).all()


def test_errors_that_are_all_zero_have_a_scale():
    outputs = np.random.default_rng(0).normal(size=(100, 1))
    ((_, scales),) = scales_of(outputs, np.zeros((100, 1)))
    assert (scales > 0).all()
    assert scales.max() < 1e-10


def test_a_task_without_labels_has_no_scales():
    outputs = np.full((50, 1), np.nan)
    ((_, scales),) = scales_of(outputs, outputs, np.zeros((50, 1)))
    assert np.isnan(scales).all()


def test_labels_in_one_part_alone_have_scales():
    outputs = np.random.default_rng(0).normal(size=(50, 1))
    weights = (make_parts(None, 50) == 2).astype(float)[:, None]
    ((_, scales),) = scales_of(outputs, errors_of(outputs, 1.0), weights)
    assert np.array_equal(~np.isnan(scales), weights[:, 0] > 0)


def test_parts_do_not_divide_folds():
    fold = np.repeat(np.arange(40), 3)
    parts = make_parts(fold, 120)
    assert len(np.unique(parts)) == 5
    assert all(len(np.unique(parts[fold == k])) == 1 for k in range(40))


def test_scales_do_not_depend_on_what_is_added_to_the_outputs():
    outputs = np.random.default_rng(0).normal(size=(500, 2)).round(3)
    errors = errors_of(outputs, 0.1 * np.exp(outputs[:, [1]]))
    near, far = (
        [scales for _, scales in scales_of(moved, errors)]
        for moved in (outputs, outputs + 1e12)
    )
    np.testing.assert_allclose(far, near, rtol=1e-3)
