"""The temporary file of prepared inputs."""

import numpy as np
import pytest
import torch

from sklearn_mtl.neural_network.data._file_rows import (
    FileRows,
    open_temporary,
    write_rows,
)


class AlmostFull:
    """A file on a disk with space for some more bytes."""

    def __init__(self, n_free):
        self.n_free, self.found = n_free, b""

    def write(self, data):
        if not self.n_free:
            raise OSError(28, "No space left on device")
        part = bytes(data[: min(7, self.n_free)])
        self.n_free -= len(part)
        self.found += part
        return len(part)


def test_all_parts_of_an_array_are_written():
    values, file = np.arange(12, dtype=np.float32).reshape(4, 3), AlmostFull(48)
    write_rows(file, values[:, ::-1], None)
    assert file.found == np.ascontiguousarray(values[:, ::-1]).tobytes()


def test_a_full_disk_is_explained():
    with pytest.raises(
        OSError, match=r"fit_stream: .* in /here .*No space left"
    ) as got:
        write_rows(AlmostFull(20), np.zeros(6), "/here")
    assert got.value.errno == 28


def test_a_missing_folder_is_explained(tmp_path):
    with pytest.raises(FileNotFoundError, match="fit_stream: the temporary file in"):
        open_temporary(tmp_path / "nowhere")


def test_rows_are_read_in_any_order_and_the_file_is_closed(tmp_path):
    values = np.arange(60, dtype=np.float32).reshape(12, 5)
    file = open_temporary(tmp_path)
    write_rows(file, values, tmp_path)
    cpu = torch.device("cpu")
    rows = FileRows(file, values.shape, values.dtype, torch.float64, cpu)
    index = torch.tensor([[11, 0, 4], [4, 4, 7]])
    assert rows.take(index).tolist() == values[index.numpy()].tolist()
    assert rows.span(10, 99)[0].tolist() == values[10:].tolist()
    assert rows.resident() is rows
    del rows
    assert file.closed
