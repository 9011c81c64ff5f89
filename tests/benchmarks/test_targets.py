"""Targets of the accuracy benchmark, on errors made by hand."""

import numpy as np
import pytest

from benchmarks._accuracy.names import FOUR
from benchmarks._accuracy.targets import check_targets


def records(errors):
    """Return a record for each table and model; all cost the same."""
    return [
        {
            "set": name,
            "seed": 0,
            "fold": None,
            "hide": 0.0,
            "model": model,
            "label": model,
            "errors": {"aRRMSE": value},
            "fit_seconds": 1.0,
        }
        for name, models in errors.items()
        for model, value in models.items()
    ]


def test_catboost_is_a_rival_of_the_blend_alone_and_on_every_table():
    four = dict.fromkeys(FOUR, 1.0)
    found = check_targets(
        records(
            {
                "mtr_enb": {**four, "catboost": 0.5, "net": 2.0, "blend": 0.6},
                "mtr_wq": {**four, "catboost": 1.0, "net": 0.9, "blend": 0.8},
            }
        )
    ).set_index(["model", "what"])
    assert found.loc[("net", "L mean"), "value"] == pytest.approx(np.log(0.9))
    with_catboost = found.loc[("blend", "L with CatBoost, worst")]
    assert with_catboost["value"] == pytest.approx(np.log(0.6 / 0.5))
    assert with_catboost["met"] == "no"
    mean = found.loc[("blend", "L with CatBoost, mean")]
    assert mean["value"] == pytest.approx((np.log(0.6 / 0.5) + np.log(0.8)) / 2)
    assert mean["met"] == "yes"


def test_without_catboost_there_is_no_such_target():
    four = dict.fromkeys(FOUR, 1.0)
    found = check_targets(records({"mtr_wq": {**four, "net": 0.9, "blend": 0.8}}))
    assert not found["what"].str.contains("CatBoost").any()
