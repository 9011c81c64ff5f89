import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score
from sklearn.pipeline import Pipeline

import sklearn_mtl
from sklearn_mtl.comparison import compare, make_estimator
from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator
from tests.command_line.conftest import TARGETS


def test_the_saved_model_takes_tables_as_they_come_in_python(folder):
    model = sklearn_mtl.load(folder / "model.mtl")
    new = pd.read_csv(folder / "new.csv")
    assert model.predict(new).shape == (40, 3)
    assert [p.shape for p in model.predict_proba(new)[:2]] == [(40, 2), (40, 3)]


def test_it_is_the_estimator_of_that_name_fitted_to_the_whole_table(folder, patients):
    old = pd.read_csv(folder / "old.csv")
    X, y = old[["height", "weight", "ward"]], old[["ill", "stage", "dose"]]
    made = make_estimator("shared-linear", X, y).fit(X, y)
    saved = sklearn_mtl.load(folder / "model.mtl")
    expected = pd.DataFrame(made.predict(X))
    pd.testing.assert_frame_equal(pd.DataFrame(saved.predict(old)), expected)


def test_it_says_what_it_fitted_and_what_comes_next(folder, run):
    path = folder / "no extension"
    code, out, err = run(
        "fit", folder / "old.csv", *TARGETS, "--model", "linear", "-o", path
    )
    assert code == 0
    kinds = [line.split()[:2] for line in out.splitlines()[2:5]]
    assert kinds == [["ill", "binary"], ["stage", "multiclass"], ["dose", "regression"]]
    assert "0, 1, 2" in out  # pandas reads whole numbers with gaps as 0.0, 1.0, 2.0
    assert f"Saved: {path}" in out
    assert f"sklearn-mtl predict '{path}' NEW_TABLE" in out
    assert "fitting linear to 120 rows" in err
    assert sklearn_mtl.load(path).n_features_in_ == 4


def test_models_that_hold_rows_out_have_scores(folder, run, monkeypatch):
    forest = MultiTaskForestMixedEstimator(n_estimators=20, random_state=0)

    def small(name, X, y, **options):  # in place of a net, which takes seconds
        return Pipeline([*make_estimator("dummy", X, y).steps[:-1], ("forest", forest)])

    monkeypatch.setattr("sklearn_mtl.comparison.make_estimator", small)
    path = folder / "forest.mtl"
    code, out, _ = run(
        "fit", folder / "old.csv", *TARGETS, "--model", "net", "-o", path
    )
    assert code == 0
    assert "held-out scores: out-of-fold predictions" in out
    facts = sklearn_mtl.load(path).training_facts_
    y = pd.read_csv(folder / "old.csv")[["ill", "stage", "dose"]]
    held_out = forest.oof_prediction_
    expected = [
        roc_auc_score(*observed(y["ill"] == "yes", y["ill"], held_out[0][:, 1])),
        balanced_accuracy_score(
            *observed(y["stage"], y["stage"], held_out[1].argmax(1))
        ),
        r2_score(*observed(y["dose"], y["dose"], held_out[2])),
    ]
    names = ["ROC AUC", "balanced accuracy", "R2"]
    assert [name for name, _ in facts["scores"].values()] == names
    found = [score for _, score in facts["scores"].values()]
    np.testing.assert_allclose(found, expected)


def observed(truth, labels, predicted):
    return truth[labels.notna()], predicted[labels.notna()]


def test_auto_takes_the_recommended_row_and_its_scores(folder, run, monkeypatch):
    made = []

    def quick(X, y, rows, **options):
        assert options["cv"] == 3
        assert options["groups"].nunique() == 12
        assert options["cache_dir"] == "fits"
        made.append(compare(X, y, ["dummy", "linear"], cv=2))
        return made[0]

    monkeypatch.setattr("sklearn_mtl.comparison.compare", quick)
    path = folder / "auto.mtl"
    options = [*TARGETS, "--cache-dir", "fits", "-o", path]
    code, out, err = run("fit", folder / "old.csv", *options)
    assert code == 0
    (comparison,) = made
    assert comparison.recommended == "linear"
    assert comparison.verdict.splitlines()[0] in err
    facts = sklearn_mtl.load(path).training_facts_
    assert facts["model"] == "linear"
    assert facts["scores"]["dose"] == ["R2", comparison.table.loc["linear", "dose"]]
    assert "held-out scores: 2-fold cross-validation" in out


