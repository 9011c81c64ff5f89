"""Classes with shared vectors of their own."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl import MultiTaskLinearClassifier
from sklearn_mtl.solvers import Evidence


def draw(n_columns=4, r=3, seed=0):
    rng = np.random.default_rng(seed)
    values = 20.0 * rng.random((n_columns, r))
    targets = values + np.sqrt(values) * rng.standard_normal((n_columns, r))
    return Evidence(values, targets, None, 0.0, 100.0, 1.0)


def test_one_slot_is_no_slot():
    plain = draw()
    one = replace(plain, slot=np.zeros(4, dtype=int)).strengths(10.0)
    expected = plain.strengths(10.0)
    assert one.shared == pytest.approx(expected.shared, rel=1e-6)
    assert one.own == pytest.approx(expected.own, rel=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_two_slots_with_the_same_data_have_the_strengths_of_one(sign):
    plain = draw()
    both = replace(
        plain,
        values=np.tile(plain.values, (2, 1)),
        # of the other sign as those of two classes: one vector for both would be zero
        targets=np.vstack([plain.targets, sign * plain.targets]),
        slot=np.repeat([0, 1], 4),
    )
    found, expected = both.strengths(10.0), plain.strengths(10.0)
    assert found.shared == pytest.approx(expected.shared, rel=1e-5)
    assert found.own == pytest.approx(expected.own, rel=1e-5)


def test_variances_of_balanced_classes_are_those_that_were_drawn():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((20, 1, 3)) + 0.5 * rng.standard_normal((20, 10, 3))
    W *= 0.2  # so small that all classes have about the same probability
    X = rng.standard_normal((2000, 20))
    logits = np.einsum("ij,jtk->itk", X, W)
    codes = (logits + rng.gumbel(size=logits.shape)).argmax(axis=2)
    strengths = MultiTaskLinearClassifier().fit(X, codes).penalty_.get_params()
    shared = 1.0 / (2000 * strengths["shared__alpha"])
    own = 1.0 / (2000 * strengths["own__alpha"])
    # 20 features of 3 classes, of which two are free; 10 tasks
    assert shared == pytest.approx(0.2**2, rel=3 * np.sqrt(2 / 40))
    assert own == pytest.approx(0.1**2, rel=3 * np.sqrt(2 / 360))


def test_what_tasks_of_three_classes_share_is_found():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((3, 1, 3)) + 0.1 * rng.standard_normal((3, 8, 3))
    X = rng.standard_normal((100, 3))
    logits = np.einsum("ij,jtk->itk", X, W)
    codes = (logits + rng.gumbel(size=logits.shape)).argmax(axis=2)
    strengths = MultiTaskLinearClassifier().fit(X, codes).penalty_.get_params()
    assert strengths["shared__alpha"] < 0.1 * strengths["own__alpha"]
