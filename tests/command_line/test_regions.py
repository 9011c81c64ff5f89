import io

import numpy as np
import pandas as pd
import pytest

import sklearn_mtl
from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator


@pytest.fixture(scope="module")
def forest(folder):
    """A saved forest of the targets, with held-out predictions."""
    table = pd.read_csv(folder / "old.csv")
    X, y = table[["height", "weight"]], table[["ill", "stage", "dose"]]
    model = MultiTaskForestMixedEstimator(
        n_estimators=20,
        task_types=["classification", "classification", "regression"],
        random_state=0,
    )
    path = folder / "forest.mtl"
    sklearn_mtl.save(model.fit(X, y), path)
    return path


def test_intervals_and_sets_are_those_of_the_model(folder, forest, run):
    ask = ["predict", forest, folder / "new.csv", "--coverage", "0.8"]
    code, out, _ = run(*ask)
    found = pd.read_csv(io.StringIO(out), dtype={"ill_set": str, "stage_set": str})
    assert code == 0
    model = sklearn_mtl.load(forest)
    X = pd.read_csv(folder / "new.csv")[["height", "weight"]]
    ends = model.predict_interval(X, 0.8)[:, 2]
    np.testing.assert_allclose(found[["dose_low", "dose_high"]], ends, rtol=1e-8)
    sets = model.predict_set(X, 0.8)
    for name, t, labels in [("ill", 0, ["no", "yes"]), ("stage", 1, ["0", "1", "2"])]:
        expected = [" | ".join(np.array(labels, dtype=object)[one]) for one in sets[t]]
        assert found[f"{name}_set"].tolist() == expected


def test_without_coverage_there_are_none(folder, forest, run):
    _, out, _ = run("predict", forest, folder / "new.csv")
    assert not [name for name in out.split("\n")[0].split(",") if "_" in name]


@pytest.mark.parametrize("text", ["90", "0", "1", "high", "nan"])
def test_a_coverage_that_is_no_share_is_named(folder, forest, failing, text):
    line = failing("predict", forest, folder / "new.csv", "--coverage", text)
    assert (
        f"--coverage: {text!r} must be a number between 0 and 1, such as 0.9." in line
    )


def test_a_model_that_held_nothing_out_is_told_in_words_of_the_shell(
    folder, failing, tmp_path
):
    table = pd.read_csv(folder / "old.csv")[:80]
    model = MultiTaskForestMixedEstimator(n_estimators=5, random_state=0)
    path = tmp_path / "small.mtl"
    model.fit(table[["height", "weight"]], table[["ill", "dose"]])
    sklearn_mtl.save(model, path)
    line = failing("predict", path, folder / "new.csv", "--coverage", "0.9")
    assert "--coverage: this model held out no rows" in line
    assert "more than 100 rows" in line
    assert "ConformalPredictor" not in line


def test_a_model_without_intervals_is_named(folder, failing):
    ask = ["predict", folder / "model.mtl", folder / "new.csv", "--coverage", "0.9"]
    assert "this model has no prediction intervals or sets" in failing(*ask)
