"""Print the table "Why not another package?" of the documentation's start page.

    python -m benchmarks.peer_features --write

Each cell is a small program that is run (benchmarks/_peer_features.py for the peers,
in .venv-features of `make bench` or --peers PYTHON). A cell is empty where nothing was
run. All learn six regressions (pixels of the lower half of a digit) from 26 inputs
(pixels of the upper half) and 1000 samples, with default settings and one thread:

    missing labels    a fit with 30 % of the labels missing
    mixed types       a fit of a number and a class together
    pipelines         cross_val_score of a Pipeline that ends in the estimator
    does it help?     a function that compares sharing with single-task models
    cost              CPU seconds of a fit to complete labels and a prediction

Except for the cost, some nets have fewer epochs or members than by default.
"""

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import sklearn_mtl
from benchmarks import _peer_features as peers

PAGE = Path(__file__).parents[1] / "docs" / "peer_features.txt"
COLUMNS = ["missing labels", "mixed types", "pipelines", "does it help?", "cost"]
CAPTION = """.. list-table:: Run on {date} by ``python -m benchmarks.peer_features``
   :header-rows: 1

"""


def ours():
    """Return our own row, by the programs that the peers run."""
    net = sklearn_mtl.MultiTaskRegressor(random_state=0)
    linear = sklearn_mtl.MultiTaskLinearRegressor()
    both = sklearn_mtl.MultiTaskMixedEstimator(n_members=2, random_state=0)

    def helps():
        found = sklearn_mtl.compare(peers.X[:200], peers.Y[:200], [linear], cv=3)
        return "no" if found.gain.empty else "yes: compare"

    def seconds():
        fast, slow = (
            peers.cost(lambda model=model: model)() for model in (linear, net)
        )
        return f"{fast} (linear), {slow} (net)"

    return {
        "missing labels": peers.missing(lambda: net)(),
        "mixed types": peers.mixed(lambda: both)(),
        "pipelines": peers.pipeline(lambda: linear)(),
        "does it help?": helps(),
        "cost": seconds(),
    }


def theirs(python):
    """Return the rows of the peers that another interpreter can import."""
    out = Path(tempfile.mkdtemp()) / "peers.json"
    subprocess.run([python, peers.__file__, out], check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text())


def table_of(rows):
    """Return the table as reStructuredText."""
    lines = ["package", *COLUMNS]
    text = CAPTION.format(date=dt.date.today().isoformat())
    cells = [lines] + [
        [name] + [row.get(column, "") for column in COLUMNS]
        for name, row in rows.items()
    ]
    for row in cells:
        marks = ["   * - ", *["     - "] * len(COLUMNS)]
        text += "\n".join(
            (mark + cell).rstrip() for mark, cell in zip(marks, row, strict=True)
        )
        text += "\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(".venv-features/bin/python")
    parser.add_argument("--peers", type=Path, default=default, metavar="PYTHON")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    args = parser.parse_args()
    python = args.peers if args.peers.exists() else sys.executable
    table = table_of(
        {f"sklearn_mtl {sklearn_mtl.__version__}": ours()} | theirs(python)
    )
    print(table)
    if args.write:
        PAGE.write_text(table)


if __name__ == "__main__":
    main()
