"""Small pictures with two tasks that a convolution learns."""

import numpy as np


def pictures(n_samples=120, channels=1, size=8, seed=0):
    """Return uint8 pictures (n, c, h, w) of a bar, and its direction and place."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 60, (n_samples, channels, size, size)).astype(np.uint8)
    is_upright, place = rng.random(n_samples) < 0.5, rng.integers(0, 3, n_samples)
    for picture, upright, at in zip(X, is_upright, place, strict=True):
        lines = picture.swapaxes(1, 2) if upright else picture
        lines[:, 1 + 2 * at] = 200
    return X, np.column_stack([is_upright, place]).astype(float)
