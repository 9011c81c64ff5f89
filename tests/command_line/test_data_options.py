"""Options that say which table is read, and how."""

import os
import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import command_line
from sklearn_mtl.command_line._data_options import (
    check_outputs,
    in_options,
    split_names,
)

N = 60


class Enough(Exception):
    """Ends a command when the comparison would begin."""


@pytest.fixture
def compared(monkeypatch):
    """Return what the command line hands to compare, which does nothing."""
    seen = {}

    def spy(X, y, estimators, **options):
        seen.update(options, X=X, y=y)
        raise Enough

    monkeypatch.setattr("sklearn_mtl.comparison.compare", spy)
    return seen


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": range(N),
            "age": rng.normal(size=N),
            "height": rng.normal(size=N),
            "born": pd.date_range("2020-01-30", periods=N).strftime("%d.%m.%Y"),
            "city": rng.choice([f"c{i}" for i in range(12)], N),
            "a,b": rng.normal(size=N),
            "grade": rng.normal(size=N).round(3),
            "passed": rng.choice(["yes", "no"], N),
        }
    )


@pytest.fixture
def path(frame, tmp_path):
    path = tmp_path / "pupils.csv"
    frame.to_csv(path, index=False)
    return path


def start(*arguments):
    """Run a command until it would compare."""
    with pytest.raises(Enough):
        command_line.main(["compare", *map(str, arguments)])


def refused(capsys, *arguments):
    assert command_line.main(["compare", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()[-1].removeprefix("sklearn-mtl: error: ")


def test_one_line_says_what_became_an_input(path, compared, capsys):
    pytest.importorskip("skrub")
    start(path, "--targets", "grade", "passed")
    assert capsys.readouterr().err.splitlines() == [
        "sklearn-mtl: pupils.csv: 60 rows, 8 columns",
        "sklearn-mtl: inputs: 3 numeric, 1 categorical (city: 12 levels), 1 date "
        "(born); left out: id (unique per row; --keep id)",
    ]
    assert compared["X"].columns.tolist() == [
        *("age", "height", "born__year", "born__month", "born__day"),
        *("born__total_seconds", "born__weekday", "city", "a,b"),
    ]


def test_dates_without_skrub_are_left_out_with_a_word(
    path, compared, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "skrub", None)
    start(path, "--targets", "grade", "--keep", "id")
    assert capsys.readouterr().err.endswith(
        "left out: born (date; to encode it: pip install 'sklearn-mtl[dates]')\n"
    )
    assert "id" in compared["X"]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["grade,passed"], ["grade", "passed"]),
        (["grade", "passed"], ["grade", "passed"]),
        (["grade,", "passed"], ["grade", "passed"]),
        (["grade , passed"], ["grade", "passed"]),
        (["a,b", "grade"], ["a,b", "grade"]),  # it is the name of a column
    ],
)
def test_targets_are_separated_by_commas_or_spaces(given, names, path, compared):
    start(path, "--drop", "born", "--targets", *given)
    assert list(compared["y"]) == names


@pytest.mark.parametrize(
    ("given", "types"),
    [
        (["classification"], {"grade": "classification", "passed": "classification"}),
        (["grade=regression"], {"grade": "regression"}),
        (
            ["regression", "classification"],
            {"grade": "regression", "passed": "classification"},
        ),
        (["grade=regression,passed=classification"], None),
    ],
)
def test_task_types_reach_compare(given, types, frame, tmp_path, compared):
    frame["grade"] = frame["grade"].round(0)
    frame.to_csv(tmp_path / "it.csv", index=False)
    arguments = ["--targets", "grade,passed", "--drop", "born", "--task-types", *given]
    start(tmp_path / "it.csv", *arguments)
    whole = {"grade": "regression", "passed": "classification"}
    assert compared["task_types"] == (types or whole)


