import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from sklearn_mtl.metrics._ranking import area_under_roc, average_precision_of


@given(
    n=st.integers(2, 40),
    n_levels=st.integers(1, 8),
    seed=st.integers(0, 2**16),
    weighted=st.booleans(),
)
def test_they_are_scikit_learns_with_ties_and_weights(n, n_levels, seed, weighted):
    rng = np.random.default_rng(seed)
    is_in = rng.random(n) < 0.4
    is_in[:2] = True, False
    score = rng.integers(n_levels, size=n) / n_levels
    w = rng.uniform(0.1, 3, size=n) if weighted else np.ones(n)
    assert area_under_roc(is_in, score, w) == pytest.approx(
        roc_auc_score(is_in, score, sample_weight=w)
    )
    assert average_precision_of(is_in, score, w) == pytest.approx(
        average_precision_score(is_in, score, sample_weight=w)
    )


def test_perfect_and_reversed_orders():
    is_in, w = np.array([False, False, True]), np.ones(3)
    assert area_under_roc(is_in, np.array([0.1, 0.2, 0.3]), w) == 1.0
    assert area_under_roc(is_in, np.array([0.3, 0.2, 0.1]), w) == 0.0
    assert area_under_roc(is_in, np.zeros(3), w) == 0.5
