"""Random transformations of images during training."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor

from sklearn_mtl.modules._linear import RandomPart

__all__ = ["Augmentation", "AugmentationLayer"]


class Augmentation(BaseEstimator):
    """Transform the images of each batch at random during training.

    Each image is cropped, mirrored and shifted at random, and noise is added. The
    transformations are drawn in every step from the random generators of the net. They
    are not used in prediction.

    The labels do not change. If a task is a position, a size or a direction, use only
    transformations that preserve it.

    Parameters
    ----------
    shift : int, default=0
        Maximum vertical and horizontal shift in pixels. Uncovered pixels are 0.
    flip : bool, default=False
        Whether to mirror each image left to right with probability 0.5.
    crop : float, default=0.0
        Maximum fraction of the height and width to crop. The rest is resized to the
        original size by bilinear interpolation.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise added to every value, in the unit of
        the values. The values of uint8 images are first scaled to the unit range.

    References
    ----------
    C. Shorten, T. M. Khoshgoftaar, "A survey on Image Data Augmentation for Deep
    Learning", Journal of Big Data 6, 2019.

    Examples
    --------
    >>> from sklearn_mtl.modules import Augmentation, Conv
    >>> trunk = Conv((1, 28, 28), augmentation=Augmentation(shift=2))
    >>> trunk.get_params()["augmentation__shift"]
    2
    """

    def __init__(
        self,
        shift: int = 0,
        flip: bool = False,
        crop: float = 0.0,
        noise: float = 0.0,
    ) -> None:
        self.shift = shift
        self.flip = flip
        self.crop = crop
        self.noise = noise

    def build(self) -> AugmentationLayer:
        """Build the layer.

        Returns
        -------
        AugmentationLayer
            Layer for a net with any number of members.

        Raises
        ------
        ValueError
            If shift is not a whole number of at least 0, flip is not a bool, crop is
            not in [0, 1), or noise is negative.
        """
        is_number = isinstance(self.shift, Integral) and not isinstance(
            self.shift, bool
        )
        if not is_number or self.shift < 0:
            raise ValueError(
                "Augmentation: shift must be a whole number of at least 0; got "
                f"{self.shift!r}."
            )
        if not isinstance(self.flip, bool | np.bool_):
            raise ValueError(
                f"Augmentation: flip must be True or False; got {self.flip!r}."
            )
        for name, most in (("crop", 1.0), ("noise", float("inf"))):
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 <= float(value) < most:
                raise ValueError(
                    f"Augmentation: {name} must lie in [0, {most:g}); got {value!r}."
                )
        return AugmentationLayer(
            int(self.shift), bool(self.flip), float(self.crop), float(self.noise)
        )


class AugmentationLayer(RandomPart):
    """The layer of `Augmentation`.

    Parameters
    ----------
    shift : int
        Maximum shift in pixels.
    flip : bool
        Whether to mirror images left to right.
    crop : float
        Maximum fraction of a side to crop.
    noise : float
        Standard deviation of the noise.
    """

    def __init__(self, shift: int, flip: bool, crop: float, noise: float) -> None:
        super().__init__()
        self.shift, self.flip, self.crop, self.noise = shift, flip, crop, noise

    def forward(self, x: Tensor, member: int) -> Tensor:
        """Transform the images (n_rows, channels, height, width) of a member."""
        if not self.training or self.generators is None:
            return x
        generator = self.generators[member]
        if self.shift or self.flip or self.crop:
            x = self._resample(x, generator)
        if self.noise:
            drawn = torch.empty_like(x)
            x = drawn.normal_(0.0, self.noise, generator=generator).add_(x)
        return x

    def _resample(self, x: Tensor, generator: Generator) -> Tensor:
        """Resample rows and columns separately, which is bilinear interpolation."""
        n, height, width = len(x), *x.shape[-2:]
        # drawn together, so that disabling one transformation does not affect others
        draw = torch.rand(5, n, 1, dtype=x.dtype, device=x.device, generator=generator)
        part = 1.0 - self.crop * draw[0]
        down = _positions(height, part, draw[1]) - self._pixels(draw[2])
        right = _positions(width, part, draw[3]) - self._pixels(draw[4])
        if self.flip:
            is_flipped = torch.empty_like(part).bernoulli_(0.5, generator=generator)
            right = torch.where(is_flipped > 0, right.flip(-1), right)
        rows, columns = _weights(down, height), _weights(right, width)
        # (n, 1, height, height) @ (n, c, height, width) @ (n, 1, width, width)
        return torch.matmul(torch.matmul(rows[:, None], x), columns[:, None].mT)

    def _pixels(self, draw: Tensor) -> Tensor:
        """Convert uniform numbers to integers from -shift to shift."""
        return (draw * (2 * self.shift + 1)).floor() - self.shift


def _positions(size: int, part: Tensor, start: Tensor) -> Tensor:
    """Return the positions (n, size) of the pixels that sample a part of a side."""
    at = torch.arange(size, dtype=part.dtype, device=part.device) + 0.5
    return at * part + start * (1.0 - part) * size - 0.5


def _weights(positions: Tensor, size: int) -> Tensor:
    """Return the weights (n, n_positions, size) of linear interpolation."""
    # beyond the edges of the image, the weights decrease to 0
    pixels = torch.arange(size, dtype=positions.dtype, device=positions.device)
    return (1.0 - (positions[..., None] - pixels).abs()).clamp_(min=0.0)
