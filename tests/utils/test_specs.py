"""A name or a spec as an argument."""

import pytest
from sklearn.base import BaseEstimator

from sklearn_mtl.utils._specs import read_spec


class Spec(BaseEstimator):
    def __init__(self, size=1):
        self.size = size

    def check(self):
        if self.size < 0:
            raise ValueError("size must not be negative")


def read(given):
    known = {"plain": Spec}
    return read_spec(
        given, known, Spec, argument="kind", example="Spec()", who="Estimator"
    )


def test_a_name_is_a_spec_with_its_defaults():
    assert read("plain").size == 1


def test_a_spec_is_copied():
    given = Spec(3)
    found = read(given)
    assert found is not given
    assert found.size == 3


def test_a_wrong_parameter_is_found_at_once():
    with pytest.raises(ValueError, match="must not be negative"):
        read(Spec(-1))


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"Estimator: kind 'other' is unknown; allowed are \['plain'\]"
    ):
        read("other")


@pytest.mark.parametrize("given", [3, Spec])
def test_anything_else_is_an_error(given):
    with pytest.raises(TypeError, match=r"a name or a spec such as Spec\(\); got"):
        read(given)
