import io

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier

import sklearn_mtl
from sklearn_mtl import IndependentTasks, MultiTaskLinearRegressor


@pytest.fixture
def new(folder):
    return pd.read_csv(folder / "new.csv")


def read(text):
    return pd.read_csv(io.StringIO(text))


def test_predictions_are_those_of_the_model_with_probabilities(folder, new, run):
    path = folder / "predictions.csv"
    code, out, _ = run("predict", folder / "model.mtl", folder / "new.csv", "-o", path)
    assert (code, out) == (0, f"Predictions: {path}\n")
    found = pd.read_csv(path)
    model = sklearn_mtl.load(folder / "model.mtl")
    labels, probabilities = model.predict(new), model.predict_proba(new)
    assert found["patient"].tolist() == new["patient"].tolist()
    assert found["ill"].tolist() == labels[:, 0].tolist()
    assert found["stage"].tolist() == labels[:, 1].tolist()
    np.testing.assert_allclose(found["dose"], labels[:, 2].astype(float), rtol=1e-8)
    for name, expected in zip(("ill", "stage"), probabilities, strict=False):
        columns = [column for column in found if column.startswith(f"{name}=")]
        np.testing.assert_allclose(found[columns], expected, atol=5e-7)


def test_without_a_file_they_are_printed(folder, run):
    code, out, _ = run("predict", folder / "model.mtl", folder / "new.csv")
    assert code == 0
    assert read(out).columns.tolist() == [
        *("patient", "ill", "ill=no", "ill=yes"),
        *("stage", "stage=0", "stage=1", "stage=2", "dose"),
    ]


def test_columns_are_found_by_name_and_others_are_not_needed(folder, new, run):
    other = new[new.columns[::-1]].drop(columns=["patient", "dose"]).assign(colour=1)
    other.to_csv(folder / "other.csv", index=False)
    _, expected, _ = run("predict", folder / "model.mtl", folder / "new.csv")
    code, out, err = run("predict", folder / "model.mtl", folder / "other.csv")
    assert code == 0
    pd.testing.assert_frame_equal(read(out), read(expected).drop(columns="patient"))
    assert "other.csv: ignored columns: colour (not in the training table)" in err


def test_dropped_columns_that_are_unique_in_training_are_copied(folder, new, run):
    path = folder / "dropped.mtl"
    fit = ["fit", folder / "old.csv", "--targets", "dose", "--drop", "patient,ward"]
    assert run(*fit, "ill", "stage", "--model", "dummy", "-o", path)[0] == 0
    new[:1].to_csv(folder / "one.csv", index=False)  # where all values are unique
    _, out, err = run("predict", path, folder / "one.csv")
    assert read(out).columns.tolist() == ["patient", "dose"]
    assert "ignored" not in err


def test_other_columns_are_copied_on_request(folder, new, run):
    keep = ["--keep", "doctor,height"]
    _, out, _ = run("predict", folder / "model.mtl", folder / "new.csv", *keep)
    found = read(out)
    assert found.columns.tolist()[:4] == ["patient", "doctor", "height", "ill"]
    assert found["doctor"].tolist() == new["doctor"].tolist()


def test_unseen_categories_are_counted(folder, new, run):
    new.loc[:2, "ward"] = ["west", "east", "west"]
    new.to_csv(folder / "unseen.csv", index=False)
    code, _, err = run("predict", folder / "model.mtl", folder / "unseen.csv")
    assert code == 0
    assert (
        "warning: unseen.csv: column 'ward' has categories that are not in the "
        "training table, in 3 rows: west, east; they are treated as unknown"
    ) in err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda new: new.rename(columns={"height": "Height"}),
            "lacks inputs of the model: 'height' (did you mean 'Hei",
        ),
        (
            lambda new: new.assign(height="tall"),
            "bad.csv: column 'height' was numeric in fit",
        ),
        (lambda new: new[:0], "no rows"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(folder, new, failing, change, message):
    change(new).to_csv(folder / "bad.csv", index=False)
    line = failing("predict", folder / "model.mtl", folder / "bad.csv")
    assert message in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "nurse"], "--keep: {folder}/new.csv has no column 'nurse'"),
        (["--keep", "dose"], "--keep: cannot copy column 'dose', because the pred"),
        (["-o", "{folder}/no/p.csv"], "no such file or directory"),
        (["-o", "{folder}/new.csv"], "--output: '{folder}/new.csv' is the table, whi"),
        (["-o", "{folder}/model.mtl"], "is the model, which would be"),
        (["-o", "{folder}/p.xlsx"], "has the suffix of another format. Use p.csv."),
    ],
)
def test_outputs_are_checked_first(folder, failing, arguments, message):
    given = [one.format(folder=folder) for one in arguments]
    line = failing("predict", folder / "model.mtl", folder / "new.csv", *given)
    assert message.format(folder=folder) in line


