import pandas as pd

from sklearn_mtl import MultiTaskLinearRegressor, __version__, save
from sklearn_mtl.datasets import make_multitask_regression


def test_it_shows_what_fit_was_told(folder, run):
    code, out, err = run("inspect", folder / "model.mtl")
    assert (code, err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines() if " " in line)
    assert lines["model"] == "shared-linear (MultiTaskLinearMixedEstimator)"
    assert lines["fitted"] == "to  old.csv, 120 rows"
    assert lines["inputs"].startswith("2 numeric, 1 categorical (ward: 2 levels); left")
    assert lines["inputs"].endswith("patient (unique per row; --keep patient)")
    assert lines["command"].startswith("sklearn-mtl fit ")
    assert f"sklearn_mtl {__version__}" in lines["saved"]
    assert lines["ill"].split() == ["binary", "110", "no,", "yes"]
    assert lines["held-out"] == "scores: none; to measure them, run sklearn-mtl compare"


def test_it_shows_models_that_were_saved_from_python(tmp_path, run, failing):
    X, y = make_multitask_regression(60, 30, 2, n_informative=5, random_state=0)
    X = pd.DataFrame(X).add_prefix("x")
    path = tmp_path / "model.mtl"
    save(MultiTaskLinearRegressor().fit(X, y), path)
    code, out, _ = run("inspect", path)
    assert code == 0
    assert "x9, ... 30 columns" in out
    assert "fitted to" not in out
    assert "task1  regression       -  -" in out
