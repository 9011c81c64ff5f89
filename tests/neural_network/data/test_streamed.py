"""The temporary file of prepared inputs."""

import numpy as np
import pytest

from sklearn_mtl.neural_network.data._streamed import _open_temporary, _write


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
    _write(file, values[:, ::-1], None)
    assert file.found == np.ascontiguousarray(values[:, ::-1]).tobytes()


def test_a_full_disk_is_explained():
    with pytest.raises(
        OSError, match=r"fit_stream: .* in /here .*No space left"
    ) as got:
        _write(AlmostFull(20), np.zeros(6), "/here")
    assert got.value.errno == 28


def test_a_missing_folder_is_explained(tmp_path):
    with pytest.raises(FileNotFoundError, match="fit_stream: the temporary file in"):
        _open_temporary(tmp_path / "nowhere")