def test_a_model_that_is_none_is_refused(folder, failing):
    new = folder / "new.csv"
    assert failing("predict", "none", new) == "the model file 'none' does not exist."
    assert failing("predict", folder, new).endswith("is a folder.")
    assert "not a saved model" in failing("predict", new, new)
    damaged = folder / "damaged.mtl"
    damaged.write_bytes((folder / "model.mtl").read_bytes()[:-9])
    assert "the checksum does not match the contents" in failing(
        "predict", damaged, new
    )


def test_models_saved_in_python_predict_if_their_columns_have_names(
    folder, new, run, failing
):
    X, y = new[["height", "doctor"]], new[["height"]].rename(columns={"height": "h"})
    path = folder / "python.mtl"
    sklearn_mtl.save(MultiTaskLinearRegressor().fit(X, y), path)
    code, out, _ = run("predict", path, folder / "new.csv")
    assert code == 0
    assert read(out).columns.tolist() == ["h"]
    sklearn_mtl.save(MultiTaskLinearRegressor().fit(X.to_numpy(), y), path)
    assert "the model was fitted to arrays" in failing("predict", path, "new.csv")
    sklearn_mtl.save(Ridge().fit(X, y), path)
    assert "contains a Ridge, which is not a fitted model" in failing(
        "predict", path, "x"
    )


def test_one_target_without_probabilities_is_one_column(folder, new, run):
    y = (new["doctor"] > 5).to_numpy()
    path = folder / "svc.mtl"
    model = IndependentTasks(RidgeClassifier()).fit(new[["height"]], y)
    sklearn_mtl.save(model, path)
    _, out, _ = run("predict", path, folder / "new.csv")
    assert read(out).columns.tolist() == ["task0"]
    assert read(out)["task0"].tolist() == model.predict(new[["height"]]).tolist()


def test_no_prediction_has_the_name_of_another(tmp_path, run):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    frame["z"] = np.where(frame["a"] > 0, "n", "p")
    frame["z=n"] = np.where(frame["b"] > 0, "x", "y")
    frame.to_csv(tmp_path / "t.csv", index=False)
    fit = ("fit", tmp_path / "t.csv", "--targets", "z", "z=n", "--model", "linear")
    assert run(*fit, "-o", tmp_path / "m.mtl")[0] == 0
    code, out, _ = run("predict", tmp_path / "m.mtl", tmp_path / "t.csv")
    assert code == 0
    read = pd.read_csv(io.StringIO(out))
    assert list(read) == ["z", "P(z=n)", "z=p", "z=n", "z=n=x", "z=n=y"]
    np.testing.assert_allclose(read["P(z=n)"] + read["z=p"], 1, atol=1e-5)
    assert set(read["z=n"]) == {"x", "y"}


@pytest.mark.parametrize(
    ("codes", "new"),
    [
        (["01", "02", "A1"], ["01", "02"]),
        (["01", "02", "A1"], ["1", "2"]),  # perhaps others: they are told
        (["1", "2", "x"], [1, 2, None]),  # written as 1.0 and 2.0
        (["1.0", "2.0", "x"], [1, 2]),
        (["True", "False", "x"], ["TRUE", "FALSE"]),
    ],
)
def test_a_new_table_is_read_with_the_texts_of_training(tmp_path, run, codes, new):
    old = pd.DataFrame({"code": codes * 20, "z": [1.5, 2.5, 9.5] * 20})
    old["z"] += np.arange(60) % 7
    old.to_csv(tmp_path / "old.csv", index=False)
    pd.DataFrame({"code": new}).to_csv(tmp_path / "new.csv", sep=";")
    fit = ("fit", tmp_path / "old.csv", "--targets", "z", "--model", "linear")
    assert run(*fit, "-o", tmp_path / "m.mtl")[0] == 0
    code, _, err = run("predict", tmp_path / "m.mtl", tmp_path / "new.csv")
    assert code == 0
    assert ("warning" in err) == (new == ["1", "2"] and codes[0] == "01")


def test_an_input_that_is_empty_only_in_the_new_table_is_told(
    folder, new, run, tmp_path
):
    new.assign(weight=None).to_csv(tmp_path / "empty.csv", index=False)
    code, _, err = run("predict", folder / "model.mtl", tmp_path / "empty.csv")
    assert code == 0
    told = (
        "warning: empty.csv: all values are missing in column weight; the model imputes"
    )
    assert err.count(told) == 1
    assert "no value" not in run("predict", folder / "model.mtl", folder / "new.csv")[2]


def test_the_sheet_of_a_workbook_is_named(folder, tmp_path, run):
    pytest.importorskip("openpyxl")
    book = tmp_path / "book.xlsx"
    with pd.ExcelWriter(book) as writer:
        pd.DataFrame({"about": ["patients"]}).to_excel(writer, sheet_name="notes")
        pd.read_csv(folder / "new.csv").to_excel(writer, sheet_name="new", index=False)
    code, out, _ = run("predict", folder / "model.mtl", book, "--sheet", "new")
    assert (code, out) == run("predict", folder / "model.mtl", folder / "new.csv")[:2]
    code, _, err = run("predict", folder / "model.mtl", book)
    assert code == 2
    assert "sheet 'notes' (use --sheet NAME to read another one: 'new')" in err
