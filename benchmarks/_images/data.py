"""Fashion-MNIST as published, from ../shared/data."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

__all__ = ["FOLDER", "read_part"]

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "fashion_mnist"

# shirts, trousers, dresses and coats; shoes; bags
_GROUPS = np.array([0, 0, 0, 0, 0, 1, 0, 1, 2, 1])


def read_part(folder: Path, part: str, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n_rows, 784) in uint8, and their class and group.

    Parameters
    ----------
    folder : Path
        Where the four files lie.
    part : {"train", "t10k"}
        Which of the two parts.
    n_rows : int
        How many of its first rows.

    Returns
    -------
    X, y : ndarray of shape (n_rows, 784) and (n_rows, 2)
        Bytes, and integers 0..9 and 0..2.
    """
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + 784 * n_rows), np.uint8, offset=16)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + n_rows), np.uint8, offset=8)
    return pixels.reshape(-1, 784).copy(), np.column_stack([labels, _GROUPS[labels]])
