import pytest
import torch
from torch.nn import functional as F

from sklearn_mtl.modules.trunks._patches import read_patches, rectified_products


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("pool", [2, 3])
def test_products_with_patches_are_the_convolution(channels, size, pool):
    x, kernels, bias = (
        drawn(4, channels, 8, 9),
        drawn(5, channels, size, size),
        drawn(5),
    )
    patches = read_patches(x.permute(1, 2, 3, 0).contiguous(), size, pool)
    weight = torch.cat([kernels.flatten(1), bias[:, None]], dim=1)
    expected = F.max_pool2d(F.conv2d(x, kernels, bias), pool)
    n_down, n_right = expected.shape[2:]
    found = (weight @ patches).amax(dim=0).view(5, n_down, n_right, 4)
    torch.testing.assert_close(found.permute(3, 0, 1, 2), expected)


def pooled_by_torch(patches, weight):
    """Return the same from products in bfloat16 and torch's pooling in float32."""
    products = (patches.mT @ weight).float()  # (n_places, n_blocks, n_channels)
    return F.max_pool1d(products.relu().permute(1, 2, 0), len(patches)).squeeze(-1)


@pytest.fixture
def patches():
    """Return patches (4, 6, 50), some of which are equal within a block."""
    patches = drawn(4, 6, 50, seed=1, dtype=torch.bfloat16)
    patches[3, :, ::3], patches[1, :, ::5] = patches[0, :, ::3], patches[2, :, ::5]
    patches[:, :, 7] = 0.0
    return patches


def test_the_largest_product_is_rectified_as_torch_does(patches):
    weight = drawn(6, 8, dtype=torch.bfloat16)
    expected = pooled_by_torch(patches, weight)
    assert (expected == 0).any()
    with torch.no_grad():
        assert torch.equal(rectified_products(patches, weight).float(), expected)
    weight.requires_grad_()
    assert torch.equal(rectified_products(patches, weight).float(), expected)


def test_the_gradient_goes_to_the_first_of_the_largest(patches):
    weight = drawn(6, 8, dtype=torch.bfloat16).requires_grad_()
    slope = drawn(50, 8, seed=2, dtype=torch.bfloat16)
    (found,) = torch.autograd.grad(rectified_products(patches, weight), weight, slope)
    expected = torch.autograd.grad(
        pooled_by_torch(patches, weight), weight, slope.float()
    )
    torch.testing.assert_close(found, expected[0], atol=0.05, rtol=0.02)
    # equal products have equal patches: which of them it was shows in one place only
    places = torch.zeros_like(patches).index_fill_(1, torch.tensor([0]), 1.0)
    places[:, 1] = torch.arange(4.0)[:, None]
    even = torch.zeros(6, 1, dtype=torch.bfloat16)
    even[0] = 1.0
    even.requires_grad_()
    ones = torch.ones(50, 1, dtype=torch.bfloat16)
    (found,) = torch.autograd.grad(rectified_products(places, even), even, ones)
    assert found.flatten().tolist() == [50.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_infinite_products_count_and_negative_ones_do_not():
    patches = torch.tensor([[[3e38, -3e38]], [[1.0, -1.0]]], dtype=torch.bfloat16)
    weight = torch.tensor([[1e3, -1e3]], dtype=torch.bfloat16)
    found = rectified_products(patches, weight)
    inf = float("inf")
    assert found.tolist() == [[inf, 0.0], [0.0, inf]]


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf"])
@pytest.mark.parametrize("needs_gradient", [False, True])
def test_products_of_a_diverged_weight_are_no_number(patches, value, needs_gradient):
    weight = drawn(6, 8, dtype=torch.bfloat16)
    weight[2, 3] = torch.tensor(0x7FC0).sub(0x8000).to(torch.int16).view(torch.bfloat16)
    if value != "-nan":
        weight[2, 3] = float(value)
    weight.requires_grad_(needs_gradient)
    found = rectified_products(patches, weight).float()
    expected = pooled_by_torch(patches, weight)
    assert expected[:, 3].isnan().any()
    torch.testing.assert_close(found, expected, equal_nan=True, atol=0, rtol=0)


def test_many_gradients_at_once_are_those_one_by_one(patches):
    weight = drawn(6, 8, dtype=torch.bfloat16).requires_grad_()
    slopes = drawn(3, 50, 8, seed=2, dtype=torch.bfloat16)
    largest = rectified_products(patches, weight)
    each = [
        torch.autograd.grad(largest, weight, slope, retain_graph=True)[0]
        for slope in slopes
    ]
    (together,) = torch.autograd.grad(
        largest, weight, slopes, retain_graph=True, is_grads_batched=True
    )
    torch.testing.assert_close(together, torch.stack(each), atol=0.02, rtol=0.02)
    mapped = torch.func.vmap(
        lambda slope: torch.autograd.grad(largest, weight, slope, retain_graph=True)[0]
    )(slopes)
    torch.testing.assert_close(mapped, together, atol=0.02, rtol=0.02)