@pytest.mark.parametrize(("n_rows", "expected"), [(100, 100), (0, 120), (200, 120)])
def test_auto_compares_on_some_rows_of_whole_groups(
    folder, run, patients, monkeypatch, n_rows, expected
):
    def quick(X, y, rows, *, groups, **options):
        assert len(X) == len(y) == len(groups)
        assert abs(len(X) - expected) <= groups.value_counts().max()
        rest = patients[:120].drop(index=X.index)
        assert not set(groups) & set(rest["doctor"])
        return compare(X, y, ["linear"], cv=2)

    monkeypatch.setattr("sklearn_mtl.comparison.compare", quick)
    options = [*TARGETS, "--compare-rows", n_rows, "-o", folder / "some.mtl"]
    code, _, err = run("fit", folder / "old.csv", *options)
    assert code == 0
    assert ("of 120 rows" in err) == (expected < 120)
    assert "to 120 rows" in err


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ([], "; use --cache-dir DIR to keep finished fits for the next run"),
        (["--cache-dir", "fits"], "; run the same command again to resume"),
        (["--model", "linear"], ""),
    ],
)
def test_an_interrupt_says_whether_finished_fits_are_kept(
    folder, run, monkeypatch, options, end
):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    for name in ("compare", "make_estimator"):
        monkeypatch.setattr(f"sklearn_mtl.comparison.{name}", interrupted)
    arguments = [*TARGETS, *options, "-o", folder / "interrupted.mtl"]
    code, out, err = run("fit", folder / "old.csv", *arguments)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == f"sklearn-mtl: interrupted{end}"
    assert not (folder / "interrupted.mtl").exists()


def test_auto_says_where_nothing_could_be_scored(folder, failing, monkeypatch):
    def broken(X, y, rows, **options):
        found = compare(X, y, ["dummy"], cv=2)
        found.measured.scores[:] = np.nan
        return found

    monkeypatch.setattr("sklearn_mtl.comparison.compare", broken)
    line = failing("fit", folder / "old.csv", *TARGETS, "-o", folder / "none.mtl")
    assert line.startswith("--model auto: no model could be fitted and scored")
    assert not (folder / "none.mtl").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nett"], "--model: unknown model 'nett' (did you mean 'net'?)"),
        (
            ["-o", "no/folder/model"],
            "--output: cannot write 'no/folder/model': no such",
        ),
        (["-o", "."], "--output: cannot write '.': it is a folder"),
        (["--targets", "grade"], "old.csv has no column 'grade'"),
        (["--task-types", "ill=number"], "--task-types ill=number"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_fitted(
    folder, failing, arguments, message
):
    given = ["fit", folder / "old.csv", *TARGETS, "--model", "linear", *arguments]
    assert message in failing(*given)


def test_the_table_is_not_overwritten(folder, failing):
    path = folder / "old.csv"
    line = failing("fit", path, *TARGETS, "--output", path)
    assert line == (
        f"--output: {str(path)!r} is the table, which would be overwritten; name "
        "another file."
    )


def test_what_cannot_be_saved_is_said_before_anything_is_fitted(
    folder, failing, monkeypatch
):
    monkeypatch.setitem(sys.modules, "skops", None)
    line = failing("fit", folder / "old.csv", *TARGETS, "--model", "boosting")
    assert line == "--model boosting needs skops: pip install 'sklearn-mtl[save]'."


@pytest.mark.parametrize("is_there", [True, False])
def test_auto_compares_what_can_be_saved(folder, run, monkeypatch, is_there):
    asked = []

    def spy(X, y, rows, **options):
        asked.extend(rows)
        return compare(X, y, ["dummy"], cv=2)

    monkeypatch.setattr("sklearn_mtl.comparison.compare", spy)
    if not is_there:
        monkeypatch.setitem(sys.modules, "skops", None)
    code, _, err = run("fit", folder / "old.csv", *TARGETS, "-o", folder / "a.mtl")
    assert code == 0
    assert {"net", "blend", "forest"} < set(asked)
    assert ("boosting" in asked) == is_there
    assert ("without boosting" in err) != is_there
