import re

import numpy as np
import pytest
import torch

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import Augmentation, Conv, use_generators
from tests.modules.pictures import pictures
from tests.modules.trunk_cases import generators


def changed(x, n_members=1, seed=0, **parameters):
    """Return pictures as member 0 sees them in one step of training."""
    layer = Augmentation(**parameters).build().train()
    use_generators(layer, generators(n_members, seed))
    return layer(x, 0)


def draw(n=50, shape=(2, 6, 5)):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(n, *shape, generator=generator, dtype=torch.float64)


def moved(x, down, right):
    """Return x moved by whole pixels, zeros coming into view."""
    out = torch.zeros_like(x)
    height, width = x.shape[-2:]
    rows = slice(max(down, 0), height + min(down, 0))
    columns = slice(max(right, 0), width + min(right, 0))
    from_rows = slice(max(-down, 0), height + min(-down, 0))
    from_columns = slice(max(-right, 0), width + min(-right, 0))
    out[..., rows, columns] = x[..., from_rows, from_columns]
    return out


def test_pictures_move_by_whole_pixels():
    x = draw()
    seen = changed(x, shift=1)
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    found = [
        [step for step in steps if torch.allclose(moved(one, *step), new)]
        for one, new in zip(x, seen, strict=True)
    ]
    assert all(len(fits) == 1 for fits in found)
    assert {fits[0] for fits in found} == set(steps)


def test_half_of_the_pictures_are_mirrored():
    x = draw(400)
    seen = changed(x, flip=True)
    same = (seen == x).flatten(1).all(dim=1)
    mirrored = torch.isclose(seen, x.flip(-1)).flatten(1).all(dim=1)
    assert (same ^ mirrored).all()
    assert 0.4 < mirrored.double().mean() < 0.6


def test_a_crop_is_a_part_stretched_to_the_whole_size():
    plane = torch.linspace(0, 1, 9, dtype=torch.float64).expand(1, 9, 9)
    x = torch.stack([plane, plane.mT]).reshape(2, 1, 9, 9)
    seen = changed(x, crop=0.5)
    steps = seen[0, 0, 4].diff()[1:-1]  # a slope stays one, but is less steep
    torch.testing.assert_close(steps, steps[:1].expand_as(steps))
    assert 0.5 / 8 <= steps[0] <= 1 / 8
    assert seen.shape == x.shape


def test_noise_has_the_standard_deviation_asked_for():
    x = draw(200)
    noise = changed(x, noise=0.1) - x
    # within four standard errors, of a mean and of a deviation of normal numbers
    error = 0.1 / np.sqrt(noise.numel())
    assert float(noise.mean()) == pytest.approx(0, abs=4 * error)
    assert float(noise.std()) == pytest.approx(0.1, abs=4 * error / np.sqrt(2))


def test_nothing_is_changed_but_in_training():
    x = draw()
    layer = Augmentation(shift=1, flip=True, noise=0.1).build()
    assert layer.train()(x, 0) is x  # no generators, as when a monitor looks
    use_generators(layer, generators(1))
    assert layer.eval()(x, 0) is x
    assert not torch.equal(layer.train()(x, 0), x)


def test_changes_come_from_the_generator_of_the_member():
    x = draw()
    everything = {"shift": 1, "flip": True, "crop": 0.2, "noise": 0.1}
    torch.manual_seed(0)
    first = changed(x, **everything)
    torch.manual_seed(1)
    assert torch.equal(changed(x, **everything), first)
    assert not torch.equal(changed(x, seed=9, **everything), first)


def test_a_net_trains_with_it_the_same_each_time():
    X, y = pictures()
    X, y = X[:90], y[:90]
    spec = Conv((1, 8, 8), (8,), augmentation=Augmentation(noise=0.05))
    model = MultiTaskClassifier(trunk=spec, max_epochs=30, lr=0.01, random_state=0)
    first = model.fit(X, y).predict_proba(X)
    second = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first[1], second[1])
    assert (model.predict(X) == y).mean() > 0.95
    plain = model.set_params(trunk__augmentation=None).fit(X, y)
    assert not np.array_equal(plain.predict_proba(X)[1], first[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shift": -1}, "shift must be a whole number of at least 0; got -1."),
        ({"shift": 0.5}, "shift must be a whole number of at least 0; got 0.5."),
        ({"shift": True}, "shift must be a whole number of at least 0; got True."),
        ({"flip": "no"}, "flip must be True or False; got 'no'."),
        ({"crop": 1.0}, "crop must lie in [0, 1); got 1.0."),
        ({"noise": -0.1}, "noise must lie in [0, inf); got -0.1."),
    ],
)
def test_wrong_parameters_are_explained(parameters, message):
    with pytest.raises(ValueError, match=f"^Augmentation: {re.escape(message)}$"):
        Augmentation(**parameters).build()