def test_task_types_of_a_target_with_a_comma_in_its_name(path, compared):
    options = ["--drop", "born", "--targets", "a,b", "--task-types", "a,b=regression"]
    start(path, *options)
    assert compared["task_types"] == {"a,b": "regression"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["grade=number"], "grade=number: unknown type 'number'; it must be"),
        (
            ["grade=regressions"],
            "unknown type 'regressions' (did you mean 'regression'?)",
        ),
        (
            ["Grade=regression"],
            "unknown targets 'Grade' (did you mean 'grade'?). Targets: g",
        ),
        (
            ["regression"] * 3,
            "--task-types has 3 values, but there are 2 targets; give",
        ),
        (["regression"], "--task-types passed=regression: the target has values that "),
        (
            ["grade=classification"],
            "=classification: the target has fractions, such as",
        ),
        (
            ["regression", "passed=regression"],
            "--task-types: expected one value, or NA",
        ),
    ],
)
def test_wrong_task_types_are_refused_in_the_words_of_the_command_line(
    given, sentence, path, compared, capsys
):
    options = ["--targets", "grade", "passed", "--drop", "born", "--task-types"]
    assert sentence in refused(capsys, path, *options, *given)


def test_values_that_stand_for_missing_ones_are_asked_for(
    frame, tmp_path, compared, capsys
):
    frame["age"] = frame["age"].astype(object)
    frame.loc[3:5, "age"] = "?"
    path = tmp_path / "it.csv"
    frame.to_csv(path, index=False)
    options = ["--targets", "grade", "--drop", "born"]
    start(path, *options)
    assert (
        "warning: column 'age' has numbers and 3 other values; if these are missing "
        "values, use --missing '?'\n"
    ) in capsys.readouterr().err
    start(path, *options, "--missing", "?")
    assert "warning" not in capsys.readouterr().err
    assert compared["X"]["age"].isna().sum() == 3


def test_file_options_reach_the_reader(frame, tmp_path, compared, capsys):
    path = tmp_path / "it.txt"
    frame = frame.drop(columns="born").rename(columns={"age": "größe"})
    frame.to_csv(path, index=False, sep=":", decimal=",", encoding="utf-16-be")
    options = ["--sep", ":", "--decimal", ",", "--encoding", "utf-16-be"]
    start(path, "--targets", "grade", *options)
    np.testing.assert_allclose(compared["X"]["größe"], frame["größe"])
    assert (
        "it.txt: 60 rows, 7 columns; separator ':', decimal comma, encoding utf-16-be"
    ) in capsys.readouterr().err


def test_options_of_a_table_need_a_table(path, capsys):
    sentence = refused(capsys, "--targets", "a")
    assert sentence == (
        "--targets requires a table: sklearn-mtl compare TABLE --targets a b"
    )
    assert "--sep requires a table" in refused(capsys, "--sep", ";")
    assert refused(capsys, "--targets", "grade", path) == (
        f"the table must precede --targets: sklearn-mtl compare {path} --targets grade"
    )


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_outputs_that_cannot_be_written_fail_before_the_work(
    option, tmp_path, path, capsys, compared
):
    arguments = [path, "--targets", "grade", option]
    missing = refused(capsys, *arguments, tmp_path / "no" / "file")
    assert missing.startswith(f"{option}: cannot write ")
    assert missing.endswith(": no such file or directory.")
    assert ": it is a folder; name a file." in refused(capsys, *arguments, tmp_path)
    below_a_file = refused(capsys, *arguments, path / "file")
    assert below_a_file.endswith(": not a directory.")
    long = refused(capsys, *arguments, tmp_path / ("x" * 300))
    assert "cannot write" in long
    assert "file name too long" in long
    assert sorted(os.listdir(tmp_path)) == ["pupils.csv"]


def test_two_outputs_in_one_file_are_refused(tmp_path, path, capsys):
    out = tmp_path / "out"
    arguments = [path, "--targets", "grade", "--json", out, "--report", out]
    assert refused(capsys, *arguments).startswith("--json and --report both name")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc")
def test_folders_that_take_no_files_are_refused():
    with pytest.raises(OSError, match=r"--json: cannot write '/proc/out.json': "):
        check_outputs({"--json": "/proc/out.json"})


