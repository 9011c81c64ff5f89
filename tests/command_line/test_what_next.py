import os
import shlex

import numpy as np
import pandas as pd
import pytest

import sklearn_mtl
from sklearn_mtl import command_line
from tests.command_line.conftest import TARGETS


def ends(out):
    """Return the shell lines and the Python lines that a comparison ends with."""
    last = out.partition("To fit linear to all samples:\n")[2]
    shell, _, python = last.partition("\n\n")
    return shell.strip().splitlines(), "\n".join(
        line.removeprefix("  ") for line in python.splitlines()
    )


@pytest.fixture
def compared(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    options = ["--models", "dummy", "linear", "--cv", "2", "--n-jobs", "1"]
    code, out, _ = run(
        *("compare", "old.csv", *TARGETS, "--keep", "patient", "--sep", ","),
        *("--task-types", "stage=classification", *options),
    )
    assert code == 0
    return ends(out)


def test_the_lines_of_a_comparison_run_as_they_are_printed(compared, folder):
    shell, python = compared
    os.chdir(folder)
    for line in shell:
        words = shlex.split(line.replace("NEW_TABLE", "new.csv"))
        assert words[0] == "sklearn-mtl"
        assert command_line.main(words[1:]) == 0
    names = {}
    exec(compile(python, "printed", "exec"), names)
    old = pd.read_csv("old.csv")
    from_shell = sklearn_mtl.load("model.mtl").predict(old)
    from_python = names["model"].predict(old)
    pd.testing.assert_frame_equal(pd.DataFrame(from_shell), pd.DataFrame(from_python))
    assert np.isfinite(pd.read_csv("predictions.csv")["dose"]).all()


def test_they_say_all_that_the_table_needs(compared):
    shell, python = compared
    assert shell[0] == (
        "sklearn-mtl fit old.csv --targets ill stage dose --keep patient --group doctor"
        " --task-types stage=classification --sep , --model linear -o model.mtl"
    )
    assert "group='doctor', sep=','" in python
    assert "keep=['patient']" in python
    assert "task_types={'stage': 'classification'}" in python


def test_the_built_in_data_name_no_file(run, monkeypatch):
    monkeypatch.setattr("sklearn_mtl.command_line._compare._BUILT_IN_ROWS", 120)
    options = ["--models", "dummy", "--cv", "2", "--n-jobs", "1"]
    code, out, _ = run("compare", *options)
    assert code == 0
    *_, what, line = out.splitlines()
    assert what == "To compare models on your own table:"
    assert line == "  sklearn-mtl compare TABLE --targets a b"


def test_the_python_lines_fit_what_takes_a_new_table_with_dates(
    patients, tmp_path, run, monkeypatch
):
    pytest.importorskip("skrub")
    monkeypatch.chdir(tmp_path)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(len(patients)), "D")
    frame = patients.assign(seen=days.strftime("%d.%m.%Y"))
    frame.to_csv("old.csv", index=False)
    options = ["--models", "dummy", "linear", "--cv", "2", "--n-jobs", "1"]
    code, out, _ = run("compare", "old.csv", *TARGETS, *options)
    assert code == 0
    names = {}
    exec(compile(ends(out)[1], "printed", "exec"), names)
    new = pd.read_csv("old.csv")[["seen", "ward", "weight", "height"]]
    assert names["model"].predict(new).shape == (len(patients), 3)
