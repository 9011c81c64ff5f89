"""A first convolution, relu and pooling as products with patches of the pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["read_patches", "rectified_products"]


def read_patches(x: Tensor, size: int, pool: int) -> Tensor:
    """Return the pixels of which a convolution makes each of its values.

    Shapes: x (channels, height, width, n_rows) -> (pool**2, channels *
    size**2 + 1, n_down * n_right * n_rows).
    """
    n_down, n_right = ((side - size + 1) // pool for side in x.shape[1:3])
    windows = x.unfold(1, size, 1).unfold(2, size, 1)
    windows = windows[:, : n_down * pool, : n_right * pool]
    for dim, n_blocks in ((2, n_right), (1, n_down)):
        windows = torch.unflatten(windows, dim, (n_blocks, pool))
    windows = windows.permute(2, 4, 0, 6, 7, 1, 3, 5)
    n_values = len(x) * size**2
    patches = x.new_empty(pool**2, n_values + 1, n_down * n_right * x.shape[-1])
    patches[:, :n_values].view(windows.shape).copy_(windows)
    patches[:, n_values] = 1.0
    return patches


def rectified_products(patches: Tensor, weight: Tensor) -> Tensor:
    """Return relu of the largest of the products with the patches of each block.

    Shapes: patches (n_places, n_values, n_blocks), weight (n_values,
    n_channels) -> (n_blocks, n_channels).
    """
    return _rectified_products(weight, patches)


class _RectifiedProducts(torch.autograd.Function):
    """Compare the products of a block one after the other.

    The bits of bfloat16 numbers of at least 0 are in the order of the numbers: after
    relu they are compared and moved as integers, which the CPU does three times as
    fast. Those of NaN are above all others if its sign is positive.
    """

    @staticmethod
    def forward(ctx: Any, weight: Tensor, patches: Tensor) -> Tensor:
        rectify = _rectify if math.isfinite(weight.sum()) else _rectify_diverged
        products = (rectify(pixels.mT @ weight) for pixels in patches)
        largest, ahead = next(products), []
        for product in products:
            if ctx.needs_input_grad[0]:
                ahead.append(product - largest)
            largest = torch.maximum(largest, product)
        ctx.save_for_backward(patches, largest, *ahead)
        return largest.view(weight.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        patches, largest, *ahead = ctx.saved_tensors
        first, *others = patches
        rest = _where_above(_as_integers(gradient), largest)
        of_weight = 0.0
        # a product takes what none after it takes
        for pixels, one in zip(reversed(others), reversed(ahead), strict=True):
            taken = _where_above(rest, one)
            rest = rest - taken
            of_weight = of_weight + pixels @ _as_numbers(taken)
        return of_weight + first @ _as_numbers(rest), None


def _rectify(product: Tensor) -> Tensor:
    """Return relu of bfloat16 numbers, as integers of the same bits."""
    return product.view(torch.int16).clamp_min_(0)


def _rectify_diverged(product: Tensor) -> Tensor:
    """Do the same, and give NaN the sign that lets it through."""
    return product.relu_().abs_().view(torch.int16)


def _where_above(gradient: Tensor, values: Tensor) -> Tensor:
    """Return the gradient where values are above 0, else 0, which integers do too."""
    if gradient.dtype is not values.dtype:  # the bits of some below 0 are those of NaN
        values = values.clamp_min(0).view(gradient.dtype)
    return torch.ops.aten.threshold_backward(gradient, values, 0)


def _as_integers(gradient: Tensor) -> Tensor:
    """Return the bits; or, where they cannot be had, what is moved as well but slower.

    One of a batch of gradients (is_grads_batched, PyTorch 2.13) has no such view.
    """
    try:
        return gradient.view(torch.int16)
    except RuntimeError:
        return gradient


def _as_numbers(gradient: Tensor) -> Tensor:
    is_read = gradient.dtype is torch.bfloat16
    return gradient if is_read else gradient.view(torch.bfloat16)


_rectified_products: Callable[..., Tensor] = _RectifiedProducts.apply
