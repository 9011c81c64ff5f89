"""The oldest kernels decide as the newest, and their answers differ by rounding."""

import numpy as np
import pytest

from tests.decisions import results, results_elsewhere
from tests.kernels import settings
from tests.zoo import predictors

#: Differences relative to the spread of the outputs: of nets in float32, and others.
ROUNDING = {True: 1e-4, False: 1e-10}


@pytest.fixture(scope="module")
def both():
    return results(), results_elsewhere(settings("Nehalem"))


def test_every_processor_decides_alike(both):
    here, there = (found["decisions"] for found in both)
    assert {name for name in here if here[name] != there[name]} == set()
    assert here.keys() == there.keys()


@pytest.mark.parametrize(("kind", "name"), predictors())
def test_predictions_differ_by_rounding(both, kind, name):
    here, there = (np.array(r["predictions"][f"{kind}, {name}"]) for r in both)
    rounding = ROUNDING[name.startswith(("net", "conv"))]
    np.testing.assert_allclose(there, here, rtol=0, atol=rounding * np.std(here))
