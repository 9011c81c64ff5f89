"""Corrections of one task, compared with ridge regression and a Newton step."""

import numpy as np
import pytest
from scipy.special import expit, log_expit
from sklearn.linear_model import Ridge

from sklearn_mtl.ensemble import _correction
from sklearn_mtl.ensemble._correction import PENALTIES, PRIOR, SecondStage
from sklearn_mtl.tasks import TaskSet

N, FOLDS = 200, 4


def regression(effect=1.0, seed=0):
    """Return labels that others explain beyond the first stage, and the others."""
    rng = np.random.default_rng(seed)
    others, output = rng.normal(size=(N, 3)), rng.normal(size=N)
    y = output + effect * others[:, 0] + 0.3 * rng.normal(size=N)
    return TaskSet.from_y(y, kind="regression")[0].tasks[0], y, output, others


def binary(effect=1.0, seed=0):
    rng = np.random.default_rng(seed)
    others, logits = rng.normal(size=(N, 3)), rng.normal(size=N)
    y = (rng.random(N) < expit(logits + effect * others[:, 0])).astype(float)
    output = np.column_stack([expit(-logits), expit(logits)])
    return TaskSet.from_y(y)[0].tasks[0], y, output, others


def three_classes(effect=1.0, seed=0):
    rng = np.random.default_rng(seed)
    others, logits = rng.normal(size=(N, 3)), rng.normal(size=(N, 3))
    noise = rng.gumbel(size=(N, 3))
    y = np.argmax(logits + effect * others + noise, axis=1).astype(float)
    output = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return TaskSet.from_y(y)[0].tasks[0], y, output, others


KINDS = [regression, binary, three_classes]


def stage_of(task, y, output, weights=None):
    weights = np.ones(len(y)) if weights is None else weights
    return SecondStage.read(task, y, weights, output)


@pytest.mark.parametrize("make", KINDS)
def test_only_a_first_stage_that_is_better_than_a_constant_is_learned(make):
    task, y, output, _ = make()
    assert stage_of(task, y, output).is_learned()
    shuffled = np.random.default_rng(0).permutation(output)
    assert not stage_of(task, y, shuffled).is_learned()


def folds():
    return np.arange(N) % FOLDS


def test_a_regression_is_corrected_as_by_ridge_regression():
    task, y, output, others = regression()
    rng = np.random.default_rng(1)
    weights = rng.random(N)
    stage = stage_of(task, y, output, weights)
    seen = folds() != 0
    found = stage._solve(others, seen)
    own = (weights / weights.mean())[seen]
    scaled = (y - output)[seen] / stage.unit
    for penalty, coefficients in zip(PENALTIES[1:], found[1:], strict=True):
        ridge = Ridge(penalty * own.sum() + PRIOR, fit_intercept=False)
        ridge.fit(others[seen], scaled, sample_weight=own)
        np.testing.assert_allclose(coefficients[:, 0], stage.unit * ridge.coef_)


def test_classes_are_corrected_by_one_newton_step():
    task, y, output, others = binary()
    stage = stage_of(task, y, output)
    found = stage._solve(others, np.ones(N, dtype=bool))
    variance = y.mean() * (1 - y.mean())

    def objective(b, penalty):
        margin = np.where(y == 1, 1, -1) * (stage.scores[:, 0] + others @ b)
        alpha = penalty * N * variance + PRIOR
        return -log_expit(margin).sum() + alpha / 2 * (b @ b)

    step = 1e-3 * np.eye(3)
    for penalty, coefficients in zip(PENALTIES[1:], found[1:], strict=True):
        at = [
            [objective(s * a + r * b, penalty) for a in step for b in step]
            for s, r in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]
        both, one, other, neither = (np.reshape(v, (3, 3)) for v in at)
        hessian = (both - one - other + neither) / 4e-6
        up = [objective(s, penalty) for s in step]
        down = [objective(-s, penalty) for s in step]
        gradient = (np.array(up) - down) / 2e-3
        newton = -np.linalg.solve(hessian, gradient)
        np.testing.assert_allclose(coefficients[:, 0], newton, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", KINDS)
def test_the_first_penalty_leaves_the_task_alone(make):
    task, y, output, others = make()
    found = stage_of(task, y, output)._solve(others, np.ones(N, dtype=bool))
    assert not found[0].any()
    assert found[1:].any(axis=(1, 2)).all()


@pytest.mark.parametrize("make", KINDS)
def test_what_others_know_lowers_the_loss_of_fresh_samples(make):
    task, y, output, others = make()
    found = stage_of(task, y, output).fit(others, folds(), FOLDS)
    _, y, output, others = make(seed=1)
    fresh = stage_of(task, y, output)
    everywhere = np.zeros(N, dtype=int)
    outputs = [
        fresh._output(others, everywhere, np.array([b]))
        for b in (0 * found.mean, found.mean)
    ]
    before, after = fresh._losses(outputs).mean(axis=1)
    assert before - after > 0.05
    assert found.gain == pytest.approx(before - after, rel=0.4)


@pytest.mark.parametrize("make", KINDS)
def test_others_that_know_nothing_are_hardly_used(make):
    falls = []
    for seed in range(20):
        task, y, output, others = make(effect=0.0, seed=seed)
        found = stage_of(task, y, output).fit(others, folds(), FOLDS)
        falls.append(0.0 if found is None else found.gain)
    assert np.mean(falls) < 2 * np.std(falls) / np.sqrt(len(falls)) + 1e-12


def test_labels_of_a_fold_have_no_part_in_its_own_coefficients():
    task, y, output, others = binary()
    before = stage_of(task, y, output).fit(others, folds(), FOLDS)
    y = np.where(folds() == 2, 1 - y, y)
    after = stage_of(task, y, output).fit(others, folds(), FOLDS)
    np.testing.assert_array_equal(before.of_folds[2], after.of_folds[2])
    assert (before.of_folds[0] != after.of_folds[0]).any()


def test_a_missing_label_is_the_same_as_no_sample():
    task, y, output, others = binary()
    y[::3] = np.nan
    seen = ~np.isnan(y)
    one = stage_of(task, y, output, seen.astype(float)).fit(others, folds(), FOLDS)
    two = stage_of(task, y[seen], output[seen])
    two = two.fit(others[seen], folds()[seen], FOLDS)
    np.testing.assert_array_equal(one.mean, two.mean)


def test_without_an_output_or_two_classes_there_is_nothing_to_correct():
    task, y, output, _ = binary()
    assert stage_of(task, y, np.full_like(output, np.nan)) is None
    assert stage_of(task, np.ones(N), output) is None


def test_a_fall_of_less_than_half_a_standard_error_is_not_enough():
    losses = np.zeros((2, 100))
    losses[1] = -0.049 + np.tile([1.0, -1.0], 50)  # its standard error is 0.1
    assert _correction._choose(losses, np.ones(100)) == 0
    losses[1] -= 0.002
    assert _correction._choose(losses, np.ones(100)) == 1
