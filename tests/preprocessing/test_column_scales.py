import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.preprocessing._column_scales import column_scales


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_only_columns_of_unusual_size_are_scaled_by_powers_of_two(container):
    X = np.array([[1e-9, 1e30, 0.0, -3.0, 1e-310], [-3e-9, 2.0, 0.0, 0.1, 0.0]])
    scales = column_scales(container(X))
    np.testing.assert_array_equal(scales[2:4], 1.0)
    exponents = np.log2(scales)
    np.testing.assert_array_equal(exponents, exponents.round())
    largest = np.abs(X * scales).max(axis=0)[:2]
    assert ((largest >= 0.5) & (largest < 1.0)).all()
    assert np.isfinite(scales).all()


def test_usual_numbers_are_left_alone():
    assert column_scales(np.array([[1.0, np.nan], [-50.0, np.nan]])) is None
    assert column_scales(np.empty((3, 0))) is None
