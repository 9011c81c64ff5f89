import pytest
import torch
from torch import nn

from sklearn_mtl.modules._normalization import (
    MapBatchNorm,
    MemberBatchNorm,
    MemberLayerNorm,
    needs_two_rows,
    use_sample_weights,
)
from tests.modules.trunk_cases import rows


def with_parameters(norm):
    with torch.no_grad():
        norm.weight.copy_(rows(1, 5, 2, seed=8))
        norm.bias.copy_(rows(1, 5, 2, seed=9))
    return norm.double()


def like(plain, norm, m):
    plain = plain.double()
    with torch.no_grad():
        plain.weight.copy_(norm.weight[m, 0])
        plain.bias.copy_(norm.bias[m, 0])
    return plain


def test_layer_norm_is_that_of_torch_in_each_member():
    norm, x = with_parameters(MemberLayerNorm(2, 5)), rows(n_members=2)
    for m in range(2):
        plain = like(nn.LayerNorm(5), norm, m)
        torch.testing.assert_close(norm(x)[m], plain(x[m]))


@pytest.mark.parametrize("n_batches", [1, 3])
def test_batch_norm_is_that_of_torch_in_each_member(n_batches):
    norm, x = with_parameters(MemberBatchNorm(2, 5)), rows(n_members=2)
    plain = [like(nn.BatchNorm1d(5), norm, m) for m in range(2)]
    for _ in range(n_batches):
        found = norm(x)
        for m in range(2):
            torch.testing.assert_close(found[m], plain[m](x[m]))
    for m in range(2):
        torch.testing.assert_close(norm.running_mean[m, 0], plain[m].running_mean)
    norm.eval()
    expected = (x - norm.running_mean) / (norm.running_var + 1e-5).sqrt()
    torch.testing.assert_close(norm(x), expected * norm.weight + norm.bias)


def test_the_variance_is_that_of_the_rows_seen():
    norm, x = MemberBatchNorm(1, 5).double(), rows(n_rows=40)
    for _ in range(200):
        norm(x)
    torch.testing.assert_close(norm.running_var[0, 0], x[0].var(dim=0, correction=0))


def test_a_batch_of_one_row_is_finite():
    norm = MemberBatchNorm(1, 5).double()
    assert torch.equal(norm(rows(n_rows=1)), torch.zeros(1, 1, 5).double())
    assert torch.isfinite(norm.running_var).all()


def test_a_weight_counts_as_so_many_rows():
    weights = torch.tensor([[3, 0, 1, 2, 1, 0, 1]])
    copies = torch.arange(7).repeat_interleave(weights[0])
    x = rows(n_rows=7).requires_grad_()
    norm, plain = MemberBatchNorm(1, 5).double(), MemberBatchNorm(1, 5).double()
    assert use_sample_weights(norm, weights)
    found, expected = norm(x), plain(x[:, copies])
    torch.testing.assert_close(found[:, copies], expected)
    torch.testing.assert_close(norm.running_mean, plain.running_mean)
    torch.testing.assert_close(norm.running_var, plain.running_var)
    slopes = rows(n_rows=len(copies), seed=3)
    spread = torch.zeros_like(found).index_add(1, copies, slopes)
    own = torch.autograd.grad(found, x, spread)[0]
    torch.testing.assert_close(own, torch.autograd.grad(expected, x, slopes)[0])


def test_a_weight_counts_as_so_many_pictures():
    weights = torch.tensor([[3, 0, 1, 2, 1]])
    copies = torch.arange(5).repeat_interleave(weights[0])
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, 2, 2, generator=generator, dtype=torch.double)
    norm, plain = MapBatchNorm(1, 3).double(), MapBatchNorm(1, 3).double()
    use_sample_weights(norm, weights)
    torch.testing.assert_close(norm(x)[copies], plain(x[copies]))
    torch.testing.assert_close(norm.running_mean, plain.running_mean)
    torch.testing.assert_close(norm.running_var, plain.running_var)


def test_a_single_row_with_a_weight_is_compared_with_all_rows():
    norm, x = MemberBatchNorm(1, 5).double(), rows(n_rows=4)
    plain = MemberBatchNorm(1, 5).double()
    use_sample_weights(norm, torch.tensor([[0.0, 2.0, 0.0, 0.0]]))
    torch.testing.assert_close(norm(x), plain(x))


def test_a_single_picture_with_a_weight_is_compared_with_itself():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, 2, 2, generator=generator, dtype=torch.double)
    norm, plain = (MapBatchNorm(1, 3, n_values=4).double() for _ in range(2))
    use_sample_weights(norm, torch.tensor([[0.0, 2.0, 0.0, 0.0]]))
    torch.testing.assert_close(norm(x)[1:2], plain(x[1:2]))


def test_a_norm_of_one_value_per_unit_needs_two_rows():
    norms = [MemberBatchNorm(1, 5), MapBatchNorm(1, 3), MapBatchNorm(1, 3, n_values=4)]
    assert list(map(needs_two_rows, norms)) == [True, True, False]
    assert not needs_two_rows(nn.Sequential(MemberLayerNorm(1, 5), nn.BatchNorm1d(5)))


def test_rows_without_weight_are_averaged_where_no_row_has_any():
    norm, x = MemberBatchNorm(1, 5).double(), rows(n_rows=4)
    plain = MemberBatchNorm(1, 5).double()
    use_sample_weights(norm, torch.zeros(1, 4))
    torch.testing.assert_close(norm(x), plain(x))
    assert not use_sample_weights(MemberLayerNorm(1, 5), None)
