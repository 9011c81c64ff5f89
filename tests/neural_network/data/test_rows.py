import numpy as np
import pytest
import torch
from scipy import sparse

from sklearn_mtl.neural_network.data._rows import (
    PREPARED_ROWS,
    as_rows,
    prepared_rows,
)
from sklearn_mtl.preprocessing import Table, TablePreparation, WideColumns

CPU = torch.device("cpu")
BYTES = np.arange(0, 240, 10, dtype=np.uint8).reshape(6, 4)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bytes_become_numbers_of_the_unit_range(make, dtype):
    rows = as_rows(make(BYTES), dtype, CPU)
    expected = torch.as_tensor(BYTES / 255, dtype=dtype)
    assert rows.n_rows == 6
    torch.testing.assert_close(rows.span(1, 3), expected[None, 1:3])
    index = torch.tensor([[0, 5], [5, 2]])
    torch.testing.assert_close(rows.take(index), expected[index])


def test_bytes_are_kept_as_they_came():
    rows = as_rows(BYTES, torch.float32, CPU)
    assert rows.tensor.data_ptr() == BYTES.__array_interface__["data"][0]
    rows.take(torch.tensor([[0]])).fill_(9)
    rows.span(0, 2).fill_(9)
    assert BYTES[0, 1] == 10


@pytest.mark.parametrize("values", [BYTES.astype(np.int16), BYTES.astype(float)])
def test_other_numbers_are_not_scaled(values):
    rows = as_rows(values, torch.float64, CPU)
    np.testing.assert_array_equal(rows.span(0, 6)[0].numpy(), values)


@pytest.mark.parametrize("values", [BYTES, BYTES.astype(np.float64)])
def test_a_read_only_array_is_copied_batch_by_batch(values):
    locked = values.copy()
    locked.flags.writeable = False
    rows, free = (as_rows(v, torch.float32, CPU) for v in (locked, values.copy()))
    assert rows.array is locked
    index = torch.tensor([[0, 5, 0], [5, 2, 3]])
    torch.testing.assert_close(rows.take(index), free.take(index), rtol=0, atol=0)
    torch.testing.assert_close(rows.span(1, 9), free.span(1, 9), rtol=0, atol=0)
    rows.span(0, 2).fill_(9)
    np.testing.assert_array_equal(locked, values)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_wide_rows_hold_what_is_stored(dtype):
    dense = np.array([[0.0, 2.0, 0.5], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    rows = as_rows(WideColumns(sparse.csr_array(dense)), dtype, CPU)
    for x, index in (
        (rows.take(torch.tensor([[0, 2], [1, 0]])), [[0, 2], [1, 0]]),
        (rows.span(0, 3), [[0, 1, 2]]),
        (rows.span(1, 2), [[1]]),
    ):
        assert x.dtype == dtype
        found = torch.zeros(*x.shape[:2], 3, dtype=dtype)
        found.scatter_add_(2, x[:, :, 0].long(), x[:, :, 1])
        np.testing.assert_array_equal(found.numpy(), dense[np.array(index)])


def test_a_table_is_prepared_in_chunks():
    X = np.random.default_rng(0).normal(size=(2 * PREPARED_ROWS + 3, 4))
    X[::7, 2] = np.nan
    table = Table(X.astype(np.float32), None)
    preparation = TablePreparation(None)
    preparation.fit(table, np.ones((1, len(X))), lambda m: X)
    rows = prepared_rows(preparation, table, torch.float32, CPU)
    expected = preparation.transform(table).astype(np.float32)
    assert rows.tensor.dtype == torch.float32
    np.testing.assert_array_equal(rows.tensor.numpy(), expected)
