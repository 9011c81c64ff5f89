import pickle

import numpy as np
import pytest
import torch

from sklearn_mtl.comparison.results._costs import pickled_size


def test_size_is_that_of_the_pickle():
    model = {"coef": np.arange(1000.0), "name": "x"}
    expected = len(pickle.dumps(model, protocol=5))
    # a byte more for each text and data type
    assert expected <= pickled_size(model) <= expected + 20


def copied(text):
    """Return an equal text that is another object."""
    return "".join(list(text))


@pytest.mark.parametrize("make", [copied, lambda text: np.dtype(text, copy=True)])
def test_equal_parts_count_once_whether_they_are_one_object_or_not(make):
    one, other = make("float64"), make("float64")
    assert one is not other
    assert pickled_size([one, other]) == pickled_size([one, one])
    assert len(pickle.dumps([one, other])) > len(pickle.dumps([one, one]))


def test_the_address_of_a_tensor_does_not_change_the_size():
    sizes = {pickled_size([torch.zeros(10 * 4**i)]) - 40 * 4**i for i in range(8)}
    assert max(sizes) - min(sizes) <= 16  # lengths take 1 to 8 bytes


def test_what_cannot_be_pickled_has_no_size():
    assert np.isnan(pickled_size(lambda: None))
