import pytest
import torch
from torch import nn

from sklearn_mtl.modules._normalization import MemberBatchNorm, MemberLayerNorm
from tests.modules.trunks import rows


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
