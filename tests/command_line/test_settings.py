"""Numbers and folders out of range are refused by the names of their options."""

import pytest


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{i * i % 7},{i % 2}," for i in range(30)]
    (tmp_path / "t.csv").write_text("\n".join(["a,z,none", *rows]))
    return "t.csv"


@pytest.mark.parametrize("command", ["compare", "fit"])
@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--seed", -1), "--seed -1: must be an integer from 0 to 4294967295."),
        (
            ("--n-jobs", 0),
            "--n-jobs 0: must be a number of fits to run in parallel, or -1 for all "
            "cores.",
        ),
        (
            ("--task-types", "z=regression", "z=classification"),
            "--task-types: 'z' occurs more than once: z=regression z=classification.",
        ),
    ],
)
def test_options_of_both_commands_are_named(failing, table, command, option, told):
    assert failing(command, table, "--targets", "z", *option) == told


@pytest.mark.parametrize("share", [1, -0.5, "nan"])
def test_a_share_out_of_range_is_named(failing, table, share):
    told = failing("compare", table, "--targets", "z", f"--missing-fraction={share}")
    assert told == f"--missing-fraction {share}: must be at least 0 and less than 1."


def test_a_cache_that_is_a_file_is_named(failing, table):
    told = failing("compare", table, "--targets", "z", "--cache-dir", table)
    assert told == "--cache-dir: 't.csv' is a file; name a folder."


def test_a_target_without_values_is_told_in_options(failing, table):
    fit = ("fit", table, "--targets", "z", "none", "--model", "linear")
    assert failing(*fit).endswith(". Leave it out of --targets.")


@pytest.mark.parametrize("command", [("predict", "t.csv"), ("inspect",)])
def test_a_table_in_the_place_of_the_model_is_told(failing, table, command):
    name, *others = command
    told = failing(name, table, *others)
    assert told.startswith("t.csv: not a saved model. The first argument must be")


@pytest.mark.parametrize("n_rows", [-1, 99])
def test_too_few_rows_to_compare_are_named(failing, table, n_rows):
    told = failing("fit", table, "--targets", "z", "--compare-rows", n_rows)
    allowed = "must be at least 100, or 0 for all rows."
    assert told == f"--compare-rows {n_rows}: {allowed}"
