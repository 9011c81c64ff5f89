import io
import pickle

import numpy as np
import pytest
import torch

from sklearn_mtl.neural_network import MultiTaskClassifier
from sklearn_mtl.neural_network.training._device import resolve_device
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from tests.simulated_gpu import NAME, OnDevice, simulated_gpu

X = np.random.default_rng(0).normal(size=(130, 4))
Y = (X[:, :2] > 0) * 1.0


@pytest.mark.parametrize(("is_there", "device"), [(True, "cuda"), (False, "cpu")])
def test_auto_prefers_a_gpu(monkeypatch, is_there, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: is_there)
    assert resolve_device("auto", "Net") == device


def test_auto_equals_the_device_that_it_finds():
    found = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"max_epochs": 1, "n_members": 1, "random_state": 0}
    auto, named = (
        MultiTaskClassifier(device=device, **options).fit(X, Y)
        for device in ("auto", found)
    )
    assert auto.net_.device == found
    np.testing.assert_array_equal(auto.transform(X), named.transform(X))


def test_the_allowed_devices_are_listed():
    with pytest.raises(ValueError, match=r"Allowed are \['auto', 'cpu'"):
        resolve_device("gpu", "Net")


class Pickler(pickle.Pickler):
    """Refuse tensors of a GPU, except for those that skorch loads on the CPU."""

    def reducer_override(self, thing):
        if isinstance(thing, OnDevice):
            raise AssertionError(f"a tensor {tuple(thing.shape)} is on the device")
        if isinstance(thing, MultiTaskNet):
            moved = tuple(thing.cuda_dependent_attributes_)
            items = vars(thing).items()
            return dict, ([(k, v) for k, v in items if not k.startswith(moved)],)
        return NotImplemented


@pytest.mark.parametrize(
    "options",
    [
        {"balancing": "upgrad", "task_schedule": "sampled"},
        {"balancing": "famo", "task_relation": "learned", "shared_penalty": 0.1},
        {"task_schedule": "asynchronous"},
    ],
    ids=lambda options: " ".join(options),
)
def test_a_pickle_can_be_loaded_without_the_gpu(options):
    settings = {"max_epochs": 1, "n_members": 2, "random_state": 0}
    with simulated_gpu():
        model = MultiTaskClassifier(device=NAME, **settings, **options).fit(X, Y)
        model.partial_fit(X[:20], Y[:20])
        Pickler(io.BytesIO()).dump(model)
