import numpy as np
import torch

from sklearn_mtl.modules import EmbeddingLayer, InputLayer

NAN = torch.nan


def stack(*members):
    return torch.tensor(members, dtype=torch.float64)[:, None]


def test_each_member_imputes_and_standardises_with_its_own_numbers():
    layer = InputLayer(
        stack([0.0, 5.0], [0.0, 9.0]),
        stack([1.0, 5.0], [2.0, 7.0]),
        stack([1.0, 2.0], [0.5, 1.0]),
        limit=10.0,
    )
    x = torch.tensor([[3.0, NAN]], dtype=torch.float64).expand(2, 1, 2)
    expected = [[[2.0, 0.0]], [[0.5, 2.0]]]
    np.testing.assert_array_equal(layer(x), expected)


def test_what_is_far_out_is_clipped():
    layer = InputLayer(stack([0.0]), stack([0.0]), stack([1.0]), limit=10.0)
    x = torch.tensor([[[1e9], [-np.inf], [3.0]]], dtype=torch.float64)
    np.testing.assert_array_equal(layer(x)[0, :, 0], [10, -10, 3])


def test_the_embedding_says_how_far_a_value_is_through_each_bin():
    edges = torch.tensor([[[0.0, 1.0, 3.0]], [[-2.0, 0.0, 2.0]]], dtype=torch.float64)
    layer = EmbeddingLayer(torch.tensor([1]), edges)
    x = torch.zeros(2, 4, 2, dtype=torch.float64)
    x[..., 1] = torch.tensor([-5.0, 0.5, 2.0, 9.0])
    found = layer(x)
    np.testing.assert_array_equal(found[..., :2], x)
    np.testing.assert_array_equal(found[0, :, 2:], [[0, 0], [0.5, 0], [1, 0.5], [1, 1]])
    np.testing.assert_array_equal(found[1, :, 2:], [[0, 0], [1, 0.25], [1, 1], [1, 1]])


def test_the_sum_of_widths_times_embedding_is_the_value_within_the_edges():
    rng = np.random.default_rng(0)
    edges = np.sort(rng.normal(size=(1, 3, 6)))
    layer = EmbeddingLayer(torch.arange(3), torch.tensor(edges))
    x = torch.tensor(rng.uniform(edges.min(), edges.max(), size=(1, 50, 3)))
    embedded = layer(x)[0, :, 3:].reshape(50, 3, 5).numpy()
    value = edges[0, :, 0] + (embedded * np.diff(edges[0])).sum(axis=-1)
    expected = np.clip(x[0].numpy(), edges[0, :, 0], edges[0, :, -1])
    np.testing.assert_allclose(value, expected)


def test_an_empty_bin_is_zero():
    layer = EmbeddingLayer(torch.tensor([0]), torch.tensor([[[0.0, 1.0, 1.0, 1.0]]]))
    x = torch.tensor([[[0.5], [1.0], [2.0]]])
    expected = [[0.5, 0, 0], [1, 0, 0], [1, 0, 0]]
    np.testing.assert_array_equal(layer(x)[0, :, 1:], expected)
