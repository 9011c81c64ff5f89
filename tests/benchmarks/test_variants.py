"""Variants of a model, as the command line of the accuracy benchmark writes them."""

import pytest

from benchmarks._accuracy.variants import parse_variant
from sklearn_mtl.preprocessing import PiecewiseLinear


def test_values_are_literals_or_text():
    found = parse_variant("wide=hidden_layer_sizes:(256,256),lr:0.001,activation:relu")
    chosen = {"hidden_layer_sizes": (256, 256), "lr": 0.001, "activation": "relu"}
    assert found == ("net", "wide", chosen)


def test_a_spec_is_built():
    _, _, chosen = parse_variant("few=numeric_embedding:PiecewiseLinear(n_splits=0)")
    spec = chosen["numeric_embedding"]
    assert isinstance(spec, PiecewiseLinear)
    assert spec.n_splits == 0


def test_another_model_comes_before_an_at():
    assert parse_variant("blend@own=n_common:0") == ("blend", "own", {"n_common": 0})


def test_an_unknown_spec_is_an_error():
    with pytest.raises(AttributeError, match="Unknown"):
        parse_variant("x=loss:Unknown()")
