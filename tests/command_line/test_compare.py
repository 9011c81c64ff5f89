import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import __version__, command_line
from sklearn_mtl.command_line import _compare
from sklearn_mtl.comparison import compare


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table with all that tables have: gaps, categories, groups, mixed tasks."""
    rng = np.random.default_rng(0)
    n = 120
    x = rng.normal(size=(n, 3))
    frame = pd.DataFrame(x, columns=["height", "weight", "age"])
    frame["ward"] = rng.choice(["north", "south"], n)
    frame["patient"] = np.arange(n)
    frame["doctor"] = rng.integers(0, 12, n)
    frame["ill"] = np.where(x[:, 0] + (frame["ward"] == "north") > 0.5, "yes", "no")
    frame["stage"] = np.digitize(x[:, 1], [-0.5, 0.5])
    frame["dose"] = x[:, 0] + 0.3 * rng.normal(size=n)
    frame["same"] = "always"
    for column in ("weight", "ward", "ill", "stage", "dose"):
        frame.loc[rng.choice(n, 12, replace=False), column] = None
    path = tmp_path_factory.mktemp("cli") / "patients.csv"
    frame.to_csv(path, index=False)
    return path


TARGETS = ["--targets", "ill", "stage", "dose"]
ROLES = [*TARGETS, "--drop", "patient", "same", "--group", "doctor"]
QUICK = ["--models", "dummy", "linear", "--cv", "3", "--n-jobs", "1"]


def run(*arguments):
    command = [sys.executable, "-m", "sklearn_mtl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_table_is_compared_from_the_command_line(table, tmp_path):
    page, numbers = tmp_path / "out.html", tmp_path / "out.json"
    done = run("compare", table, *ROLES, *QUICK, "--json", numbers, "--report", page)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [  # no progress bar: stderr is no terminal
        "sklearn-mtl: patients.csv: 120 rows, 10 columns",
        "sklearn-mtl: inputs: 3 numeric, 1 categorical (ward: 2 levels)",
    ]
    told, _, to_copy = done.stdout.partition("To fit linear to all samples:")
    lines = told.splitlines()
    assert max(map(len, lines)) <= 120
    assert to_copy  # lines for a shell and for Python, which are not wrapped
    kinds = {line.split()[0]: line.split()[1] for line in lines[2:5]}
    assert kinds == {"ill": "binary", "stage": "multiclass", "dose": "regression"}
    read = json.loads(numbers.read_text())
    assert read["setting"]["n_groups"] == 12
    assert read["setting"]["n_features"] == 4
    assert read["setting"]["inputs"].startswith("inputs: 3 numeric, 1 categorical")
    assert read["setting"]["command"].startswith("sklearn-mtl compare ")
    assert [row["model"] for row in read["table"]] == [
        "dummy",
        "linear",
        "automatically selected",
    ]
    assert read["table"][1]["dose"] > 0.5
    source = page.read_text(encoding="utf-8")
    assert "How to reproduce" in source
    assert "inputs: 3 numeric, 1 categorical (ward: 2 levels)" in source
    assert "Strength of the association between the labels of two" in source
    assert '<th scope="col"></th>' not in source  # who listens hears nothing


def test_bad_input_ends_the_process_with_code_2_and_one_line(table):
    done = run("compare", table, "--targets", "same")
    assert done.returncode == 2
    assert done.stdout == ""
    line = done.stderr.splitlines()[-1]
    assert line.startswith("sklearn-mtl: error: ")
    assert "task 'same' has the single class 'always'; at least two classes are" in line


def failing(capsys, *arguments):
    code = command_line.main(["compare", *map(str, arguments)])
    captured = capsys.readouterr()
    assert captured.out == ""
    *said, line = captured.err.splitlines()
    assert not [one for one in said if "error" in one or "warning" in one]
    return code, line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no targets: name the columns to predict by --targets"),
        (["--targets", "grade"], "no column 'grade'. Columns: height, weight"),
        ([*ROLES, "--models", "forrest"], "'forrest' (did you mean 'forest'?)"),
        ([*ROLES, "--scoring", "r22"], "'r22' (did you mean 'r2'?)"),
        (
            [*ROLES, "--scoring", "roc_auc"],
            "'roc_auc' cannot score. Give one for each kind: --scoring classification=",
        ),
        (
            [*ROLES, "--scoring", "roc_auc", "r2"],
            "--scoring: expected one value, or NA",
        ),
        ([*ROLES, "--scoring", "dose=roc_auc"], "task 'dose' is a regression task"),
        (["--targets", "stages"], "'stages' (did you mean 'stage'?). Columns: height"),
        ([*TARGETS, "--drop", "ill"], "has two roles: --targets ill and --drop ill"),
        ([*ROLES, "--keep", "Age"], "no column 'Age' (did you mean 'age'?)"),
        ([*ROLES, "--sep", "::"], "--sep '::' is not valid; the sep"),
        ([*ROLES, "--decimal", "point"], "--decimal point is not valid; the"),
        ([*ROLES, "--encoding", "utf9"], "--encoding utf9 is not an encoding"),
        ([*ROLES, "--cv", "1"], "error: --cv must be an integer"),
        ([*ROLES, "--cv", "50"], "groups"),
        ([*ROLES, "--repeats", "0"], "--repeats is 0"),
        ([*ROLES, "--learning-curve", "2"], "--learning-curve is [2.0]"),
        ([*ROLES, "--missing-fraction", "2"], "--missing-fraction 2: must be at"),
        ([*TARGETS, "--group", "ward"], "the group column 'ward' has"),
        (
            [*TARGETS, "--drop", "age,height,weight,ward,doctor"],
            "no input is left. inputs: none; left out: patient (unique per row; --keep "
            "patient), same (constant; --keep same).",
        ),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_fitted(
    table, capsys, arguments, message
):
    code, line = failing(capsys, table, *arguments)
    assert code == 2
    assert message in line


def test_a_report_without_its_extra_is_refused_before_anything_is_fitted(
    table, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, line = failing(capsys, table, *ROLES, "--report", "page.html")
    assert code == 2
    assert "--report needs jinja2: pip install 'sklearn-mtl[report]'." in line


def test_an_absent_file_is_named(capsys):
    assert failing(capsys, "nothing.csv", "--targets", "a") == (
        2,
        "sklearn-mtl: error: the file 'nothing.csv' does not exist.",
    )


def test_options_reach_compare(table, monkeypatch, capsys):
    seen = {}

    def spy(X, y, estimators, **options):
        seen.update(options, estimators=estimators, shape=X.shape, names=list(y))
        return compare(X, y, ["dummy"], cv=2)

    monkeypatch.setattr("sklearn_mtl.comparison.compare", spy)
    arguments = [*ROLES, *QUICK, "--seed", 4, "--repeats", 2, "--missing-fraction", 0.1]
    arguments += ["--scoring", "ill=average_precision", "regression=r2"]
    arguments += ["--task-types", "stage=regression"]
    arguments += ["--learning-curve", 0.2, 0.5, "--cache-dir", "cells"]
    assert command_line.main(["compare", str(table), *map(str, arguments)]) == 0
    assert seen.pop("groups").nunique() == 12
    assert seen == {
        "estimators": ["dummy", "linear"],
        "shape": (120, 4),
        "names": ["ill", "stage", "dose"],
        "cv": 3,
        "n_repeats": 2,
        "scoring": {"ill": "average_precision", "regression": "r2"},
        "task_types": {"stage": "regression"},
        "missing_fraction": 0.1,
        "learning_curve": [0.2, 0.5],
        "trunk": None,
        "cache_dir": "cells",
        "n_jobs": 1,
        "random_state": 4,
        "verbose": True,
    }
    assert "mean score" in capsys.readouterr().out


def test_without_a_table_the_digit_scenes_are_compared(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(_compare, "_BUILT_IN_ROWS", 120)
    numbers = tmp_path / "out.json"
    arguments = ["--models", "dummy", "--cv", "2", "--n-jobs", "1", "--json", numbers]
    assert command_line.main(["compare", *map(str, arguments)]) == 0
    read = json.loads(numbers.read_text())
    names = [task["name"] for task in read["tasks"]]
    assert names == ["digit", "place", "size", "rotation"]
    assert read["setting"]["missing_fraction"] == 0.3
    assert read["setting"]["n_features"] == 196
    assert "digit" in capsys.readouterr().out


@pytest.mark.parametrize(("given", "folds"), [([], 3), (["--cv", "4"], 4)])
def test_the_built_in_pictures_get_convolutions(monkeypatch, given, folds):
    seen = {}

    def spy(X, y, estimators, **options):
        seen.update(options, estimators=estimators, X=X)
        return compare(X, y, ["dummy"], cv=2)

    monkeypatch.setattr("sklearn_mtl.comparison.compare", spy)
    assert command_line.main(["compare", *given]) == 0
    assert seen["estimators"] is None
    assert seen["cv"] == folds
    assert seen["trunk"].image_shape == (1, 14, 14)
    assert seen["X"].to_numpy().max() <= 1.0


def test_types_in_order_and_one_score_for_all(table, capsys):
    arguments = ["--targets", "stage", "dose", "--drop", "ill", "patient", "same"]
    arguments += ["--task-types", "regression", "regression", "--scoring"]
    arguments += ["neg_mean_absolute_error", "--models", "dummy", "--cv", "2"]
    assert command_line.main(["compare", str(table), *arguments, "--n-jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert out.count("minus mean absolute error") == 2


def test_warnings_are_lines(tmp_path, capsys):
    path = tmp_path / "codes.csv"
    rows = "\n".join(f"{i % 5},{i % 3 - 1}" for i in range(30))
    path.write_text(f"x,label\n{rows}\n")
    arguments = [path, "--targets", "label", "--models", "dummy", "--cv", "2"]
    assert command_line.main(["compare", *map(str, arguments), "--n-jobs", "1"]) == 0
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == (
        "sklearn-mtl: warning: compare: task 'label' has the label -1, which is "
        "treated as a class. If it represents missing labels, use --missing -1."
    )


def test_code_1_says_that_no_model_could_be_fitted(table, monkeypatch, capsys):
    class Broken:
        def fit(self, X, y):
            raise RuntimeError("broken")

        def get_params(self, deep=True):
            return {}

    def always_broken(X, y, estimators, **options):
        return compare(X, y, {"mine": Broken()}, cv=2)

    monkeypatch.setattr("sklearn_mtl.comparison.compare", always_broken)
    assert command_line.main(["compare", str(table), *ROLES]) == 1
    assert "RuntimeError: broken" in capsys.readouterr().out


def test_an_interruption_is_one_line(table, monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn_mtl.comparison.compare", interrupted)
    code, line = failing(capsys, table, *ROLES)
    assert (code, line) == (
        130,
        "sklearn-mtl: interrupted; use --cache-dir DIR to keep finished fits for the "
        "next run",
    )
    code, line = failing(capsys, table, *ROLES, "--cache-dir", "cells")
    assert line == "sklearn-mtl: interrupted; run the same command again to resume"


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as done:
        command_line.main(["compare", "--help"])
    assert done.value.code == 0
    out = capsys.readouterr().out
    options = "targets drop group scoring cv models missing-fraction seed json report"
    options += " repeats learning-curve cache-dir n-jobs scoring task-types keep"
    options += " sep decimal encoding missing"
    for option in options.split():
        assert f"--{option}" in out


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["--version"])
    assert capsys.readouterr().out.strip() == __version__