def test_files_that_are_read_only_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    path.write_text("old")
    path.chmod(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write to every file")
    with pytest.raises(OSError, match="permission denied"):
        check_outputs({"--json": str(path)})


def test_a_check_of_outputs_changes_no_file(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    before = old.stat().st_mtime_ns
    check_outputs({"--json": str(old), "--report": str(new), "--other": None})
    assert old.read_text() == "old"
    assert old.stat().st_mtime_ns == before
    assert not new.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_check_of_a_pipe_does_not_wait_for_its_reader(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_outputs({"--output": str(pipe)})
    assert pipe.is_fifo()


def test_messages_of_the_package_are_told_in_options():
    message = "task_types={'stage': 'classification'}, or the other; n_repeats is 0"
    assert in_options(message) == (
        "--task-types stage=classification, or the other; --repeats is 0"
    )
    assert in_options("TableInputs: column 'a'") == "column 'a'"
    assert split_names(None, []) == []


@pytest.mark.parametrize("option", ["--json", "--report"])
@pytest.mark.parametrize("link", [None, "symlink_to", "hardlink_to"])
def test_compare_does_not_write_over_the_table(failing, tmp_path, option, link):
    table = tmp_path / "t.csv"
    table.write_text("a,z\n1,2\n3,4\n")
    output = table
    if link is not None:
        output = tmp_path / "other.csv"
        getattr(output, link)(table)
    told = failing("compare", table, "--targets", "z", option, output)
    assert told == (
        f"{option}: {str(output)!r} is the table, which would be overwritten; name "
        "another file."
    )
    assert table.read_text() == "a,z\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("sep", "option", "told"),
    [
        (",", (), "month first"),
        (";", (), "day first"),
        (",", ("--day-first",), "day first"),
        (";", ("--no-day-first",), "month first"),
    ],
)
def test_the_order_of_dates_is_told(run, tmp_path, sep, option, told):
    pytest.importorskip("skrub")
    rows = [f"0{1 + i % 9}/11/2023{sep}{i % 2}" for i in range(40)]
    table = tmp_path / "t.csv"
    table.write_text("\n".join([f"born{sep}z", *rows]))
    fit = ("fit", table, "--targets", "z", "--model", "linear")
    code, _, err = run(*fit, *option, "-o", tmp_path / "m.mtl")
    assert code == 0
    assert f"inputs: 1 date (born: {told})" in err
    is_open = "day and month of dates may be swapped" in err
    assert is_open == (sep == "," and not option)


@pytest.mark.parametrize("command", ["compare", "fit"])
@pytest.mark.parametrize("what", ["dates", "free text"])
def test_targets_of_dates_and_free_text_are_refused(failing, tmp_path, command, what):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    words = ["pain", "mild", "left", "right", "since", "today"]
    frame["dates"] = pd.date_range("2020-01-01", periods=60).strftime("%Y-%m-%d")
    frame["free text"] = [" ".join(rng.choice(words, 6)) for _ in range(60)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    told = failing(command, tmp_path / "t.csv", "--targets", what)
    assert told == (
        f"t.csv: the target {what!r} contains {what}, such as {frame[what][0][:40]!r}. "
        "Targets must be numbers or classes. If each value is a class, use "
        f"--task-types '{what}=classification'."
    )


@pytest.mark.parametrize("written", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y %H:%M"])
def test_values_among_dates_that_are_none_are_told(run, tmp_path, written):
    days = pd.date_range("2020-01-01", periods=60, freq="36h").strftime(written)
    frame = pd.DataFrame({"x": np.sin(np.arange(60)), "seen": days, "z": [1, 2] * 30})
    frame.loc[[7, 9], "seen"] = "not yet"
    frame.to_csv(tmp_path / "t.csv", index=False)
    fit = ("fit", tmp_path / "t.csv", "--targets", "z", "--model", "linear")
    _, _, err = run(*fit, "-o", tmp_path / "m.mtl")
    assert (
        "warning: column 'seen' has dates and 2 other values; if these are missing "
        "values, use --missing 'not yet'"
    ) in err
    _, _, err = run(*fit, "--missing", "not yet", "-o", tmp_path / "m.mtl")
    assert "warning" not in err
