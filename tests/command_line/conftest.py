"""A table as people have them, a model of it, and the command line in this process."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import command_line


@pytest.fixture(scope="module")
def patients():
    """Gaps, categories, codes, groups, an identifier, and mixed targets."""
    rng = np.random.default_rng(0)
    n = 160
    x = rng.normal(size=(n, 2))
    frame = pd.DataFrame(x, columns=["height", "weight"])
    frame.insert(0, "patient", [f"P{i:03d}" for i in range(n)])
    frame["ward"] = rng.choice(["north", "south"], n)
    frame["doctor"] = rng.integers(0, 12, n)
    frame["ill"] = np.where(x[:, 0] + (frame["ward"] == "north") > 0.5, "yes", "no")
    frame["stage"] = np.digitize(x[:, 1], [-0.5, 0.5])
    frame["dose"] = x[:, 0] + 0.3 * rng.normal(size=n)
    for column in ("weight", "ward", "ill", "stage", "dose"):
        frame.loc[rng.choice(n, 12, replace=False), column] = None
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory, patients):
    """A folder with the training table, a new one, and a saved model."""
    path = tmp_path_factory.mktemp("patients")
    patients[:120].to_csv(path / "old.csv", index=False)
    patients[120:].drop(columns=["ill", "stage"]).to_csv(path / "new.csv", index=False)
    fit = ["fit", path / "old.csv", *TARGETS, "--model", "shared-linear"]
    assert command_line.main([*map(str, fit), "-o", str(path / "model.mtl")]) == 0
    return path


TARGETS = ["--targets", "ill", "stage", "dose", "--group", "doctor"]


@pytest.fixture
def run(capsys):
    """Return what runs the command line: its exit code, what it printed, and said."""

    def run(*arguments):
        code = command_line.main(list(map(str, arguments)))
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def failing(run):
    """Return what runs a command that fails, and gives its one line."""

    def failing(*arguments):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        line = err.splitlines()[-1]
        assert line.startswith("sklearn-mtl: error: ")
        return line.removeprefix("sklearn-mtl: error: ")

    return failing
