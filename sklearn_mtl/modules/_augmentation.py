"""Random changes of pictures while a net trains."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor

from sklearn_mtl.modules._linear import RandomPart

__all__ = ["Augmentation", "AugmentationLayer"]


class Augmentation(BaseEstimator):
    """Show a net each picture a little changed every time.

    Each picture of a batch gets a part of itself, mirrored or not, moved by some
    pixels, and noise on top. The changes are drawn anew at every step, from the
    generators of the net, and only while it trains.

    The labels stay as they are. That is right for what a picture shows; where a task is
    a position, a size or a direction, give only what does not change it.

    Parameters
    ----------
    shift : int, default=0
        Largest number of pixels by which a picture moves, up or down and left or right;
        what comes into view is 0.
    flip : bool, default=False
        Whether half of the pictures are mirrored left to right.
    crop : float, default=0.0
        Largest share of the height and width that is cut away; the rest is stretched
        to the whole size (bilinear).
    noise : float, default=0.0
        Standard deviation of Gaussian noise on every value, in the unit of the values
        (for uint8 pictures the unit is the whole range).

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
        """Return the layer that does it.

        Returns
        -------
        AugmentationLayer
            For one net of any number of members.

        Raises
        ------
        ValueError
            If shift is no whole number of at least 0, flip no truth value, crop not in
            [0, 1), or noise negative.
        """
        is_number = isinstance(self.shift, Integral) and not isinstance(
            self.shift, bool
        )
        if not is_number or self.shift < 0:
            raise ValueError(
                "Augmentation: shift must be a whole number of at least 0; found "
                f"{self.shift!r}."
            )
        if not isinstance(self.flip, bool | np.bool_):
            raise ValueError(
                f"Augmentation: flip must be True or False; found {self.flip!r}."
            )
        for name, most in (("crop", 1.0), ("noise", float("inf"))):
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 <= float(value) < most:
                raise ValueError(
                    f"Augmentation: {name} must lie in [0, {most:g}); found {value!r}."
                )
        return AugmentationLayer(
            int(self.shift), bool(self.flip), float(self.crop), float(self.noise)
        )


class AugmentationLayer(RandomPart):
    """The layer of `Augmentation`.

    Parameters
    ----------
    shift : int
        Pixels.
    flip : bool
        Left to right.
    crop : float
        Share of a side.
    noise : float
        Standard deviation.
    """

    def __init__(self, shift: int, flip: bool, crop: float, noise: float) -> None:
        super().__init__()
        self.shift, self.flip, self.crop, self.noise = shift, flip, crop, noise

    def forward(self, x: Tensor, member: int) -> Tensor:
        """Change the pictures (n_rows, channels, height, width) of a member."""
        if not self.training or self.generators is None:
            return x
        generator = self.generators[member]
        if self.shift or self.flip or self.crop:
            x = self._look(x, generator)
        if self.noise:
            drawn = torch.empty_like(x)
            x = drawn.normal_(0.0, self.noise, generator=generator).add_(x)
        return x

    def _look(self, x: Tensor, generator: Generator) -> Tensor:
        """Sample rows and columns of pixels: bilinear sampling is separable."""
        n, height, width = len(x), *x.shape[-2:]
        # Drawn in one go: switching one of them off leaves the others as they were.
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
        """Return whole numbers from -shift to shift."""
        return (draw * (2 * self.shift + 1)).floor() - self.shift


def _positions(size: int, part: Tensor, start: Tensor) -> Tensor:
    """Return where `size` pixels that show a part of a side lie, (n, size)."""
    at = torch.arange(size, dtype=part.dtype, device=part.device) + 0.5
    return at * part + start * (1.0 - part) * size - 0.5


def _weights(positions: Tensor, size: int) -> Tensor:
    """Return the weights (n, n_positions, size) of linear interpolation."""
    # Beyond the edge of the picture, where cut or shifted, they fall to 0.
    pixels = torch.arange(size, dtype=positions.dtype, device=positions.device)
    return (1.0 - (positions[..., None] - pixels).abs()).clamp_(min=0.0)
