"""A shared row without a twin: compared with single rows, never asked about sharing."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.comparison import SampleEfficiencyDisplay, compare
from sklearn_mtl.comparison.results._gains import TWIN
from sklearn_mtl.comparison.results._rows import SELECTED, ModelRow
from sklearn_mtl.datasets import make_multitask_regression
from tests.comparison.conftest import MODELS
from tests.comparison.report.test_html import page_of

BLEND = ModelRow("blend", "shared", estimator="Blend()")


@pytest.fixture
def with_blend(make):
    """Return the known comparison with a last row without a twin."""
    found = make()
    measured = found.measured
    arrays = {
        name: np.concatenate([values, values[-1:]])
        for name, values in vars(measured).items()
        if len(values) == len(MODELS) and name not in ("n_train", "n_test")
        if name not in ("n_held_out", "chosen")
    }
    arrays["scores"][-1] += 0.05
    found.measured = replace(measured, **arrays)
    found.models.append(BLEND)
    return found


def test_it_is_only_compared_with_single_task_rows(with_blend):
    own = {gain.against for gain in with_blend.gains if gain.model == "blend"}
    assert own == {SELECTED, "linear", "forest"}
    others = {gain.against for gain in with_blend.gains if gain.model == "net"}
    assert others == {TWIN, *own}
    assert np.isnan(with_blend.table.loc["blend", "gain from sharing"])


def test_what_asks_about_sharing_takes_the_last_row_with_a_twin(with_blend):
    assert with_blend.plot().gains[0].model == "net"
    with pytest.raises(ValueError, match="delta_m: model 'blend' has no twin"):
        with_blend.delta_m("blend")


def test_text_and_page_show_it(with_blend, tmp_path):
    assert "blend: the effect of sharing was not measured" in with_blend.verdict
    said = "On average, blend is significantly better than linear and forest."
    assert said in with_blend.verdict
    assert "blend: gain" in with_blend.to_text()
    assert "blend" in " ".join(page_of(with_blend, tmp_path)[1].text)


def test_it_has_no_learning_curve(tmp_path):
    X, y = make_multitask_regression(60, 10, 2, random_state=0)
    rows = ["shared-linear", "blend"]
    found = compare(X, y, rows, cv=2, learning_curve=[0.5])
    assert set(found.learning_curve["model"]) == {"shared-linear"}
    with pytest.raises(ValueError, match="labels_saved: model 'blend' has no twin"):
        found.labels_saved("blend")
    with pytest.raises(ValueError, match="'blend' has no twin, so there is no learn"):
        SampleEfficiencyDisplay.from_comparison(found, model="blend")
    assert "blend: the effect of sharing was not measured" in found.verdict
    assert "blend" in found.to_text()
    page_of(found, tmp_path)
